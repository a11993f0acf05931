/* userfaultfd: who fills the pages that are missing, and what the others see meanwhile. */

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

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr int ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS;
constexpr int SHARED = MAP_SHARED | MAP_ANONYMOUS;

/* linux/userfaultfd.h */
constexpr int UFFD_USER_MODE_ONLY = 1;
constexpr uint64_t UFFD_API = 0xaa;
constexpr uint64_t MISSING = 1, MINOR = 4;
constexpr uint64_t UFFD_FEATURE_EVENT_FORK = 1 << 1, UFFD_FEATURE_MISSING_SHMEM = 1 << 5,
                   UFFD_FEATURE_SIGBUS = 1 << 7, UFFD_FEATURE_THREAD_ID = 1 << 8,
                   UFFD_FEATURE_MINOR_SHMEM = 1 << 10, UFFD_FEATURE_EXACT_ADDRESS = 1 << 11;
constexpr uint64_t DONT_WAKE = 1;
constexpr int POPULATE_READ = 22; /* MADV_POPULATE_READ */
constexpr int _UFFDIO_WAKE = 2, _UFFDIO_COPY = 3, _UFFDIO_ZEROPAGE = 4, _UFFDIO_CONTINUE = 7;

struct uffdio_api {
    uint64_t api, features, ioctls;
};

struct uffdio_range {
    uint64_t start, len;
};

struct uffdio_register {
    struct uffdio_range range;
    uint64_t mode, ioctls;
};

struct uffdio_copy {
    uint64_t dst, src, len, mode;
    int64_t copy;
};

struct uffdio_pages {
    struct uffdio_range range;
    uint64_t mode;
    int64_t done;
};

struct uffd_msg {
    uint8_t event, reserved[7];
    uint64_t flags, address, thread;
};

constexpr unsigned long UFFDIO_API = _IOWR(0xaa, 0x3f, struct uffdio_api);
constexpr unsigned long UFFDIO_REGISTER = _IOWR(0xaa, 0, struct uffdio_register);
constexpr unsigned long UFFDIO_UNREGISTER = _IOR(0xaa, 1, struct uffdio_range);
constexpr unsigned long UFFDIO_WAKE = _IOR(0xaa, 2, struct uffdio_range);
constexpr unsigned long UFFDIO_COPY = _IOWR(0xaa, 3, struct uffdio_copy);
constexpr unsigned long UFFDIO_ZEROPAGE = _IOWR(0xaa, 4, struct uffdio_pages);
constexpr unsigned long UFFDIO_CONTINUE = _IOWR(0xaa, 7, struct uffdio_pages);

/* Bits that only some kernels have are left out. */
constexpr uint64_t REQUESTS =
    1 << _UFFDIO_WAKE | 1 << _UFFDIO_COPY | 1 << _UFFDIO_ZEROPAGE | 1 << _UFFDIO_CONTINUE;
constexpr uint64_t FEATURES = UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_SIGBUS |
                              UFFD_FEATURE_THREAD_ID | UFFD_FEATURE_MINOR_SHMEM |
                              UFFD_FEATURE_EXACT_ADDRESS;

static char source[4 * PAGE] __attribute__((aligned(4096)));

static int make(int flags) {
    return (int)call(userfaultfd, UFFD_USER_MODE_ONLY | flags);
}

/* One that does not wait, after the handshake. */
static int ready(uint64_t features) {
    int pager = make(O_NONBLOCK | O_CLOEXEC);
    struct uffdio_api api = {.api = UFFD_API, .features = features};
    if (ioctl(pager, UFFDIO_API, &api) != 0) {
        show("handshake", -1);
    }
    return pager;
}

static char *map(size_t pages, int flags) {
    return mmap(nullptr, pages * PAGE, READ_WRITE, flags, -1, 0);
}

static struct uffdio_range range_of(const void *start, size_t pages) {
    return (struct uffdio_range){(uint64_t)start, pages * PAGE};
}

static int enter(int pager, const void *start, size_t pages, uint64_t mode) {
    struct uffdio_register asked = {.range = range_of(start, pages), .mode = mode};
    return ioctl(pager, UFFDIO_REGISTER, &asked);
}

static int leave(int pager, const void *start, size_t pages) {
    struct uffdio_range range = range_of(start, pages);
    return ioctl(pager, UFFDIO_UNREGISTER, &range);
}

static int wake(int pager, const void *start, size_t pages) {
    struct uffdio_range range = range_of(start, pages);
    return ioctl(pager, UFFDIO_WAKE, &range);
}

/* What came of it, and how much was done by then. */
static void say_filled(const char *what, int result, int64_t done) {
    int error = errno;
    char text[32];
    snprintf(text, sizeof(text), "%ld", (long)done);
    say("%s: %s, %s", what, result == 0 ? "ok" : error_name(error),
        done < 0 ? error_name((int)-done) : text);
}

static int copy_quietly(int pager, const void *to, size_t pages, uint64_t mode) {
    struct uffdio_copy asked = {(uint64_t)to, (uint64_t)source, pages * PAGE, mode, 0};
    return ioctl(pager, UFFDIO_COPY, &asked);
}

static void copy_from(const char *what, int pager, const void *to, const void *from, size_t pages,
                      uint64_t mode) {
    struct uffdio_copy asked = {(uint64_t)to, (uint64_t)from, pages * PAGE, mode, 77};
    int result = ioctl(pager, UFFDIO_COPY, &asked);
    say_filled(what, result, asked.copy);
}

static void copy(const char *what, int pager, const void *to, size_t pages) {
    copy_from(what, pager, to, source, pages, 0);
}

static void zero(const char *what, int pager, const void *to, size_t pages, uint64_t mode) {
    struct uffdio_pages asked = {range_of(to, pages), mode, 77};
    int result = ioctl(pager, UFFDIO_ZEROPAGE, &asked);
    say_filled(what, result, asked.done);
}

static void go_on(const char *what, int pager, const void *to, size_t pages, uint64_t mode) {
    struct uffdio_pages asked = {range_of(to, pages), mode, 77};
    int result = ioctl(pager, UFFDIO_CONTINUE, &asked);
    say_filled(what, result, asked.done);
}

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

/* Somebody who touches memory. */
struct toucher {
    pthread_t thread;
    char *at;
    char found;
    bool writes;
    _Atomic pid_t number;
};

static void *touch(void *context) {
    struct toucher *toucher = context;
    toucher->number = gettid();
    if (toucher->writes) {
        *(volatile char *)toucher->at = 'w';
    }
    toucher->found = *(volatile char *)toucher->at;
    return nullptr;
}

static void start(struct toucher *toucher, char *at, bool writes) {
    *toucher = (struct toucher){.at = at, .writes = writes};
    pthread_create(&toucher->thread, nullptr, touch, toucher);
    settle();
}

static void end(const char *what, struct toucher *toucher) {
    pthread_join(toucher->thread, nullptr);
    say("%s: found %d", what, toucher->found);
}

static void say_message(int pager, const char *base, const struct toucher *toucher) {
    struct uffd_msg message;
    ssize_t size = read(pager, &message, sizeof(message));
    if (size != sizeof(message)) {
        show("  message", size);
        return;
    }
    say("  event %#x, flags %llu, at %#llx, %s", message.event, (unsigned long long)message.flags,
        (unsigned long long)message.address - (uint64_t)base,
        message.thread == (uint64_t)toucher->number ? "its thread" : "a thread");
}

static void check_faults(int pager, int flags) {
    struct toucher first, second;
    char *memory = map(4, flags);
    struct pollfd poller = {.fd = pager, .events = POLLIN};
    show("register", enter(pager, memory, 4, MISSING));
    start(&first, memory + 5, false);
    show("poll", poll(&poller, 1, 1000));
    say("  %#x", (unsigned)poller.revents);
    say_message(pager, memory, &first);
    show("read again", read(pager, source, sizeof(struct uffd_msg)));
    show("poll again", poll(&poller, 1, 0));
    copy("fill", pager, memory, 1);
    end("reader", &first);
    start(&first, memory + PAGE, true);
    start(&second, memory + PAGE * 2 + 9, false);
    say_message(pager, memory, &first);
    say_message(pager, memory, &second);
    zero("zeroes for both", pager, memory + PAGE, 2, 0);
    end("writer", &first);
    end("reader", &second);
    start(&first, memory + PAGE * 3, true);
    copy_from("without waking", pager, memory + PAGE * 3, source, 1, DONT_WAKE);
    show("still to be read", poll(&poller, 1, 0));
    show("wake elsewhere", wake(pager, memory, 3));
    show("still to be read", poll(&poller, 1, 0));
    show("wake", wake(pager, memory + PAGE * 3, 1));
    end("woken", &first);
    show("nothing to be read", poll(&poller, 1, 0));
    munmap(memory, 4 * PAGE);
}

static void check_ends(int features) {
    struct toucher first;
    int pager = ready((uint64_t)features);
    char *memory = map(4, ANONYMOUS);
    show("register", enter(pager, memory, 4, MISSING));
    start(&first, memory, false);
    say_message(pager, memory, &first);
    show("woken in vain", wake(pager, memory, 1));
    settle();
    say_message(pager, memory, &first);
    show("leave", leave(pager, memory, 2));
    end("left", &first);
    start(&first, memory + PAGE * 2, true);
    close(pager);
    end("closed", &first);
    say("%s", read_outcome(memory + PAGE * 3));
    munmap(memory, 4 * PAGE);
}

static void check_minor_faults(void) {
    struct toucher first;
    int pager = ready(UFFD_FEATURE_THREAD_ID | UFFD_FEATURE_EXACT_ADDRESS);
    char *memory = map(2, SHARED);
    char *second = mremap(memory, 0, 2 * PAGE, MREMAP_MAYMOVE);
    memory[7] = 'm';
    show("register", enter(pager, second, 2, MISSING | MINOR));
    start(&first, second + 7, false);
    say_message(pager, second, &first);
    go_on("go on", pager, second, 1, 0);
    end("minor", &first);
    start(&first, second + PAGE + 8, true);
    say_message(pager, second, &first);
    copy("fill", pager, second + PAGE, 1);
    end("missing", &first);
    say("%.4s", memory + PAGE);
    close(pager);
    munmap(memory, 2 * PAGE);
    munmap(second, 2 * PAGE);
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

static volatile sig_atomic_t signals;

static void count_signal(int) {
    signals++;
}

/* A signal comes to who waits, and then there is another message. */
static void check_signal(void) {
    struct toucher first;
    int pager = ready(UFFD_FEATURE_THREAD_ID);
    char *memory = map(1, ANONYMOUS);
    signal(SIGUSR1, count_signal);
    show("register", enter(pager, memory, 1, MISSING));
    start(&first, memory, true);
    say_message(pager, memory, &first);
    pthread_kill(first.thread, SIGUSR1);
    settle();
    say("signals: %d", signals);
    say_message(pager, memory, &first);
    copy("fill", pager, memory, 1);
    end("after the signal", &first);
    close(pager);
    munmap(memory, PAGE);
}

static void wait_for_ever(void) {
    int pager = ready(0);
    char *memory = map(1, ANONYMOUS);
    enter(pager, memory, 1, MISSING);
    alarm(1);
    _exit(*(volatile char *)memory);
}

static void check_killed(void) {
    signal(SIGALRM, SIG_DFL);
    show_child("nobody fills it", wait_for_ever);
}

/* Somebody who reads, and somebody who polls, before there is anything. */
static void *serve(void *context) {
    struct toucher *toucher = context;
    int pager = (int)(long)toucher->at;
    int set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(set, EPOLL_CTL_ADD, pager, &event);
    for (int i = 0; i < 3; i++) {
        struct uffd_msg message;
        if (epoll_wait(set, &event, 1, 10000) != 1 ||
            read(pager, &message, sizeof(message)) != sizeof(message)) {
            show("serve", -1);
            break;
        }
        copy_quietly(pager, (void *)message.address, 1, 0);
    }
    close(set);
    return nullptr;
}

static void check_server(void) {
    int pager = ready(0);
    struct toucher server = {.at = (char *)(long)pager};
    char *memory = map(3, ANONYMOUS);
    show("register", enter(pager, memory, 3, MISSING));
    pthread_create(&server.thread, nullptr, serve, &server);
    settle();
    say("%c %c %c", memory[0], memory[PAGE * 2], memory[PAGE + 1]);
    pthread_join(server.thread, nullptr);
    close(pager);
    munmap(memory, 3 * PAGE);
}

int main(void) {
    for (size_t i = 0; i < 4; i++) {
        memset(source + i * PAGE, 'a' + (int)i, PAGE);
        memcpy(source + i * PAGE, "text", 4);
    }
    check_making();
    check_handshake();
    check_ranges(ready(0));
    check_other(ready(0));
    check_kinds(ready(0));
    check_filling(ready(0), ANONYMOUS);
    check_filling(ready(0), SHARED);
    check_minor(ready(0));
    check_faults(ready(UFFD_FEATURE_THREAD_ID), ANONYMOUS);
    check_faults(ready(UFFD_FEATURE_THREAD_ID | UFFD_FEATURE_EXACT_ADDRESS), SHARED);
    check_ends(UFFD_FEATURE_THREAD_ID);
    check_minor_faults();
    check_sigbus();
    check_calls(ready(0));
    check_areas(ready(0));
    check_fork();
    check_gone();
    check_signal();
    check_killed();
    check_server();
    return 0;
}
