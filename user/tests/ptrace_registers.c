/* ptrace: a tracee's registers and memory, one step at a time, and what a tracer may not set. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "user/tests/report.h"
#include "user/tests/tracee.h"

constexpr unsigned long STATUS_NOTE = 1, FLOATING_NOTE = 2, XSTATE_NOTE = 0x202;
constexpr unsigned long USER_AREA = 928; /* the kernel's struct user */

static pid_t start_traced(void (*body)(void)) {
    pid_t child = fork();
    if (child == 0) {
        trace(PTRACE_TRACEME, 0, 0, 0);
        call(kill, getpid(), SIGSTOP);
        body();
        _exit(0);
    }
    next("the first stop", child);
    return child;
}

static struct user_regs_struct registers_of(pid_t child) {
    struct user_regs_struct registers;
    memset(&registers, 0, sizeof(registers));
    if (trace(PTRACE_GETREGS, child, 0, (unsigned long)&registers) != 0) {
        show("GETREGS", -1);
    }
    return registers;
}

static void do_nothing(void) {}

__attribute__((naked)) static void known_registers(void) {
    __asm__("mov $1, %rax\n mov $2, %rbx\n mov $3, %rcx\n mov $4, %rdx\n mov $5, %rsi\n"
            "mov $6, %rdi\n mov $7, %rbp\n mov $8, %r8\n mov $9, %r9\n mov $10, %r10\n"
            "mov $11, %r11\n mov $12, %r12\n mov $13, %r13\n mov $14, %r14\n mov $15, %r15\n"
            "cmp %r15, %r15\n stc\n int3\n"
            "mov %rbx, %rdi\n add %r15, %rdi\n mov $60, %eax\n syscall\n");
}

static void check_general(void) {
    pid_t child = start_traced(known_registers);
    trace(PTRACE_CONT, child, 0, 0);
    next("the breakpoint", child);
    struct user_regs_struct r = registers_of(child);
    say("%lld %lld %lld %lld %lld %lld %lld", (long long)r.rax, (long long)r.rbx, (long long)r.rcx,
        (long long)r.rdx, (long long)r.rsi, (long long)r.rdi, (long long)r.rbp);
    say("%lld %lld %lld %lld %lld %lld %lld %lld", (long long)r.r8, (long long)r.r9,
        (long long)r.r10, (long long)r.r11, (long long)r.r12, (long long)r.r13, (long long)r.r14,
        (long long)r.r15);
    say("cs %#llx, ss %#llx, ds %#llx, es %#llx, fs %#llx, gs %#llx, orig %lld", (long long)r.cs,
        (long long)r.ss, (long long)r.ds, (long long)r.es, (long long)r.fs, (long long)r.gs,
        (long long)r.orig_rax);
    say("flags %#llx, fs base %d, gs base %#llx", (long long)r.eflags, r.fs_base != 0,
        (long long)r.gs_base);
    long value = -1;
    show("peek rbx",
         trace(PTRACE_PEEKUSER, child, offsetof(struct user, regs.rbx), (unsigned long)&value));
    say("rbx %ld", value);
    show("poke rbx", trace(PTRACE_POKEUSER, child, offsetof(struct user, regs.rbx), 20));
    r = registers_of(child);
    say("rbx %lld", (long long)r.rbx);
    r.r15 = 30;
    show("SETREGS", trace(PTRACE_SETREGS, child, 0, (unsigned long)&r));
    trace(PTRACE_CONT, child, 0, 0);
    next("the sum", child);
}

static void peek_at(pid_t child, const char *what, unsigned long offset) {
    long value = 0x5555;
    show(what, trace(PTRACE_PEEKUSER, child, offset, (unsigned long)&value));
    if (errno == 0) {
        say("  %#lx", value);
    }
}

static void poke_at(pid_t child, const char *what, unsigned long offset, unsigned long value) {
    show(what, trace(PTRACE_POKEUSER, child, offset, value));
}

static void check_refused(void) {
    pid_t child = start_traced(do_nothing);
    const unsigned long fs_base = offsetof(struct user, regs.fs_base);
    const unsigned long gs_base = offsetof(struct user, regs.gs_base);
    const unsigned long flags = offsetof(struct user, regs.eflags);
    const unsigned long debug = offsetof(struct user, u_debugreg);
    errno = 0;
    peek_at(child, "an unaligned offset", 4);
    peek_at(child, "behind the area", USER_AREA);
    peek_at(child, "in the middle of nothing", sizeof(struct user_regs_struct) + 64);
    poke_at(child, "an unaligned offset", 4, 0);
    poke_at(child, "behind the area", USER_AREA, 0);
    poke_at(child, "in the middle of nothing", sizeof(struct user_regs_struct) + 64, 0);
    poke_at(child, "a base in the kernel's half", fs_base, 0xffff800000000000);
    poke_at(child, "a base that is no address", gs_base, 0x0000800000000000);
    poke_at(child, "the last base", gs_base, 0x7fffffffefff);
    poke_at(child, "one behind it", gs_base, 0x7ffffffff000);
    poke_at(child, "a kernel's code segment", offsetof(struct user, regs.cs), 0x10);
    poke_at(child, "no code segment", offsetof(struct user, regs.cs), 0);
    poke_at(child, "a kernel's stack segment", offsetof(struct user, regs.ss), 0x18);
    poke_at(child, "the code segment it has", offsetof(struct user, regs.cs), 0x33);
    poke_at(child, "a kernel's data segment", offsetof(struct user, regs.ds), 0x18);
    poke_at(child, "no data segment", offsetof(struct user, regs.es), 0);
    poke_at(child, "all flags but NT", flags, ~0x4000ull);
    say("flags %#llx", (long long)registers_of(child).eflags);
    poke_at(child, "no flags", flags, 0);
    say("flags %#llx", (long long)registers_of(child).eflags);
    errno = 0;
    peek_at(child, "a debug register", debug);
    peek_at(child, "the debug control", debug + 7 * sizeof(long));
    poke_at(child, "no breakpoints", debug + 7 * sizeof(long), 0);
    poke_at(child, "a breakpoint in the kernel", debug, 0xffffffff80000000);
    show("where regs cannot go", trace(PTRACE_GETREGS, child, 0, 8));
    show("where regs cannot come from", trace(PTRACE_SETREGS, child, 0, 8));
    finish(child);
}

/* What the tracee cannot run with is its own fault, not the kernel's. */
static void check_bad_places(void) {
    static const unsigned long places[] = {0, 0xffff800000000000, 0x0000800000000000,
                                           0x7ffffffffffe, 0xffffffff80000000};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        pid_t child = start_traced(do_nothing);
        poke_at(child, "rip", offsetof(struct user, regs.rip), places[i]);
        trace(PTRACE_CONT, child, 0, 0);
        next("it faults", child);
        say("rip as set: %d", registers_of(child).rip == places[i]);
        poke_at(child, "rsp", offsetof(struct user, regs.rsp), places[i]);
        trace(PTRACE_SINGLESTEP, child, 0, 0);
        next("again", child);
        trace(PTRACE_CONT, child, 0, SIGSEGV);
        next("the end", child);
    }
}

static void check_sets(void) {
    pid_t child = start_traced(do_nothing);
    struct user_regs_struct r;
    struct user_regs_struct whole = registers_of(child);
    struct iovec vector = {&r, sizeof(r) + 8};
    memset(&r, 0, sizeof(r));
    show("the set", trace(PTRACE_GETREGSET, child, STATUS_NOTE, (unsigned long)&vector));
    say("%zu bytes, the same %d", vector.iov_len, memcmp(&r, &whole, sizeof(r)) == 0);
    vector.iov_len = 16;
    r.r14 = 0x99;
    r.r13 = 0x99;
    show("two of it", trace(PTRACE_SETREGSET, child, STATUS_NOTE, (unsigned long)&vector));
    r = registers_of(child);
    say("%zu bytes, r14 %#llx, r13 as before %d", vector.iov_len, (long long)r.r14,
        r.r13 == whole.r13);
    vector.iov_len = 12;
    show("a part of one", trace(PTRACE_GETREGSET, child, STATUS_NOTE, (unsigned long)&vector));
    show("no such set", trace(PTRACE_GETREGSET, child, 4711, (unsigned long)&vector));
    show("no vector", trace(PTRACE_GETREGSET, child, STATUS_NOTE, 8));
    vector = (struct iovec){(void *)8, sizeof(r)};
    show("nowhere", trace(PTRACE_GETREGSET, child, STATUS_NOTE, (unsigned long)&vector));
    finish(child);
}

static void use_floating_point(void) {
    static volatile double sum;
    __asm__ volatile("movq %0, %%xmm3\n int3\n movq %%xmm3, %1"
                     : "+r"(*(long *)&(double){2.5}), "=m"(sum)
                     :
                     : "xmm3");
    _exit((int)(sum * 10));
}

static void check_floating_point(void) {
    pid_t child = start_traced(use_floating_point);
    struct user_fpregs_struct state;
    static char whole[16384] __attribute__((aligned(64)));
    trace(PTRACE_CONT, child, 0, 0);
    next("the breakpoint", child);
    memset(&state, 0, sizeof(state));
    show("GETFPREGS", trace(PTRACE_GETFPREGS, child, 0, (unsigned long)&state));
    double value;
    memcpy(&value, &state.xmm_space[12], sizeof(value));
    say("xmm3 %.1f, control %#x, mxcsr %#x", value, state.cwd, state.mxcsr);
    value = 7.5;
    memcpy(&state.xmm_space[12], &value, sizeof(value));
    show("SETFPREGS", trace(PTRACE_SETFPREGS, child, 0, (unsigned long)&state));
    state.mxcsr = 0xffffffff;
    show("flags that there are not", trace(PTRACE_SETFPREGS, child, 0, (unsigned long)&state));
    struct iovec vector = {whole, sizeof(whole)};
    show("all states", trace(PTRACE_GETREGSET, child, XSTATE_NOTE, (unsigned long)&vector));
    memcpy(&value, whole + 160 + 48, sizeof(value));
    unsigned long states;
    memcpy(&states, whole + 464, sizeof(states));
    say("xmm3 %.1f, x87 and SSE %lu", value, states & 3);
    value = 9.5;
    memcpy(whole + 160 + 48, &value, sizeof(value));
    show("set them", trace(PTRACE_SETREGSET, child, XSTATE_NOTE, (unsigned long)&vector));
    size_t size = vector.iov_len;
    unsigned long saved;
    memcpy(&saved, whole + 512, sizeof(saved));
    unsigned long all = ~0ul;
    memcpy(whole + 512, &all, sizeof(all));
    show("states that there are not",
         trace(PTRACE_SETREGSET, child, XSTATE_NOTE, (unsigned long)&vector));
    memcpy(whole + 512, &saved, sizeof(saved));
    whole[512 + 40] = 1;
    show("reserved bytes", trace(PTRACE_SETREGSET, child, XSTATE_NOTE, (unsigned long)&vector));
    whole[512 + 40] = 0;
    memcpy(whole + 520, &all, sizeof(all));
    show("the compacted form", trace(PTRACE_SETREGSET, child, XSTATE_NOTE, (unsigned long)&vector));
    memset(whole + 520, 0, sizeof(all));
    memset(whole + 24, 0xff, 4);
    show("bad flags", trace(PTRACE_SETREGSET, child, XSTATE_NOTE, (unsigned long)&vector));
    vector.iov_len = size - 8;
    show("too short", trace(PTRACE_SETREGSET, child, XSTATE_NOTE, (unsigned long)&vector));
    vector.iov_len = 504;
    show("a part of the old ones",
         trace(PTRACE_SETREGSET, child, FLOATING_NOTE, (unsigned long)&vector));
    trace(PTRACE_CONT, child, 0, 0);
    next("the sum", child);
}

static volatile long word = 0x1111;
static const volatile long constant = 0x2222;

static void read_words(void) {
    _exit(word == 0x3333 && *(volatile long *)&constant == 0x4444 ? 6 : 7);
}

/* The same by /proc/PID/mem, also across the end of a page that is read-only. */
static void show_mem(pid_t child, const volatile long *at) {
    char path[64];
    long value = 0x7777;
    volatile char *pages = mmap(nullptr, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    snprintf(path, sizeof(path), "/proc/%d/mem", child);
    int file = open(path, O_RDWR | O_CLOEXEC);
    show_ok("its mem", file);
    show("write a constant", pwrite(file, &value, sizeof(value), (off_t)at));
    show("read it", pread(file, &value, sizeof(value), (off_t)at));
    say("%#lx, here %#lx", value, *at);
    value = 0x4444;
    show("write it back", pwrite(file, &value, sizeof(value), (off_t)at));
    show("what it has not", pwrite(file, &value, sizeof(value), (off_t)pages + PAGE - 4));
    file = file >= 0 ? close(file) : -1;
    int own = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    show("across the end of a page of its own",
         pwrite(own, "12345678", 8, (off_t)pages + PAGE - 4));
    say("%d, %d", pages[PAGE - 1], pages[PAGE]);
    mprotect((void *)pages, PAGE, PROT_NONE);
    pid_t grandchild = fork();
    if (grandchild == 0) {
        show("what nobody may touch", pwrite(own, "abcd", 4, (off_t)pages));
        mprotect((void *)pages, PAGE, PROT_READ);
        say("%d", pages[0]);
        _exit(0);
    }
    show_end("the child", grandchild);
    mprotect((void *)pages, PAGE, PROT_READ);
    say("%d", pages[0]);
    close(own);
}

static void check_memory(void) {
    long value = 0;
    volatile long *shared =
        mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    volatile long *read_only = mmap(nullptr, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    volatile long *fresh = mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pid_t child = start_traced(read_words);
    show("peek", trace(PTRACE_PEEKDATA, child, (unsigned long)&word, (unsigned long)&value));
    say("%#lx", value);
    show("peek text",
         trace(PTRACE_PEEKTEXT, child, (unsigned long)read_words, (unsigned long)&value));
    say("it is the program's: %d", memcmp(&value, (const void *)read_words, 8) == 0);
    show("poke", trace(PTRACE_POKEDATA, child, (unsigned long)&word, 0x3333));
    show("poke a constant", trace(PTRACE_POKEDATA, child, (unsigned long)&constant, 0x4444));
    say("here %#lx, %#lx", word, constant);
    show("poke text", trace(PTRACE_POKETEXT, child, (unsigned long)check_memory, 0));
    say("not here: %d", memcmp((const void *)check_memory, "\0\0\0\0\0\0\0", 8) != 0);
    show("poke shared memory", trace(PTRACE_POKEDATA, child, (unsigned long)shared, 0x5555));
    say("here too %#lx", *shared);
    show("shared and read-only", trace(PTRACE_POKEDATA, child, (unsigned long)read_only, 1));
    show("private and read-only", trace(PTRACE_POKEDATA, child, (unsigned long)fresh, 0x66));
    trace(PTRACE_PEEKDATA, child, (unsigned long)fresh, (unsigned long)&value);
    say("there %#lx, here %#lx", value, *fresh);
    show_mem(child, &constant);
    show("across a page's end", trace(PTRACE_PEEKDATA, child, (unsigned long)shared + PAGE - 4,
                                      (unsigned long)&value) == 0 ||
                                    errno == EIO);
    show("nothing there", trace(PTRACE_PEEKDATA, child, 8, (unsigned long)&value));
    show("poke nothing", trace(PTRACE_POKEDATA, child, 8, 0));
    show("the kernel's", trace(PTRACE_PEEKDATA, child, 0xffffffff80000000, (unsigned long)&value));
    show("poke the kernel", trace(PTRACE_POKEDATA, child, 0xffffffff80000000, 0));
    show("to nowhere", trace(PTRACE_PEEKDATA, child, (unsigned long)&word, 8));
    trace(PTRACE_CONT, child, 0, 0);
    next("the end", child);
}

static void close_itself(void) {
    prctl(PR_SET_DUMPABLE, 0);
    raise(SIGSTOP);
}

/* What may not be dumped keeps its memory to itself, from a tracer too. */
static void check_closed_memory(void) {
    long value = 0;
    pid_t child = start_traced(close_itself);
    trace(PTRACE_CONT, child, 0, 0);
    next("closed", child);
    show("peek", trace(PTRACE_PEEKDATA, child, (unsigned long)&word, (unsigned long)&value));
    show("poke", trace(PTRACE_POKEDATA, child, (unsigned long)&word, 1));
    registers_of(child);
    trace(PTRACE_CONT, child, 0, 0);
    next("the end", child);
}

static volatile sig_atomic_t handled;

static void on_signal(int signal) {
    handled = signal;
}

__attribute__((naked)) static void few_instructions(void) {
    __asm__("nop\n mov $39, %eax\n syscall\n nop\n pushfq\n pop %rdi\n shr $8, %rdi\n"
            "and $1, %edi\n mov $60, %eax\n syscall\n");
}

static void step_once(pid_t child) {
    siginfo_t info;
    memset(&info, 0, sizeof(info));
    struct user_regs_struct before = registers_of(child);
    trace(PTRACE_SINGLESTEP, child, 0, 0);
    int status;
    waitpid(child, &status, __WALL);
    if (!WIFSTOPPED(status)) {
        say("a step: %s", end_name(status));
        return;
    }
    struct user_regs_struct after = registers_of(child);
    trace(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info);
    say("a step: %lld bytes, %s, code %d, at it %d, TF %d",
        (long long)after.rip - (long long)before.rip, signal_name(info.si_signo), info.si_code,
        (unsigned long)info.si_addr == after.rip, (after.eflags & 0x100) != 0);
}

static void check_steps(void) {
    pid_t child = start_traced(few_instructions);
    poke_at(child, "rip", offsetof(struct user, regs.rip), (unsigned long)few_instructions);
    for (int i = 0; i < 5; i++) {
        step_once(child);
    }
    trace(PTRACE_CONT, child, 0, 0);
    next("the end, without TF", child);
}

static void with_handler(void) {
    signal(SIGUSR1, on_signal);
    call(kill, getpid(), SIGUSR1);
    _exit(handled == SIGUSR1 ? 8 : 9);
}

static void check_step_into_handler(void) {
    pid_t child = start_traced(with_handler);
    trace(PTRACE_CONT, child, 0, 0);
    next("SIGUSR1", child);
    trace(PTRACE_SINGLESTEP, child, 0, SIGUSR1);
    next("in the handler", child);
    struct user_regs_struct r = registers_of(child);
    say("at its first instruction: %d, rdi %lld, TF %d", r.rip == (unsigned long)on_signal,
        (long long)r.rdi, (r.eflags & 0x100) != 0);
    siginfo_t info;
    show("siginfo", trace(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info));
    say("code %d", info.si_code);
    trace(PTRACE_CONT, child, 0, 0);
    next("the end", child);
}

static void with_queue(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    call(rt_sigprocmask, SIG_BLOCK, &set, nullptr, 8);
    for (int i = 0; i < 3; i++) {
        sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i});
    }
    call(tgkill, getpid(), getpid(), SIGUSR1);
    call(kill, getpid(), SIGSTOP);
    _exit(0);
}

struct peek_arguments {
    unsigned long first;
    unsigned flags;
    int count;
};

static void peek(pid_t child, const char *what, struct peek_arguments arguments) {
    siginfo_t infos[4];
    memset(infos, 0, sizeof(infos));
    long count = trace(PTRACE_PEEKSIGINFO, child, (unsigned long)&arguments, (unsigned long)infos);
    show(what, count);
    for (long i = 0; i < count; i++) {
        say("  %s, code %d, value %d", signal_name(infos[i].si_signo), infos[i].si_code,
            infos[i].si_code == SI_QUEUE ? infos[i].si_value.sival_int : 0);
    }
}

static void check_signal_state(void) {
    pid_t child = start_traced(with_queue);
    trace(PTRACE_CONT, child, 0, 0);
    next("it has sent", child);
    peek(child, "the process's", (struct peek_arguments){0, 1, 4});
    peek(child, "from the second on", (struct peek_arguments){1, 1, 1});
    peek(child, "the thread's", (struct peek_arguments){0, 0, 4});
    peek(child, "behind all", (struct peek_arguments){9, 1, 4});
    peek(child, "unknown flags", (struct peek_arguments){0, 2, 4});
    peek(child, "less than none", (struct peek_arguments){0, 0, -1});
    unsigned long mask = 0;
    show("the mask", trace(PTRACE_GETSIGMASK, child, 8, (unsigned long)&mask));
    say("%#lx", mask & 0xffffffff);
    show("of another size", trace(PTRACE_GETSIGMASK, child, 4, (unsigned long)&mask));
    mask = ~0ul;
    show("set it", trace(PTRACE_SETSIGMASK, child, 8, (unsigned long)&mask));
    trace(PTRACE_GETSIGMASK, child, 8, (unsigned long)&mask);
    say("%#lx", mask);
    siginfo_t info;
    trace(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info);
    info.si_signo = SIGTERM;
    show("another siginfo", trace(PTRACE_SETSIGINFO, child, 0, (unsigned long)&info));
    memset(&info, 0, sizeof(info));
    trace(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info);
    say("%s", signal_name(info.si_signo));
    mask = 0;
    trace(PTRACE_SETSIGMASK, child, 8, (unsigned long)&mask);
    trace(PTRACE_CONT, child, 0, 0);
    next("a signal that is not blocked any more", child);
    finish(child);
}

int main(void) {
    check_general();
    check_refused();
    check_bad_places();
    check_sets();
    check_floating_point();
    check_memory();
    check_closed_memory();
    check_steps();
    check_step_into_handler();
    check_signal_state();
    return 0;
}
