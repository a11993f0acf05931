/* What a program may not get by returning from a signal, by an instruction, or by arch_prctl. */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "user/tests/report.h"

constexpr int ARCH_SET_GS = 0x1001, ARCH_SET_FS = 0x1002;
constexpr uint64_t CARRY = 1, TRAP = 0x100, DIRECTION = 0x400, PRIVILEGE = 0x3000, NESTED = 0x4000,
                   VIRTUAL = 0x20000, ALIGNMENT = 0x40000, IDENTIFICATION = 0x200000;
constexpr uint32_t MAGIC_OFFSET = 464, HEADER_OFFSET = 512, MXCSR_OFFSET = 24;

static const uint64_t edges[] = {
    0x7ffffffff000,     0x7ffffffffffe,     0x800000000000,     0x800000000001,
    0xffff7fffffffffff, 0xffff800000000000, 0xffffffff80000000, 0xfffffffffffff000,
    0xffffffffffffffff, 1ull << 63,         0x4000000000000000, 0x0001000000000000,
    0x00ffffffffffffff, 0x8000800000000000, 0xffffffffff600000, 0xdead000000000000,
    0xfffe000000000000,
};

/* What the handler does to what will be returned to. */
static void (*change)(ucontext_t *context, uint64_t value);
static uint64_t value;

static void on_user(int, siginfo_t *, void *context) {
    change(context, value);
}

static void on_trap(int signal, siginfo_t *info, void *) {
    say("  %s, code %d", signal_name(signal), info->si_code);
    _exit(9);
}

static void return_with_change(void) {
    sigaction(SIGUSR1, &(struct sigaction){.sa_sigaction = on_user, .sa_flags = SA_SIGINFO},
              nullptr);
    sigaction(SIGTRAP, &(struct sigaction){.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO},
              nullptr);
    uint64_t flags;
    raise(SIGUSR1);
    __asm__ volatile("pushfq; popq %0; pushq $2; popfq" : "=r"(flags) : : "memory", "cc");
    say("  went on; flags %#lx", (unsigned long)(flags & (TRAP | DIRECTION | PRIVILEGE | NESTED |
                                                          VIRTUAL | ALIGNMENT | IDENTIFICATION)));
}

static void try_change(const char *what, void (*how)(ucontext_t *, uint64_t), uint64_t with) {
    change = how;
    value = with;
    show_child(what, return_with_change);
}

static void set_rip(ucontext_t *context, uint64_t address) {
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)address;
}

static void set_rsp(ucontext_t *context, uint64_t address) {
    context->uc_mcontext.gregs[REG_RSP] = (greg_t)address;
}

static void add_flags(ucontext_t *context, uint64_t flags) {
    context->uc_mcontext.gregs[REG_EFL] |= (greg_t)flags;
}

/* Code, GS, FS and stack selector, of 16 bits each. */
static void set_selectors(ucontext_t *context, uint64_t selectors) {
    context->uc_mcontext.gregs[REG_CSGSFS] = (greg_t)selectors;
}

static void set_vectors_address(ucontext_t *context, uint64_t address) {
    context->uc_mcontext.fpregs = (fpregset_t)address;
}

static void move_vectors(ucontext_t *context, uint64_t offset) {
    context->uc_mcontext.fpregs = (fpregset_t)((char *)context->uc_mcontext.fpregs + offset);
}

static void set_vectors_word(ucontext_t *context, uint64_t offset_and_word) {
    char *area = (char *)context->uc_mcontext.fpregs;
    uint32_t word = (uint32_t)offset_and_word;
    memcpy(area + (offset_and_word >> 32), &word, sizeof(word));
}

static uint64_t word_at(uint32_t offset, uint32_t word) {
    return (uint64_t)offset << 32 | word;
}

static uint64_t selectors(uint16_t code, uint16_t stack) {
    return code | (uint64_t)stack << 48;
}

static void check_addresses(void) {
    for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
        char what[40];
        snprintf(what, sizeof(what), "return to %#lx", (unsigned long)edges[i]);
        try_change(what, set_rip, edges[i]);
        snprintf(what, sizeof(what), "return with stack %#lx", (unsigned long)edges[i]);
        try_change(what, set_rsp, edges[i]);
    }
}

static void check_flags(void) {
    try_change("nothing changed", add_flags, 0);
    try_change("single step", add_flags, TRAP);
    try_change("direction", add_flags, DIRECTION);
    try_change("privilege", add_flags, PRIVILEGE);
    try_change("nested task", add_flags, NESTED);
    try_change("virtual 8086", add_flags, VIRTUAL);
    try_change("alignment", add_flags, ALIGNMENT);
    try_change("all", add_flags, ~(uint64_t)TRAP);
}

static void check_selectors(void) {
    try_change("kernel code", set_selectors, selectors(0x10, 0x2b));
    try_change("kernel code, ring 3", set_selectors, selectors(0x13, 0x2b));
    try_change("code of no ring", set_selectors, selectors(0x30, 0x2b));
    try_change("no code", set_selectors, selectors(0, 0x2b));
    try_change("data as code", set_selectors, selectors(0x2b, 0x2b));
    try_change("local code", set_selectors, selectors(0x7, 0x2b));
    try_change("code out of bounds", set_selectors, selectors(0xfffb, 0x2b));
}

static void check_vectors(void) {
    try_change("no vectors", set_vectors_address, 0);
    try_change("vectors in the null page", set_vectors_address, 64);
    try_change("vectors in the kernel", set_vectors_address, 0xffff888000000000);
    try_change("vectors beyond all", set_vectors_address, 0x8000000000000000);
    try_change("vectors not aligned", move_vectors, 8);
    try_change("reserved bits of MXCSR", set_vectors_word, word_at(MXCSR_OFFSET, 0xffffffff));
    try_change("no magic", set_vectors_word, word_at(MAGIC_OFFSET, 0));
    try_change("features that are not", set_vectors_word, word_at(HEADER_OFFSET + 4, 0x40000000));
    try_change("compacted", set_vectors_word, word_at(HEADER_OFFSET + 12, 0x80000000));
    try_change("reserved header", set_vectors_word, word_at(HEADER_OFFSET + 16, 1));
}

static void return_from_nothing(void) {
    call(rt_sigreturn);
    say("  went on");
}

static void return_from_the_top(void) {
    __asm__ volatile("movq $0x7ffffffff000, %%rsp; movl $15, %%eax; syscall" ::: "memory");
}

/* The call's return address is the first one that is not the user's. */
static void call_at_the_end(void) {
    char *top = mmap((void *)(0x7ffffffff000 - PAGE), PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (top == MAP_FAILED) {
        say("  no page there");
        return;
    }
    memcpy(top + PAGE - 2, "\x0f\x05", 2);
    __asm__ volatile("jmp *%0" : : "r"(top + PAGE - 2), "a"(SYS_getpid) : "rcx", "r11", "memory");
}

static void check_bases(void) {
    for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
        char what[40];
        snprintf(what, sizeof(what), "GS at %#lx", (unsigned long)edges[i]);
        show(what, call(arch_prctl, ARCH_SET_GS, edges[i]));
    }
    show("FS in the kernel", call(arch_prctl, ARCH_SET_FS, 0xffff800000000000));
    show("an unknown code", call(arch_prctl, 0x999, 0));
}

/* A call with flags that the kernel must not have. */
static void call_with_flags(void) {
    uint64_t flags, result;
    __asm__ volatile("pushfq; orq %2, (%%rsp); popfq\n"
                     "syscall\n"
                     "pushfq; popq %1; pushq $2; popfq"
                     : "=a"(result), "=&r"(flags)
                     : "i"(DIRECTION | NESTED | ALIGNMENT | CARRY), "a"(SYS_getpid)
                     : "rcx", "r11", "memory", "cc");
    say("  it is this process: %d; flags %#lx", result == (uint64_t)getpid(),
        (unsigned long)(flags & (DIRECTION | NESTED | ALIGNMENT | CARRY)));
}

int main(void) {
    check_addresses();
    check_flags();
    check_selectors();
    check_vectors();
    show_child("a return from no signal", return_from_nothing);
    show_child("a return from above the stack", return_from_the_top);
    show_child("a call in the last bytes", call_at_the_end);
    check_bases();
    show_child("a call with flags", call_with_flags);
}
