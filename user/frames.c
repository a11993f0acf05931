/*
 * Draws physical memory by who owns it, from /proc/frames (docs/proc.md), or from a file of that
 * form:
 *
 *     frames [FILE]
 *
 * One letter stands for so many frames that the picture fits the screen; it is that of the owner of
 * most of them. On a terminal the letters are coloured.
 */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

constexpr uint64_t PAGE = 4096, MOST_PAGES = 1ul << 40; /* 52 bits of physical address */
constexpr int WIDTH = 64, ROWS = 16; /* with the legend, on a screen of 25 rows */

struct owner {
    const char *name;
    char letter;
    int color; /* of ECMA-48's SGR */
    uint64_t pages;
};

struct run {
    uint64_t first, pages; /* frames */
    size_t owner;
};

/* The last one stands for names that are not known here. */
static struct owner owners[] = {
    {"free", '.', 90, 0},  {"reserved", ' ', 39, 0},  {"kernel", 'K', 31, 0},
    {"table", 'T', 33, 0}, {"anonymous", 'a', 32, 0}, {"file", 'f', 36, 0},
    {"other", '?', 35, 0},
};
constexpr size_t OWNERS = sizeof(owners) / sizeof(*owners), UNKNOWN = OWNERS - 1;

static struct run *runs;
static size_t run_count;

static size_t find_owner(const char *name) {
    for (size_t i = 0; i < OWNERS; i++) {
        if (strcmp(owners[i].name, name) == 0) {
            return i;
        }
    }
    return UNKNOWN;
}

static bool add_run(uint64_t address, uint64_t pages, size_t owner) {
    struct run *longer = realloc(runs, (run_count + 1) * sizeof(*runs));
    if (!longer) {
        return false;
    }
    runs = longer;
    runs[run_count++] = (struct run){address / PAGE, pages, owner};
    owners[owner].pages += pages;
    return true;
}

/* Reads "ADDRESS PAGES OWNER" lines, lowest first. */
static bool read_runs(const char *path) {
    FILE *input = fopen(path, "r");
    char line[200], name[32];
    unsigned long long address, pages;
    if (!input) {
        fprintf(stderr, "frames: cannot read %s: %s\n", path, strerror(errno));
        return false;
    }
    for (int number = 1; fgets(line, sizeof(line), input); number++) {
        if (sscanf(line, "%llx%*[ ]%llu %31s", &address, &pages, name) != 3 || pages > MOST_PAGES) {
            fprintf(stderr, "frames: %s:%d: not ADDRESS PAGES OWNER: %s", path, number, line);
            return false;
        }
        if (!add_run(address, pages, find_owner(name))) {
            fprintf(stderr, "frames: out of memory\n");
            return false;
        }
    }
    if (ferror(input)) {
        fprintf(stderr, "frames: cannot read %s: %s\n", path, strerror(errno));
        return false;
    }
    fclose(input);
    if (run_count == 0) {
        fprintf(stderr, "frames: %s is empty\n", path);
    }
    return run_count > 0;
}

static uint64_t overlap(const struct run *run, uint64_t first, uint64_t end) {
    uint64_t from = run->first > first ? run->first : first;
    uint64_t to = run->first + run->pages < end ? run->first + run->pages : end;
    return from < to ? to - from : 0;
}

/* Who owns most of the frames from `first` to `end`. `*at` is a run not above `first`. */
static size_t main_owner(uint64_t first, uint64_t end, size_t *at) {
    uint64_t pages[OWNERS] = {};
    size_t most = find_owner("reserved");
    while (*at + 1 < run_count && runs[*at].first + runs[*at].pages <= first) {
        ++*at;
    }
    for (size_t i = *at; i < run_count && runs[i].first < end; i++) {
        pages[runs[i].owner] += overlap(&runs[i], first, end);
    }
    for (size_t i = 0; i < OWNERS; i++) {
        most = pages[i] > pages[most] ? i : most;
    }
    return most;
}

static void draw_letter(size_t owner, bool is_colored) {
    if (is_colored) {
        printf("\033[%dm%c\033[0m", owners[owner].color, owners[owner].letter);
    } else {
        putchar(owners[owner].letter);
    }
}

/* Frames for one letter: a power of 2, so that rows begin at round addresses. */
static uint64_t choose_scale(uint64_t end) {
    uint64_t scale = 1;
    while (scale * WIDTH * ROWS < end) {
        scale *= 2;
    }
    return scale;
}

/* What lies beyond the last run that is not reserved is not drawn. */
static uint64_t last_frame(void) {
    uint64_t end = 0;
    for (size_t i = 0; i < run_count; i++) {
        if (runs[i].owner != find_owner("reserved")) {
            end = runs[i].first + runs[i].pages;
        }
    }
    return end;
}

static void draw(bool is_colored) {
    uint64_t end = last_frame(), scale = choose_scale(end);
    size_t at = 0;
    printf("one letter: %llu KiB\n", (unsigned long long)(scale * PAGE / 1024));
    for (uint64_t row = 0; row < end; row += scale * WIDTH) {
        printf("%012llx ", (unsigned long long)(row * PAGE));
        for (uint64_t first = row; first < row + scale * WIDTH && first < end; first += scale) {
            draw_letter(main_owner(first, first + scale, &at), is_colored);
        }
        putchar('\n');
    }
}

static void draw_legend(bool is_colored) {
    for (size_t i = 0; i < OWNERS; i++) {
        if (owners[i].pages > 0) {
            putchar('\'');
            draw_letter(i, is_colored);
            printf("' %-10s %10llu frames %10llu KiB\n", owners[i].name,
                   (unsigned long long)owners[i].pages,
                   (unsigned long long)(owners[i].pages * PAGE / 1024));
        }
    }
}

int main(int argument_count, char **arguments) {
    if (argument_count > 2 || (argument_count == 2 && arguments[1][0] == '-')) {
        fprintf(stderr, "usage: frames [FILE]\n");
        return 2;
    }
    if (!read_runs(argument_count == 2 ? arguments[1] : "/proc/frames")) {
        return 1;
    }
    bool is_colored = isatty(1);
    draw(is_colored);
    draw_legend(is_colored);
}
