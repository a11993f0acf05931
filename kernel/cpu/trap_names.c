#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/trap.h"

/* SDM 3A table 6-1. */
static const char *const exception_names[] = {
    "divide error",
    "debug exception",
    "non-maskable interrupt",
    "breakpoint",
    "overflow",
    "bound range exceeded",
    "invalid opcode",
    "device not available",
    "double fault",
    "coprocessor segment overrun",
    "invalid TSS",
    "segment not present",
    "stack-segment fault",
    "general protection fault",
    "page fault",
    "reserved exception",
    "x87 floating-point error",
    "alignment check",
    "machine check",
    "SIMD floating-point error",
    "virtualisation exception",
    "control protection exception",
};

constexpr uint64_t EXCEPTION_NAME_COUNT = sizeof exception_names / sizeof exception_names[0];

const char *trap_vector_name(uint64_t vector) {
    if (vector < EXCEPTION_NAME_COUNT) {
        return exception_names[vector];
    }
    if (vector < VECTOR_IRQ_BASE) {
        return "reserved exception";
    }
    return vector == TRAP_SYSCALL ? "system call" : "interrupt";
}
