/* Clocks: that they go on, agree, and which calls are refused. */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

#include "user/tests/report.h"

static long nanoseconds(clockid_t clock) {
    struct timespec time = {};
    call(clock_gettime, clock, &time);
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

static void check_clocks(void) {
    const struct {
        int number;
        const char *name;
    } clocks[] = {{0, "real"},
                  {1, "monotonic"},
                  {2, "process"},
                  {3, "thread"},
                  {4, "monotonic raw"},
                  {5, "real, coarse"},
                  {6, "monotonic, coarse"},
                  {7, "since boot"},
                  {10, "none"},
                  {11, "atomic"},
                  {77, "none"},
                  {-1, "negative"}};
    struct timespec time;
    for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
        say("%s", clocks[i].name);
        show("  get", call(clock_gettime, clocks[i].number, &time));
        show("  resolution", call(clock_getres, clocks[i].number, &time));
        show("  resolution, not wanted", call(clock_getres, clocks[i].number, nullptr));
    }
    show("get to the null page", call(clock_gettime, 0, 8));
    show("resolution to the null page", call(clock_getres, 0, 8));
}

static void check_progress(void) {
    const clockid_t clocks[] = {0, 1, 4, 5, 6, 7, 11};
    for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
        long before = nanoseconds(clocks[i]);
        settle();
        long passed = nanoseconds(clocks[i]) - before;
        say("clock %d: passed about 30 ms %d", clocks[i],
            passed > 15'000'000 && passed < 20'000'000'000);
    }
    long thread = nanoseconds(CLOCK_THREAD_CPUTIME_ID), process = nanoseconds(2);
    for (long until = nanoseconds(1) + 50'000'000; nanoseconds(1) < until;) {
    }
    say("the processor was used: %d %d", nanoseconds(CLOCK_THREAD_CPUTIME_ID) > thread,
        nanoseconds(2) > process);
    long first = nanoseconds(1);
    for (int i = 0; i < 10'000; i++) {
        long next = nanoseconds(1);
        if (next < first) {
            say("went back");
        }
        first = next;
    }
}

static void check_others(void) {
    struct timeval day = {};
    struct timezone zone = {1, 1};
    struct rusage usage;
    struct tms times_of;
    time_t stored = 0;
    show("gettimeofday", call(gettimeofday, &day, &zone));
    say("zone %d %d", zone.tz_minuteswest, zone.tz_dsttime);
    long difference = nanoseconds(0) / 1'000'000'000 - day.tv_sec;
    say("agrees with the clock: %d", difference >= 0 && difference <= 1);
    show("gettimeofday of nothing", call(gettimeofday, nullptr, nullptr));
    show("gettimeofday to the null page", call(gettimeofday, 8, nullptr));
    say("time: %d", call(time, &stored) == stored && stored - day.tv_sec <= 1);
    show("set, as nobody", call(clock_settime, 0, &(struct timespec){}));
    show("set what cannot be set", call(clock_settime, 1, &(struct timespec){}));
    show("set to the end of time", call(clock_settime, 0, &(struct timespec){INT64_MAX, 0}));
    show("set to 2232", call(clock_settime, 0, &(struct timespec){8'277'292'036, 0}));
    show("the same", call(settimeofday, &(struct timeval){8'277'292'036, 0}, nullptr));
    show("set to a bad time", call(clock_settime, 0, &(struct timespec){.tv_nsec = -1}));
    show("usage", getrusage(RUSAGE_SELF, &usage));
    say("some was used: %d", usage.ru_utime.tv_sec + usage.ru_utime.tv_usec +
                                     usage.ru_stime.tv_sec + usage.ru_stime.tv_usec >
                                 0);
    usleep(1000);
    long before = usage.ru_nvcsw;
    getrusage(RUSAGE_SELF, &usage);
    say("it has slept: %d", usage.ru_nvcsw > before);
    show("usage of the thread", getrusage(1, &usage));
    show("usage of children", getrusage(RUSAGE_CHILDREN, &usage));
    say("none: %ld %ld", (long)usage.ru_utime.tv_usec, usage.ru_minflt);
    show("usage of what is none", getrusage(9, &usage));
    show_ok("times", call(times, &times_of));
    show("times to the null page", call(times, 8));
}

static volatile bool is_over;

static void *spin(void *) {
    while (!is_over) {
    }
    return nullptr;
}

/* What another thread has used, by the number that the library makes of it. */
static void check_thread(void) {
    pthread_t thread;
    clockid_t clock;
    struct timespec first = {}, then = {};
    pthread_create(&thread, nullptr, spin, nullptr);
    show("its clock", pthread_getcpuclockid(thread, &clock));
    show("its time", call(clock_gettime, clock, &first));
    usleep(100'000);
    show("and later", call(clock_gettime, clock, &then));
    say("has passed: %d", then.tv_sec > first.tv_sec || then.tv_nsec > first.tv_nsec);
    is_over = true;
    pthread_join(thread, nullptr);
    show("when it has ended", call(clock_gettime, clock, &then));
}

int main(void) {
    check_clocks();
    check_progress();
    check_others();
    check_thread();
}
