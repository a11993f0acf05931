#pragma once

#include <stdint.h>

#include "lib/decls.h"

BEGIN_C_DECLS

/*
 * GDT, TSS and IDT. The selectors are Linux's, since programs see theirs (in CS, SS and later in
 * signal frames). SYSRET wants user data and user code side by side in this order (SDM 3A 5.8.8).
 */
enum selector : uint16_t {
    SELECTOR_KERNEL_CODE = 0x10,
    SELECTOR_KERNEL_DATA = 0x18,
    SELECTOR_USER_CODE_32 = 0x20 | 3, /* never present; SYSRET's base */
    SELECTOR_USER_DATA = 0x28 | 3,
    SELECTOR_USER_CODE = 0x30 | 3,
    SELECTOR_TSS = 0x40,
};

enum trap_vector : uint8_t {
    VECTOR_DIVIDE_ERROR = 0,
    VECTOR_DEBUG = 1,
    VECTOR_NMI = 2,
    VECTOR_BREAKPOINT = 3,
    VECTOR_OVERFLOW = 4,
    VECTOR_BOUND = 5,
    VECTOR_INVALID_OPCODE = 6,
    VECTOR_DEVICE_NOT_AVAILABLE = 7,
    VECTOR_DOUBLE_FAULT = 8,
    VECTOR_INVALID_TSS = 10,
    VECTOR_SEGMENT_NOT_PRESENT = 11,
    VECTOR_STACK_FAULT = 12,
    VECTOR_GENERAL_PROTECTION = 13,
    VECTOR_PAGE_FAULT = 14,
    VECTOR_X87_ERROR = 16,
    VECTOR_ALIGNMENT_CHECK = 17,
    VECTOR_MACHINE_CHECK = 18,
    VECTOR_SIMD_ERROR = 19,
    VECTOR_VIRTUALISATION = 20,
    VECTOR_CONTROL_PROTECTION = 21,
    VECTOR_IRQ_BASE = 32, /* the 8259s' sixteen lines: 32..47 */
};

/* "page fault", ... for the exceptions, else "interrupt" or "system call". */
const char *trap_vector_name(uint64_t vector);

/* Loads GDT, TSS and IDT of CPU `index`, with the IST stacks that lie in .bss. Called by cpu_init.
 */
void descriptors_load(uint32_t index);

/*
 * Moves the IST stack of `vector` (#DB, NMI, #DF or #MC; CHECKed) on this CPU to one that ends at
 * `top`, 16-byte aligned. Not while that vector is being handled.
 */
void descriptors_set_ist(enum trap_vector vector, uint64_t top);

/* The stack on which this CPU enters the kernel from user mode from now on, by trap or SYSCALL. */
void descriptors_set_kernel_stack(uint64_t top);

constexpr unsigned DESCRIPTORS_STACK_COUNT = 8;

/* Where this CPU's registers say that its tables and its stacks for entries lie (SDM 3A 2.4). */
struct descriptors_in_use {
    uint64_t gdt, gdt_size_bytes;
    uint64_t idt, idt_size_bytes;
    uint64_t task_state, task_state_size_bytes;
    uint64_t stack_tops[DESCRIPTORS_STACK_COUNT]; /* from user mode, then the IST; 0 for none */
};

/* Reads GDTR, IDTR and TR, and the TSS that TR selects: not what was meant to be loaded. */
void descriptors_read(struct descriptors_in_use *in_use);

END_C_DECLS
