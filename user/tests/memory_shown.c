/* What /proc/self/smaps, status, statm and pagemap say after each kind of action. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr size_t PAGES = 16;

static char text[1 << 16];

static const char *slurp(const char *path) {
    int file = open(path, O_RDONLY);
    size_t length = 0;
    ssize_t got;
    while (length < sizeof(text) - 1 &&
           (got = read(file, text + length, sizeof(text) - 1 - length)) > 0) {
        length += (size_t)got;
    }
    text[length] = '\0';
    close(file);
    return text;
}

/* The number behind a name in what `from` holds, in KiB. */
static long field(const char *from, const char *name) {
    const char *at = from ? strstr(from, name) : nullptr;
    return at ? strtol(at + strlen(name), nullptr, 10) : -1;
}

/* The area that begins at the address. */
static const char *area_of(const char *path, const char *address) {
    char begin[32];
    snprintf(begin, sizeof(begin), "%lx-", (unsigned long)address);
    return strstr(slurp(path), begin);
}

static void show_area(const char *what, const char *address) {
    const char *area = area_of("/proc/self/smaps", address);
    char rights[8] = "none";
    unsigned long start = 0, end = 0;
    if (area) {
        sscanf(area, "%lx-%lx %4s", &start, &end, rights);
    }
    say("%s: %s %lu, size %ld, rss %ld, pss %ld, clean %ld %ld, dirty %ld %ld, anonymous %ld, "
        "locked %ld",
        what, rights, (end - start) >> 10, field(area, "\nSize:"), field(area, "\nRss:"),
        field(area, "\nPss:"), field(area, "Shared_Clean:"), field(area, "Private_Clean:"),
        field(area, "Shared_Dirty:"), field(area, "Private_Dirty:"), field(area, "Anonymous:"),
        field(area, "Locked:"));
}

/* The same of a file in memory, whose pages were written to by whoever shares it. */
static void show_view(const char *what, const char *address) {
    const char *area = area_of("/proc/self/smaps", address);
    say("%s: size %ld, rss %ld, pss %ld, anonymous %ld, locked %ld", what, field(area, "\nSize:"),
        field(area, "\nRss:"), field(area, "\nPss:"), field(area, "Anonymous:"),
        field(area, "Locked:"));
}

static const char *const status_names[] = {"VmSize:", "VmLck:", "VmData:", "VmStk:", "VmExe:"};
constexpr size_t STATUS_COUNT = sizeof(status_names) / sizeof(*status_names);
static long before[STATUS_COUNT];

static void note_status(void) {
    slurp("/proc/self/status");
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        before[i] = field(text, status_names[i]);
    }
}

/* How the process's numbers have changed since the last look. */
static void show_change(const char *what) {
    long now[STATUS_COUNT];
    slurp("/proc/self/status");
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        now[i] = field(text, status_names[i]) - before[i];
        before[i] += now[i];
    }
    say("%s: size %ld, locked %ld, data %ld, stack %ld, text %ld", what, now[0], now[1], now[2],
        now[3], now[4]);
}

static void check_status(void) {
    note_status();
    char *pages = mmap(nullptr, PAGES * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    show_change("mapped");
    mprotect(pages, 4 * PAGE, PROT_READ);
    show_change("read only");
    mprotect(pages, 4 * PAGE, PROT_READ | PROT_EXEC);
    show_change("code");
    mlock(pages, 2 * PAGE);
    show_change("locked");
    munlock(pages, 2 * PAGE);
    show_change("unlocked");
    char *twice = mremap(pages + 8 * PAGE, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
    show_change("grown");
    munmap(twice, 8 * PAGE);
    show_change("unmapped");
    char *shared = mmap(nullptr, 4 * PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    show_change("shared");
    mmap(shared, 2 * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    show_change("private over shared");
    mmap(nullptr, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    show_change("without rights");
    mmap(nullptr, 4 * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
    show_change("a stack");
    brk((char *)sbrk(0) + 8 * PAGE);
    show_change("heap");
}

static void check_private(void) {
    char *pages = mmap(nullptr, PAGES * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pages[0] = pages[PAGE] = 1;
    volatile char seen = pages[2 * PAGE];
    (void)seen;
    mprotect(pages + PAGES * PAGE - PAGE, PAGE, PROT_NONE);
    show_area("two written, one read", pages);
    madvise(pages, PAGE, MADV_DONTNEED);
    show_area("one dropped", pages);
    mlock(pages + 4 * PAGE, 2 * PAGE);
    show_area("before what is locked", pages);
    show_area("locked", pages + 4 * PAGE);
    mlock2(pages + 8 * PAGE, 2 * PAGE, MLOCK_ONFAULT);
    show_area("locked on fault", pages + 8 * PAGE);
    pages[8 * PAGE] = 1;
    show_area("one used", pages + 8 * PAGE);
    munlockall();
    show_area("unlocked", pages);
    mprotect(pages, 2 * PAGE, PROT_READ);
    show_area("read only", pages);
    mprotect(pages, 2 * PAGE, PROT_NONE);
    show_area("without rights", pages);
    mprotect(pages, 2 * PAGE, READ_WRITE);
    show_area("as before", pages);
}

static void check_fork(void) {
    char *pages = mmap(nullptr, 4 * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(pages, 1, 3 * PAGE);
    int ready[2], done[2];
    pipe(ready);
    pipe(done);
    char byte = 0;
    pid_t child = fork();
    if (child == 0) {
        pages[0] = 2;
        show_area("the child's", pages);
        write(ready[1], &byte, 1);
        read(done[0], &byte, 1);
        _exit(0);
    }
    read(ready[0], &byte, 1);
    show_area("the parent's", pages);
    pages[PAGE] = 3;
    show_area("and copied", pages);
    write(done[1], &byte, 1);
    waitpid(child, nullptr, 0);
    show_area("alone again", pages);
}

static void check_files(void) {
    int memory = memfd_create("memory", 0);
    ftruncate(memory, 8 * PAGE);
    char *shared = mmap(nullptr, 8 * PAGE, READ_WRITE, MAP_SHARED, memory, 0);
    char *private = mmap(nullptr, 8 * PAGE, READ_WRITE, MAP_PRIVATE, memory, 0);
    shared[0] = 1;
    volatile char seen = shared[PAGE];
    seen = private[0];
    private[PAGE] = 1;
    (void)seen;
    show_view("shared", shared);
    show_view("private", private);
    madvise(shared, 2 * PAGE, MADV_DONTNEED);
    madvise(private, 2 * PAGE, MADV_DONTNEED);
    show_view("shared, dropped", shared);
    show_view("private, dropped", private);
    madvise(shared, 4 * PAGE, 22);
    show_view("shared, populated", shared);
    madvise(private, 4 * PAGE, 23);
    show_view("private, populated to write", private);
    ftruncate(memory, PAGE);
    show_view("shared, cut", shared);
    show_view("private, cut", private);
}

static void check_pagemap(void) {
    char *pages = mmap(nullptr, 8 * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *shared = mmap(nullptr, 2 * PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t entries[8] = {};
    int file = open("/proc/self/pagemap", O_RDONLY);
    pages[0] = shared[0] = 1;
    volatile char seen = pages[PAGE];
    (void)seen;
    pages[2 * PAGE] = 1;
    mprotect(pages + 2 * PAGE, PAGE, PROT_NONE);
    pread(file, entries, sizeof(entries), (off_t)((uintptr_t)pages / PAGE * 8));
    for (size_t i = 0; i < 4; i++) {
        say("page %zu: present %lu, swapped %lu, shared %lu", i, entries[i] >> 63,
            entries[i] >> 62 & 1, entries[i] >> 61 & 1);
    }
    pread(file, entries, 16, (off_t)((uintptr_t)shared / PAGE * 8));
    for (size_t i = 0; i < 2; i++) {
        say("shared page %zu: present %lu, swapped %lu, shared %lu", i, entries[i] >> 63,
            entries[i] >> 62 & 1, entries[i] >> 61 & 1);
    }
    show("unaligned", pread(file, entries, 8, 3));
    show("a part", pread(file, entries, 7, 8));
    close(file);
}

int main(void) {
    check_status();
    check_private();
    check_fork();
    check_files();
    check_pagemap();
    return 0;
}
