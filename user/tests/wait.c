/* wait4 and waitid: each option, each kind of end, and what is refused. */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

static pid_t start(void (*body)(void)) {
    pid_t child = fork();
    if (child == 0) {
        body();
        _exit(0);
    }
    return child;
}

static void exit_5(void) {
    _exit(5);
}

static void exit_300(void) {
    _exit(300);
}

static void die(void) {
    raise(SIGTERM);
}

static void sleep_long(void) {
    pause();
}

static void stop_once(void) {
    raise(SIGSTOP);
    _exit(8);
}

static const char *code_name(int code) {
    static const char *names[] = {"?",       "EXITED",  "KILLED",   "DUMPED",
                                  "TRAPPED", "STOPPED", "CONTINUED"};
    return code > 0 && code < 7 ? names[code] : "?";
}

static void show_info(const char *what, long result, const siginfo_t *info, pid_t child) {
    if (result != 0) {
        show(what, result);
        return;
    }
    say("%s: %s, %s %d, the child %d, user %d", what, signal_name(info->si_signo),
        code_name(info->si_code), info->si_status, info->si_pid == child,
        info->si_pid == 0 || info->si_uid == getuid());
}

static void check_arguments(void) {
    int status;
    siginfo_t info;
    show("no child", waitpid(-1, &status, 0));
    show("no child, no waiting", waitpid(-1, &status, WNOHANG));
    show("not mine", waitpid(1, &status, 0));
    show("unknown option", call(wait4, -1, &status, 0x100, nullptr));
    show("group that is none", call(wait4, -0x7ffffff, &status, 0, nullptr));
    show("smallest number", call(wait4, -0x7fffffff - 1, &status, 0, nullptr));
    show("waitid for nothing", call(waitid, P_ALL, 0, &info, 0, nullptr));
    show("waitid unknown option", call(waitid, P_ALL, 0, &info, WEXITED | 0x100, nullptr));
    show("waitid unknown kind", call(waitid, 9, 0, &info, WEXITED, nullptr));
    show("waitid for process 0", call(waitid, P_PID, 0, &info, WEXITED, nullptr));
    show("waitid, negative group", call(waitid, P_PGID, -1, &info, WEXITED, nullptr));
    show("waitid, no child", call(waitid, P_ALL, 0, &info, WEXITED, nullptr));
    show("waitid, closed descriptor", call(waitid, 3, 77, &info, WEXITED, nullptr));
    show("waitid, no pidfd", call(waitid, 3, 1, &info, WEXITED, nullptr));
}

static void check_ends(void) {
    show_end("exit", start(exit_5));
    show_end("exit is 8 bits", start(exit_300));
    show_end("killed", start(die));
    show_end("fell off", start(settle));
    pid_t child = start(exit_5);
    settle();
    show("status to the null page", call(wait4, child, (int *)8, 0, nullptr));
    show("it was waited for even so", call(wait4, child, nullptr, 0, nullptr));
    struct rusage usage;
    memset(&usage, 0xff, sizeof(usage));
    child = start(exit_5);
    show_ok("with usage", call(wait4, child, nullptr, 0, &usage));
    say("usage was filled: %d", usage.ru_nivcsw >= 0 && usage.ru_utime.tv_usec < 1'000'000);
}

static void burn(void) {
    while (clock() < CLOCKS_PER_SEC / 2) {
    }
}

/* In hundredths of a second: half a second, or a bit more where it is shared. */
static void check_times(void) {
    sigset_t set;
    siginfo_t info = {};
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    pid_t child = start(burn);
    sigwaitinfo(&set, &info);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    long ticks = info.si_utime + info.si_stime;
    say("half a second of the processor: %d", ticks >= 45 && ticks <= 70);
    show_end("busy", child);
}

static void check_waiting(void) {
    int status;
    siginfo_t info = {};
    pid_t child = start(sleep_long);
    show("nothing yet", waitpid(child, &status, WNOHANG));
    info.si_pid = 7;
    show("nothing yet, waitid", waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG));
    say("process 0: %d", info.si_pid == 0);
    show("of my group", waitpid(0, &status, WNOHANG));
    show("of my group, by its number", waitpid(-getpgrp(), &status, WNOHANG));
    kill(child, SIGKILL);
    show_info("looked at", waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), &info, child);
    show_info("looked at again", waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), &info, child);
    show_info("taken", waitid(P_PGID, 0, &info, WEXITED), &info, child);
    show_info("gone", waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), &info, child);
    child = start(exit_5);
    show_info("an exit", waitid(P_PID, (id_t)child, &info, WEXITED), &info, child);
    child = start(exit_5);
    show("without information", call(waitid, P_PID, child, nullptr, WEXITED, nullptr));
}

static int go_on[2];

/* So that its parent sees it running again before it ends. */
static void stop_until_told(void) {
    char byte;
    raise(SIGSTOP);
    read(go_on[0], &byte, 1);
    _exit(8);
}

static void check_stops(void) {
    int status = 0;
    siginfo_t info = {};
    pipe(go_on);
    pid_t child = start(stop_until_told);
    show_info("stopped, looked at", waitid(P_PID, (id_t)child, &info, WSTOPPED | WNOWAIT), &info,
              child);
    show_ok("stopped", waitpid(child, &status, WUNTRACED));
    say("%s", end_name(status));
    show("stopped once only", waitpid(child, &status, WUNTRACED | WNOHANG));
    kill(child, SIGCONT);
    show_ok("continued", waitpid(child, &status, WCONTINUED));
    say("%s", end_name(status));
    write(go_on[1], "x", 1);
    close(go_on[0]);
    close(go_on[1]);
    show_ok("ended", waitpid(child, &status, WUNTRACED | WCONTINUED));
    say("%s", end_name(status));
    child = start(stop_once);
    waitid(P_PID, (id_t)child, &info, WSTOPPED);
    kill(child, SIGTERM);
    show("pending while stopped", waitpid(child, &status, WNOHANG));
    kill(child, SIGCONT);
    show_end("continued, so killed", child);
    child = start(stop_once);
    waitid(P_PID, (id_t)child, &info, WSTOPPED);
    kill(child, SIGKILL);
    show_end("killed though stopped", child);
}

static void check_ignored(void) {
    int status;
    signal(SIGCHLD, SIG_IGN);
    start(exit_5);
    show("ignored children leave nothing", waitpid(-1, &status, 0));
    signal(SIGCHLD, SIG_DFL);
    struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
    sigaction(SIGCHLD, &action, nullptr);
    start(exit_5);
    show("nor those without waiting", waitpid(-1, &status, 0));
    action.sa_flags = 0;
    sigaction(SIGCHLD, &action, nullptr);
}

static void leave_orphan(void) {
    if (fork() == 0) {
        pid_t parent = getppid();
        while (getppid() == parent && !is_late(5'000)) {
            settle();
        }
        say("an orphan has another parent: %d", getppid() != parent);
        _exit(0);
    }
    settle();
}

constexpr int MANY = 500, CALLS = 20;

static pid_t last_child;

static void look_at_last(void) {
    waitpid(last_child, nullptr, WNOHANG);
}

static void look_at_priority(void) {
    getpriority(PRIO_PROCESS, (id_t)last_child);
}

/* The shortest of many times that some calls took. */
static long shortest_us(void (*look)(void)) {
    long shortest = 1'000'000;
    for (int i = 0; i < 50; i++) {
        struct timespec before, after;
        clock_gettime(CLOCK_MONOTONIC, &before);
        for (int k = 0; k < CALLS; k++) {
            look();
        }
        clock_gettime(CLOCK_MONOTONIC, &after);
        long took =
            (after.tv_sec - before.tv_sec) * 1'000'000 + (after.tv_nsec - before.tv_nsec) / 1000;
        shortest = took < shortest ? took : shortest;
    }
    return shortest;
}

/* To look at one child costs nothing for those beside it. */
static void check_many(void) {
    pid_t children[MANY];
    for (int i = 0; i < MANY; i++) {
        children[i] = start(sleep_long);
    }
    last_child = children[MANY - 1];
    say("waiting for one: %d", shortest_us(look_at_last) < 200);
    say("priority of one: %d", shortest_us(look_at_priority) < 200);
    for (int i = 0; i < MANY; i++) {
        kill(children[i], SIGKILL);
    }
    int ends = 0;
    while (wait(nullptr) > 0) {
        ends++;
    }
    say("ends: %d", ends);
}

int main(void) {
    check_arguments();
    check_ends();
    check_times();
    check_waiting();
    check_stops();
    check_ignored();
    check_many();
    int line[2];
    char byte;
    pipe(line);
    pid_t child = start(leave_orphan);
    close(line[1]);
    show("the orphan is gone", read(line[0], &byte, 1));
    show_end("its parent", child);
}
