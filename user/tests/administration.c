/* What is for administrators, asked for by somebody who is none. */

#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "user/tests/report.h"

static void check_names(void) {
    char name[100] = "x";
    show("host name", call(sethostname, name, 1));
    show("too long", call(sethostname, name, 65));
    show("negative", call(sethostname, name, -1));
    show("from nowhere", call(sethostname, 8, 1));
    show("domain name", call(setdomainname, name, 1));
    show("too long", call(setdomainname, name, 65));
}

static void check_clocks(void) {
    struct timeval time = {1, 0};
    struct timespec spec = {1, 0};
    struct timezone zone = {};
    show("time", call(settimeofday, &time, nullptr));
    time.tv_usec = -1;
    show("bad time", call(settimeofday, &time, nullptr));
    time.tv_usec = 1'000'001;
    show("bad microseconds", call(settimeofday, &time, nullptr));
    show("zone", call(settimeofday, nullptr, &zone));
    show("nothing", call(settimeofday, nullptr, nullptr));
    show("from nowhere", call(settimeofday, 8, nullptr));
    show("zone from nowhere", call(settimeofday, nullptr, 8));
    show("real clock", call(clock_settime, CLOCK_REALTIME, &spec));
    show("monotonic", call(clock_settime, CLOCK_MONOTONIC, &spec));
    show("of CPU time", call(clock_settime, CLOCK_PROCESS_CPUTIME_ID, &spec));
    show("no clock", call(clock_settime, 99, &spec));
    show("from nowhere", call(clock_settime, CLOCK_REALTIME, 8));
    spec.tv_nsec = 1'000'000'000;
    show("bad time", call(clock_settime, CLOCK_REALTIME, &spec));
    struct timex state = {};
    show_ok("state", call(adjtimex, &state));
    state.modes = ADJ_OFFSET;
    show("adjust", call(adjtimex, &state));
    state.modes = ADJ_OFFSET_SINGLESHOT;
    show("adjust slowly", call(adjtimex, &state));
    state.modes = ADJ_OFFSET_SS_READ;
    state.offset = 17;
    show_ok("what is left of that", call(adjtimex, &state));
    say("%ld, modes %x", state.offset, state.modes);
    state.modes = ADJ_OFFSET_SS_READ & ~ADJ_OFFSET;
    show("neither", call(adjtimex, &state));
    show("nowhere", call(adjtimex, 8));
    state.modes = 0;
    show_ok("of the real clock", call(clock_adjtime, CLOCK_REALTIME, &state));
    show("of another", call(clock_adjtime, CLOCK_MONOTONIC, &state));
    show("of none", call(clock_adjtime, 99, &state));
}

static void check_machine(void) {
    show("account", call(acct, nullptr));
    show("account to a file", call(acct, "/none"));
    show("swap on", call(swapon, "/none", 0));
    show("swap off", call(swapoff, "/none"));
    show("level 0", call(iopl, 0));
    show("level 3", call(iopl, 3));
    show("level 4", call(iopl, 4));
    show("ports", call(ioperm, 0, 1, 1));
    show("no ports", call(ioperm, 0, 0, 1));
    show("above all", call(ioperm, 65536, 1, 1));
    show("give up", call(ioperm, 0, 1, 0));
    show("module", call(init_module, nullptr, 0, ""));
    show("module of a file", call(finit_module, 0, "", 0));
    show("remove a module", call(delete_module, "none", 0));
    show("another kernel", call(kexec_load, 0, 0, nullptr, 0));
    show("hang up", call(vhangup));
    show("another root", call(pivot_root, "/", "/"));
    show("reboot", call(reboot, 0, 0, 0, nullptr));
    show("mount", call(mount, "none", "/", "tmpfs", 0, nullptr));
    show("unmount", call(umount2, "/", 0));
    show("root", call(chroot, "/"));
}

static void check_limits(void) {
    show("nice", call(setpriority, PRIO_PROCESS, 0, 5));
    show("nicer", call(setpriority, PRIO_PROCESS, 0, 0));
    show("of init", call(setpriority, PRIO_PROCESS, 1, 5));
    show("of nobody", call(setpriority, PRIO_PROCESS, 0x7ffffff, 5));
    show("of whom", call(setpriority, 3, 0, 5));
    show("value", call(getpriority, PRIO_PROCESS, 0));
    show("of whom", call(getpriority, 3, 0));
    show("of nobody", call(getpriority, PRIO_PGRP, 0x7ffffff));
    show("far too nice", call(setpriority, PRIO_PROCESS, 0, 1000));
    show("value", call(getpriority, PRIO_PROCESS, 0));
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_max++;
    show("raise a limit", setrlimit(RLIMIT_NOFILE, &limit));
}

int main(void) {
    check_names();
    check_clocks();
    check_machine();
    check_limits();
}
