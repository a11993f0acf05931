#include "kernel/boot/boot.h"

#include "kernel/boot/stages.h"
#include "kernel/cpu/cpu_local.h"
#include "kernel/log.h"
#include "kernel/log_text/log_text.h"
#include "kernel/panic/panic.h"
#include "lib/check.h"
#include "mm/audit/audit.h"

/* What SGDT and SIDT store (SDM 3A 2.4.1). */
struct [[gnu::packed]] table_register {
    uint16_t limit;
    uint64_t base;
};

/* The parts of a 64-bit TSS that hold stacks (SDM 3A figure 8-11). */
struct [[gnu::packed]] task_state {
    uint32_t reserved;
    uint64_t rsp[3];
    uint64_t reserved_too;
    uint64_t ist[7];
};

static struct table_register read_gdt(void) {
    struct table_register gdt;
    __asm__ volatile("sgdt %0" : "=m"(gdt));
    return gdt;
}

static struct table_register read_idt(void) {
    struct table_register idt;
    __asm__ volatile("sidt %0" : "=m"(idt));
    return idt;
}

/* The TSS that TR selects: its descriptor scatters the base (SDM 3A figure 8-4). */
static const struct task_state *read_task(const struct table_register *gdt) {
    uint16_t selector;
    __asm__ volatile("str %0" : "=r"(selector));
    const uint64_t *descriptor = (const uint64_t *)(gdt->base + (selector & ~7u));
    uint64_t base =
        (descriptor[0] >> 16 & 0xffffff) | (descriptor[0] >> 56 << 24) | descriptor[1] << 32;
    return (const struct task_state *)base;
}

static void add_live(uint64_t start, uint64_t size_bytes, const char *name) {
    enum status status = audit_add_live(virt_addr(start), size_bytes, name);
    CHECK(status == STATUS_OK);
}

/* The page below a stack's top; the rest of it lies in the same range. */
static void add_live_stack(uint64_t top, const char *name) {
    if (top != 0) {
        add_live(top - PAGE_SIZE, PAGE_SIZE, name);
    }
}

static void add_live_memory(void) {
    struct table_register gdt = read_gdt();
    struct table_register idt = read_idt();
    const struct task_state *task = read_task(&gdt);
    add_live(gdt.base, gdt.limit + 1u, "GDT");
    add_live(idt.base, idt.limit + 1u, "IDT");
    add_live((uint64_t)task, sizeof(*task), "TSS");
    add_live((uint64_t)cpu_local(), sizeof(struct cpu_local), "CPU-local data");
    add_live_stack(task->rsp[0], "stack for entries from user mode");
    for (unsigned i = 0; i < 7; i++) {
        add_live_stack(task->ist[i], "exception stack");
    }
    add_live((uint64_t)__builtin_frame_address(0), sizeof(uint64_t), "current stack");
}

void boot_audit(const char *when) {
    struct log_text text;
    struct audit_result result = audit_run(log_text_begin(&text, LOG_ERROR));
    log_line(LOG_INFO, "audit: %s: %llu frames, %llu tables, %llu entries, %llu findings", when,
             (unsigned long long)result.frame_count, (unsigned long long)result.table_count,
             (unsigned long long)result.leaf_count, (unsigned long long)result.finding_count);
    if (result.finding_count > 0) {
        panic_stop("the audit found %llu broken invariants %s",
                   (unsigned long long)result.finding_count, when);
    }
}

void boot_audit_against_loader(const struct boot_info *info) {
    for (unsigned i = 0; i < info->memory_use_count; i++) {
        const struct boot_memory_use *use = &info->memory_use[i];
        if (use->kind == BOOT_MEMORY_LOADER) {
            enum status status =
                audit_forbid_range(phys_addr(use->phys), use->size_bytes, "loader's memory");
            CHECK(status == STATUS_OK);
        }
    }
    add_live_memory();
    boot_audit("after the boot");
    audit_forget();
}
