/* rt_sigaction, rt_sigprocmask, kill and their kin: what is refused, blocked, ignored, delivered.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "user/tests/report.h"

/* The kernel's own struct sigaction (man 2 rt_sigaction); sets of signals have 8 bytes. */
struct kernel_action {
    uintptr_t handler;
    unsigned long flags;
    uintptr_t restorer;
    uint64_t mask;
};
constexpr size_t SET = 8;

static void count(int signal) {
    say("  %s came", signal_name(signal));
}

static uint64_t bit(int signal) {
    return 1ul << (signal - 1);
}

static void check_refusals(void) {
    struct kernel_action action = {};
    uint64_t set = 0;
    show("action of 0", call(rt_sigaction, 0, nullptr, &action, SET));
    show("action of 64", call(rt_sigaction, 64, nullptr, &action, SET));
    show("action of 65", call(rt_sigaction, 65, nullptr, &action, SET));
    show("look at SIGKILL's", call(rt_sigaction, SIGKILL, nullptr, &action, SET));
    show("change SIGKILL's", call(rt_sigaction, SIGKILL, &action, nullptr, SET));
    show("change SIGSTOP's", call(rt_sigaction, SIGSTOP, &action, nullptr, SET));
    show("wrong size", call(rt_sigaction, SIGUSR1, nullptr, &action, 4));
    show("from the null page", call(rt_sigaction, SIGUSR1, 8, nullptr, SET));
    show("to the null page", call(rt_sigaction, SIGUSR1, nullptr, 8, SET));
    show("mask, unknown way", call(rt_sigprocmask, 3, &set, nullptr, SET));
    show("mask, unknown way of nothing", call(rt_sigprocmask, 99, nullptr, &set, SET));
    show("mask, wrong size", call(rt_sigprocmask, SIG_BLOCK, &set, nullptr, 16));
    show("mask from the null page", call(rt_sigprocmask, SIG_BLOCK, 8, nullptr, SET));
    show("pending, wrong size", call(rt_sigpending, &set, 9));
    show("pending, smaller", call(rt_sigpending, &set, 4));
    show("suspend, wrong size", call(rt_sigsuspend, &set, 4));
    show("suspend on the null page", call(rt_sigsuspend, 8, SET));
}

static void check_kill(void) {
    show("kill with 65", call(kill, getpid(), 65));
    show("kill with -1", call(kill, getpid(), -1));
    show("kill with 0", call(kill, getpid(), 0));
    show("kill nobody", call(kill, 0x7ffffff, 0));
    show("kill no group", call(kill, -0x7ffffff, 0));
    show("kill my group with 0", call(kill, 0, 0));
    show("kill init", call(kill, 1, SIGTERM));
    show("tkill thread 0", call(tkill, 0, 0));
    show("tkill nobody", call(tkill, 0x7ffffff, 0));
    show("tgkill another group", call(tgkill, 1, gettid(), 0));
    show("tgkill group -1", call(tgkill, -1, gettid(), 0));
    show("tgkill", call(tgkill, getpid(), gettid(), 0));
}

static void check_mask(void) {
    sigset_t all, seen;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    sigprocmask(SIG_BLOCK, nullptr, &seen);
    say("SIGKILL and SIGSTOP cannot be blocked: %d %d %d", sigismember(&seen, SIGKILL),
        sigismember(&seen, SIGSTOP), sigismember(&seen, SIGTERM));
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
}

static void check_blocking(void) {
    uint64_t set = bit(SIGUSR1) | bit(SIGUSR2), pending = 0;
    signal(SIGUSR1, count);
    signal(SIGUSR2, count);
    call(rt_sigprocmask, SIG_BLOCK, &set, nullptr, SET);
    raise(SIGUSR2);
    raise(SIGUSR1);
    raise(SIGUSR1);
    call(rt_sigpending, &pending, SET);
    say("pending %#lx", (unsigned long)pending);
    show("unblock", call(rt_sigprocmask, SIG_UNBLOCK, &set, nullptr, SET));
    call(rt_sigpending, &pending, SET);
    say("pending %#lx", (unsigned long)pending);
    call(rt_sigprocmask, SIG_BLOCK, &set, nullptr, SET);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR1, count);
    show("ignored, so forgotten", call(rt_sigprocmask, SIG_UNBLOCK, &set, nullptr, SET));
    signal(SIGCHLD, SIG_DFL);
    set = bit(SIGCHLD);
    call(rt_sigprocmask, SIG_BLOCK, &set, nullptr, SET);
    raise(SIGCHLD);
    call(rt_sigpending, &pending, SET);
    say("blocked though ignored by default: pending %#lx", (unsigned long)pending);
    call(rt_sigprocmask, SIG_UNBLOCK, &set, nullptr, SET);
}

static void check_suspend(void) {
    uint64_t set = bit(SIGUSR1), none = 0, after = 0;
    call(rt_sigprocmask, SIG_BLOCK, &set, nullptr, SET);
    raise(SIGUSR1);
    show("suspend", call(rt_sigsuspend, &none, SET));
    call(rt_sigprocmask, SIG_BLOCK, nullptr, &after, SET);
    say("blocked as before: %d", after == set);
    call(rt_sigprocmask, SIG_UNBLOCK, &set, nullptr, SET);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        settle();
        kill(parent, SIGUSR1);
        _exit(0);
    }
    show("pause", pause());
    show_end("child", child);
}

static void nested(int) {
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, nullptr, &blocked);
    say("  blocked in the handler: itself %d, of its mask %d, other %d",
        sigismember(&blocked, SIGUSR1), sigismember(&blocked, SIGUSR2),
        sigismember(&blocked, SIGHUP));
    raise(SIGUSR2);
    say("  the handler is done");
}

static void check_handlers(void) {
    struct sigaction action = {.sa_handler = nested}, old;
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &action, nullptr);
    raise(SIGUSR1);
    action = (struct sigaction){.sa_handler = nested, .sa_flags = SA_NODEFER};
    sigaction(SIGUSR1, &action, &old);
    say("the old action: handler %d, mask %d", old.sa_handler == nested,
        sigismember(&old.sa_mask, SIGUSR2));
    raise(SIGUSR1);
    action = (struct sigaction){.sa_handler = count, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGUSR1, &action, nullptr);
    raise(SIGUSR1);
    sigaction(SIGUSR1, nullptr, &old);
    say("only once: default %d", old.sa_handler == SIG_DFL);
}

static int current;

static void raise_current(void) {
    raise(current);
    if (current == SIGSTOP || current == SIGTSTP || current == SIGTTIN || current == SIGTTOU) {
        say("  continued");
    }
}

/* Each signal's default action. Children that stop are continued. */
static void check_defaults(void) {
    for (current = 1; current <= 34; current++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            for (int signal = 1; signal < 32; signal++) {
                sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, nullptr);
            }
            if (current != 32 && current != 33) {
                raise_current();
            }
            _exit(0);
        }
        waitpid(child, &status, WUNTRACED);
        say("default of %d: %s", current, end_name(status));
        if (WIFSTOPPED(status)) {
            kill(child, SIGCONT);
            show_end("continued", child);
        }
    }
}

int main(void) {
    check_refusals();
    check_kill();
    check_mask();
    check_blocking();
    check_suspend();
    check_handlers();
    check_defaults();
}
