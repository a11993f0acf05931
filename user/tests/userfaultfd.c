/* userfaultfd: who may fill which pages, and what comes of it. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "user/tests/report.h"
#include "user/tests/userfaultfd.h"

static void check_making(void) {
    show_ok("for programs only", make(0));
    show_ok("for the kernel too", call(userfaultfd, 0));
    show_ok("unknown flag", make(8));
    show_ok("unknown high flag", make(0x40000000));
    show_ok("upper half of the flags", call(userfaultfd, UFFD_USER_MODE_ONLY | 1ll << 32));
    int plain = make(0), other = make(O_NONBLOCK | O_CLOEXEC);
    say("flags %#x %#x, %d %d", fcntl(plain, F_GETFL), fcntl(other, F_GETFL), fcntl(plain, F_GETFD),
        fcntl(other, F_GETFD));
    char path[64], target[64] = {};
    snprintf(path, sizeof(path), "/proc/self/fd/%d", plain);
    show_ok("readlink", readlink(path, target, sizeof(target) - 1));
    say("its name: %s", target);
    show("write", write(plain, source, 8));
    show("seek", lseek(plain, 5, SEEK_SET));
    show_address("mmap", source, mmap(nullptr, PAGE, PROT_READ, MAP_SHARED, plain, 0));
    close(plain);
    close(other);
}

static void shake(const char *what, int pager, uint64_t version, uint64_t features) {
    struct uffdio_api api = {version, features, 1};
    show(what, ioctl(pager, UFFDIO_API, &api));
    say("  %#llx %#llx %#llx", (unsigned long long)api.api,
        (unsigned long long)(api.features & FEATURES), (unsigned long long)api.ioctls);
}

static void check_handshake(void) {
    int pager = make(O_NONBLOCK);
    struct uffd_msg message;
    struct pollfd poller = {.fd = pager, .events = POLLIN};
    char *memory = map(1, ANONYMOUS);
    show("register too early", enter(pager, memory, 1, MISSING));
    show("wake too early", wake(pager, memory, 1));
    show("read too early", read(pager, &message, sizeof(message)));
    show("poll too early", poll(&poller, 1, 0));
    say("  %#x", (unsigned)poller.revents);
    shake("another version", pager, 0xab, 0);
    shake("unknown feature", pager, UFFD_API, 1ull << 40);
    shake("that of no bit", pager, UFFD_API, 1ull << 63);
    shake("forks", pager, UFFD_API, UFFD_FEATURE_EVENT_FORK);
    show("nowhere", ioctl(pager, UFFDIO_API, nullptr));
    shake("right", pager, UFFD_API, UFFD_FEATURE_THREAD_ID);
    shake("again", pager, UFFD_API, 0);
    show("unknown request", ioctl(pager, 0xc018aa55, &poller));
    show("FIONREAD", ioctl(pager, FIONREAD, &poller));
    show("nothing to read", read(pager, &message, sizeof(message)));
    show("too small", read(pager, &message, sizeof(message) - 1));
    show("nothing to poll", poll(&poller, 1, 0));
    int waiting = make(0);
    shake("one that waits", waiting, UFFD_API, 0);
    poller.fd = waiting;
    show("poll of it", poll(&poller, 1, 0));
    say("  %#x", (unsigned)poller.revents);
    close(waiting);
    close(pager);
    munmap(memory, PAGE);
}

static void show_register(const char *what, int pager, const void *start, uint64_t size,
                          uint64_t mode) {
    struct uffdio_register asked = {{(uint64_t)start, size}, mode, 0};
    show(what, ioctl(pager, UFFDIO_REGISTER, &asked));
    if (asked.ioctls != 0) {
        say("  %#llx", (unsigned long long)(asked.ioctls & REQUESTS));
    }
}

static void check_ranges(int pager) {
    char *memory = map(4, ANONYMOUS);
    show_register("no mode", pager, memory, PAGE, 0);
    show_register("unknown mode", pager, memory, PAGE, 8);
    show_register("minor of anonymous memory", pager, memory, PAGE, MINOR);
    show_register("both of anonymous memory", pager, memory, PAGE, MISSING | MINOR);
    show_register("not a page", pager, memory + 1, PAGE, MISSING);
    show_register("part of a page", pager, memory, PAGE + 1, MISSING);
    show_register("nothing", pager, memory, 0, MISSING);
    show_register("the null page", pager, nullptr, PAGE, MISSING);
    show_register("the kernel", pager, (void *)(1ull << 47), PAGE, MISSING);
    show_register("up to the kernel", pager, memory, (1ull << 47), MISSING);
    show_register("wraps", pager, memory, -4096ull, MISSING);
    show("nowhere", ioctl(pager, UFFDIO_REGISTER, 8));
    show_register("right", pager, memory, 4 * PAGE, MISSING);
    show_register("again", pager, memory + PAGE, PAGE, MISSING);
    munmap(memory + PAGE, 2 * PAGE);
    show_register("a hole", pager, memory + PAGE, 2 * PAGE, MISSING);
    show_register("around a hole", pager, memory, 4 * PAGE, MISSING);
    show("leave a hole", leave(pager, memory + PAGE, 2));
    show("leave around it", leave(pager, memory, 4));
    show("leave again", leave(pager, memory, 1));
    show("leave nothing", leave(pager, memory, 0));
    show("wake a hole", wake(pager, memory + PAGE, 1));
    show("wake nothing", wake(pager, memory, 0));
    show("wake half a page", wake(pager, memory + 8, 1));
    munmap(memory, 4 * PAGE);
}

static void check_other(int pager) {
    int other = ready(0);
    char *memory = map(4, ANONYMOUS);
    show("of one", enter(pager, memory + PAGE, 1, MISSING));
    show("of another", enter(other, memory, 4, MISSING));
    show("leave by another", leave(other, memory, 4));
    show("leave by another, around it", leave(other, memory + 2 * PAGE, 2));
    show("fill by another", copy_quietly(other, memory + PAGE, 1, 0));
    say("%.4s", memory + PAGE);
    show("close", close(pager));
    show("of another now", enter(other, memory, 4, MISSING));
    close(other);
    memory[PAGE * 3] = 'x';
    say("%.4s %s", memory + PAGE, memory + PAGE * 3);
    munmap(memory, 4 * PAGE);
}

static void check_kinds(int pager) {
    int file = memfd_create("kinds", MFD_ALLOW_SEALING);
    char path[64];
    show("size", ftruncate(file, 4 * PAGE));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    int reader = open(path, O_RDONLY);
    char *shared = mmap(nullptr, PAGE, READ_WRITE, MAP_SHARED, file, 0);
    char *private = mmap(nullptr, PAGE, READ_WRITE, MAP_PRIVATE, file, 0);
    char *readable = mmap(nullptr, PAGE, PROT_READ, MAP_SHARED, reader, 0);
    char *copied = mmap(nullptr, PAGE, READ_WRITE, MAP_PRIVATE, reader, 0);
    char *nothing = mmap(nullptr, PAGE, PROT_NONE, ANONYMOUS, -1, 0);
    show_register("shared file", pager, shared, PAGE, MISSING | MINOR);
    show_register("private file", pager, private, PAGE, MINOR);
    show_register("only readable", pager, readable, PAGE, MISSING);
    show_register("private of only readable", pager, copied, PAGE, MISSING);
    show_register("no rights", pager, nothing, PAGE, MISSING);
    copy("fill no rights", pager, nothing, 1);
    mprotect(nothing, PAGE, PROT_READ);
    say("%.4s", nothing);
    close(file);
    close(reader);
    munmap(shared, PAGE);
    munmap(private, PAGE);
    munmap(readable, PAGE);
    munmap(copied, PAGE);
    munmap(nothing, PAGE);
}

/* All without anybody that waits. */
static void check_filling(int pager, int flags) {
    char *memory = map(8, flags);
    copy("not registered", pager, memory, 1);
    show("register", enter(pager, memory, 6, MISSING));
    copy("one", pager, memory, 1);
    copy("again", pager, memory, 1);
    copy("with one that is there", pager, memory, 2);
    copy("two", pager, memory + PAGE, 2);
    copy("up to one that is there", pager, memory + PAGE * 2, 2);
    zero("zeroes", pager, memory + PAGE * 3, 1, 0);
    zero("zeroes again", pager, memory + PAGE * 3, 1, 0);
    memory[PAGE * 3] += 1;
    say("%.4s %.4s %.4s %d", memory, memory + PAGE, memory + PAGE * 2, memory[PAGE * 3]);
    copy("beyond the area", pager, memory + PAGE * 5, 2);
    zero("zeroes beyond", pager, memory + PAGE * 5, 2, 0);
    copy_from("from nowhere", pager, memory + PAGE * 4, nullptr, 1, 0);
    copy_from("from the kernel", pager, memory + PAGE * 4, (void *)(1ull << 47), 1, 0);
    copy_from("from both", pager, memory + PAGE * 4, (void *)((1ull << 47) - PAGE), 2, 0);
    copy_from("from the end", pager, memory + PAGE * 4, (void *)-4096ll, 1, 0);
    copy_from("from what is not mapped", pager, memory + PAGE * 4, (void *)(PAGE * 64), 1, 0);
    copy_from("from between pages", pager, memory + PAGE * 4, source + 1, 1, 0);
    copy_from("unknown mode", pager, memory + PAGE * 5, source, 1, 4);
    copy_from("write-protected", pager, memory + PAGE * 5, source, 1, 2);
    zero("unknown mode of zeroes", pager, memory + PAGE * 5, 1, 2);
    copy_from("part of a page", pager, memory + PAGE * 5 + 1, source, 1, 0);
    zero("nothing", pager, memory + PAGE * 5, 0, 0);
    show("nowhere", ioctl(pager, UFFDIO_COPY, 8));
    go_on("go on", pager, memory + PAGE * 5, 1, 0);
    say("%.4s", memory + PAGE * 4);
    madvise(memory, 2 * PAGE, MADV_DONTNEED);
    copy("dropped", pager, memory, 2);
    copy_from("from itself", pager, memory + PAGE * 5, memory + 2 * PAGE, 1, 0);
    say("%.4s %.4s %.4s", memory, memory + PAGE, memory + PAGE * 5);
    show("leave", leave(pager, memory, 6));
    munmap(memory, 8 * PAGE);
}

static void check_minor(int pager) {
    char *memory = map(4, SHARED);
    char *second = mremap(memory, 0, 4 * PAGE, MREMAP_MAYMOVE);
    memory[0] = 'm';
    memory[2 * PAGE] = 'n';
    show("register", enter(pager, second, 4, MINOR));
    go_on("go on", pager, second, 1, 0);
    go_on("again", pager, second, 1, 0);
    go_on("where nothing is", pager, second + PAGE, 1, 0);
    go_on("up to there", pager, second + 2 * PAGE, 2, 0);
    go_on("unknown mode", pager, second, 1, 8);
    go_on("elsewhere", pager, memory, 1, 0);
    say("%c %c", second[0], second[2 * PAGE]);
    second[PAGE] = 'o';
    say("%c", memory[PAGE]);
    munmap(memory, 4 * PAGE);
    munmap(second, 4 * PAGE);
}

static void check_sigbus(void) {
    int pager = ready(UFFD_FEATURE_SIGBUS);
    char *memory = map(3, ANONYMOUS);
    show("register", enter(pager, memory, 3, MISSING));
    say("%s, %s", read_outcome(memory), write_outcome(memory + 1));
    copy("fill", pager, memory, 1);
    say("%s, %s", read_outcome(memory), write_outcome(memory + 1));
    mprotect(memory + PAGE, PAGE, PROT_READ);
    say("%s", write_outcome(memory + PAGE));
    close(pager);
    munmap(memory, 3 * PAGE);
}

/* What the kernel needs it does not wait for. */
static void check_calls(int pager) {
    char *memory = map(4, ANONYMOUS);
    int ends[2];
    show("register", enter(pager, memory, 4, MISSING));
    show("pipe", pipe(ends));
    show("write from there", write(ends[1], memory, 4));
    show("write", write(ends[1], "abcd", 4));
    show("read to there", read(ends[0], memory + PAGE, 4));
    struct iovec from = {memory, 4}, to = {source, 4};
    show("from itself", process_vm_readv(getpid(), &to, 1, &from, 1, 0));
    show("mlock", mlock(memory, PAGE));
    show("munlock", munlock(memory, PAGE));
    show("populate", madvise(memory, PAGE, POPULATE_READ));
    show("futex", call(futex, memory, 0, 0, nullptr, nullptr, 0));
    unsigned char residency[4];
    show("mincore", mincore(memory, 4 * PAGE, residency));
    say("%d%d%d%d", residency[0] & 1, residency[1] & 1, residency[2] & 1, residency[3] & 1);
    close(ends[0]);
    close(ends[1]);
    munmap(memory, 4 * PAGE);
}

/* Which areas join, and which remember: told by what may be filled, and by mremap over them. */
static void check_areas(int pager) {
    char *memory = map(6, ANONYMOUS);
    show("register the middle", enter(pager, memory + PAGE, 2, MISSING));
    copy("across a border", pager, memory + PAGE * 2, 2);
    show("register the next", enter(pager, memory + PAGE * 3, 1, MISSING));
    copy("across what was one", pager, memory + PAGE * 2, 2);
    mprotect(memory + PAGE, PAGE, PROT_READ);
    copy("what was cut off", pager, memory + PAGE, 1);
    mprotect(memory + PAGE, PAGE, READ_WRITE);
    char *moved =
        mremap(memory + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, map(1, ANONYMOUS));
    show_address("move", moved, moved);
    say("%.4s", moved);
    madvise(moved, PAGE, MADV_DONTNEED);
    copy("what was moved", pager, moved, 1);
    munmap(moved, PAGE);
    moved = mremap(memory + PAGE * 2, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
    say("%.4s", moved);
    copy("what was left", pager, memory + PAGE * 2, 1);
    copy("and moved", pager, moved, 1);
    munmap(moved, PAGE);
    munmap(memory + PAGE * 4, 2 * PAGE);
    show_ok("grow", mremap(memory + PAGE * 3, PAGE, 2 * PAGE, 0) == memory + PAGE * 3 ? 0 : -1);
    copy("what grew", pager, memory + PAGE * 4, 1);
    munmap(memory, 6 * PAGE);
    memory = map(6, ANONYMOUS);
    show("register the last", enter(pager, memory + PAGE * 2, 1, MISSING));
    constexpr int there = MREMAP_MAYMOVE | MREMAP_FIXED;
    show_ok("move two areas",
            mremap(memory + PAGE, 2 * PAGE, 2 * PAGE, there, memory + 4 * PAGE) == MAP_FAILED ? -1
                                                                                              : 0);
    say("%s %s", read_outcome(memory + PAGE), read_outcome(memory + PAGE * 4));
    show("register the first", enter(pager, memory, 1, MISSING));
    show_ok("move them",
            mremap(memory, 2 * PAGE, 2 * PAGE, there, memory + 4 * PAGE) == MAP_FAILED ? -1 : 0);
    munmap(memory, 6 * PAGE);
}

static int parents;
static char *parents_memory;

static void use_as_child(void) {
    say("child: %d", parents_memory[PAGE]);
    copy("child's own", parents, parents_memory, 1);
    _exit(parents_memory[0]);
}

static void check_fork(void) {
    parents = ready(0);
    parents_memory = map(4, ANONYMOUS);
    show("register", enter(parents, parents_memory, 4, MISSING));
    show_child("a child's pages are its own", use_as_child);
    copy("filled by the child", parents, parents_memory, 1);
    say("%.4s", parents_memory);
    close(parents);
    munmap(parents_memory, 4 * PAGE);
}

/* A descriptor of memory that has gone. */
static void check_gone(void) {
    int pair[2];
    show("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    char room[CMSG_SPACE(sizeof(int))] = {}, byte = 'x';
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = room};
    message.msg_controllen = sizeof(room);
    struct cmsghdr *control = CMSG_FIRSTHDR(&message);
    char *memory = map(1, ANONYMOUS);
    pid_t child = fork();
    if (child == 0) {
        int pager = ready(0);
        control->cmsg_len = CMSG_LEN(sizeof(int));
        control->cmsg_level = SOL_SOCKET;
        control->cmsg_type = SCM_RIGHTS;
        memcpy(CMSG_DATA(control), &pager, sizeof(pager));
        enter(pager, memory, 1, MISSING);
        _exit(sendmsg(pair[1], &message, 0) == 1 ? 0 : 1);
    }
    show_end("child", child);
    int pager = -1;
    show("receive", recvmsg(pair[0], &message, 0));
    memcpy(&pager, CMSG_DATA(control), sizeof(pager));
    settle();
    copy("fill", pager, memory, 1);
    zero("zeroes", pager, memory, 1, 0);
    go_on("go on", pager, memory, 1, 0);
    show("register", enter(pager, memory, 1, MISSING));
    show("leave", leave(pager, memory, 1));
    show("wake", wake(pager, memory, 1));
    show("close", close(pager));
    close(pair[0]);
    close(pair[1]);
    munmap(memory, PAGE);
}

int main(void) {
    fill_source();
    check_making();
    check_handshake();
    check_ranges(ready(0));
    check_other(ready(0));
    check_kinds(ready(0));
    check_filling(ready(0), ANONYMOUS);
    check_filling(ready(0), SHARED);
    check_minor(ready(0));
    check_sigbus();
    check_calls(ready(0));
    check_areas(ready(0));
    check_fork();
    check_gone();
    return 0;
}
