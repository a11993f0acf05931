#include "kernel/boot/boot.h"

#include "kernel/boot/stages.h"
#include "kernel/cpu/cpu_local.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/log.h"
#include "kernel/log_text/log_text.h"
#include "kernel/panic/panic.h"
#include "lib/check.h"
#include "mm/audit/audit.h"

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
    struct descriptors_in_use in_use;
    descriptors_read(&in_use);
    add_live(in_use.gdt, in_use.gdt_size_bytes, "GDT");
    add_live(in_use.idt, in_use.idt_size_bytes, "IDT");
    add_live(in_use.task_state, in_use.task_state_size_bytes, "TSS");
    add_live((uint64_t)cpu_local(), sizeof(struct cpu_local), "CPU-local data");
    add_live_stack(in_use.stack_tops[0], "stack for entries from user mode");
    for (unsigned i = 1; i < DESCRIPTORS_STACK_COUNT; i++) {
        add_live_stack(in_use.stack_tops[i], "exception stack");
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
