/* One page that more entries refer to than 16 bits can count, let go in another order. */

#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr int VIEWS = 30'000, PROCESSES = 3;

static char *views[VIEWS];

/* Alternating rights, so that no two views become one area. */
static long map_views(int file) {
    for (int i = 0; i < VIEWS; i++) {
        int rights = i % 2 ? PROT_READ : READ_WRITE;
        views[i] = mmap(nullptr, PAGE, rights, MAP_SHARED, file, 0);
        if (views[i] == MAP_FAILED || views[i][0] != 'x') {
            return i;
        }
    }
    return VIEWS;
}

static void unmap_views(int first, int step) {
    for (int i = first; i < VIEWS; i += step) {
        munmap(views[i], PAGE);
    }
}

static void use_views(int file, int number) {
    say("process %d: %ld views", number, map_views(file));
    unmap_views(number % 3, 3);
    views[number == 2 ? 4 : 2][0] = 'x'; /* one that can be written, and still is */
}

int main(void) {
    int file = memfd_create("page", 0);
    ftruncate(file, PAGE);
    char *page = mmap(nullptr, PAGE, READ_WRITE, MAP_SHARED, file, 0);
    page[0] = 'x';
    say("own: %ld views", map_views(file));
    for (int i = 0; i < PROCESSES; i++) {
        pid_t child = fork();
        if (child == 0) {
            unmap_views(0, 2);
            use_views(file, i);
            _exit(0);
        }
        show_end("child", child);
    }
    pid_t heir = fork();
    if (heir == 0) {
        say("inherited: %c", views[VIEWS - 1][0]);
        _exit(0);
    }
    unmap_views(0, 1);
    show_end("heir", heir);
    page[1] = 'y';
    say("the page: %c%c", page[0], page[1]);
    munmap(page, PAGE);
    char again[2];
    show("read", pread(file, again, 2, 0));
    say("the file: %c%c", again[0], again[1]);
}
