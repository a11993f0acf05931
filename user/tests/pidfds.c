/* Processes by file, and small calls: pidfd_open and its company, kcmp, process_mrelease,
 * futex_waitv, rseq, membarrier, getrandom, robust lists, capget, personality, arch_prctl. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

constexpr long PIDFD_SEND = 424, PIDFD_OPEN = 434, PIDFD_GETFD = 438, MRELEASE = 448;
constexpr long FUTEX_WAITV = 449;
constexpr long NOBODY = 0x7ffffff;

static void caught(int signal) {
    say("caught %s", signal_name(signal));
}

static void check_pidfds(void) {
    signal(SIGUSR1, caught);
    int own = (int)syscall(PIDFD_OPEN, getpid(), 0);
    show_ok("own", own);
    show("closes on exec", fcntl(own, F_GETFD));
    show("without waiting", fcntl((int)syscall(PIDFD_OPEN, getpid(), O_NONBLOCK), F_GETFL));
    show("nobody", syscall(PIDFD_OPEN, NOBODY, 0));
    show("0", syscall(PIDFD_OPEN, 0, 0));
    show("negative", syscall(PIDFD_OPEN, -1, 0));
    show("unknown flags", syscall(PIDFD_OPEN, getpid(), 1));
    show("signal", syscall(PIDFD_SEND, own, SIGUSR1, nullptr, 0));
    show("signal 0", syscall(PIDFD_SEND, own, 0, nullptr, 0));
    show("no signal", syscall(PIDFD_SEND, own, 65, nullptr, 0));
    show("unknown flags", syscall(PIDFD_SEND, own, 0, nullptr, 64));
    show("no file", syscall(PIDFD_SEND, 99, 0, nullptr, 0));
    show("another file", syscall(PIDFD_SEND, 0, 0, nullptr, 0));
    show("information from nowhere", syscall(PIDFD_SEND, own, SIGUSR1, 8, 0));
    siginfo_t info = {.si_signo = SIGUSR2, .si_code = SI_QUEUE};
    show("of another signal", syscall(PIDFD_SEND, own, SIGUSR1, &info, 0));
    info.si_signo = SIGUSR1;
    show("queued", syscall(PIDFD_SEND, own, SIGUSR1, &info, 0));
    int directory = open("/proc/self", O_RDONLY | O_DIRECTORY);
    show("its directory", syscall(PIDFD_SEND, directory, SIGUSR1, nullptr, 0));
    show("path of it", syscall(PIDFD_SEND, open("/proc/self", O_PATH), SIGUSR1, nullptr, 0));
    show("a thread's", syscall(PIDFD_SEND, open("/proc/thread-self", O_RDONLY), 0, nullptr, 0));
    show("another", syscall(PIDFD_SEND, open("/proc/self/fd", O_RDONLY), 0, nullptr, 0));
    show("that of all", syscall(PIDFD_SEND, open("/proc", O_RDONLY), 0, nullptr, 0));
    show("get from it", syscall(PIDFD_GETFD, directory, 0, 0));
    show_ok("get a file", syscall(PIDFD_GETFD, own, 0, 0));
    show("get what is not there", syscall(PIDFD_GETFD, own, 99, 0));
    show("get with flags", syscall(PIDFD_GETFD, own, 0, 1));
    show("get from no process", syscall(PIDFD_GETFD, 0, 0, 0));
    show("get from no file", syscall(PIDFD_GETFD, 99, 0, 0));
    show("read", read(own, &info, 1));
    pid_t child = fork();
    if (child == 0) {
        pause();
    }
    int file = (int)syscall(PIDFD_OPEN, child, O_NONBLOCK);
    struct pollfd entry = {file, POLLIN, 0};
    show("lives", poll(&entry, 1, 0));
    show("wait for it", waitid(P_PIDFD, (id_t)file, &info, WEXITED));
    show("release one that lives", syscall(MRELEASE, file, 0));
    show("kill", syscall(PIDFD_SEND, file, SIGKILL, nullptr, 0));
    show("has ended", poll(&entry, 1, 1000));
    show("release", syscall(MRELEASE, file, 0) == 0 || errno == ESRCH);
    show("wait for it", waitid(P_PIDFD, (id_t)file, &info, WEXITED));
    show("signal", syscall(PIDFD_SEND, file, 0, nullptr, 0));
    int path = open("/", O_PATH);
    show("wait for a path", waitid(P_PIDFD, (id_t)path, &info, WEXITED));
    show("signal a path", syscall(PIDFD_SEND, path, 0, nullptr, 0));
    show("get from a path", syscall(PIDFD_GETFD, path, 0, 0));
    show("release a path", syscall(MRELEASE, path, 0));
    show("close the path", close(path));
    show("release with flags", syscall(MRELEASE, file, 1));
    show("release nothing", syscall(MRELEASE, 99, 0));
    show("release a file", syscall(MRELEASE, 0, 0));
}

/* What a directory of /proc can be used for instead. */
static void check_directory(const char *path) {
    siginfo_t info;
    int file = open(path, O_RDONLY | O_DIRECTORY);
    show(path, syscall(PIDFD_SEND, file, SIGUSR1, nullptr, 0));
    show("get from it", syscall(PIDFD_GETFD, file, 0, 0));
    show("wait for it", waitid(P_PIDFD, (id_t)file, &info, WEXITED));
    show("release it", syscall(MRELEASE, file, 0));
    close(file);
}

static void check_directories(void) {
    check_directory("/proc/self");
    check_directory("/proc/self/fd");
    check_directory("/proc/self/task");
    check_directory("/proc/thread-self");
    check_directory("/proc");
    check_directory("/");
    pid_t child = fork();
    if (child == 0) {
        pause();
    }
    char path[32];
    snprintf(path, sizeof(path), "/proc/%d", child);
    int file = open(path, O_RDONLY | O_DIRECTORY);
    show("kill by it", syscall(PIDFD_SEND, file, SIGKILL, nullptr, 0));
    kill(child, SIGKILL);
    show_end("child", child);
    show("signal by what is left", syscall(PIDFD_SEND, file, 0, nullptr, 0));
    close(file);
}

static void check_comparing(void) {
    int copy = dup(0);
    show("same file", call(kcmp, getpid(), getpid(), 0, 0, copy));
    show("other file", call(kcmp, getpid(), getpid(), 0, 0, 1) > 0);
    show("no file", call(kcmp, getpid(), getpid(), 0, 0, 99));
    for (int type = 1; type < 7; type++) {
        show("same process", call(kcmp, getpid(), getpid(), type, 0, 0));
    }
    show("of nothing", call(kcmp, getpid(), getpid(), 9, 0, 0));
    show("of nobody", call(kcmp, getpid(), NOBODY, 0, 0, 0));
    show("of init", call(kcmp, getpid(), 1, 1, 0, 0));
}

struct item {
    unsigned long value, address;
    unsigned flags, reserved;
};

static void check_waiting_for_many(void) {
    static int words[2];
    struct item items[2] = {{0, (unsigned long)&words[0], 2, 0},
                            {1, (unsigned long)&words[1], 2, 0}};
    struct timespec past = {.tv_sec = 1};
    show("another value", syscall(FUTEX_WAITV, items, 2, 0, nullptr, 0));
    show("in the past", syscall(FUTEX_WAITV, items, 1, 0, &past, CLOCK_MONOTONIC));
    show("none", syscall(FUTEX_WAITV, items, 0, 0, nullptr, 0));
    show("too many", syscall(FUTEX_WAITV, items, 129, 0, nullptr, 0));
    show("flags", syscall(FUTEX_WAITV, items, 1, 1, nullptr, 0));
    show("nowhere", syscall(FUTEX_WAITV, 8, 1, 0, nullptr, 0));
    show("null", syscall(FUTEX_WAITV, nullptr, 1, 0, nullptr, 0));
    show("another clock", syscall(FUTEX_WAITV, items, 1, 0, &past, 2));
    items[0].reserved = 1;
    show("reserved", syscall(FUTEX_WAITV, items, 1, 0, nullptr, 0));
    items[0].reserved = 0;
    items[0].flags = 64;
    show("unknown flags", syscall(FUTEX_WAITV, items, 1, 0, nullptr, 0));
}

static void check_rseq(void) {
    static struct {
        char bytes[64];
    } area __attribute__((aligned(32)));
    show("register", call(rseq, &area, 32, 0, 0x53053053));
    show("twice", call(rseq, &area, 32, 0, 0x53053053));
    show("another", call(rseq, &area.bytes[32], 32, 0, 0x53053053));
    show("another signature", call(rseq, &area, 32, 0, 1));
    show("give up with another", call(rseq, &area, 32, 1, 1));
    show("unknown flags", call(rseq, &area, 32, 2, 0x53053053));
    show("give up", call(rseq, &area, 32, 1, 0x53053053));
    show("give up twice", call(rseq, &area, 32, 1, 0x53053053));
    show("not aligned", call(rseq, &area.bytes[8], 32, 0, 0));
    show("small", call(rseq, &area, 16, 0, 0));
}

static void check_barriers(void) {
    show_ok("query", call(membarrier, 0, 0, 0));
    say("expedited: %d", (call(membarrier, 0, 0, 0) & 8) != 0);
    show("not registered", call(membarrier, 8, 0, 0));
    show("register", call(membarrier, 16, 0, 0));
    show("expedited", call(membarrier, 8, 0, 0));
    show("unknown", call(membarrier, 1 << 20, 0, 0));
    show("flags", call(membarrier, 0, 1, 0));
}

static void check_random(void) {
    char bytes[300];
    show("some", call(getrandom, bytes, 300, 0));
    show("without waiting", call(getrandom, bytes, 16, 1));
    show("from the other", call(getrandom, bytes, 16, 2));
    show("insecure", call(getrandom, bytes, 16, 4));
    show("both", call(getrandom, bytes, 16, 6));
    show("unknown flags", call(getrandom, bytes, 16, 8));
    show("none", call(getrandom, bytes, 0, 0));
    show("nowhere", call(getrandom, 8, 16, 0));
}

static void check_lists(void) {
    void *head = nullptr;
    size_t size = 0;
    static char list[24];
    show("set", call(set_robust_list, list, 24));
    show("size", call(set_robust_list, list, 23));
    show("get", call(get_robust_list, 0, &head, &size));
    say("same %d, size %zu", head == list, size);
    show("of nobody", call(get_robust_list, NOBODY, &head, &size));
    show("of init", call(get_robust_list, 1, &head, &size));
    show("nowhere", call(get_robust_list, 0, 8, &size));
    show("size nowhere", call(get_robust_list, 0, &head, 8));
    call(set_robust_list, nullptr, 24);
}

static void check_capabilities(void) {
    struct {
        unsigned version;
        int process;
    } header = {0x20080522, 0};
    unsigned data[6] = {7, 7, 7, 7, 7, 7};
    show("get", call(capget, &header, data));
    say("%x %x %x %x %x %x", data[0], data[1], data[2], data[3], data[4], data[5]);
    header.version = 0;
    show("version 0", call(capget, &header, data));
    say("version %x", header.version);
    header.version = 0;
    show("asks for the version", call(capget, &header, nullptr));
    header = (typeof(header)){0x19980330, 0};
    show("version 1", call(capget, &header, data));
    header = (typeof(header)){0x20080522, (int)NOBODY};
    show("of nobody", call(capget, &header, data));
    header.process = -1;
    show("of -1", call(capget, &header, data));
    show("nowhere", call(capget, 8, data));
    header.process = 0;
    memset(data, 0, sizeof(data));
    show("set none", call(capset, &header, data));
    data[0] = 1;
    show("set one", call(capset, &header, data));
    header.process = 1;
    show("of init", call(capset, &header, data));
    header = (typeof(header)){0, 0};
    show("set version 0", call(capset, &header, data));
}

static void check_personality(void) {
    long before = call(personality, 0xffffffff);
    show_ok("before", before);
    show("set", call(personality, 0x0400000 | 0x0040000) == before);
    show("then", call(personality, 0xffffffff));
    call(personality, before);
    unsigned long base = 0;
    show("FS", call(arch_prctl, 0x1003, &base));
    say("is some: %d", base != 0);
    show("GS", call(arch_prctl, 0x1004, &base));
    show("GS beyond", call(arch_prctl, 0x1001, 1ul << 63));
    show("nowhere", call(arch_prctl, 0x1003, 8));
    show("unknown", call(arch_prctl, 0x1, 0));
}

int main(void) {
    check_pidfds();
    check_directories();
    check_comparing();
    check_waiting_for_many();
    check_rseq();
    check_barriers();
    check_random();
    check_lists();
    check_capabilities();
    check_personality();
}
