/* sigaltstack: where handlers run, what is refused, and a stack that has overflown. */

#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "user/tests/report.h"

constexpr size_t SIZE = 16 * PAGE;
constexpr int AUTODISARM = (int)(1u << 31);

static char *memory;
static sigjmp_buf way_out;

static bool is_on_it(const void *address) {
    return (const char *)address >= memory && (const char *)address < memory + SIZE;
}

static void show_stack(const char *what) {
    stack_t now = {};
    sigaltstack(nullptr, &now);
    say("%s: ours %d, size %zu, flags %#x", what, now.ss_sp == memory, now.ss_size,
        (unsigned)now.ss_flags);
}

static void on_signal(int signal) {
    char here;
    stack_t other = {.ss_sp = memory, .ss_size = SIZE};
    say("  %s on it: %d", signal_name(signal), is_on_it(&here));
    show_stack("  in the handler");
    show("  change in the handler", sigaltstack(&other, nullptr));
}

static void check_refusals(void) {
    stack_t stack = {.ss_sp = memory, .ss_size = 100};
    show("too small", sigaltstack(&stack, nullptr));
    stack = (stack_t){.ss_sp = memory, .ss_size = SIZE, .ss_flags = 77};
    show("unknown flags", call(sigaltstack, &stack, nullptr));
    stack.ss_flags = SS_ONSTACK;
    show("as if on it", call(sigaltstack, &stack, nullptr));
    show("from the null page", call(sigaltstack, 8, nullptr));
    show("to the null page", call(sigaltstack, nullptr, 8));
    stack = (stack_t){.ss_flags = SS_DISABLE, .ss_size = 1};
    show("none, however small", sigaltstack(&stack, nullptr));
}

static void set_handler(int signal, int flags) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    sigaction(signal, &action, nullptr);
}

static void check_handlers(void) {
    stack_t stack = {.ss_sp = memory, .ss_size = SIZE}, none = {.ss_flags = SS_DISABLE};
    show_stack("before");
    show("set", sigaltstack(&stack, nullptr));
    show_stack("set");
    set_handler(SIGUSR1, 0);
    raise(SIGUSR1);
    set_handler(SIGUSR1, SA_ONSTACK);
    raise(SIGUSR1);
    show_stack("after");
    stack.ss_flags = AUTODISARM;
    show("disarms itself", call(sigaltstack, &stack, nullptr));
    raise(SIGUSR1);
    show_stack("armed again");
    show("disable", sigaltstack(&none, nullptr));
    raise(SIGUSR1);
}

static void on_overflow(int signal, siginfo_t *info, void *) {
    char here;
    say("  %s, code %d, on it: %d", signal_name(signal), info->si_code, is_on_it(&here));
    siglongjmp(way_out, 1);
}

static void overflow_stack(void) {
    struct rlimit small = {1 << 20, 1 << 20};
    struct sigaction action = {.sa_sigaction = on_overflow, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    setrlimit(RLIMIT_STACK, &small);
    sigaction(SIGSEGV, &action, nullptr);
    if (sigsetjmp(way_out, 1) == 0) {
        use_stack(1000);
        say("never");
    }
    show_stack("after a jump");
    say("again");
    if (sigsetjmp(way_out, 1) == 0) {
        use_stack(1000);
        say("never");
    }
}

static void overflow_without(void) {
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, nullptr);
    overflow_stack();
}

static void nest(int signal) {
    static int depth;
    if (++depth == 100) {
        say("  there was always room");
        _exit(0);
    }
    raise(signal);
}

/* The handler that interrupts itself has no place left on the other stack in the end. */
static void fill_stack(void) {
    stack_t small = {.ss_sp = memory + SIZE / 2, .ss_size = 4 * PAGE};
    struct sigaction action = {.sa_handler = nest, .sa_flags = SA_ONSTACK | SA_NODEFER};
    sigaltstack(&small, nullptr);
    sigaction(SIGUSR1, &action, nullptr);
    raise(SIGUSR1);
    say("never");
}

static void enter_unmapped(void) {
    stack_t none = {.ss_sp = memory, .ss_size = SIZE};
    set_handler(SIGUSR1, SA_ONSTACK);
    sigaltstack(&none, nullptr);
    munmap(memory, SIZE);
    raise(SIGUSR1);
    say("never");
}

static void in_child(void) {
    show_stack("in a child");
}

int main(void) {
    memory = mmap(nullptr, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check_refusals();
    check_handlers();
    stack_t stack = {.ss_sp = memory, .ss_size = SIZE};
    sigaltstack(&stack, nullptr);
    show_child("child", in_child);
    show_child("overflow", overflow_stack);
    show_child("no place left", fill_stack);
    show_child("not mapped", enter_unmapped);
    show_child("overflow without another stack", overflow_without);
}
