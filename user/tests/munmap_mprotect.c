/* munmap and mprotect: where areas are cut, joined and refused. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "user/tests/report.h"

constexpr size_t PAGES = 8;
constexpr int READ_WRITE = PROT_READ | PROT_WRITE;

static char *map_pages(void) {
    char *pages = mmap(nullptr, PAGES * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < PAGES; i++) {
        pages[i * PAGE] = (char)('a' + i);
    }
    return pages;
}

/* One line with a letter for each page: its contents, '?' where it cannot be read. */
static void show_pages(const char *what, char *pages) {
    char line[PAGES + 1] = {};
    for (size_t i = 0; i < PAGES; i++) {
        bool is_readable = strcmp(read_outcome(pages + i * PAGE), "ok") == 0;
        char content = is_readable ? pages[i * PAGE] : '?';
        line[i] = content == 0 ? '0' : content;
    }
    say("%s: %s", what, line);
}

static void check_munmap(void) {
    char *pages = map_pages();
    show("nothing", call(munmap, pages, 0));
    show("unaligned", call(munmap, pages + 1, PAGE));
    show("wraps", call(munmap, pages, -PAGE));
    show("from the kernel", call(munmap, -PAGE, PAGE));
    show("up to the kernel", call(munmap, 0x7ffffffff000, PAGE));
    show("into the kernel", call(munmap, 0x7fffffffe000, 2 * PAGE));
    show("null", call(munmap, nullptr, PAGE));
    show("a byte is a page", call(munmap, pages + PAGE, 1));
    show_pages("one gone", pages);
    show("again", call(munmap, pages + PAGE, PAGE));
    show("over the hole", call(munmap, pages, 3 * PAGE));
    show_pages("three gone", pages);
    show("a byte more than a page", call(munmap, pages + 6 * PAGE, PAGE + 1));
    show_pages("cut at the end", pages);
    show("all", call(munmap, pages, PAGES * PAGE));
    say("what is left: %s", read_outcome(pages + 4 * PAGE));
}

static void check_mprotect_arguments(void) {
    char *pages = map_pages();
    show("protect nothing", call(mprotect, pages, 0, PROT_NONE));
    show("protect nothing nowhere", call(mprotect, nullptr, 0, PROT_NONE));
    show("protect unaligned", call(mprotect, pages + 1, PAGE, PROT_READ));
    show("protect to rights that are none", call(mprotect, pages, PAGE, 0x80));
    show("protect wraps", call(mprotect, pages, -PAGE, PROT_READ));
    show("protect in the kernel", call(mprotect, -2 * PAGE, PAGE, PROT_READ));
    show("protect null", call(mprotect, nullptr, PAGE, PROT_READ));
    show("grows up", call(mprotect, pages, PAGE, PROT_READ | PROT_GROWSUP));
    show("grows down", call(mprotect, pages, PAGE, PROT_READ | PROT_GROWSDOWN));
    show("both", call(mprotect, pages, PAGE, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP));
    show("semaphores", call(mprotect, pages, PAGE, READ_WRITE | 8));
    munmap(pages, PAGES * PAGE);
}

static void check_mprotect(void) {
    char *pages = map_pages();
    show("none", call(mprotect, pages + PAGE, PAGE, PROT_NONE));
    show_pages("one is closed", pages);
    show("read", call(mprotect, pages + PAGE, PAGE, PROT_READ));
    show_pages("open again", pages);
    say("write to it: %s", write_outcome(pages + PAGE));
    say("write beside it: %s", write_outcome(pages + 2 * PAGE));
    munmap(pages + 4 * PAGE, PAGE);
    show("over a hole", call(mprotect, pages + 3 * PAGE, 4 * PAGE, PROT_READ));
    say("before the hole: %s", write_outcome(pages + 3 * PAGE));
    say("after the hole: %s", write_outcome(pages + 5 * PAGE));
    show("begins in a hole", call(mprotect, pages + 4 * PAGE, 2 * PAGE, PROT_NONE));
    say("nothing happened: %s", read_outcome(pages + 5 * PAGE));
    show("one byte", call(mprotect, pages + 6 * PAGE, 1, PROT_NONE));
    show_pages("a page closed by its byte", pages);
    munmap(pages, PAGES * PAGE);
}

static void check_files(void) {
    scratch_file("file", 2 * PAGE);
    int file = open("file", O_RDONLY);
    char *shared = mmap(nullptr, PAGE, PROT_READ, MAP_SHARED, file, 0);
    char *private = mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
    show("shared, read only file, to write", call(mprotect, shared, PAGE, READ_WRITE));
    show("private, read only file, to write", call(mprotect, private, PAGE, READ_WRITE));
    show("shared, to execute", call(mprotect, shared, PAGE, PROT_READ | PROT_EXEC));
    private[0] = 'p';
    say("shared %c, private %c", shared[0], private[0]);
}

/* Pages that were never touched become writable, too; and a page of zeroes is not shared then. */
static void check_untouched(void) {
    char *pages = mmap(nullptr, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    say("read zero: %d", pages[0] + pages[PAGE]);
    show("to write", call(mprotect, pages, 4 * PAGE, READ_WRITE));
    pages[0] = 'x';
    say("only one changed: %c %d %d", pages[0], pages[PAGE], pages[2 * PAGE]);
    show("to none", call(mprotect, pages, 4 * PAGE, PROT_NONE));
    show("and back", call(mprotect, pages, 4 * PAGE, PROT_READ));
    say("contents: %c %d", pages[0], pages[3 * PAGE]);
}

static char *parents;

static void protect_in_child(void) {
    mprotect(parents, PAGE, PROT_NONE);
    munmap(parents + PAGE, PAGE);
    parents[2 * PAGE] = 'C';
}

static void execute(void) {
    static const unsigned char return_7[] = {0xb8, 7, 0, 0, 0, 0xc3};
    memcpy(parents, return_7, sizeof(return_7));
    int (*function)(void) = (int (*)(void))parents;
    show("executable", call(mprotect, parents, PAGE, PROT_READ | PROT_EXEC));
    say("executed: %d", function());
    show("no more", call(mprotect, parents, PAGE, READ_WRITE));
    function();
}

int main(void) {
    check_munmap();
    check_mprotect_arguments();
    check_mprotect();
    check_files();
    check_untouched();
    parents = map_pages();
    show_child("a child closes its own", protect_in_child);
    show_pages("the parent's", parents);
    show_child("execution", execute);
}
