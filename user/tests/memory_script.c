/*
 * Runs scripts of memory operations, and prints what comes of each step:
 *
 *     memory_script FILE...
 *
 * A file holds scripts, each of a line "script NAME", steps, and a line "end"; each runs in a
 * process of its own. A is a page of a window of 64 pages, N a number of pages, RIGHTS some of
 * "rwx" or "-":
 *
 *     map KIND A N RIGHTS OFFSET    maps there; KIND is private, shared, file (private),
 * shared_file; OFFSET, in pages, counts for files add KIND A N RIGHTS OFFSET    the same, but not
 * over what is there fill KIND A N RIGHTS OFFSET   maps there, and populates unmap A N protect A N
 * RIGHTS resize A N M                  mremap in place to M pages move A N M B mremap to M pages at
 * B;  copy A N B  leaves the old ones mapped advise A N ADVICE             ADVICE is the number of
 * man 2 madvise sync A N                      msync write A N VALUE               stores VALUE in
 * two places of each page look A N                      reads every byte of each page: one
 * character for each page,
 *                                   '.' nothing mapped, '-' no access, 'b' after the end of a file,
 *                                   '0' only zeroes, or a letter that the contents decide
 *     brk N                         moves the heap's end N pages from its start
 *     truncate N                    of the file, which has 16 pages at first
 *     fork ... join                 a child does these steps; its parent skips them
 *
 * Any sequence of steps is a script.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "user/tests/report.h"

/* The window straddles a boundary of every level of page tables below the highest. */
constexpr size_t WINDOW_PAGES = 64;
constexpr uintptr_t WINDOW = (1ul << 40) - WINDOW_PAGES / 2 * PAGE;
constexpr size_t FILE_PAGES = 16, MOST_WORDS = 8, LONGEST_STEP = 80;
constexpr int DONTUNMAP = 4;

static char *next_line;
static int file;
static uintptr_t heap;
static sigjmp_buf way_out;
static siginfo_t fault;

struct step {
    char text[LONGEST_STEP];
    char *words[MOST_WORDS];
    int count;
};

static char *address_of(const struct step *step, int word) {
    return (char *)(WINDOW + strtoul(step->words[word], nullptr, 10) * PAGE);
}

static size_t pages_of(const struct step *step, int word) {
    return strtoul(step->words[word], nullptr, 10) * PAGE;
}

static int rights_of(const struct step *step, int word) {
    const char *text = step->words[word];
    return (strchr(text, 'r') ? PROT_READ : 0) | (strchr(text, 'w') ? PROT_WRITE : 0) |
           (strchr(text, 'x') ? PROT_EXEC : 0);
}

/* An address in the window as its page, so that it is the same wherever the window lies. */
static void show_place(const struct step *step, long result) {
    if (result == -1) {
        say("%s: %s", step->words[0], error_name(errno));
    } else {
        say("%s: %ld", step->words[0], (result - (long)WINDOW) / (long)PAGE);
    }
}

static void map(const struct step *step, int flags) {
    const char *kind = step->words[1];
    bool is_file = strstr(kind, "file") != nullptr, is_shared = strncmp(kind, "shared", 6) == 0;
    flags |= (is_file ? 0 : MAP_ANONYMOUS) | (is_shared ? MAP_SHARED : MAP_PRIVATE);
    show_place(step, call(mmap, address_of(step, 2), pages_of(step, 3), rights_of(step, 4), flags,
                          is_file ? file : -1, is_file ? pages_of(step, 5) : 0));
}

static void do_map(const struct step *step) {
    map(step, MAP_FIXED);
}

static void do_add(const struct step *step) {
    map(step, MAP_FIXED_NOREPLACE);
}

static void do_fill(const struct step *step) {
    map(step, MAP_FIXED | MAP_POPULATE);
}

static void do_unmap(const struct step *step) {
    show("unmap", call(munmap, address_of(step, 1), pages_of(step, 2)));
}

static void do_protect(const struct step *step) {
    show("protect", call(mprotect, address_of(step, 1), pages_of(step, 2), rights_of(step, 3)));
}

static void do_resize(const struct step *step) {
    show_place(step, call(mremap, address_of(step, 1), pages_of(step, 2), pages_of(step, 3), 0, 0));
}

static void do_move(const struct step *step) {
    show_place(step, call(mremap, address_of(step, 1), pages_of(step, 2), pages_of(step, 3),
                          MREMAP_MAYMOVE | MREMAP_FIXED, address_of(step, 4)));
}

static void do_copy(const struct step *step) {
    show_place(step, call(mremap, address_of(step, 1), pages_of(step, 2), pages_of(step, 2),
                          MREMAP_MAYMOVE | MREMAP_FIXED | DONTUNMAP, address_of(step, 3)));
}

static void do_advise(const struct step *step) {
    show("advise", call(madvise, address_of(step, 1), pages_of(step, 2), atoi(step->words[3])));
}

static void do_sync(const struct step *step) {
    show("sync", call(msync, address_of(step, 1), pages_of(step, 2), MS_SYNC));
}

static void do_brk(const struct step *step) {
    uintptr_t end = (uintptr_t)call(brk, heap + pages_of(step, 1));
    say("brk: %ld", (long)(end - heap) / (long)PAGE);
}

static void do_truncate(const struct step *step) {
    show("truncate", ftruncate(file, (off_t)pages_of(step, 1)));
}

static void on_fault(int, siginfo_t *info, void *) {
    fault = *info;
    siglongjmp(way_out, 1);
}

static char fault_letter(void) {
    return fault.si_signo == SIGBUS ? 'b' : fault.si_code == SEGV_MAPERR ? '.' : '-';
}

static char read_letter(const volatile uint64_t *page) {
    uint64_t sum = 0;
    if (sigsetjmp(way_out, 0) != 0) {
        return fault_letter();
    }
    for (size_t i = 0; i < PAGE / sizeof(*page); i++) {
        sum = sum * 31 + page[i];
    }
    return sum == 0 ? '0' : (char)('A' + sum % 26);
}

static char write_letter(volatile uint64_t *page, uint64_t value) {
    if (sigsetjmp(way_out, 0) != 0) {
        return fault_letter();
    }
    page[0] = value;
    page[value % (PAGE / sizeof(*page))] = value;
    return 'w';
}

/* The window's pages from word 1 on, no more than it has. */
static size_t count_in_window(const struct step *step) {
    size_t first = strtoul(step->words[1], nullptr, 10),
           count = strtoul(step->words[2], nullptr, 10);
    size_t rest = first < WINDOW_PAGES ? WINDOW_PAGES - first : 0;
    return count < rest ? count : rest;
}

static void do_look(const struct step *step) {
    char line[WINDOW_PAGES + 1] = {};
    for (size_t i = 0; i < count_in_window(step); i++) {
        line[i] = read_letter((uint64_t *)(address_of(step, 1) + i * PAGE));
    }
    say("look: %s", line);
}

static void do_write(const struct step *step) {
    char line[WINDOW_PAGES + 1] = {};
    for (size_t i = 0; i < count_in_window(step); i++) {
        uint64_t *page = (uint64_t *)(address_of(step, 1) + i * PAGE);
        line[i] = write_letter(page, strtoul(step->words[3], nullptr, 10) + i);
    }
    say("write: %s", line);
}

/* Reads the next step of the script; false at its end. */
static bool read_step(struct step *step) {
    size_t length = strcspn(next_line, "\n");
    snprintf(step->text, sizeof(step->text), "%.*s", (int)length, next_line);
    next_line += next_line[length] == 0 ? length : length + 1;
    step->count = 0;
    for (char *word = strtok(step->text, " "); word && step->count < (int)MOST_WORDS;
         word = strtok(nullptr, " ")) {
        step->words[step->count++] = word;
    }
    return step->count > 0 && strcmp(step->words[0], "end") != 0;
}

/* Skips the steps of a child; false if they are the last. */
static bool skip_to_join(void) {
    struct step step;
    for (int depth = 1; depth > 0;) {
        if (!read_step(&step)) {
            return false;
        }
        depth += (strcmp(step.words[0], "fork") == 0) - (strcmp(step.words[0], "join") == 0);
    }
    return true;
}

/* In the parent the child's steps are over when this returns; false if those are the last. */
static bool do_fork(bool *is_child) {
    pid_t child = fork();
    if (child == 0) {
        *is_child = true;
        return true;
    }
    show_end("child", child);
    return skip_to_join();
}

static void do_step(const struct step *step) {
    static const struct {
        const char *name;
        int words;
        void (*run)(const struct step *);
    } steps[] = {{"map", 6, do_map},           {"add", 6, do_add},   {"fill", 6, do_fill},
                 {"unmap", 3, do_unmap},       {"move", 5, do_move}, {"protect", 4, do_protect},
                 {"resize", 4, do_resize},     {"copy", 4, do_copy}, {"advise", 4, do_advise},
                 {"sync", 3, do_sync},         {"look", 3, do_look}, {"write", 4, do_write},
                 {"truncate", 2, do_truncate}, {"brk", 2, do_brk}};
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        if (strcmp(step->words[0], steps[i].name) == 0 && step->count == steps[i].words) {
            steps[i].run(step);
            return;
        }
    }
    say("not a step: %s", step->words[0]);
}

static void run_script(void) {
    struct step step;
    bool is_child = false;
    while (read_step(&step)) {
        if (strcmp(step.words[0], "join") == 0 && is_child) {
            return;
        }
        if (strcmp(step.words[0], "fork") != 0) {
            do_step(&step);
        } else if (!do_fork(&is_child)) {
            return;
        }
    }
}

static void prepare(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSEGV, &action, nullptr);
    sigaction(SIGBUS, &action, nullptr);
    heap = ((uintptr_t)call(brk, 0) + PAGE - 1) & -PAGE;
    file = memfd_create("script", 0);
    char page[PAGE];
    for (size_t i = 0; i < FILE_PAGES; i++) {
        memset(page, (int)(i + 1), sizeof(page));
        pwrite(file, page, sizeof(page), (off_t)(i * PAGE));
    }
}

static void run_file(const char *path) {
    int input = open(path, O_RDONLY);
    struct stat status;
    if (input < 0 || fstat(input, &status) != 0) {
        say("%s: %s", path, error_name(errno));
        return;
    }
    size_t size = (size_t)status.st_size;
    next_line = calloc(1, size + 1);
    if (read(input, next_line, size) != (ssize_t)size) {
        say("%s: cannot be read", path);
    }
    close(input);
    while ((next_line = strstr(next_line, "script ")) != nullptr) {
        size_t length = strcspn(next_line, "\n");
        say("@%.*s", (int)length, next_line);
        next_line += length;
        next_line += *next_line != 0;
        pid_t child = fork();
        if (child == 0) {
            prepare();
            run_script();
            _exit(0);
        }
        show_end("end", child);
    }
}

int main(int argument_count, char **arguments) {
    for (int i = 1; i < argument_count; i++) {
        run_file(arguments[i]);
    }
}
