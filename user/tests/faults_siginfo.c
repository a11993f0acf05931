/* The signal, its code and its address, for each kind of fault that a program can cause. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr uintptr_t NOT_CANONICAL = 0x800000000000, KERNEL = 0xffffffff80000000;

static sigjmp_buf way_out;
static uintptr_t base;
static char *memory;
static const char *volatile current;

static void on_fault(int signal, siginfo_t *info, void *context) {
    const ucontext_t *state = context;
    uintptr_t address = (uintptr_t)info->si_addr,
              instruction = (uintptr_t)state->uc_mcontext.gregs[REG_RIP];
    long long error = state->uc_mcontext.gregs[REG_ERR],
              trap = state->uc_mcontext.gregs[REG_TRAPNO];
    const char *where = address == instruction       ? "the instruction"
                        : address - base < 16 * PAGE ? "memory"
                        : address == 0               ? "0"
                        : address < PAGE             ? "the null page"
                        : address >= KERNEL          ? "the kernel"
                                                     : "elsewhere";
    say("%s: %s, code %d, at %s+%#lx, trap %lld, error %#llx", current, signal_name(signal),
        info->si_code, where, address - base < 16 * PAGE ? address - base : 0, trap, error);
    siglongjmp(way_out, 1);
}

#define FAULT(what, statement)                                                                     \
    do {                                                                                           \
        current = what;                                                                            \
        if (sigsetjmp(way_out, 1) == 0) {                                                          \
            statement;                                                                             \
            say("%s: nothing happened", what);                                                     \
        }                                                                                          \
    } while (0)

static void catch_all(void) {
    const int caught[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++) {
        sigaction(caught[i], &action, nullptr);
    }
}

static char load(uintptr_t address) {
    return *(volatile char *)address;
}

static void store(uintptr_t address) {
    *(volatile char *)address = 1;
}

static void jump(uintptr_t address) {
    ((void (*)(void))address)();
}

static void check_memory(void) {
    munmap(memory + PAGE, PAGE);
    mprotect(memory + 2 * PAGE, PAGE, PROT_READ);
    mprotect(memory + 3 * PAGE, PAGE, PROT_NONE);
    FAULT("read null", load(0));
    FAULT("write null", store(8));
    FAULT("read a hole", load(base + PAGE + 5));
    FAULT("write a hole", store(base + PAGE + 6));
    FAULT("write what can be read", store(base + 2 * PAGE + 7));
    FAULT("read what is closed", load(base + 3 * PAGE + 8));
    FAULT("write what is closed", store(base + 3 * PAGE + 9));
    FAULT("execute data", jump(base));
    FAULT("execute a hole", jump(base + PAGE));
    FAULT("execute null", jump(0));
    FAULT("read the kernel", load(KERNEL));
    FAULT("write the kernel", store(KERNEL));
    FAULT("execute the kernel", jump(KERNEL));
    FAULT("read what is not canonical", load(NOT_CANONICAL));
    FAULT("write what is not canonical", store(NOT_CANONICAL));
    FAULT("read across pages", (void)*(volatile uint64_t *)(base + PAGE - 4));
}

static void check_files(void) {
    int file = scratch_file("file", PAGE + 10);
    char *view = mmap(memory + 4 * PAGE, 4 * PAGE, READ_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
    FAULT("read after the end of the file", load((uintptr_t)view + 2 * PAGE));
    FAULT("write after the end of the file", store((uintptr_t)view + 3 * PAGE + 3));
    FAULT("read the rest of the last page", load((uintptr_t)view + PAGE + 100));
    ftruncate(file, 0);
    FAULT("read what was cut off", load((uintptr_t)view));
    int ends[2];
    pipe(ends);
    show("write from there, by a call", write(ends[1], view, 1));
    show("read to there, by a call", read(open("/dev/zero", O_RDONLY), view, 1));
}

static void divide(int dividend, int divisor) {
    __asm__ volatile("cltd; idivl %1" : "+a"(dividend) : "r"(divisor) : "rdx");
}

static void check_instructions(void) {
    FAULT("divide by 0", divide(1, 0));
    FAULT("divide with overflow", divide(-0x7fffffff - 1, -1));
    FAULT("undefined", __asm__ volatile("ud2"));
    FAULT("breakpoint", __asm__ volatile("int3"));
    FAULT("privileged", __asm__ volatile("hlt"));
    FAULT("control register", __asm__ volatile("mov %%cr0, %%rax" :: : "rax"));
    FAULT("port", __asm__ volatile("in $0x60, %%al" :: : "rax"));
    FAULT("interrupts off", __asm__ volatile("cli"));
    FAULT("descriptor", __asm__ volatile("mov %0, %%fs" ::"r"(0xfff8)));
    FAULT("interrupt 0x21", __asm__ volatile("int $0x21"));
    FAULT("model-specific register", __asm__ volatile("rdmsr" ::"c"(0xc0000080) : "rax", "rdx"));
    FAULT("a single step", __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop" :: : "memory"));
    FAULT("unaligned vector", __asm__ volatile("movaps (%0), %%xmm0" ::"r"(base + 1) : "xmm0"));
}

static void unmask(uint32_t exceptions) {
    uint32_t control = 0x1f80 & ~(exceptions << 7);
    __asm__ volatile("ldmxcsr %0" ::"m"(control));
}

static void check_floating_point(void) {
    volatile double zero = 0, one = 1, huge = 1e308, tiny = 1e-308, result;
    unmask(1 << 2);
    FAULT("1.0 / 0", result = one / zero);
    unmask(1 << 0);
    FAULT("0.0 / 0", result = zero / zero);
    unmask(1 << 3);
    FAULT("overflow", result = huge * huge);
    unmask(1 << 4);
    FAULT("underflow", result = tiny * tiny);
    unmask(1 << 5);
    FAULT("inexact", result = one / 3);
    unmask(0);
    (void)result;
}

static void die_on_null(void) {
    signal(SIGSEGV, SIG_DFL);
    store(0);
}

static void die_blocked(void) {
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    store(0);
}

static void die_ignored(void) {
    signal(SIGSEGV, SIG_IGN);
    store(0);
}

int main(void) {
    memory = mmap(nullptr, 16 * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    base = (uintptr_t)memory;
    memory[0] = 1;
    catch_all();
    check_memory();
    check_files();
    check_instructions();
    check_floating_point();
    show_child("default", die_on_null);
    show_child("blocked", die_blocked);
    show_child("ignored", die_ignored);
}
