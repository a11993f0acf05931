/* Process groups and sessions, signals to groups, orphaned groups, parents. */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/tests/report.h"

static void show_ids(const char *what) {
    pid_t me = getpid();
    say("%s: leads its group %d, its session %d", what, getpgrp() == me, getsid(0) == me);
}

static void sleep_long(void) {
    pause();
}

static pid_t start(void (*body)(void)) {
    pid_t child = fork();
    if (child == 0) {
        body();
        _exit(0);
    }
    return child;
}

static void check_queries(void) {
    show_ids("at first");
    say("my group: %d %d", getpgid(0) == getpgrp(), getpgid(getpid()) == getpgrp());
    show("group of nobody", getpgid(0x7ffffff));
    show("session of nobody", getsid(0x7ffffff));
    show("negative", getpgid(-1));
    show("lead already", setsid());
    show("leaders do not move", setpgid(0, 0));
}

static void check_groups(void) {
    pid_t child = start(sleep_long), other = start(sleep_long);
    show("child to its own", setpgid(child, 0));
    say("moved: %d", getpgid(child) == child);
    show("other to the child's", setpgid(other, child));
    say("moved: %d", getpgid(other) == child);
    show("to no group", setpgid(other, 0x7ffffff));
    show("negative group", setpgid(other, -1));
    show("negative process", setpgid(-1, 0));
    show("nobody", setpgid(0x7ffffff, 0));
    show("not my child", setpgid(1, 0));
    show("back to mine", setpgid(other, getpgrp()));
    setpgid(other, child);
    show("to the group", kill(-child, SIGTERM));
    show_end("child", child);
    show_end("other", other);
    show("the group is gone", kill(-child, 0));
}

static void new_session(void) {
    show_ids("a child");
    show_ok("new session", setsid());
    show_ids("then");
    show("again", setsid());
    show("its own group", setpgid(0, 0));
}

static void execute(void) {
    execl("/no/such", "x", nullptr);
    setpgid(0, 0);
    show_ids("after a failed exec");
}

/* A stop by the terminal works in a group with a parent of the same session outside of it. */
static void stop_in_group(void) {
    setpgid(0, 0);
    raise(SIGTSTP);
    say("continued");
    raise(SIGTTIN);
    _exit(4);
}

static void check_stops(void) {
    int status;
    pid_t child = start(stop_in_group);
    waitpid(child, &status, WUNTRACED);
    say("%s", end_name(status));
    long result = kill(-child, SIGCONT);
    waitpid(child, &status, WUNTRACED);
    show("continue the group", result);
    say("%s", end_name(status));
    kill(child, SIGCONT);
    show_end("ended", child);
}

static void on_signal(int signal) {
    say("  %s came", signal_name(signal));
}

/* The middle process ends while its child's group has a stopped member: SIGHUP and SIGCONT come. */
static void orphan_a_group(void) {
    setsid();
    signal(SIGHUP, on_signal);
    signal(SIGCONT, on_signal);
    int ends[2], status;
    char byte;
    pipe(ends);
    pid_t middle = fork();
    if (middle == 0) {
        pid_t child = fork();
        if (child == 0) {
            setpgid(0, 0);
            raise(SIGSTOP);
            _exit(0);
        }
        waitpid(child, &status, WUNTRACED);
        _exit(0);
    }
    close(ends[1]);
    show("all have ended", read(ends[0], &byte, 1));
    show_end("the middle one", middle);
}

static void die_with_parent(void) {
    int ends[2];
    char byte;
    pipe(ends);
    pid_t middle = fork();
    if (middle == 0) {
        pid_t child = fork();
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            write(ends[1], "r", 1);
            pause();
        }
        read(ends[0], &byte, 1);
        _exit(0);
    }
    close(ends[1]);
    show_end("parent", middle);
    show("its child died too", read(ends[0], &byte, 1));
}

static void adopt(void) {
    show("subreaper", prctl(PR_SET_CHILD_SUBREAPER, 1));
    pid_t middle = fork();
    if (middle == 0) {
        if (fork() == 0) {
            settle();
            _exit(9);
        }
        _exit(0);
    }
    show_end("parent", middle);
    int status = 0;
    show_ok("grandchild", waitpid(-1, &status, 0));
    say("%s", end_name(status));
    show("no more", waitpid(-1, nullptr, 0));
}

/* By a thread that is not its process's first. */
static void *ask_by_own_number(void *) {
    pid_t number = gettid();
    siginfo_t info = {.si_code = SI_QUEUE}, pretended = {.si_code = SI_USER};
    struct rlimit limit;
    say("group of a thread: %d", getpgid(number) == getpgrp());
    say("session of a thread: %d", getsid(number) == getsid(0));
    show("limit of a thread", prlimit(number, RLIMIT_NOFILE, nullptr, &limit));
    show("to a thread's process", kill(number, 0));
    show("queued", call(rt_sigqueueinfo, number, SIGWINCH, &info));
    show("pretended, to itself", call(rt_sigqueueinfo, number, SIGWINCH, &pretended));
    show("pretended, to the process", call(rt_sigqueueinfo, getpid(), SIGWINCH, &pretended));
    show("pretended, to itself alone",
         call(rt_tgsigqueueinfo, getpid(), number, SIGWINCH, &pretended));
    show("pretended, to another thread",
         call(rt_tgsigqueueinfo, getpid(), getpid(), SIGWINCH, &pretended));
    show("a thread to a group", setpgid(number, 0));
    say("nice of a thread: %d",
        getpriority(PRIO_PROCESS, (id_t)number) == getpriority(PRIO_PROCESS, 0));
    return nullptr;
}

static void leave(void) {}

static void check_ended(void) {
    pid_t child = start(leave);
    settle();
    say("nice of one that has ended: %d",
        getpriority(PRIO_PROCESS, (id_t)child) == getpriority(PRIO_PROCESS, 0));
    show("its policy", call(sched_getscheduler, child));
    show("to it", call(tgkill, child, child, 0));
    show("to it, a signal", call(tgkill, child, child, SIGTERM));
    show("to it, of any process", call(tkill, child, SIGTERM));
    show("to it, of another process", call(tgkill, getpid(), child, 0));
    show("to its process", kill(child, SIGTERM));
    show_end("it", child);
    show("nobody", call(tgkill, child, child, 0));
}

static void check_threads(void) {
    pthread_t thread;
    pthread_create(&thread, nullptr, ask_by_own_number, nullptr);
    pthread_join(thread, nullptr);
}

int main(void) {
    check_threads();
    check_ended();
    check_queries();
    check_groups();
    show_child("session", new_session);
    show_child("exec", execute);
    check_stops();
    show_child("orphaned group", orphan_a_group);
    show_child("death of a parent", die_with_parent);
    show_child("adoption", adopt);
}
