/* Users and groups of an unprivileged process: what it may change, and to what. */

#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "user/tests/report.h"

struct capability_header {
    uint32_t version;
    int process;
};

struct capability_data {
    uint32_t effective, permitted, inheritable;
};

static void check_ids(void) {
    uid_t me = getuid(), real, effective, saved;
    show("getresuid", getresuid(&real, &effective, &saved));
    say("all mine: %d", real == me && effective == me && saved == me);
    show("getresuid to the null page", call(getresuid, nullptr, nullptr, nullptr));
    show("setuid to itself", call(setuid, me));
    show("setuid to root", call(setuid, 0));
    show("setuid to -1", call(setuid, -1));
    show("setreuid to nothing", call(setreuid, -1, -1));
    show("setreuid to root", call(setreuid, 0, -1));
    show("setreuid, effective root", call(setreuid, -1, 0));
    show("setresuid to itself", call(setresuid, me, me, me));
    show("setresuid, saved root", call(setresuid, -1, -1, 0));
    show("fsuid", call(setfsuid, -1) == (long)me);
    show("fsuid to root", call(setfsuid, 0) == (long)me);
    show("still mine", call(setfsuid, -1) == (long)me);
}

static void check_groups(void) {
    gid_t me = getgid(), real, effective, saved, groups[100];
    show("getresgid", getresgid(&real, &effective, &saved));
    say("all mine: %d", real == me && effective == me && saved == me);
    show("setgid to itself", call(setgid, me));
    show("setgid to root", call(setgid, 0));
    show("setregid to root", call(setregid, 0, -1));
    show("setresgid to root", call(setresgid, -1, 0, -1));
    show("setresgid to itself", call(setresgid, me, me, me));
    show("fsgid", call(setfsgid, 0) == (long)me);
    show_ok("getgroups, how many", call(getgroups, 0, nullptr));
    show_ok("getgroups", call(getgroups, 100, groups));
    show("getgroups, negative", call(getgroups, -1, groups));
    show("setgroups", call(setgroups, 0, nullptr));
    show("setgroups, too many", call(setgroups, 70'000, groups));
}

static void check_capabilities(void) {
    struct capability_header header = {0x20080522, 0};
    struct capability_data data[2] = {{1, 1, 1}, {1, 1, 1}};
    show("capget", call(capget, &header, data));
    say("none: %u %u", data[0].effective, data[0].permitted);
    show("capset to the same", call(capset, &header, data));
    data[0].effective = data[0].permitted = 1;
    show("capset to more", call(capset, &header, data));
    header.version = 1;
    show("unknown version", call(capget, &header, data));
    say("the version: %#x", header.version);
    show("null page", call(capget, nullptr, nullptr));
    header.process = -1;
    show("negative process", call(capget, &header, data));
    header.process = 0x7ffffff;
    show("nobody", call(capget, &header, data));
    show("bounding set", prctl(PR_CAPBSET_READ, 0, 0, 0, 0) >= 0);
    show("drop from it", prctl(PR_CAPBSET_DROP, 0, 0, 0, 0));
    show("unknown capability", prctl(PR_CAPBSET_READ, 99, 0, 0, 0));
    show("keep capabilities", prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
}

static void check_privileged_calls(void) {
    show("reboot", call(reboot, 0, 0, 0, 0));
    show("chroot", chroot("."));
    show("sethostname", sethostname("x", 1));
    show("mount", call(mount, "none", ".", "tmpfs", 0, nullptr));
    show("umount", call(umount2, ".", 0));
    show("settimeofday", call(settimeofday, nullptr, (int[2]){0, 0}));
}

int main(void) {
    check_ids();
    check_groups();
    check_capabilities();
    check_privileged_calls();
}
