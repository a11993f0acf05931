/* madvise: what each advice does to contents, to children, and what it refuses. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr size_t PAGES = 8;

enum advice : int {
    COLD = 20,
    PAGEOUT = 21,
    POPULATE_READ = 22,
    POPULATE_WRITE = 23,
    DONTNEED_LOCKED = 24,
    COLLAPSE = 25,
};

static char *map_kind(int kind, int file) {
    char *pages = mmap(nullptr, PAGES * PAGE, READ_WRITE, kind, file, 0);
    for (size_t i = 0; i < PAGES; i++) {
        pages[i * PAGE] = (char)('A' + i);
    }
    return pages;
}

static char *map_pages(void) {
    return map_kind(MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void check_arguments(void) {
    char *pages = map_pages();
    show("unaligned", call(madvise, pages + 1, PAGE, MADV_DONTNEED));
    show("unknown", call(madvise, pages, PAGE, 99));
    show("negative", call(madvise, pages, PAGE, -1));
    show("nothing", call(madvise, pages, 0, MADV_DONTNEED));
    show("nothing, unknown", call(madvise, pages, 0, 99));
    show("wraps", call(madvise, pages, -1ul, MADV_DONTNEED));
    show("null", call(madvise, nullptr, PAGE, MADV_DONTNEED));
    munmap(pages + 2 * PAGE, PAGE);
    show("over a hole", call(madvise, pages, 4 * PAGE, MADV_DONTNEED));
    say("before %d, after the hole %d", pages[0], pages[3 * PAGE]);
    show("hint over a hole", call(madvise, pages, 4 * PAGE, MADV_WILLNEED));
}

static void check_hints(void) {
    const struct {
        int advice;
        const char *name;
    } hints[] = {
        {MADV_NORMAL, "normal"},       {MADV_RANDOM, "random"}, {MADV_SEQUENTIAL, "sequential"},
        {MADV_WILLNEED, "will need"},  {COLD, "cold"},          {PAGEOUT, "page out"},
        {MADV_DONTDUMP, "don't dump"}, {MADV_DODUMP, "dump"}};
    char *pages = map_pages();
    for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++) {
        long result = call(madvise, pages, PAGES * PAGE, hints[i].advice);
        say("%s: %ld, contents %c%c", hints[i].name, result, pages[0], pages[7 * PAGE]);
    }
}

static void check_dropping(void) {
    char *pages = map_pages();
    show("don't need", call(madvise, pages + PAGE, 2 * PAGE, MADV_DONTNEED));
    say("%c %d %d %c", pages[0], pages[PAGE], pages[2 * PAGE], pages[3 * PAGE]);
    show("rounded up", call(madvise, pages + 4 * PAGE, 1, MADV_DONTNEED));
    say("%d %c", pages[4 * PAGE], pages[5 * PAGE]);
    mprotect(pages + 5 * PAGE, PAGE, PROT_READ);
    show("read only", call(madvise, pages + 5 * PAGE, PAGE, MADV_DONTNEED));
    say("%d", pages[5 * PAGE]);
    show("free", call(madvise, pages, PAGE, MADV_FREE));
    char seen = pages[0];
    pages[0] = 'N';
    say("old or zero %d, new stays %c", seen == 'A' || seen == 0, pages[0]);
    show_ok("lock", mlock(pages + 6 * PAGE, PAGE));
    show("locked, don't need", call(madvise, pages + 6 * PAGE, PAGE, MADV_DONTNEED));
    show("locked, don't need even so", call(madvise, pages + 6 * PAGE, PAGE, DONTNEED_LOCKED));
    say("%d", pages[6 * PAGE]);
}

static void check_files(void) {
    int file = scratch_file("file", PAGES * PAGE);
    char *shared = map_kind(MAP_SHARED, file);
    char *private = mmap(nullptr, PAGES * PAGE, READ_WRITE, MAP_PRIVATE, file, 0);
    private[0] = 'p';
    show("private file", call(madvise, private, PAGE, MADV_DONTNEED));
    show("shared file", call(madvise, shared, PAGE, MADV_DONTNEED));
    say("%c %c", private[0], shared[0]);
    show("free, of a file", call(madvise, private, PAGE, MADV_FREE));
    show("remove, private", call(madvise, private, PAGE, MADV_REMOVE));
    int memory = memfd_create("memory", 0);
    ftruncate(memory, PAGES * PAGE);
    shared = map_kind(MAP_SHARED, memory);
    show("remove", call(madvise, shared + PAGE, PAGE, MADV_REMOVE));
    say("%c %d %c", shared[0], shared[PAGE], shared[2 * PAGE]);
    shared = map_kind(MAP_SHARED | MAP_ANONYMOUS, -1);
    show("don't need, shared", call(madvise, shared, PAGE, MADV_DONTNEED));
    show("remove, shared", call(madvise, shared + PAGE, PAGE, MADV_REMOVE));
    say("%c %d %c", shared[0], shared[PAGE], shared[2 * PAGE]);
    int reading = open("file", O_RDONLY);
    shared = mmap(nullptr, PAGE, PROT_READ, MAP_SHARED, reading, 0);
    show("remove, read only", call(madvise, shared, PAGE, MADV_REMOVE));
}

static char *parents;

static void look_at_parents(void) {
    say("not for children: %s", read_outcome(parents + PAGE));
    say("wiped: %d", parents[2 * PAGE]);
    say("kept: %c %c", parents[3 * PAGE], parents[4 * PAGE]);
}

static void check_children(void) {
    parents = map_pages();
    show("don't fork", call(madvise, parents + PAGE, PAGE, MADV_DONTFORK));
    show("wipe on fork", call(madvise, parents + 2 * PAGE, PAGE, MADV_WIPEONFORK));
    show("don't, do fork", call(madvise, parents + 3 * PAGE, PAGE, MADV_DONTFORK));
    show("do fork", call(madvise, parents + 3 * PAGE, PAGE, MADV_DOFORK));
    show("wipe, keep", call(madvise, parents + 4 * PAGE, PAGE, MADV_WIPEONFORK));
    show("keep", call(madvise, parents + 4 * PAGE, PAGE, MADV_KEEPONFORK));
    show_child("child", look_at_parents);
    say("the parent's: %c%c", parents[PAGE], parents[2 * PAGE]);
    char *shared = map_kind(MAP_SHARED | MAP_ANONYMOUS, -1);
    show("wipe, shared", call(madvise, shared, PAGE, MADV_WIPEONFORK));
}

static void check_populate(void) {
    char *pages = mmap(nullptr, PAGES * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    show("populate to read", call(madvise, pages, PAGE, POPULATE_READ));
    show("populate to write, read only", call(madvise, pages, PAGE, POPULATE_WRITE));
    mprotect(pages, PAGES * PAGE, READ_WRITE);
    show("populate to write", call(madvise, pages, PAGES * PAGE, POPULATE_WRITE));
    mprotect(pages + PAGE, PAGE, PROT_NONE);
    show("populate no access", call(madvise, pages, 2 * PAGE, POPULATE_READ));
    munmap(pages + 2 * PAGE, PAGE);
    show("populate a hole", call(madvise, pages + 2 * PAGE, PAGE, POPULATE_READ));
    int file = scratch_file("short", PAGE);
    char *view = mmap(nullptr, 2 * PAGE, READ_WRITE, MAP_SHARED, file, 0);
    show("populate after the end", call(madvise, view, 2 * PAGE, POPULATE_READ));
}

int main(void) {
    check_arguments();
    check_hints();
    check_dropping();
    check_files();
    check_children();
    check_populate();
}
