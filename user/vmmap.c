/*
 * Shows what a process has mapped, how much of it is in memory, how much is shared, and what its
 * page tables cost, from /proc/PID/smaps and /proc/PID/status (man 5 proc):
 *
 *     vmmap PID
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t LONGEST_LINE = 4096;

/* Sizes are in KiB. */
struct area {
    unsigned long start, end;
    char rights[5];
    char name[LONGEST_LINE];
    unsigned long resident, shared, dirty;
};

static struct area total;
static unsigned area_count;

static unsigned long size_of(const struct area *area) {
    return (area->end - area->start) / 1024;
}

static void show(const struct area *area) {
    printf("%012lx-%012lx %s %9lu %9lu %9lu %9lu %s\n", area->start, area->end, area->rights,
           size_of(area), area->resident, area->shared, area->dirty, area->name);
    total.end += area->end - area->start;
    total.resident += area->resident;
    total.shared += area->shared;
    total.dirty += area->dirty;
    area_count++;
}

/* Reads a line that begins an area, as one of /proc/PID/maps. */
static bool read_header(const char *line, struct area *area) {
    int name_at = 0;
    *area = (struct area){};
    if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %n", &area->start, &area->end, area->rights,
               &name_at) != 3 ||
        name_at == 0) {
        return false;
    }
    snprintf(area->name, sizeof(area->name), "%.*s", (int)strcspn(line + name_at, "\n"),
             line + name_at);
    return true;
}

/* Adds what a line below it says of the area. */
static void read_detail(const char *line, struct area *area) {
    unsigned long kib;
    if (sscanf(line, "Rss: %lu", &kib) == 1) {
        area->resident += kib;
    } else if (sscanf(line, "Shared_Clean: %lu", &kib) == 1 ||
               sscanf(line, "Shared_Dirty: %lu", &kib) == 1) {
        area->shared += kib;
    } else if (sscanf(line, "Private_Dirty: %lu", &kib) == 1) {
        area->dirty += kib;
    }
}

/* False, and said, where reading failed. */
static bool was_read(FILE *file, const char *name) {
    if (ferror(file)) {
        fprintf(stderr, "vmmap: cannot read %s: %s\n", name, strerror(errno));
        return false;
    }
    return true;
}

static bool show_areas(FILE *smaps) {
    static struct area area, next;
    static char line[LONGEST_LINE];
    bool has_area = false;
    printf("%-25s %4s %9s %9s %9s %9s\n", "address", "", "KiB", "resident", "shared", "dirty");
    while (fgets(line, sizeof(line), smaps)) {
        if (!read_header(line, &next)) {
            read_detail(line, &area);
            continue;
        }
        if (has_area) {
            show(&area);
        }
        area = next;
        has_area = true;
    }
    if (!was_read(smaps, "smaps")) {
        return false;
    }
    if (has_area) {
        show(&area);
    }
    return true;
}

static bool show_tables(FILE *status) {
    char line[LONGEST_LINE];
    unsigned long kib;
    while (fgets(line, sizeof(line), status)) {
        if (sscanf(line, "VmPTE: %lu", &kib) == 1) {
            printf("page tables: %lu KiB\n", kib);
        }
    }
    return was_read(status, "status");
}

static FILE *open_of(const char *process, const char *name) {
    char path[64];
    snprintf(path, sizeof(path), "/proc/%.20s/%s", process, name);
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "vmmap: cannot read %s: %s\n", path, strerror(errno));
    }
    return file;
}

static bool is_process(const char *text) {
    return strcmp(text, "self") == 0 ||
           (*text != 0 && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 2 || !is_process(arguments[1])) {
        fprintf(stderr, "usage: vmmap PID\n");
        return 2;
    }
    FILE *smaps = open_of(arguments[1], "smaps"), *status = open_of(arguments[1], "status");
    if (!smaps || !status) {
        return 1;
    }
    if (!show_areas(smaps)) {
        return 1;
    }
    if (area_count == 0) {
        fprintf(stderr, "vmmap: %s has no memory any more\n", arguments[1]);
        return 1;
    }
    printf("%-25s %4s %9lu %9lu %9lu %9lu in %u areas\n", "all", "", size_of(&total),
           total.resident, total.shared, total.dirty, area_count);
    return show_tables(status) ? 0 : 1;
}
