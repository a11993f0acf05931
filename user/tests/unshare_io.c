/* unshare, setns, ioprio_get, ioprio_set, sysfs; futex_wake, futex_wait and futex_requeue. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

constexpr long IOPRIO_SET = 251, IOPRIO_GET = 252, FUTEX_WAKE = 454, FUTEX_WAIT = 455;
constexpr long FUTEX_REQUEUE = 456;
constexpr int IO_NONE = 0, IO_REAL = 1 << 13, IO_BEST = 2 << 13, IO_IDLE = 3 << 13;
constexpr int ITEM_32 = 2, ITEM_PRIVATE = 128;

static int word, other;

static int share_and_change(void *unused) {
    (void)unused;
    show("own files", call(unshare, CLONE_FILES));
    show("close", close(3));
    show("own places", call(unshare, CLONE_FS));
    umask(077);
    return chdir("/");
}

static void check_sharing(void) {
    static char stack[65536] __attribute__((aligned(16)));
    char place[100];
    int status;
    show("open", open("/dev/null", O_RDONLY));
    umask(022);
    pid_t child =
        clone(share_and_change, stack + sizeof(stack), CLONE_FILES | CLONE_FS | SIGCHLD, nullptr);
    waitpid(child, &status, 0);
    say("child: %s", end_name(status));
    show_ok("still open here", fcntl(3, F_GETFD));
    say("umask %o, place is the root: %d", umask(022),
        getcwd(place, sizeof(place)) != nullptr && strcmp(place, "/") == 0);
}

static void check_flags(void) {
    show("nothing", call(unshare, 0));
    show("files, not shared", call(unshare, CLONE_FILES | CLONE_FS | CLONE_SYSVSEM));
    show("alone: signals", call(unshare, CLONE_SIGHAND));
    show("alone: memory", call(unshare, CLONE_VM));
    show("alone: threads", call(unshare, CLONE_THREAD));
    show("unknown", call(unshare, CLONE_PARENT));
    show("unknown", call(unshare, 1));
    show("mounts", call(unshare, CLONE_NEWNS));
    show("names", call(unshare, CLONE_NEWUTS));
    show("processes", call(unshare, CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC));
    show("enter nothing", call(setns, 99, 0));
    show("enter a file", call(setns, 0, 0));
    show("enter a file's mounts", call(setns, 0, CLONE_NEWNS));
}

static void *sleep_long(void *unused) {
    (void)unused;
    while (true) {
        nanosleep(&(struct timespec){.tv_sec = 100}, nullptr);
    }
    return nullptr;
}

static void check_threads(void) {
    pthread_t thread;
    pthread_create(&thread, nullptr, sleep_long, nullptr);
    show("with threads: files", call(unshare, CLONE_FILES));
    show("signals", call(unshare, CLONE_SIGHAND));
    show("memory", call(unshare, CLONE_VM));
    show("threads", call(unshare, CLONE_THREAD));
}

static void check_io_priorities(void) {
    show("at first", syscall(IOPRIO_GET, 1, 0));
    show("of the group", syscall(IOPRIO_GET, 2, 0));
    show("best effort", syscall(IOPRIO_SET, 1, 0, IO_BEST | 6));
    show("then", syscall(IOPRIO_GET, 1, 0));
    show("of the group", syscall(IOPRIO_GET, 2, 0));
    pid_t child = fork();
    if (child == 0) {
        _exit(syscall(IOPRIO_GET, 1, 0) == (IO_BEST | 6));
    }
    show_end("inherited", child);
    show("idle", syscall(IOPRIO_SET, 1, getpid(), IO_IDLE | 3));
    show("then", syscall(IOPRIO_GET, 1, getpid()));
    show("real time", syscall(IOPRIO_SET, 1, 0, IO_REAL | 1));
    show("none", syscall(IOPRIO_SET, 1, 0, IO_NONE));
    show("none, with a level", syscall(IOPRIO_SET, 1, 0, IO_NONE | 1));
    show("unknown class", syscall(IOPRIO_SET, 1, 0, 4 << 13));
    show("invalid class", syscall(IOPRIO_SET, 1, 0, 7 << 13));
    show("of whom", syscall(IOPRIO_SET, 0, 0, IO_BEST));
    show("of whom", syscall(IOPRIO_GET, 4, 0));
    show("of nobody", syscall(IOPRIO_GET, 1, 0x7ffffff));
    show("to nobody", syscall(IOPRIO_SET, 1, 0x7ffffff, IO_BEST));
    show("to no group", syscall(IOPRIO_SET, 2, 0x7ffffff, IO_BEST));
    show("to no user", syscall(IOPRIO_SET, 3, 0x7ffffff, IO_BEST));
    show("to another's", syscall(IOPRIO_SET, 1, 1, IO_BEST));
    show("to the group", syscall(IOPRIO_SET, 2, 0, IO_BEST | 2));
    show("then", syscall(IOPRIO_GET, 1, 0));
    syscall(IOPRIO_SET, 1, 0, IO_NONE);
    setpriority(PRIO_PROCESS, 0, 15);
    show("by the nice value", syscall(IOPRIO_GET, 2, 0));
}

static void check_system_types(void) {
    char name[64] = "tmpfs";
    long index = call(sysfs, 1, name), count = call(sysfs, 3);
    if (index < 0 && errno == ENOSYS) {
        return;
    }
    say("there are some: %d", index >= 0 && index < count);
    show("its name", call(sysfs, 2, index, name));
    say("%s", name);
    show("nothing such", call(sysfs, 1, "nonesuch"));
    show("behind the last", call(sysfs, 2, 1000, name));
    show("from nowhere", call(sysfs, 1, 8));
    show("to nowhere", call(sysfs, 2, index, 8));
    show("no such question", call(sysfs, 4));
}

/* Says nothing itself: who runs first then is left to the kernel. */
static void *wake_word(void *woken) {
    settle();
    *(long *)woken = syscall(FUTEX_WAKE, &word, 2ul, 5, ITEM_32 | ITEM_PRIVATE);
    return nullptr;
}

static void check_words(void) {
    struct timespec past = {.tv_sec = 1}, bad = {.tv_nsec = -1};
    show("nobody", syscall(FUTEX_WAKE, &word, ~0u + 0ul, 1, ITEM_32));
    show("none", syscall(FUTEX_WAKE, &word, 1ul, 0, ITEM_32));
    show("no bits", syscall(FUTEX_WAKE, &word, 0ul, 1, ITEM_32));
    show("too many bits", syscall(FUTEX_WAKE, &word, 1ul << 32, 1, ITEM_32));
    show("of 8 bits", syscall(FUTEX_WAKE, &word, 1ul, 1, 0));
    show("of 64 bits", syscall(FUTEX_WAKE, &word, 1ul, 1, 3));
    show("unknown flags", syscall(FUTEX_WAKE, &word, 1ul, 1, ITEM_32 | 64));
    show("not aligned", syscall(FUTEX_WAKE, (char *)&word + 1, 1ul, 1, ITEM_32));
    show("another value", syscall(FUTEX_WAIT, &word, 1ul, 1ul, ITEM_32, nullptr, 0));
    show("too large a value", syscall(FUTEX_WAIT, &word, 1ul << 32, 1ul, ITEM_32, nullptr, 0));
    show("no bits", syscall(FUTEX_WAIT, &word, 0ul, 0ul, ITEM_32, nullptr, 0));
    show("nowhere", syscall(FUTEX_WAIT, 8ul, 0ul, 1ul, ITEM_32, nullptr, 0));
    show("in the past", syscall(FUTEX_WAIT, &word, 0ul, 1ul, ITEM_32, &past, CLOCK_REALTIME));
    show("in the past", syscall(FUTEX_WAIT, &word, 0ul, 1ul, ITEM_32, &past, CLOCK_MONOTONIC));
    show("another clock", syscall(FUTEX_WAIT, &word, 0ul, 1ul, ITEM_32, &past, 2));
    show("bad time", syscall(FUTEX_WAIT, &word, 0ul, 1ul, ITEM_32, &bad, 0));
    show("time from nowhere", syscall(FUTEX_WAIT, &word, 0ul, 1ul, ITEM_32, 8ul, 0));
    show("unknown flags", syscall(FUTEX_WAIT, &word, 0ul, 1ul, 1 << 20, nullptr, 0));
    pthread_t thread;
    long woken = -1;
    pthread_create(&thread, nullptr, wake_word, &woken);
    show("wait", syscall(FUTEX_WAIT, &word, 0ul, 3ul, ITEM_32 | ITEM_PRIVATE, nullptr, 0));
    pthread_join(thread, nullptr);
    show("woken", woken);
}

struct item {
    unsigned long value, address;
    unsigned flags, reserved;
};

static void *wait_for_word(void *unused) {
    (void)unused;
    syscall(FUTEX_WAIT, &word, 0ul, 1ul, ITEM_32 | ITEM_PRIVATE, nullptr, 0);
    return nullptr;
}

static void check_moving(void) {
    struct item items[2] = {{0, (unsigned long)&word, ITEM_32 | ITEM_PRIVATE, 0},
                            {0, (unsigned long)&other, ITEM_32 | ITEM_PRIVATE, 0}};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], nullptr, wait_for_word, nullptr);
    }
    settle();
    show("unknown flags", syscall(FUTEX_REQUEUE, items, 1, 1, 1));
    show("no items", syscall(FUTEX_REQUEUE, nullptr, 0, 1, 1));
    show("items nowhere", syscall(FUTEX_REQUEUE, 8ul, 0, 1, 1));
    show("negative", syscall(FUTEX_REQUEUE, items, 0, -1, 1));
    items[0].value = 1;
    show("another value", syscall(FUTEX_REQUEUE, items, 0, 1, 1));
    items[0].value = 0;
    show("one wakes, one moves", syscall(FUTEX_REQUEUE, items, 0, 1, 1));
    show("moved", syscall(FUTEX_WAKE, &other, 1ul, 9, ITEM_32 | ITEM_PRIVATE));
    show("stayed", syscall(FUTEX_WAKE, &word, 1ul, 9, ITEM_32 | ITEM_PRIVATE));
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], nullptr);
    }
}

int main(void) {
    check_sharing();
    check_flags();
    check_io_priorities();
    check_system_types();
    check_words();
    check_moving();
    check_threads();
}
