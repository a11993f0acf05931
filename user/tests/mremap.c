/* mremap: in place, elsewhere, at a fixed place, without unmapping; and what it refuses. */

#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr int DONTUNMAP = 4;

static char *base;

static char *map_pages(size_t count) {
    char *pages = mmap(nullptr, count * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < count; i++) {
        pages[i * PAGE] = (char)('a' + i);
    }
    return pages;
}

static char *remap(void *from, size_t old_size, size_t new_size, int flags, void *to) {
    return (char *)call(mremap, from, old_size, new_size, flags, to);
}

static void check_arguments(void) {
    char *free_place = base + 32 * PAGE;
    munmap(free_place, 8 * PAGE);
    show_address("unaligned", base, remap(base + 1, PAGE, PAGE, 0, nullptr));
    show_address("to no bytes", base, remap(base, PAGE, 0, 0, nullptr));
    show_address("unknown flag", base, remap(base, PAGE, PAGE, 8, nullptr));
    show_address("fixed, may not move", base, remap(base, PAGE, PAGE, MREMAP_FIXED, free_place));
    show_address("not unmapped, may not move", base, remap(base, PAGE, PAGE, DONTUNMAP, nullptr));
    show_address("not unmapped, other size", base,
                 remap(base, PAGE, 2 * PAGE, DONTUNMAP | MREMAP_MAYMOVE, nullptr));
    show_address("fixed, unaligned", base,
                 remap(base, PAGE, PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, free_place + 1));
    show_address("fixed, overlaps", base,
                 remap(base, 2 * PAGE, 2 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, base + PAGE));
    show_address("fixed, in the kernel", base,
                 remap(base, PAGE, PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, (void *)-PAGE));
    show_address("not mapped", base, remap(free_place, PAGE, 2 * PAGE, MREMAP_MAYMOVE, nullptr));
    show_address("runs into a hole", base,
                 remap(base + 31 * PAGE, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE, nullptr));
    show_address("too large", base, remap(base, PAGE, 1ul << 47, MREMAP_MAYMOVE, nullptr));
    show_address("old size wraps", base, remap(base, -PAGE, PAGE, MREMAP_MAYMOVE, nullptr));
    show_address("private, from no bytes", base, remap(base, 0, PAGE, MREMAP_MAYMOVE, nullptr));
}

static void check_in_place(void) {
    char *pages = map_pages(8);
    show_address("same size", pages, remap(pages, 8 * PAGE, 8 * PAGE, 0, nullptr));
    show_address("shorter", pages, remap(pages, 8 * PAGE, 4 * PAGE, 0, nullptr));
    say("cut off: %s", read_outcome(pages + 4 * PAGE));
    show_address("longer", pages, remap(pages, 4 * PAGE, 6 * PAGE, 0, nullptr));
    say("contents %c, new %d", pages[3 * PAGE], pages[4 * PAGE]);
    show_address("sizes are rounded", pages, remap(pages, 6 * PAGE - 1, 5 * PAGE + 1, 0, nullptr));
    show_address("the middle, may not move", pages,
                 remap(pages + PAGE, PAGE, 2 * PAGE, 0, nullptr));
    show_address("the middle, shorter", pages, remap(pages + PAGE, 2 * PAGE, PAGE, 0, nullptr));
    say("the hole: %s, after it %c", read_outcome(pages + 2 * PAGE), pages[3 * PAGE]);
    munmap(pages, 8 * PAGE);
}

static void check_moving(void) {
    char *pages = map_pages(4);
    char *moved = remap(pages + PAGE, PAGE, 3 * PAGE, MREMAP_MAYMOVE, nullptr);
    say("moved %d: %c %d, the old place %s", moved != pages + PAGE, moved[0], moved[PAGE],
        read_outcome(pages + PAGE));
    char *place = map_pages(4);
    char *fixed = remap(pages, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place + 2 * PAGE);
    show_address("fixed", place, fixed);
    say("replaced: %c %c %c %c", place[0], place[PAGE], place[2 * PAGE], place[3 * PAGE]);
    fixed = remap(place, 2 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, pages);
    show_address("fixed and shorter", pages, fixed);
    say("what was cut off: %s", read_outcome(place + PAGE));
    mprotect(pages, PAGE, PROT_READ);
    moved = remap(pages, PAGE, 2 * PAGE, MREMAP_MAYMOVE, nullptr);
    say("rights move too: %s", write_outcome(moved + PAGE));
}

static void check_dont_unmap(void) {
    char *pages = map_pages(3);
    char *twin = remap(pages, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | DONTUNMAP, nullptr);
    say("twin %c%c%c, original %d %d", twin[0], twin[PAGE], twin[2 * PAGE], pages[0], pages[PAGE]);
    say("original can be written: %s", write_outcome(pages));
    say("twin is apart: %c", twin[0]);
}

static void check_files(void) {
    int file = scratch_file("file", 6 * PAGE);
    char *shared = mmap(nullptr, 2 * PAGE, READ_WRITE, MAP_SHARED, file, PAGE);
    shared = remap(shared, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE, nullptr);
    say("a file goes on: %c%c%c%c", shared[0], shared[PAGE], shared[2 * PAGE], shared[3 * PAGE]);
    char *second = remap(shared + PAGE, 0, 2 * PAGE, MREMAP_MAYMOVE, nullptr);
    second[0] = 'S';
    say("from no bytes, a second view: %c%c %c", second[0], second[PAGE], shared[PAGE]);
    char *whole = map_pages(4);
    mprotect(whole + PAGE, PAGE, PROT_READ);
    show_address("two areas, longer", whole,
                 remap(whole, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE, nullptr));
}

static void limited(void) {
    char *pages = map_pages(4);
    struct rlimit space = {32 << 20, 32 << 20};
    setrlimit(RLIMIT_AS, &space);
    show_address("beyond RLIMIT_AS", pages,
                 remap(pages, 4 * PAGE, 64 << 20, MREMAP_MAYMOVE, nullptr));
    say("still there: %c", pages[3 * PAGE]);
}

int main(void) {
    base = map_pages(40);
    check_arguments();
    check_in_place();
    check_moving();
    check_dont_unmap();
    check_files();
    show_child("limits", limited);
}
