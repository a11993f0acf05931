/*
 * Shows how the page tables of a process translate an address, level by level, from
 * /proc/PID/ptwalk (docs/proc.md):
 *
 *     ptdump PID ADDRESS
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

constexpr size_t LONGEST_WALK = 4096;

static int fail(const char *what) {
    fprintf(stderr, "ptdump: %s: %s\n", what, strerror(errno));
    return 1;
}

static bool is_process(const char *text) {
    return strcmp(text, "self") == 0 ||
           (*text != 0 && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10);
}

constexpr uint64_t USER_END =
    0x7ffffffff000; /* SDM 3A 4.5: the lower half, without its last page */

/* Hexadecimal with or without 0x, as /proc/PID/maps has addresses. */
static bool read_address(const char *text, uint64_t *address) {
    char *end;
    errno = 0;
    *address = strtoull(text, &end, 16);
    return *text != 0 && *text != '-' && *text != '+' && *end == 0 && errno == 0;
}

int main(int argument_count, char **arguments) {
    char path[64], walk[LONGEST_WALK];
    uint64_t address;
    if (argument_count != 3 || !is_process(arguments[1]) || !read_address(arguments[2], &address)) {
        fprintf(stderr, "usage: ptdump PID ADDRESS\n");
        return 2;
    }
    if (address >= USER_END) {
        fprintf(stderr, "ptdump: %s is not an address of a program\n", arguments[2]);
        return 1;
    }
    snprintf(path, sizeof(path), "/proc/%s/ptwalk", arguments[1]);
    int file = open(path, O_RDONLY);
    if (file < 0) {
        return fail(path);
    }
    ssize_t size = pread(file, walk, sizeof(walk), (off_t)address);
    if (size < 0) {
        return fail(path);
    }
    printf("%016llx\n%.*s", (unsigned long long)address, (int)size, walk);
}
