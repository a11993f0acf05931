/* What a handler is told, what it may change, and what must be as before when it returns. */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>

#include "user/tests/report.h"

static volatile int depth;
static volatile uint64_t seen_flags;

static void set_handler(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    sigaction(signal, &action, nullptr);
}

static const char *code_name(int code) {
    static const char *names[] = {"?",       "EXITED",  "KILLED",   "DUMPED",
                                  "TRAPPED", "STOPPED", "CONTINUED"};
    return code > 0 && code < 7 ? names[code] : "?";
}

static void on_child(int, siginfo_t *info, void *) {
    say("  %s %d", code_name(info->si_code), info->si_status);
}

/* The child does one thing after another, each when it is told to. */
static void live(int orders) {
    char order;
    while (read(orders, &order, 1) == 1) {
        if (order == 's') {
            raise(SIGSTOP);
        } else {
            _exit(order);
        }
    }
}

static void check_children(const char *what, int flags) {
    int orders[2], status;
    say("%s", what);
    set_handler(SIGCHLD, on_child, flags);
    pipe(orders);
    pid_t child = fork();
    if (child == 0) {
        live(orders[0]);
    }
    write(orders[1], "s", 1);
    while (waitpid(child, &status, WUNTRACED) < 0 && errno == EINTR) {
    }
    settle(); /* a signal that comes while the last one is pending is lost */
    kill(child, SIGCONT);
    settle();
    while (waitpid(child, &status, WCONTINUED) < 0 && errno == EINTR) {
    }
    write(orders[1], "\7", 1);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    say("%s: %s", what, end_name(status));
    signal(SIGCHLD, SIG_DFL);
    close(orders[0]);
    close(orders[1]);
}

static void skip_instruction(int, siginfo_t *, void *context) {
    ucontext_t *state = context;
    state->uc_mcontext.gregs[REG_RIP] += 2;
    state->uc_mcontext.gregs[REG_RAX] = 42;
}

static void check_registers(void) {
    long rax = 1;
    set_handler(SIGILL, skip_instruction, 0);
    __asm__ volatile("ud2" : "+a"(rax)::"memory");
    say("the handler changed a register, and where to go on: %ld", rax);
}

static void spoil_vectors(int, siginfo_t *, void *) {
    __asm__ volatile("pcmpeqd %%xmm0, %%xmm0\n\tpcmpeqd %%xmm15, %%xmm15\n\tfldz\n\tfldz" ::
                         : "xmm0", "xmm15", "st", "st(1)");
    __asm__ volatile("fstp %%st(0)\n\tfstp %%st(0)" ::: "st", "st(1)");
    uint32_t control = 0x3f80;
    __asm__ volatile("ldmxcsr %0" ::"m"(control));
}

static void check_vectors(void) {
    uint64_t first[2] = {1, 2}, last[2] = {3, 4}, after[4];
    uint32_t control = 0x1f80, control_after;
    long pid = getpid(), number = SYS_kill;
    set_handler(SIGUSR1, spoil_vectors, 0);
    __asm__ volatile("movups %[first], %%xmm0\n\tmovups %[last], %%xmm15\n\tldmxcsr %[control]\n\t"
                     "syscall\n\t"
                     "movups %%xmm0, %[one]\n\tmovups %%xmm15, %[two]\n\tstmxcsr %[mxcsr]"
                     : [one] "=m"(*(uint64_t(*)[2])after), [two] "=m"(*(uint64_t(*)[2])(after + 2)),
                       [mxcsr] "=m"(control_after), "+a"(number)
                     : [first] "m"(first), [last] "m"(last), [control] "m"(control), "D"(pid),
                       "S"((long)SIGUSR1)
                     : "rcx", "r11", "xmm0", "xmm15", "memory");
    say("vectors: %lu %lu %lu %lu, control %#x", (unsigned long)after[0], (unsigned long)after[1],
        (unsigned long)after[2], (unsigned long)after[3], control_after);
}

static void look_at_flags(int, siginfo_t *, void *) {
    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(seen_flags)::"memory");
}

static void check_flags(void) {
    uint64_t after;
    long pid = getpid(), number = SYS_kill;
    set_handler(SIGUSR1, look_at_flags, 0);
    __asm__ volatile("std\n\tsyscall\n\tpushfq\n\tpopq %[after]\n\tcld"
                     : [after] "=r"(after), "+a"(number)
                     : "D"(pid), "S"((long)SIGUSR1)
                     : "rcx", "r11", "memory", "cc");
    say("direction: in the handler %d, after it %d", (int)(seen_flags >> 10 & 1),
        (int)(after >> 10 & 1));
}

/* 128 bytes below the stack pointer belong to the program. */
static void check_red_zone(void) {
    uint64_t after;
    long pid = getpid(), number = SYS_kill;
    set_handler(SIGUSR1, look_at_flags, 0);
    __asm__ volatile("movq $77, -128(%%rsp)\n\tsyscall\n\tmovq -128(%%rsp), %[after]"
                     : [after] "=&r"(after), "+a"(number)
                     : "D"(pid), "S"((long)SIGUSR1)
                     : "rcx", "r11", "memory");
    say("below the stack pointer: %lu", (unsigned long)after);
}

static void change_mask(int, siginfo_t *, void *context) {
    ucontext_t *state = context;
    say("  blocked before: %d", sigismember(&state->uc_sigmask, SIGUSR2));
    sigaddset(&state->uc_sigmask, SIGUSR2);
}

static void check_mask(void) {
    sigset_t blocked;
    set_handler(SIGUSR1, change_mask, 0);
    raise(SIGUSR1);
    sigprocmask(SIG_BLOCK, nullptr, &blocked);
    say("blocked after: %d", sigismember(&blocked, SIGUSR2));
    raise(SIGUSR1);
    sigemptyset(&blocked);
    sigprocmask(SIG_SETMASK, &blocked, nullptr);
}

static void nest(int, siginfo_t *, void *) {
    if (++depth < 20) {
        raise(SIGUSR1);
    }
}

static void look_at_stack(int, siginfo_t *, void *context) {
    const ucontext_t *state = context;
    int aligned = ((uintptr_t)__builtin_frame_address(0) & 15) == 0;
    say("  flags of the other stack %d, the frame is aligned %d", state->uc_stack.ss_flags,
        aligned);
}

static void check_nesting(void) {
    set_handler(SIGUSR1, nest, SA_NODEFER);
    errno = 0;
    raise(SIGUSR1);
    say("nested: %d", depth);
    set_handler(SIGUSR1, look_at_stack, 0);
    raise(SIGUSR1);
}

/* A frame that was not made by the kernel. */
static void return_to_nowhere(void) {
    call(rt_sigreturn);
}

static void leave_for_not_canonical(int, siginfo_t *, void *context) {
    ucontext_t *state = context;
    state->uc_mcontext.gregs[REG_RIP] = 0x800000000000;
}

static void return_to_not_canonical(void) {
    set_handler(SIGUSR1, leave_for_not_canonical, 0);
    raise(SIGUSR1);
}

int main(void) {
    check_children("children", 0);
    check_children("children, but not their stops", SA_NOCLDSTOP);
    check_registers();
    check_vectors();
    check_flags();
    check_red_zone();
    check_mask();
    check_nesting();
    show_child("return without a frame", return_to_nowhere);
    show_child("return to what is not canonical", return_to_not_canonical);
}
