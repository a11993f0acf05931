#include "kernel/cpu/descriptors.h"

#include <stddef.h>

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/cpu_local.h"
#include "lib/check.h"

/* A 64-bit task-state segment (SDM 3A 7.7). */
struct [[gnu::packed]] task_state {
    uint32_t reserved_0;
    uint64_t rsp[3]; /* the stack of a trap from a lower privilege, by new privilege */
    uint64_t reserved_1;
    uint64_t ist[7]; /* number 1 is ist[0] */
    uint64_t reserved_2;
    uint16_t reserved_3;
    uint16_t io_map_offset;
};
static_assert(sizeof(struct task_state) == 104);
static_assert(DESCRIPTORS_STACK_COUNT == 1 + 7); /* rsp[0] and the IST */

/* A 64-bit interrupt gate (SDM 3A 6.14.1). */
struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist; /* 0: the current stack, or rsp[0] from user mode */
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
static_assert(sizeof(struct gate) == 16);

struct [[gnu::packed]] table_pointer {
    uint16_t limit;
    uint64_t base;
};

/* Segment descriptors (SDM 3A 3.4.5, 5.2.1): in 64-bit mode only type, DPL, P and L count. */
constexpr uint64_t SEGMENT_KERNEL_CODE = 0x00af9b000000ffff;
constexpr uint64_t SEGMENT_KERNEL_DATA = 0x00cf93000000ffff;
constexpr uint64_t SEGMENT_USER_DATA = 0x00cff3000000ffff;
constexpr uint64_t SEGMENT_USER_CODE = 0x00affb000000ffff;
constexpr uint64_t SEGMENT_TSS_AVAILABLE = 0x0000890000000000;

constexpr uint8_t GATE_INTERRUPT = 0x8e; /* present, DPL 0 */
constexpr uint8_t GATE_USER_MAY_CALL = 0x60;

constexpr unsigned GATE_COUNT = 256;
constexpr unsigned STUB_SIZE_BYTES = 16;
constexpr size_t GDT_ENTRIES = SELECTOR_TSS / 8 + 2;
constexpr size_t IST_COUNT = 4;
constexpr size_t BOOT_IST_SIZE_BYTES = 8192;

extern const char trap_stubs[]; /* entry.asm: STUB_SIZE_BYTES for each vector */

static struct task_state task_states[CPU_LOCAL_COUNT];                      /* each its CPU's */
static uint64_t segment_tables[CPU_LOCAL_COUNT][GDT_ENTRIES];               /* likewise */
static struct gate gates[GATE_COUNT];                                       /* fixed at boot */
static alignas(16) uint8_t boot_ist_stacks[IST_COUNT][BOOT_IST_SIZE_BYTES]; /* the boot CPU's */

/* The IST number of `vector`, 1.., or 0 where it has no stack of its own (law 13). */
static uint8_t ist_number(unsigned vector) {
    switch (vector) {
    case VECTOR_DEBUG:
        return 1;
    case VECTOR_NMI:
        return 2;
    case VECTOR_DOUBLE_FAULT:
        return 3;
    case VECTOR_MACHINE_CHECK:
        return 4;
    default:
        return 0;
    }
}

static void fill_gates(void) {
    for (unsigned vector = 0; vector < GATE_COUNT; vector++) {
        uint64_t stub = (uint64_t)trap_stubs + STUB_SIZE_BYTES * vector;
        bool user_may_call = vector == VECTOR_BREAKPOINT || vector == VECTOR_OVERFLOW;
        gates[vector] = (struct gate){
            .offset_low = (uint16_t)stub,
            .selector = SELECTOR_KERNEL_CODE,
            .ist = ist_number(vector),
            .type = GATE_INTERRUPT | (user_may_call ? GATE_USER_MAY_CALL : 0),
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
}

static void fill_segments(uint64_t *segments, const struct task_state *state) {
    uint64_t base = (uint64_t)state;
    segments[SELECTOR_KERNEL_CODE / 8] = SEGMENT_KERNEL_CODE;
    segments[SELECTOR_KERNEL_DATA / 8] = SEGMENT_KERNEL_DATA;
    segments[SELECTOR_USER_DATA / 8] = SEGMENT_USER_DATA;
    segments[SELECTOR_USER_CODE / 8] = SEGMENT_USER_CODE;
    segments[SELECTOR_TSS / 8] = SEGMENT_TSS_AVAILABLE | (sizeof *state - 1) |
                                 (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
    segments[SELECTOR_TSS / 8 + 1] = base >> 32;
}

static void load_segments(const uint64_t *segments) {
    struct table_pointer pointer = {GDT_ENTRIES * sizeof *segments - 1, (uint64_t)segments};
    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "movl %2, %%ss\n\t"
                     "movl %3, %%ds\n\t"
                     "movl %3, %%es\n\t"
                     "movl %3, %%fs\n\t"
                     "movl %3, %%gs\n\t"
                     "ltr %w4" ::"m"(pointer),
                     "i"(SELECTOR_KERNEL_CODE), "r"((uint32_t)SELECTOR_KERNEL_DATA), "r"(0),
                     "r"((uint32_t)SELECTOR_TSS)
                     : "rax", "memory");
}

void descriptors_load(uint32_t index) {
    struct task_state *state = &task_states[index];
    state->io_map_offset = sizeof *state; /* no port is the user's */
    if (index == 0) {
        fill_gates();
        for (size_t i = 0; i < IST_COUNT; i++) {
            state->ist[i] = (uint64_t)boot_ist_stacks[i + 1];
        }
    }
    fill_segments(segment_tables[index], state);
    load_segments(segment_tables[index]);
    struct table_pointer pointer = {sizeof gates - 1, (uint64_t)gates};
    __asm__ volatile("lidt %0" ::"m"(pointer) : "memory");
}

void descriptors_set_ist(enum trap_vector vector, uint64_t top) {
    uint8_t number = ist_number(vector);
    CHECK(number != 0);
    CHECK(top % 16 == 0);
    task_states[cpu_local()->index].ist[number - 1] = top;
}

void descriptors_set_kernel_stack(uint64_t top) {
    CHECK(top % 16 == 0);
    struct cpu_local *local = cpu_local();
    local->kernel_stack_top = top;
    task_states[local->index].rsp[0] = top;
}

/* The TSS that TR selects: its descriptor scatters the base (SDM 3A figure 8-4). */
static const struct task_state *read_task_state(uint64_t gdt) {
    uint16_t selector;
    __asm__ volatile("str %0" : "=r"(selector));
    const uint64_t *descriptor = (const uint64_t *)(gdt + (selector & ~7u));
    uint64_t base =
        (descriptor[0] >> 16 & 0xffffff) | (descriptor[0] >> 56 << 24) | descriptor[1] << 32;
    return (const struct task_state *)base;
}

void descriptors_read(struct descriptors_in_use *in_use) {
    struct table_pointer gdt;
    struct table_pointer idt;
    __asm__ volatile("sgdt %0" : "=m"(gdt));
    __asm__ volatile("sidt %0" : "=m"(idt));
    const struct task_state *state = read_task_state(gdt.base);
    *in_use = (struct descriptors_in_use){
        .gdt = gdt.base,
        .gdt_size_bytes = gdt.limit + 1u,
        .idt = idt.base,
        .idt_size_bytes = idt.limit + 1u,
        .task_state = (uint64_t)state,
        .task_state_size_bytes = sizeof *state,
        .stack_tops = {state->rsp[0]},
    };
    for (unsigned i = 1; i < DESCRIPTORS_STACK_COUNT; i++) {
        in_use->stack_tops[i] = state->ist[i - 1];
    }
}
