/* mincore, msync and the mlock family. */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr size_t PAGES = 8;

static char *map_pages(void) {
    return mmap(nullptr, PAGES * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void show_core(const char *what, char *pages) {
    unsigned char core[PAGES];
    char line[PAGES + 1] = {};
    long result = call(mincore, pages, PAGES * PAGE, core);
    for (size_t i = 0; i < PAGES; i++) {
        line[i] = (char)('0' + (core[i] & 1));
    }
    say("%s: %s", what, result == 0 ? line : error_name(errno));
}

static void check_mincore(void) {
    char *pages = map_pages();
    unsigned char core[PAGES];
    show("unaligned", call(mincore, pages + 1, PAGE, core));
    show("nothing", call(mincore, pages, 0, core));
    show("to the null page", call(mincore, pages, PAGE, nullptr));
    show("wraps", call(mincore, pages, -PAGE, core));
    show("null page", call(mincore, nullptr, PAGE, core));
    show_core("untouched", pages);
    pages[PAGE] = pages[3 * PAGE] = 1;
    show_core("two touched", pages);
    madvise(pages + PAGE, PAGE, MADV_DONTNEED);
    show_core("one dropped", pages);
    mprotect(pages + 3 * PAGE, PAGE, PROT_NONE);
    show_core("one closed", pages);
    munmap(pages + 7 * PAGE, PAGE);
    show_core("a hole", pages);
    char *populated =
        mmap(nullptr, PAGES * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    show_core("populated", populated);
}

static void check_msync(void) {
    char *pages = map_pages();
    int file = scratch_file("file", PAGES * PAGE);
    char *view = mmap(nullptr, PAGES * PAGE, READ_WRITE, MAP_SHARED, file, 0), byte = 0;
    show("sync unaligned", call(msync, pages + 1, PAGE, MS_SYNC));
    show("sync both ways", call(msync, pages, PAGE, MS_SYNC | MS_ASYNC));
    show("sync unknown", call(msync, pages, PAGE, 8));
    show("sync nothing", call(msync, pages, 0, MS_SYNC));
    show("sync no flags", call(msync, pages, PAGE, 0));
    show("sync wraps", call(msync, pages, -1ul, MS_SYNC));
    show("sync null", call(msync, nullptr, PAGE, MS_SYNC));
    show("sync anonymous", call(msync, pages, PAGE, MS_SYNC));
    view[0] = 'V';
    show("sync a file", call(msync, view, PAGES * PAGE, MS_SYNC));
    show("sync later", call(msync, view, PAGE, MS_ASYNC));
    show("invalidate", call(msync, view, PAGE, MS_INVALIDATE));
    pread(file, &byte, 1, 0);
    say("in the file: %c", byte);
    show_ok("lock", mlock(view, PAGE));
    show("invalidate what is locked", call(msync, view, PAGE, MS_INVALIDATE));
    munmap(view + PAGE, PAGE);
    show("sync over a hole", call(msync, view, 3 * PAGE, MS_SYNC));
    show("sync later over a hole", call(msync, view, 3 * PAGE, MS_ASYNC));
}

static void check_mlock(void) {
    char *pages = map_pages();
    show("lock two", call(mlock, pages + PAGE, 2 * PAGE));
    show_core("locked", pages);
    show("lock within pages", call(mlock, pages + 4 * PAGE + 5, 1));
    show_core("one more", pages);
    show("lock nothing", call(mlock, pages, 0));
    show("lock wraps", call(mlock, pages, -1ul));
    show("lock on fault", call(mlock2, pages + 6 * PAGE, PAGE, MLOCK_ONFAULT));
    show_core("not yet", pages);
    show("lock, unknown flag", call(mlock2, pages, PAGE, 2));
    show("unlock", call(munlock, pages, PAGES * PAGE));
    munmap(pages + 5 * PAGE, PAGE);
    show("lock over a hole", call(mlock, pages + 4 * PAGE, 3 * PAGE));
    show("unlock over a hole", call(munlock, pages, PAGES * PAGE));
    mprotect(pages + 3 * PAGE, PAGE, PROT_NONE);
    show("lock no access", call(mlock, pages + 3 * PAGE, PAGE));
}

static void check_mlockall(void) {
    show("all, no flags", call(mlockall, 0));
    show("all, unknown flag", call(mlockall, 8));
    show("all, on fault alone", call(mlockall, MCL_ONFAULT));
    show("all of the future", call(mlockall, MCL_FUTURE));
    show_core("born locked", map_pages());
    show("no more", call(munlockall));
    show_core("born free", map_pages());
}

static void limited(void) {
    struct rlimit four = {4 * PAGE, 4 * PAGE}, none = {0, 0};
    char *pages = map_pages();
    setrlimit(RLIMIT_MEMLOCK, &four);
    show("four pages", call(mlock, pages, 4 * PAGE));
    show("the same again", call(mlock, pages, 4 * PAGE));
    show("a fifth", call(mlock, pages + 4 * PAGE, PAGE));
    show("everything", call(mlockall, MCL_CURRENT));
    setrlimit(RLIMIT_MEMLOCK, &none);
    show("none allowed", call(mlock, pages + 4 * PAGE, PAGE));
    show("none allowed, all", call(mlockall, MCL_FUTURE));
}

/* Reserves nothing but tables, and would take seconds. */
static pid_t begin_filling(void) {
    constexpr size_t much = (size_t)16 << 30;
    pid_t child = fork();
    if (child == 0) {
        mmap(nullptr, much, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE,
             -1, 0);
        _exit(0);
    }
    return child;
}

static void check_killing(void) {
    struct timespec before, after;
    pid_t child = begin_filling();
    usleep(50'000);
    clock_gettime(CLOCK_MONOTONIC, &before);
    kill(child, SIGKILL);
    show_end("fills much", child);
    clock_gettime(CLOCK_MONOTONIC, &after);
    say("and ends at once: %d", after.tv_sec - before.tv_sec < 5);
}

static char *locked;

static void locked_in_child(void) {
    show("a child unlocks", call(madvise, locked, PAGE, MADV_DONTNEED));
}

int main(void) {
    check_mincore();
    check_msync();
    check_mlock();
    show_child("limits", limited);
    check_mlockall();
    locked = map_pages();
    mlock(locked, PAGE);
    show("locked", call(madvise, locked, PAGE, MADV_DONTNEED));
    check_killing();
    show_child("locks are not inherited", locked_in_child);
}
