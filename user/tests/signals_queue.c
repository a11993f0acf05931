/* Queued signals: their order, their values, their number; sigqueue and sigtimedwait. */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

constexpr size_t SET = 8;
constexpr int REAL = 40;

static void on_signal(int signal, siginfo_t *info, void *) {
    say("  %d: code %d, value %d, from me %d", signal, info->si_code, info->si_value.sival_int,
        info->si_pid == getpid() && info->si_uid == getuid());
}

static void block(int how, int first, int second) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, first);
    sigaddset(&set, second);
    sigprocmask(how, &set, nullptr);
}

static void send(int signal, int value) {
    show_ok("queue", sigqueue(getpid(), signal, (union sigval){.sival_int = value}));
}

static void check_order(void) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigfillset(&action.sa_mask);
    sigaction(REAL, &action, nullptr);
    sigaction(REAL + 1, &action, nullptr);
    sigaction(SIGUSR1, &action, nullptr);
    block(SIG_BLOCK, REAL, REAL + 1);
    block(SIG_BLOCK, SIGUSR1, SIGUSR1);
    send(REAL + 1, 1);
    send(REAL, 2);
    send(REAL, 3);
    send(SIGUSR1, 4);
    send(SIGUSR1, 5);
    kill(getpid(), REAL);
    raise(REAL);
    say("the lowest number first, queued in order, others once");
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

static long wait_for(const sigset_t *set, siginfo_t *info, const struct timespec *time) {
    return call(rt_sigtimedwait, set, info, time, SET);
}

static void check_timed_wait(void) {
    sigset_t set;
    siginfo_t info = {};
    struct timespec now = {}, soon = {.tv_nsec = 20'000'000}, bad = {.tv_nsec = 1'000'000'000},
                    negative = {.tv_sec = -1};
    sigemptyset(&set);
    sigaddset(&set, REAL);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    show("nothing now", wait_for(&set, &info, &now));
    show("nothing soon", wait_for(&set, &info, &soon));
    show("bad time", wait_for(&set, &info, &bad));
    show("negative time", wait_for(&set, &info, &negative));
    show("wrong size", call(rt_sigtimedwait, &set, &info, &now, 4));
    show("null set", wait_for(nullptr, &info, &now));
    send(REAL, 7);
    raise(SIGUSR1);
    show("the lowest", wait_for(&set, &info, &now));
    say("code %d", info.si_code);
    show("then the other", wait_for(&set, &info, nullptr));
    say("code %d, value %d", info.si_code, info.si_value.sival_int);
    send(REAL, 8);
    show("to the null page", wait_for(&set, (siginfo_t *)8, &now));
    show("it is gone", wait_for(&set, &info, &now));
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        settle();
        sigqueue(parent, REAL, (union sigval){.sival_int = 9});
        _exit(0);
    }
    show("from a child", wait_for(&set, &info, nullptr));
    say("value %d, the child %d", info.si_value.sival_int, info.si_pid == child);
    show_end("child", child);
}

static void interrupted(int) {}

static void check_interruption(void) {
    sigset_t set;
    siginfo_t info;
    sigemptyset(&set);
    sigaddset(&set, REAL);
    struct sigaction action = {.sa_handler = interrupted, .sa_flags = SA_RESTART};
    sigaction(SIGHUP, &action, nullptr);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        settle();
        kill(parent, SIGHUP);
        _exit(0);
    }
    show("another signal", wait_for(&set, &info, nullptr));
    show_end("child", child);
}

static void check_refusals(void) {
    siginfo_t info = {.si_signo = REAL, .si_code = SI_USER};
    show("to another as if by kill", call(rt_sigqueueinfo, 1, REAL, &info));
    info.si_code = SI_TKILL;
    show("to another as if by tkill", call(rt_sigqueueinfo, 1, REAL, &info));
    info.si_code = SI_QUEUE;
    show("to nobody", call(rt_sigqueueinfo, 0x7ffffff, REAL, &info));
    show("65", call(rt_sigqueueinfo, getpid(), 65, &info));
    show("from the null page", call(rt_sigqueueinfo, getpid(), REAL, 8));
    show("to a thread", call(rt_tgsigqueueinfo, getpid(), gettid(), 0, &info));
    show("to a thread of another", call(rt_tgsigqueueinfo, 1, gettid(), 0, &info));
}

static void limited(void) {
    block(SIG_BLOCK, REAL, REAL);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_SIGPENDING, &none);
    show("no room", sigqueue(getpid(), REAL, (union sigval){.sival_int = 1}));
    show("kill without room", kill(getpid(), REAL));
    sigset_t pending;
    sigpending(&pending);
    say("it is pending: %d", sigismember(&pending, REAL));
}

int main(void) {
    check_order();
    check_timed_wait();
    check_interruption();
    check_refusals();
    show_child("limits", limited);
}
