/* Sleeping, alarms, interval timers and POSIX timers: never too early, and what is refused. */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

constexpr long MS = 1'000'000;

static volatile int count;

static long now_in_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / MS;
}

static void on_signal(int signal, siginfo_t *info, void *) {
    count++;
    if (count == 1) {
        say("  %s, code %d, value %d", signal_name(signal), info->si_code,
            info->si_value.sival_int);
    }
}

static void check_sleep(void) {
    struct timespec bad = {.tv_nsec = 1'000'000'000}, negative = {.tv_sec = -1}, none = {},
                    some = {.tv_nsec = 50 * MS};
    show("bad", call(nanosleep, &bad, nullptr));
    show("negative", call(nanosleep, &negative, nullptr));
    show("null page", call(nanosleep, nullptr, nullptr));
    show("none", call(nanosleep, &none, nullptr));
    long before = now_in_ms();
    show("50 ms", call(nanosleep, &some, nullptr));
    say("not too early: %d", now_in_ms() - before >= 49);
    show("unknown clock", call(clock_nanosleep, 77, 0, &some, nullptr));
    show("the thread's time", call(clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &some, nullptr));
    show("unknown flags", call(clock_nanosleep, CLOCK_MONOTONIC, 2, &none, nullptr));
    show("until the past", call(clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &none, nullptr));
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += until.tv_nsec >= 950 * MS;
    until.tv_nsec = (until.tv_nsec + 50 * MS) % (1000 * MS);
    before = now_in_ms();
    show("until", call(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr));
    say("not too early: %d", now_in_ms() - before >= 49);
}

static void catch_signal(int signal) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(signal, &action, nullptr);
    count = 0;
}

static void check_interval_timers(void) {
    struct itimerval soon = {.it_value.tv_usec = 20'000}, seen, bad = {.it_value.tv_usec = -1},
                     often = {{.tv_usec = 5'000}, {.tv_usec = 5'000}}, none = {};
    catch_signal(SIGALRM);
    show("unknown timer", setitimer(7, &soon, nullptr));
    show("unknown timer, get", getitimer(7, &seen));
    show("bad time", setitimer(ITIMER_REAL, &bad, nullptr));
    show("get to the null page", call(getitimer, ITIMER_REAL, 8));
    long before = now_in_ms();
    show("set", setitimer(ITIMER_REAL, &soon, nullptr));
    show("pause", pause());
    say("not too early: %d", now_in_ms() - before >= 19);
    show("get", getitimer(ITIMER_REAL, &seen));
    say("off: %ld", (long)(seen.it_value.tv_sec + seen.it_value.tv_usec));
    catch_signal(SIGALRM);
    show("often", setitimer(ITIMER_REAL, &often, nullptr));
    while (count < 5 && !is_late(10'000)) {
        settle();
    }
    show("off", setitimer(ITIMER_REAL, &none, &seen));
    say("it was on: %ld", (long)seen.it_interval.tv_usec);
    catch_signal(SIGVTALRM);
    show("own time", setitimer(ITIMER_VIRTUAL, &soon, nullptr));
    while (count == 0 && !is_late(10'000)) {
    }
    catch_signal(SIGPROF);
    show("own and the kernel's time", setitimer(ITIMER_PROF, &soon, nullptr));
    while (count == 0 && !is_late(10'000)) {
    }
    show("alarm", alarm(100));
    say("its rest: %d", alarm(0) > 98);
}

static void check_posix_timers(void) {
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = 40, .sigev_value.sival_int = 11};
    struct itimerspec soon = {.it_value.tv_nsec = 20 * MS}, seen,
                      often = {{.tv_nsec = MS}, {.tv_nsec = MS}}, bad = {.it_value.tv_nsec = -1};
    int timer = -1, silent = -1;
    sigset_t set, none;
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, 40);
    catch_signal(40);
    show("unknown clock", call(timer_create, 77, &event, &timer));
    show("null page", call(timer_create, CLOCK_MONOTONIC, &event, nullptr));
    event.sigev_signo = 99;
    show("signal 99", call(timer_create, CLOCK_MONOTONIC, &event, &timer));
    event.sigev_signo = 40;
    event.sigev_notify = 99;
    show("unknown way", call(timer_create, CLOCK_MONOTONIC, &event, &timer));
    event.sigev_notify = SIGEV_SIGNAL;
    show("create", call(timer_create, CLOCK_MONOTONIC, &event, &timer));
    show("bad time", call(timer_settime, timer, 0, &bad, nullptr));
    show("no such timer", call(timer_settime, 99, 0, &soon, nullptr));
    show("set", call(timer_settime, timer, 0, &soon, nullptr));
    show("pause", pause());
    sigprocmask(SIG_BLOCK, &set, nullptr);
    show("often", call(timer_settime, timer, 0, &often, nullptr));
    settle();
    count = 0;
    sigsuspend(&none);
    say("one signal for many: %d", count == 1);
    say("overrun: %d", call(timer_getoverrun, timer) >= 5);
    show("get", call(timer_gettime, timer, &seen));
    say("interval %ld", seen.it_interval.tv_nsec);
    show("delete", call(timer_delete, timer));
    show("delete again", call(timer_delete, timer));
    event.sigev_notify = SIGEV_NONE;
    show("silent", call(timer_create, CLOCK_REALTIME, &event, &silent));
    show("set", call(timer_settime, silent, 0, &soon, nullptr));
    settle();
    show("get", call(timer_gettime, silent, &seen));
    say("run out: %ld", seen.it_value.tv_nsec);
}

constexpr int GREEDY = 16;

/* Timers that are always late do not stand in the way of others. */
static void check_greedy_timers(void) {
    pid_t children[GREEDY];
    for (int i = 0; i < GREEDY; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            sigset_t all;
            sigfillset(&all);
            sigprocmask(SIG_BLOCK, &all, nullptr);
            const struct itimerval always = {{.tv_usec = 1}, {.tv_usec = 1}};
            setitimer(ITIMER_REAL, &always, nullptr);
            pause();
        }
    }
    usleep(50'000);
    show("beside greedy timers", usleep(10'000));
    for (int i = 0; i < GREEDY; i++) {
        kill(children[i], SIGKILL);
        show_end("greedy", children[i]);
    }
}

/* A period goes on from when its signal was taken. */
static void check_taken_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    struct timespec before, after;
    const struct itimerval often = {{.tv_usec = 5000}, {.tv_usec = 5000}}, never = {};
    setitimer(ITIMER_REAL, &often, nullptr);
    usleep(50'000);
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (int i = 0; i < 20; i++) {
        sigwaitinfo(&set, nullptr);
    }
    clock_gettime(CLOCK_MONOTONIC, &after);
    struct itimerval left;
    getitimer(ITIMER_REAL, &left);
    say("soon again: %d", after.tv_sec - before.tv_sec < 2);
    say("less than a period is left: %d",
        left.it_value.tv_sec == 0 && left.it_value.tv_usec <= 5000);
    setitimer(ITIMER_REAL, &never, nullptr);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

/* How many of 20 calls with a time that is over already took less than a millisecond. */
static int count_quick(void (*poll)(void)) {
    int quick = 0;
    for (int i = 0; i < 20; i++) {
        struct timespec before, after;
        clock_gettime(CLOCK_MONOTONIC, &before);
        poll();
        clock_gettime(CLOCK_MONOTONIC, &after);
        quick += (after.tv_sec - before.tv_sec) * 1000 * MS + after.tv_nsec - before.tv_nsec < MS;
    }
    return quick;
}

constexpr int MANY = 2000, CALLS = 20;

/* The shortest of many times that some calls for a timer took. */
static long shortest_us(int timer) {
    long shortest = 1'000'000;
    for (int i = 0; i < 50; i++) {
        struct itimerspec seen;
        struct timespec before, after;
        clock_gettime(CLOCK_MONOTONIC, &before);
        for (int k = 0; k < CALLS; k++) {
            call(timer_gettime, timer, &seen);
        }
        clock_gettime(CLOCK_MONOTONIC, &after);
        long took =
            (after.tv_sec - before.tv_sec) * 1'000'000 + (after.tv_nsec - before.tv_nsec) / 1000;
        shortest = took < shortest ? took : shortest;
    }
    return shortest;
}

static void check_many_timers(void) {
    static int timers[MANY];
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    struct itimerspec seen;
    int made = 0, deleted = 0, left = 0;
    for (int i = 0; i < MANY; i++) {
        made += call(timer_create, CLOCK_MONOTONIC, &event, &timers[i]) == 0;
    }
    say("made: %d", made);
    say("quick: %d %d", shortest_us(timers[0]) < 100, shortest_us(timers[MANY - 1]) < 100);
    for (int i = 0; i < MANY; i += 3) {
        deleted += call(timer_delete, timers[i]) == 0;
    }
    for (int i = 0; i < MANY; i++) {
        left += call(timer_gettime, timers[i], &seen) == 0;
    }
    say("deleted: %d, left: %d", deleted, left);
}

static const struct timespec no_time;

static void poll_signal(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, 41);
    call(rt_sigtimedwait, &set, nullptr, &no_time, 8);
}

static void poll_futex(void) {
    static int word;
    call(futex, &word, 128, 0, &no_time, nullptr, 0);
}

static void sleep_for_nothing(void) {
    call(nanosleep, &no_time, nullptr);
}

static void sleep_until_the_past(void) {
    call(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &no_time, nullptr);
}

static void check_no_time(void) {
    say("signal: %d", count_quick(poll_signal) > 5);
    say("futex: %d", count_quick(poll_futex) > 5);
    say("sleep: %d", count_quick(sleep_for_nothing) > 5);
    say("past: %d", count_quick(sleep_until_the_past) > 5);
}

int main(void) {
    is_late(0);
    check_sleep();
    check_interval_timers();
    check_posix_timers();
    check_greedy_timers();
    check_taken_signals();
    check_no_time();
    check_many_timers();
}
