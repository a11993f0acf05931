/* brk: the heap's end, its contents, its neighbours and its limit. */

#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "user/tests/report.h"

static char *start;

static char *move(void *end) {
    return (char *)call(brk, end);
}

static void check_moves(void) {
    show_address("where it is", start, move(nullptr));
    show_address("up", start, move(start + 3 * PAGE + 5));
    say("the last byte: %s", write_outcome(start + 3 * PAGE + 4));
    say("the rest of its page: %s", write_outcome(start + 4 * PAGE - 1));
    say("the next page: %s", read_outcome((char *)(((uintptr_t)start + 4 * PAGE + 5) & -PAGE)));
    start[2 * PAGE] = 'x';
    show_address("down", start, move(start + PAGE));
    show_address("up again", start, move(start + 3 * PAGE));
    say("zero again: %d", start[2 * PAGE]);
    start[10] = 'y';
    show_address("within a page, down", start, move(start + 5));
    show_address("within a page, up", start, move(start + 20));
    say("not zeroed within its page: %c", start[10]);
    show_address("same", start, move(start + 20));
}

static void check_refusals(void) {
    show_address("below the start", start, move(start - 1));
    show_address("to 1", start, move((void *)1));
    show_address("into the kernel", start, move((void *)0xffff800000000000));
    show_address("not canonical", start, move((void *)0x800000000000));
    show_address("the top", start, move((void *)0x7ffffffff000));
    show_address("all ones", start, move((void *)-1ul));
}

static void check_neighbour(void) {
    char *after = start + 64 * PAGE;
    char *wall = mmap(after, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    show_address("a wall", after, wall);
    show_address("up to the wall", start, move(start + 64 * PAGE));
    show_address("a page from the wall", start, move(start + 63 * PAGE));
    show_address("into the wall", start, move(start + 64 * PAGE + 1));
    show_address("over the wall", start, move(start + 70 * PAGE));
    show_address("down", start, move(start));
    munmap(wall, PAGE);
}

static void check_hole(void) {
    move(start + 8 * PAGE);
    start[PAGE] = 'h';
    munmap(start + 2 * PAGE, PAGE);
    say("a hole in the heap: %s", read_outcome(start + 2 * PAGE));
    show_address("grows beyond it", start, move(start + 9 * PAGE));
    mprotect(start + 4 * PAGE, PAGE, PROT_READ);
    show_address("shrinks over both", start, move(start + PAGE));
    show_address("and grows", start, move(start + 8 * PAGE));
    say("whole again: %s %s", write_outcome(start + 2 * PAGE), write_outcome(start + 4 * PAGE));
    move(start);
}

static void limited(void) {
    struct rlimit data = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_DATA, &data);
    show_address("within RLIMIT_DATA", start, move(start + (512 << 10)));
    show_address("beyond RLIMIT_DATA", start, move(start + (2 << 20)));
    struct rlimit space = {0, 0};
    setrlimit(RLIMIT_AS, &space);
    show_address("no space at all", start, move(start + (768 << 10)));
    show_address("down is allowed", start, move(start));
}

static void in_child(void) {
    show_address("a child has the same end", start, move(nullptr));
    move(start + 10 * PAGE);
    start[0] = 'c';
}

int main(void) {
    start = move(nullptr);
    start = move((char *)(((uintptr_t)start + PAGE - 1) & -PAGE));
    /* The base of what can be given back is where exec left it; a page's start lies above. */
    check_moves();
    move(start);
    check_neighbour();
    check_hole();
    show_child("limits", limited);
    move(start + PAGE);
    start[0] = 'p';
    show_child("child", in_child);
    say("the parent's: %c", start[0]);
    char *before = move(nullptr);
    check_refusals();
    say("nothing moved but to below the start: %d", move(nullptr) <= before);
}
