/* man 7 sched: policies, their parameters and attributes, affinity. */

#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

struct attributes {
    unsigned size, policy;
    unsigned long flags;
    int nice;
    unsigned priority;
    unsigned long runtime, deadline, period;
    unsigned clamp_least, clamp_most;
};

static void check_policies(void) {
    static const struct {
        const char *name;
        int policy;
    } policies[] = {{"other", SCHED_OTHER},
                    {"fifo", SCHED_FIFO},
                    {"round robin", SCHED_RR},
                    {"batch", SCHED_BATCH},
                    {"idle", SCHED_IDLE},
                    {"deadline", SCHED_DEADLINE},
                    {"4", 4},
                    {"none", 99},
                    {"-1", -1}};
    struct sched_param zero = {}, one = {.sched_priority = 1};
    for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
        int policy = policies[i].policy;
        say("%s", policies[i].name);
        show("most", call(sched_get_priority_max, policy));
        show("least", call(sched_get_priority_min, policy));
        show("with 0", call(sched_setscheduler, 0, policy, &zero));
        show("with 1", call(sched_setscheduler, 0, policy, &one));
        show("now", call(sched_getscheduler, 0));
    }
    show("back", call(sched_setscheduler, 0, SCHED_OTHER, &zero));
    show("reset on fork", call(sched_setscheduler, 0, SCHED_BATCH | 0x40000000, &zero));
    show("now", call(sched_getscheduler, 0));
    pid_t child = fork();
    if (child == 0) {
        _exit((int)call(sched_getscheduler, 0));
    }
    show_end("child's", child);
    show("not to be taken back", call(sched_setscheduler, 0, SCHED_OTHER, &zero));
    show("of nobody", call(sched_setscheduler, 0x7ffffff, SCHED_OTHER, &zero));
    show("negative", call(sched_setscheduler, -1, SCHED_OTHER, &zero));
    show("from nowhere", call(sched_setscheduler, 0, SCHED_OTHER, 8));
    show("from null", call(sched_setscheduler, 0, SCHED_OTHER, nullptr));
    show("of init", call(sched_setscheduler, 1, SCHED_BATCH, &zero));
    show("ask nobody", call(sched_getscheduler, 0x7ffffff));
    show("ask -1", call(sched_getscheduler, -1));
}

static void check_parameters(void) {
    struct sched_param zero = {}, one = {.sched_priority = 1}, seen = {.sched_priority = 7};
    struct timespec time = {7, 7};
    show("set", call(sched_setparam, 0, &zero));
    show("1", call(sched_setparam, 0, &one));
    show("from null", call(sched_setparam, 0, nullptr));
    show("from nowhere", call(sched_setparam, 0, 8));
    show("of nobody", call(sched_setparam, 0x7ffffff, &zero));
    show("negative", call(sched_setparam, -1, &zero));
    show("get", call(sched_getparam, 0, &seen));
    show("it", seen.sched_priority);
    show("to null", call(sched_getparam, 0, nullptr));
    show("to nowhere", call(sched_getparam, 0, 8));
    show("of nobody", call(sched_getparam, 0x7ffffff, &seen));
    show("negative", call(sched_getparam, -1, &seen));
    show("interval of nobody", call(sched_rr_get_interval, 0x7ffffff, &time));
    show("negative", call(sched_rr_get_interval, -1, &time));
    show("to nowhere", call(sched_rr_get_interval, 0, 8));
    show("interval", call(sched_rr_get_interval, 0, &time));
    say("%ld s, below one: %d", time.tv_sec, time.tv_nsec < 1'000'000'000);
}

static void check_attributes(void) {
    struct attributes set = {.size = 48, .policy = SCHED_BATCH}, seen = {};
    show("set", call(sched_setattr, 0, &set, 0));
    show("get", call(sched_getattr, 0, &seen, 48, 0));
    say("size %u, policy %u, flags %lu, nice %d, priority %u", seen.size, seen.policy, seen.flags,
        seen.nice, seen.priority);
    set.nice = 5;
    show("nice", call(sched_setattr, 0, &set, 0));
    call(sched_getattr, 0, &seen, sizeof(seen), 0);
    show("nice", seen.nice);
    set.nice = 0;
    show("nicer", call(sched_setattr, 0, &set, 0));
    set.nice = 5;
    show("flags", call(sched_setattr, 0, &set, 1));
    show("of nobody", call(sched_setattr, 0x7ffffff, &set, 0));
    show("negative", call(sched_setattr, -1, &set, 0));
    show("null", call(sched_setattr, 0, nullptr, 0));
    show("nowhere", call(sched_setattr, 0, 8, 0));
    set.size = 47;
    show("small", call(sched_setattr, 0, &set, 0));
    say("size %u", set.size);
    set.size = 0;
    show("size 0", call(sched_setattr, 0, &set, 0));
    set.size = 5000;
    show("large", call(sched_setattr, 0, &set, 0));
    set.size = 48;
    set.flags = 1ul << 40;
    show("unknown flags", call(sched_setattr, 0, &set, 0));
    set.flags = 8;
    show("keep the policy", call(sched_setattr, 0, &set, 0));
    set.flags = 0;
    set.policy = 99;
    show("no policy", call(sched_setattr, 0, &set, 0));
    set.policy = SCHED_FIFO;
    set.priority = 1;
    show("real time", call(sched_setattr, 0, &set, 0));
    set.priority = 0;
    show("of no priority", call(sched_setattr, 0, &set, 0));
    set.policy = SCHED_DEADLINE;
    show("no deadline", call(sched_setattr, 0, &set, 0));
    set = (struct attributes){.size = 48,
                              .policy = SCHED_DEADLINE,
                              .runtime = 1'000'000,
                              .deadline = 2'000'000,
                              .period = 3'000'000};
    show("a deadline", call(sched_setattr, 0, &set, 0));
    set.period = 1'000'000;
    show("after its period", call(sched_setattr, 0, &set, 0));
    show("get little", call(sched_getattr, 0, &seen, 47, 0));
    show("get much", call(sched_getattr, 0, &seen, 5000, 0));
    show("get flags", call(sched_getattr, 0, &seen, 48, 1));
    show("get of nobody", call(sched_getattr, 0x7ffffff, &seen, 48, 0));
    show("get null", call(sched_getattr, 0, nullptr, 48, 0));
    show("get nowhere", call(sched_getattr, 0, 8, 48, 0));
}

static void check_affinity(void) {
    unsigned long mask[16] = {1};
    show("set", call(sched_setaffinity, 0, 8, mask));
    mask[0] = 0;
    show("none", call(sched_setaffinity, 0, 8, mask));
    show("of nobody", call(sched_setaffinity, 0x7ffffff, 8, mask));
    show("nowhere", call(sched_setaffinity, 0, 8, 8));
    show("odd size", call(sched_getaffinity, 0, 7, mask));
    show("no size", call(sched_getaffinity, 0, 0, mask));
    show_ok("get", call(sched_getaffinity, 0, 128, mask));
    say("first %lx", mask[0]);
    show("get of nobody", call(sched_getaffinity, 0x7ffffff, 128, mask));
    show("get nowhere", call(sched_getaffinity, 0, 128, 8));
}

int main(void) {
    check_policies();
    check_parameters();
    check_attributes();
    check_affinity();
}
