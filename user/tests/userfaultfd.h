#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "user/tests/report.h"

/* What programs that try userfaultfd share. */

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

static inline int make(int flags) {
    return (int)call(userfaultfd, UFFD_USER_MODE_ONLY | flags);
}

/* One that does not wait, after the handshake. */
static inline int ready(uint64_t features) {
    int pager = make(O_NONBLOCK | O_CLOEXEC);
    struct uffdio_api api = {.api = UFFD_API, .features = features};
    if (ioctl(pager, UFFDIO_API, &api) != 0) {
        show("handshake", -1);
    }
    return pager;
}

static inline char *map(size_t pages, int flags) {
    return mmap(nullptr, pages * PAGE, READ_WRITE, flags, -1, 0);
}

static inline struct uffdio_range range_of(const void *start, size_t pages) {
    return (struct uffdio_range){(uint64_t)start, pages * PAGE};
}

static inline int enter(int pager, const void *start, size_t pages, uint64_t mode) {
    struct uffdio_register asked = {.range = range_of(start, pages), .mode = mode};
    return ioctl(pager, UFFDIO_REGISTER, &asked);
}

static inline int leave(int pager, const void *start, size_t pages) {
    struct uffdio_range range = range_of(start, pages);
    return ioctl(pager, UFFDIO_UNREGISTER, &range);
}

static inline int wake(int pager, const void *start, size_t pages) {
    struct uffdio_range range = range_of(start, pages);
    return ioctl(pager, UFFDIO_WAKE, &range);
}

/* What came of it, and how much was done by then. */
static inline void say_filled(const char *what, int result, int64_t done) {
    int error = errno;
    char text[32];
    snprintf(text, sizeof(text), "%ld", (long)done);
    say("%s: %s, %s", what, result == 0 ? "ok" : error_name(error),
        done < 0 ? error_name((int)-done) : text);
}

static inline int copy_quietly(int pager, const void *to, size_t pages, uint64_t mode) {
    struct uffdio_copy asked = {(uint64_t)to, (uint64_t)source, pages * PAGE, mode, 0};
    return ioctl(pager, UFFDIO_COPY, &asked);
}

static inline void copy_from(const char *what, int pager, const void *to, const void *from,
                             size_t pages, uint64_t mode) {
    struct uffdio_copy asked = {(uint64_t)to, (uint64_t)from, pages * PAGE, mode, 77};
    int result = ioctl(pager, UFFDIO_COPY, &asked);
    say_filled(what, result, asked.copy);
}

static inline void copy(const char *what, int pager, const void *to, size_t pages) {
    copy_from(what, pager, to, source, pages, 0);
}

static inline void zero(const char *what, int pager, const void *to, size_t pages, uint64_t mode) {
    struct uffdio_pages asked = {range_of(to, pages), mode, 77};
    int result = ioctl(pager, UFFDIO_ZEROPAGE, &asked);
    say_filled(what, result, asked.done);
}

static inline void go_on(const char *what, int pager, const void *to, size_t pages, uint64_t mode) {
    struct uffdio_pages asked = {range_of(to, pages), mode, 77};
    int result = ioctl(pager, UFFDIO_CONTINUE, &asked);
    say_filled(what, result, asked.done);
}

static inline void fill_source(void) {
    for (size_t i = 0; i < 4; i++) {
        memset(source + i * PAGE, 'a' + (int)i, PAGE);
        memcpy(source + i * PAGE, "text", 4);
    }
}
