/* man 7 sched: what real-time policies do, for those who may have them. */

#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

static long set(int policy, int priority) {
    return call(sched_setscheduler, 0, policy, &(struct sched_param){.sched_priority = priority});
}

static void show_own(const char *what) {
    struct sched_param seen = {.sched_priority = 7};
    struct timespec turn = {7, 7};
    long policy = call(sched_getscheduler, 0);
    call(sched_getparam, 0, &seen);
    call(sched_rr_get_interval, 0, &turn);
    say("%s: policy %ld, priority %d", what, policy, seen.sched_priority);
    if (policy == SCHED_FIFO || policy == SCHED_RR) {
        say("turn %ld.%09ld", (long)turn.tv_sec, turn.tv_nsec);
    }
}

/* man 5 proc: fields 18, 40 and 41 of /proc/self/stat. */
static void show_stat(void) {
    FILE *stat = fopen("/proc/self/stat", "r");
    char word[64];
    for (int field = 1; fscanf(stat, "%63s", word) == 1; field++) {
        if (field == 18 || field == 40 || field == 41) {
            say("field %d: %s", field, word);
        }
    }
    fclose(stat);
}

static void show_childs(void) {
    pid_t child = fork();
    if (child == 0) {
        show_own("child");
        _exit(0);
    }
    show_end("child", child);
}

static void check_setting(void) {
    show("fifo", set(SCHED_FIFO, 10));
    show_own("fifo");
    show_stat();
    show_childs();
    show("higher", call(sched_setparam, 0, &(struct sched_param){.sched_priority = 99}));
    show("too high", call(sched_setparam, 0, &(struct sched_param){.sched_priority = 100}));
    show("too low", call(sched_setparam, 0, &(struct sched_param){.sched_priority = 0}));
    show_own("higher");
    show("round robin", set(SCHED_RR, 5));
    show_own("round robin");
    show("not to children", set(SCHED_RR | SCHED_RESET_ON_FORK, 5));
    show_own("itself");
    show_childs();
    show("none", set(SCHED_RR, 0));
    show("other", set(SCHED_OTHER, 0));
    show_own("other");
    show("with a priority", set(SCHED_OTHER, 1));
}

/* Without a capability what one has may stay, or become less. */
static void check_no_capability(void) {
    show("as root", set(SCHED_FIFO, 20));
    show("no longer root", setresuid(65534, 65534, 65534));
    show("as high", set(SCHED_FIFO, 20));
    show("higher", set(SCHED_FIFO, 21));
    show("lower", set(SCHED_FIFO, 8));
    show("as high as before", set(SCHED_FIFO, 20));
    show("another", set(SCHED_RR, 8));
    show("gives up", set(SCHED_OTHER, 0));
    show("again", set(SCHED_RR, 1));
    _exit(0);
}

static void spin(long milliseconds) {
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1'000'000 <
             milliseconds);
}

/* On one CPU: a child of the priority runs, for 100 ms of the parent's, or waits for the parent. */
static void show_order(const char *what, int policy, int childs) {
    volatile int *has_run =
        mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    if (child == 0) {
        set(childs != 0 ? policy : SCHED_OTHER, childs);
        *has_run = 1;
        _exit(0);
    }
    spin(100);
    say("%s: %d", what, *has_run);
    show_end("child", child);
    munmap((void *)has_run, PAGE);
}

static void check_order(void) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof(one), &one);
    set(SCHED_FIFO, 10);
    show_order("one as high waits", SCHED_FIFO, 10);
    show_order("one that takes turns waits", SCHED_RR, 10);
    set(SCHED_OTHER, 0);
}

/* Who spins does not keep a higher one from waking in time. */
static void check_waking(void) {
    set(SCHED_FIFO, 20);
    pid_t child = fork();
    if (child == 0) {
        set(SCHED_FIFO, 10);
        spin(200);
        _exit(0);
    }
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    nanosleep(&(struct timespec){.tv_nsec = 20'000'000}, nullptr);
    clock_gettime(CLOCK_MONOTONIC, &now);
    long took = (now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1'000'000;
    say("woke in time: %d", took >= 20 && took < 150);
    show_end("who spins", child);
    set(SCHED_OTHER, 0);
}

int main(void) {
    check_setting();
    check_order();
    check_waking();
    show_child("without a capability", check_no_capability);
}
