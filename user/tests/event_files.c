/* eventfd, timerfd and signalfd. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

static short events_of(int file) {
    struct pollfd entry = {file, POLLIN | POLLOUT, 0};
    poll(&entry, 1, 0);
    return entry.revents;
}

static void add(const char *what, int file, uint64_t value) {
    show(what, write(file, &value, sizeof(value)));
}

static void take(const char *what, int file) {
    uint64_t value = 0;
    long result = read(file, &value, sizeof(value));
    if (result == sizeof(value)) {
        say("%s: value %lu", what, (unsigned long)value);
    } else {
        show(what, result);
    }
}

static void check_eventfd(void) {
    uint64_t value = 1;
    show("unknown flag", call(eventfd2, 0, 2));
    int counter = eventfd(5, EFD_NONBLOCK | EFD_CLOEXEC);
    say("flags %d, status %#x", fcntl(counter, F_GETFD), fcntl(counter, F_GETFL));
    say("events %#x", (unsigned)events_of(counter));
    show("read 7 bytes", read(counter, &value, 7));
    show("write 7 bytes", write(counter, &value, 7));
    take("take", counter);
    say("events %#x", (unsigned)events_of(counter));
    take("empty", counter);
    add("add 3", counter, 3);
    add("add 4", counter, 4);
    add("add the most", counter, -1ul);
    take("the sum", counter);
    add("add nearly the most", counter, -2ul);
    say("full: events %#x", (unsigned)events_of(counter));
    add("one too many", counter, 1);
    add("nothing", counter, 0);
    show("seek", lseek(counter, 0, SEEK_SET));
    int semaphore = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    take("one", semaphore);
    take("another", semaphore);
    take("none", semaphore);
    int blocking = eventfd(0, 0);
    pid_t child = fork();
    if (child == 0) {
        settle();
        value = 9;
        write(blocking, &value, sizeof(value));
        _exit(0);
    }
    take("from a child", blocking);
    show_end("child", child);
}

static void check_timerfd(void) {
    struct itimerspec soon = {.it_value.tv_nsec = 20'000'000}, seen, bad = {.it_value.tv_nsec = -1};
    struct itimerspec often = {.it_value.tv_nsec = 10'000'000, .it_interval.tv_nsec = 10'000'000};
    show("unknown clock", timerfd_create(77, 0));
    show("unknown flag", timerfd_create(CLOCK_MONOTONIC, 2));
    show("processor time", timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    take("not set", timer);
    show("bad time", timerfd_settime(timer, 0, &bad, nullptr));
    show("unknown flag", timerfd_settime(timer, 77, &soon, nullptr));
    show("no timer", timerfd_settime(1, 0, &soon, nullptr));
    show("null page", call(timerfd_settime, timer, 0, nullptr, nullptr));
    show("get", timerfd_gettime(timer, &seen));
    say("nothing: %ld", (long)(seen.it_value.tv_sec + seen.it_value.tv_nsec));
    show("set", timerfd_settime(timer, 0, &soon, &seen));
    take("too early", timer);
    settle();
    say("events %#x", (unsigned)events_of(timer));
    take("once", timer);
    take("only once", timer);
    show("often", timerfd_settime(timer, 0, &often, nullptr));
    settle();
    settle();
    uint64_t count = 0;
    read(timer, &count, sizeof(count));
    say("several: %d", count >= 4);
    struct itimerspec past = {.it_value.tv_nsec = 1};
    show("at a time that has passed", timerfd_settime(timer, TFD_TIMER_ABSTIME, &past, nullptr));
    take("at once", timer);
    fcntl(timer, F_SETFL, 0);
    timerfd_settime(timer, 0, &soon, nullptr);
    take("waited for", timer);
    show("write", write(timer, &count, sizeof(count)));
}

static void check_signalfd(void) {
    sigset_t set;
    struct signalfd_siginfo info[3];
    uint64_t raw = 1ul << (SIGUSR1 - 1) | 1ul << (SIGKILL - 1);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, 40);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    show("wrong size", call(signalfd4, -1, &raw, 4, 0));
    show("unknown flag", call(signalfd4, -1, &raw, 8, 1));
    show("change what is none", call(signalfd4, 1, &raw, 8, 0));
    show("closed", call(signalfd4, 77, &raw, 8, 0));
    show_ok("SIGKILL is left out", call(signalfd4, -1, &raw, 8, 0));
    int file = signalfd(-1, &set, SFD_NONBLOCK);
    show("nothing", read(file, info, sizeof(info)));
    raise(SIGUSR1);
    sigqueue(getpid(), 40, (union sigval){.sival_int = 6});
    sigqueue(getpid(), 40, (union sigval){.sival_int = 7});
    say("events %#x", (unsigned)events_of(file));
    show("too little room", read(file, info, 100));
    show("two", read(file, info, 2 * sizeof(*info)));
    say("%u by %d, from me %d; %u by %d, value %d", info[0].ssi_signo, info[0].ssi_code,
        info[0].ssi_pid == (uint32_t)getpid(), info[1].ssi_signo, info[1].ssi_code,
        info[1].ssi_int);
    show("the third", read(file, info, sizeof(info)));
    sigemptyset(&set);
    show_ok("changed", signalfd(file, &set, 0));
    raise(SIGUSR1);
    show("no longer", read(file, info, sizeof(info)));
}

int main(void) {
    check_eventfd();
    check_timerfd();
    check_signalfd();
}
