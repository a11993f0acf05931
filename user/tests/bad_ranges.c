/* Each call that takes a range, with every kind of range: what it answers, and what is left then.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr size_t PAGES = 8;
constexpr int POPULATE_READ = 22;

/* Written to, but for a hole in the middle. */
static char *base;
static int file;

typedef long range_call(char *address, size_t size);

static long map_anonymous(char *address, size_t size) {
    long result = call(mmap, address, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return result == -1 ? -1 : 0;
}

static long map_fixed(char *address, size_t size) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    return call(mmap, address, size, PROT_READ, flags, -1, 0) == -1 ? -1 : 0;
}

static long map_carefully(char *address, size_t size) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    return call(mmap, address, size, PROT_READ, flags, -1, 0) == -1 ? -1 : 0;
}

static long map_file_at(char *offset, size_t size) {
    return call(mmap, nullptr, size, PROT_READ, MAP_PRIVATE, file, offset) == -1 ? -1 : 0;
}

static long unmap(char *address, size_t size) {
    return call(munmap, address, size);
}

static long protect(char *address, size_t size) {
    return call(mprotect, address, size, PROT_READ);
}

static long grow(char *address, size_t size) {
    return call(mremap, address, PAGE, size, MREMAP_MAYMOVE) == -1 ? -1 : 0;
}

static long shrink(char *address, size_t size) {
    return call(mremap, address, size, PAGE, 0) == -1 ? -1 : 0;
}

static long move_to(char *address, size_t size) {
    const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    return call(mremap, base, PAGE, size, flags, address) == -1 ? -1 : 0;
}

/* Not what the process itself needs. */
static long give_away(char *address, size_t size) {
    return size == 1ul << 47 || size == 1ul << 63 ? -2
                                                  : call(madvise, address, size, MADV_DONTNEED);
}

static long advise_reading(char *address, size_t size) {
    return size == 1ul << 47 || size == 1ul << 63 ? -2
                                                  : call(madvise, address, size, MADV_SEQUENTIAL);
}

static long populate(char *address, size_t size) {
    return size > 1 << 20 ? -2 : call(madvise, address, size, POPULATE_READ);
}

static long synchronise(char *address, size_t size) {
    return call(msync, address, size, MS_SYNC);
}

static long lock(char *address, size_t size) {
    return size > 1 << 20 ? -2 : call(mlock, address, size);
}

static long unlock(char *address, size_t size) {
    return call(munlock, address, size);
}

static long ask_residency(char *address, size_t size) {
    static unsigned char answer[PAGES * 4];
    return call(mincore, address, size, answer);
}

static long attach(char *address, size_t) {
    int id = shmget(IPC_PRIVATE, PAGE, 0600);
    long result = call(shmat, id, address, 0) == -1 ? -1 : 0;
    int error = errno;
    shmctl(id, IPC_RMID, nullptr);
    errno = error;
    return result;
}

static long read_own(char *address, size_t size) {
    static char bytes[16];
    struct iovec local = {bytes, sizeof(bytes)}, remote = {address, size};
    return call(process_vm_readv, getpid(), &local, 1, &remote, 1, 0);
}

static const struct {
    const char *name;
    range_call *function;
} calls[] = {
    {"mmap", map_anonymous},
    {"mmap, fixed", map_fixed},
    {"mmap, not replacing", map_carefully},
    {"mmap, offset", map_file_at},
    {"munmap", unmap},
    {"mprotect", protect},
    {"mremap, to a size", grow},
    {"mremap, from a size", shrink},
    {"mremap, to a place", move_to},
    {"madvise, not needed", give_away},
    {"madvise, in order", advise_reading},
    {"madvise, populate", populate},
    {"msync", synchronise},
    {"mlock", lock},
    {"munlock", unlock},
    {"mincore", ask_residency},
    {"shmat", attach},
    {"process_vm_readv", read_own},
};

static const size_t sizes[] = {
    0, 1, PAGE, 2 * PAGE, 2 * PAGES *PAGE, 1ul << 47, 1ul << 63, -2 * PAGE, -PAGE + 1, (size_t)-1,
};

constexpr int PLACES = 8;

static char *place(int number) {
    char *const places[PLACES] = {
        base,
        base + 1,
        base + 3 * PAGE,
        base - PAGE,
        nullptr,
        (char *)((1ul << 47) - 2 * PAGE),
        (char *)(1ul << 63),
        (char *)-PAGE,
    };
    return places[number];
}

static const char *const place_names[PLACES] = {
    "start", "unaligned", "before the hole", "before all", "null", "top", "half", "last",
};

/* Which pages are still there: a letter each, as they were written, or a dot. */
static void describe_pages(char *text) {
    int ends[2];
    pipe(ends);
    for (size_t i = 0; i < PAGES; i++) {
        char seen = '.';
        if (write(ends[1], base + i * PAGE, 1) == 1) {
            read(ends[0], &seen, 1);
        }
        text[i] = seen == 0 ? '0' : seen;
    }
    text[PAGES] = '\0';
}

/* Leaves by a pipe, since a range may be all of the process. */
static void try_range(range_call *function, char *address, size_t size) {
    static char line[40];
    errno = 0;
    long result = function(address, size);
    const char *error = result == -1 ? error_name(errno) : result == -2 ? "-" : "ok";
    size_t length = strlen(error);
    memcpy(line, error, length);
    line[length++] = ' ';
    describe_pages(line + length);
    write(STDOUT_FILENO, line, strlen(line));
    _exit(0);
}

static void try_places(const char *name, range_call *function, int where) {
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        int ends[2];
        char said[60] = "";
        int status;
        pipe(ends);
        pid_t child = fork();
        if (child == 0) {
            dup2(ends[1], STDOUT_FILENO);
            try_range(function, place(where), sizes[i]);
        }
        close(ends[1]);
        read(ends[0], said, sizeof(said) - 1);
        close(ends[0]);
        waitpid(child, &status, 0);
        say("%s, %s, %#zx: %s", name, place_names[where], sizes[i],
            said[0] ? said : end_name(status));
    }
}

int main(void) {
    char *all = mmap(nullptr, 8 * PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    base = all + PAGES * PAGE;
    munmap(all, 8 * PAGES * PAGE);
    mmap(base, PAGES * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    for (size_t i = 0; i < PAGES; i++) {
        base[i * PAGE] = (char)('a' + i);
    }
    munmap(base + 4 * PAGE, PAGE);
    file = scratch_file("file", 2 * PAGE);
    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        for (int where = 0; where < PLACES; where++) {
            try_places(calls[i].name, calls[i].function, where);
        }
    }
}
