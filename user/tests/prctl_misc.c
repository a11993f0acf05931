/* prctl, arch_prctl, personality, uname, sysinfo, getrandom, getcpu, scheduling, membarrier. */

#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

constexpr int SET_GS = 0x1001, SET_FS = 0x1002, GET_FS = 0x1003, GET_GS = 0x1004;
constexpr int GET_CPUID = 0x1011;

static void check_prctl(void) {
    char name[17] = {};
    int value = -1;
    show("unknown", call(prctl, 9999, 0, 0, 0, 0));
    show("name", prctl(PR_SET_NAME, "a name that is too long"));
    show("get", prctl(PR_GET_NAME, name));
    say("%s", name);
    show("name with a line feed", prctl(PR_SET_NAME, "a\nb\tc"));
    prctl(PR_GET_NAME, name);
    say("name: %d", strcmp(name, "a\nb\tc"));
    show("name from the null page", call(prctl, PR_SET_NAME, 8, 0, 0, 0));
    show("death signal", prctl(PR_SET_PDEATHSIG, 10));
    show("get", prctl(PR_GET_PDEATHSIG, &value));
    say("%d", value);
    show("death signal 99", prctl(PR_SET_PDEATHSIG, 99));
    show("dumpable", prctl(PR_SET_DUMPABLE, 0));
    show("get", prctl(PR_GET_DUMPABLE));
    show("dumpable 2", prctl(PR_SET_DUMPABLE, 2));
    show("dumpable again", prctl(PR_SET_DUMPABLE, 1));
    show("no new privileges, before", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    show("set 2", prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0));
    show("set", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    show("after", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    show("unset", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    show("subreaper", prctl(PR_GET_CHILD_SUBREAPER, &value));
    say("%d", value);
    show("large pages are off", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    show("timer slack", prctl(PR_SET_TIMERSLACK, 1000));
    show("get", prctl(PR_GET_TIMERSLACK));
    show("time stamps", prctl(PR_GET_TSC, &value));
    say("%d", value);
    show("timing", prctl(PR_GET_TIMING));
    show("seccomp", prctl(PR_GET_SECCOMP));
}

static void check_arch(void) {
    unsigned long fs = 0, gs = 0;
    show("FS", call(arch_prctl, GET_FS, &fs));
    show("GS", call(arch_prctl, SET_GS, 0x1234567000));
    show("get", call(arch_prctl, GET_GS, &gs));
    say("%#lx, FS is its own: %d", gs, *(unsigned long *)fs == fs);
    show("FS in the kernel", call(arch_prctl, SET_FS, 0xffff800000000000));
    show("GS not canonical", call(arch_prctl, SET_GS, 0x800000000000));
    show("GS at the top", call(arch_prctl, SET_GS, 0x7fffffffefff));
    show("to the null page", call(arch_prctl, GET_FS, 8));
    show("unknown", call(arch_prctl, 0x9999, 0));
    show("CPUID", call(arch_prctl, GET_CPUID, 0));
    call(arch_prctl, SET_GS, 0x5000);
    pid_t child = fork();
    if (child == 0) {
        call(arch_prctl, GET_GS, &gs);
        say("inherited: %#lx", gs);
        _exit(0);
    }
    show_end("child", child);
}

static void check_names(void) {
    struct utsname name;
    struct sysinfo info;
    show("uname", uname(&name));
    say("%s, nodename %d, release %d", name.machine, name.nodename[0] != 0, name.release[0] != 0);
    show("uname to the null page", call(uname, nullptr));
    show("sysinfo", sysinfo(&info));
    say("memory %d, free %d, unit %u, up %d, processes %d", info.totalram > 0,
        info.freeram > 0 && info.freeram <= info.totalram, info.mem_unit, info.uptime > 0,
        info.procs > 0);
    show("sysinfo to the null page", call(sysinfo, nullptr));
    show("personality", call(personality, 0xffffffff));
    show("set", call(personality, 0x0040000));
    show("get", call(personality, 0xffffffff));
}

static void check_random(void) {
    char bytes[300] = {}, others[300] = {};
    show("getrandom", call(getrandom, bytes, 300, 0));
    show("again", call(getrandom, others, 300, 1));
    say("differ: %d", memcmp(bytes, others, 300) != 0);
    show("nothing", call(getrandom, bytes, 0, 0));
    show("unknown flag", call(getrandom, bytes, 1, 8));
    show("both qualities", call(getrandom, bytes, 1, 6));
    show("null page", call(getrandom, nullptr, 8, 0));
}

static void check_scheduling(void) {
    struct sched_param parameters = {};
    struct timespec slice;
    unsigned cpu = 99, node = 99;
    uint64_t mask[16] = {};
    show("yield", sched_yield());
    show("policy", call(sched_getscheduler, 0));
    show("policy of nobody", call(sched_getscheduler, 0x7ffffff));
    show("policy of -1", call(sched_getscheduler, -1));
    show("parameters", call(sched_getparam, 0, &parameters));
    say("%d", parameters.sched_priority);
    parameters.sched_priority = 0;
    show("batch", call(sched_setscheduler, 0, 3, &parameters));
    show("policy", call(sched_getscheduler, 0));
    show("other", call(sched_setscheduler, 0, 0, &parameters));
    parameters.sched_priority = 1;
    show("other with priority", call(sched_setscheduler, 0, 0, &parameters));
    show("first come, first served", call(sched_setscheduler, 0, 1, &parameters));
    show("unknown policy", call(sched_setscheduler, 0, 77, &parameters));
    show("lowest", call(sched_get_priority_min, 1));
    show("highest", call(sched_get_priority_max, 1));
    show("highest of other", call(sched_get_priority_max, 0));
    show("of unknown", call(sched_get_priority_max, 77));
    show("slice", call(sched_rr_get_interval, 0, &slice));
    show("getcpu", call(getcpu, &cpu, &node, nullptr));
    show_ok("affinity", call(sched_getaffinity, 0, sizeof(mask), mask));
    say("on one of mine: %d", (int)(mask[cpu / 64] >> cpu % 64 & 1));
    show("affinity, odd size", call(sched_getaffinity, 0, 3, mask));
    show("affinity to none", call(sched_setaffinity, 0, 8, (uint64_t[]){0}));
    show("affinity to the first", call(sched_setaffinity, 0, 8, (uint64_t[]){1}));
    show("affinity of nobody", call(sched_getaffinity, 0x7ffffff, sizeof(mask), mask));
}

static void check_priority(void) {
    constexpr long returned = 20; /* the system call returns 20 - nice */
    int before = (int)(returned - call(getpriority, PRIO_PROCESS, 0));
    int next = before < 14 ? before + 5 : 19;
    show("a higher value", setpriority(PRIO_PROCESS, 0, next));
    say("is it: %d", call(getpriority, PRIO_PROCESS, 0) == returned - next);
    show("a lower one", setpriority(PRIO_PROCESS, 0, before - 5));
    show("the highest", setpriority(PRIO_PROCESS, 0, 99));
    show("nice", call(getpriority, PRIO_PROCESS, 0));
    show("of nobody", call(getpriority, PRIO_PROCESS, 0x7ffffff));
    show("of the group", call(getpriority, PRIO_PGRP, getpgrp()));
    show("set for nobody", call(setpriority, PRIO_PROCESS, 0x7ffffff, 3));
    show("of what is none", call(getpriority, 9, 0));
}

static void check_rest(void) {
    show("membarrier, unregistered", call(membarrier, 8, 0, 0));
    show("register", call(membarrier, 16, 0, 0));
    show("membarrier", call(membarrier, 8, 0, 0));
    show("membarrier, global", call(membarrier, 1, 0, 0));
    show("membarrier, unknown", call(membarrier, 1 << 20, 0, 0));
    show("a call that no kernel has", syscall(4000));
    show("number -1", syscall(-1));
    show("set_tid_address", call(set_tid_address, nullptr) == getpid());
}

int main(void) {
    check_prctl();
    check_arch();
    check_names();
    check_random();
    check_scheduling();
    check_priority();
    check_rest();
}
