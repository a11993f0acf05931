/* Which calls go on after a handler with SA_RESTART, and which end with EINTR. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

static int ends[2], release[2] = {-1, -1};
static volatile int handled;

static void on_signal(int) {
    handled++;
}

/* Starts a child that signals us once we sleep, and then makes our pipe readable. */
static pid_t start_disturber(void) {
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        settle();
        settle();
        kill(parent, SIGUSR1);
        settle();
        settle();
        write(ends[1], "x", 1);
        write(release[1], "x", 1);
        _exit(0);
    }
    return child;
}

static long do_read(void) {
    char byte;
    return read(ends[0], &byte, 1);
}

static long do_wait(void) {
    int status;
    return waitpid(-1, &status, 0) > 0 ? 0 : -1;
}

static long do_poll(void) {
    struct pollfd entry = {ends[0], POLLIN, 0};
    return poll(&entry, 1, -1);
}

static long do_select(void) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    return select(ends[0] + 1, &set, nullptr, nullptr, nullptr);
}

static long do_epoll(void) {
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(0);
    epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
    long result = epoll_wait(epoll, &event, 1, -1);
    int error = errno;
    close(epoll);
    errno = error;
    return result;
}

static long do_nanosleep(void) {
    struct timespec time = {.tv_sec = 3};
    return call(nanosleep, &time, nullptr);
}

static long do_clock_nanosleep(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += 3;
    return call(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

static long do_pause(void) {
    return pause();
}

static long do_futex(void) {
    static int word;
    struct timespec time = {.tv_sec = 3};
    return call(futex, &word, 0, 0, &time, nullptr, 0);
}

static long do_lock(void) {
    int file = open("lock", O_RDWR | O_CREAT, 0600);
    long result = flock(file, LOCK_EX);
    close(file);
    return result;
}

static void check(const char *name, long (*body)(void), int flags) {
    char bytes[8];
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    int status;
    sigaction(SIGUSR1, &action, nullptr);
    handled = 0;
    pid_t child = start_disturber();
    long result = body();
    say("%s, %s: %s, handled %d", name, flags ? "restart" : "no restart",
        result < 0 ? error_name(errno) : "went on", handled);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    while (read(ends[0], bytes, sizeof(bytes)) > 0) {
    }
    fcntl(ends[0], F_SETFL, 0);
}

static void check_both(const char *name, long (*body)(void)) {
    check(name, body, 0);
    check(name, body, SA_RESTART);
}

/* A lock that a child holds until the disturber is done. */
static void check_lock(void) {
    pipe(release);
    for (int flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
        pid_t holder = fork();
        if (holder == 0) {
            int file = open("lock", O_RDWR | O_CREAT, 0600);
            flock(file, LOCK_EX);
            char byte;
            read(release[0], &byte, 1);
            _exit(0);
        }
        settle();
        check("flock", do_lock, flags);
        show_end("holder", holder);
    }
}

static long do_suspend(void) {
    sigset_t none;
    sigemptyset(&none);
    return sigsuspend(&none);
}

/* Stopped while it waits, and continued by a signal that has a handler. */
static void check_stop(const char *name, long (*body)(void)) {
    pid_t child = fork();
    if (child == 0) {
        signal(SIGCONT, on_signal);
        alarm(10);
        handled = 0;
        long result = body();
        say("%s, stopped: %s, handled %d", name, result < 0 ? error_name(errno) : "went on",
            handled);
        _exit(0);
    }
    int status;
    settle();
    settle();
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    settle();
    kill(child, SIGCONT);
    show_end(name, child);
}

static void check_stops(void) {
    check_stop("pause", do_pause);
    check_stop("suspend", do_suspend);
    check_stop("poll", do_poll);
    check_stop("select", do_select);
    check_stop("epoll", do_epoll);
    check_stop("nanosleep", do_nanosleep);
    check_stop("clock_nanosleep", do_clock_nanosleep);
    check_stop("futex", do_futex);
}

static void check_remaining(void) {
    struct timespec time = {.tv_sec = 4}, left = {};
    check_both("nothing", do_pause);
    pid_t child = start_disturber();
    show("sleep", call(nanosleep, &time, &left));
    say("some is left: %d", left.tv_sec > 0);
    show_end("child", child);
}

int main(void) {
    pipe(ends);
    check_both("read", do_read);
    check_both("wait", do_wait);
    check_both("poll", do_poll);
    check_both("select", do_select);
    check_both("epoll", do_epoll);
    check_both("nanosleep", do_nanosleep);
    check_both("clock_nanosleep", do_clock_nanosleep);
    check_both("pause", do_pause);
    check_both("futex", do_futex);
    check_lock();
    check_stops();
    check_remaining();
}
