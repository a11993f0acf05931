/* stat in its forms, statx, statfs: kinds, modes, counts, times that move. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "user/tests/report.h"

/* man 2 statx. */
struct extended {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, user, group;
    uint16_t mode;
    uint64_t inode, size_bytes;
    uint64_t rest[32];
};
constexpr uint32_t BASIC = 0x7ff, KIND = 1;

static void show_status(const char *what, const struct stat *status, long result) {
    if (result != 0) {
        show(what, result);
        return;
    }
    bool is_directory = S_ISDIR(status->st_mode);
    say("%s: mode %o, links %ld, mine %d, size %ld, device %u:%u", what, status->st_mode,
        is_directory ? 0 : (long)status->st_nlink, status->st_uid == getuid(),
        is_directory ? 0 : (long)status->st_size, major(status->st_rdev), minor(status->st_rdev));
}

static void try(const char *what, const char *path) {
    struct stat status;
    show_status(what, &status, stat(path, &status));
}

static void try_link(const char *what, const char *path) {
    struct stat status;
    show_status(what, &status, lstat(path, &status));
}

static void check_kinds(void) {
    close(scratch_file("file", 100));
    mkdir("directory", 01751);
    symlink("file", "link");
    symlink("nowhere", "dangling");
    mkfifo("fifo", 0600);
    link("file", "second");
    try("file", "file");
    try("directory", "directory");
    try("link", "link");
    try_link("link itself", "link");
    try("dangling", "dangling");
    try_link("dangling itself", "dangling");
    try("fifo", "fifo");
    try("absent", "absent");
    try("no name", "");
    try("below a file", "file/x");
    try_link("a link with /", "link/");
    struct stat status;
    stat("/dev/null", &status);
    say("/dev/null: %u:%u, mode %o", major(status.st_rdev), minor(status.st_rdev),
        status.st_mode & (S_IFMT | 0666));
    show("null page", call(stat, nullptr, &status));
    show("to the null page", call(stat, "file", 8));
    show("fstat, closed", fstat(77, &status));
    show("fstat to the null page", call(fstat, 0, 8));
}

static void check_identity(void) {
    struct stat first, second, other;
    stat("file", &first);
    stat("second", &second);
    stat("fifo", &other);
    say("same %d, other %d, device %d", first.st_ino == second.st_ino, first.st_ino != other.st_ino,
        first.st_dev == other.st_dev);
    unlink("second");
    int file = open("file", O_RDONLY);
    unlink("file");
    fstat(file, &first);
    say("links of what is gone: %ld", (long)first.st_nlink);
}

static void check_at(void) {
    struct stat status;
    int directory = open("directory", O_RDONLY), null = open("/dev/null", O_PATH);
    close(openat(directory, "inside", O_CREAT | O_WRONLY, 0600));
    show("below", fstatat(directory, "inside", &status, 0));
    show("empty", call(newfstatat, directory, "", &status, AT_EMPTY_PATH));
    show("empty, without the flag", call(newfstatat, directory, "", &status, 0));
    show("path", call(newfstatat, null, "", &status, AT_EMPTY_PATH));
    show("below a device", fstatat(null, "x", &status, 0));
    show("closed", fstatat(77, "x", &status, 0));
    show("unknown flag", call(newfstatat, directory, "inside", &status, 1));
    show("link itself", fstatat(AT_FDCWD, "dangling", &status, AT_SYMLINK_NOFOLLOW));
}

static bool is_later(struct timespec a, struct timespec b) {
    return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

static void show_times(const char *what, const char *path, struct stat *before) {
    struct stat now;
    stat(path, &now);
    say("%s: data %d, status %d", what, is_later(now.st_mtim, before->st_mtim),
        is_later(now.st_ctim, before->st_ctim));
    *before = now;
    settle();
}

/* A write that finds its page mapped says nothing any more. */
static void check_times_of_memory(int file, struct stat *before) {
    volatile char *page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    show_times("map", "timed", before);
    struct stat read;
    stat("timed", &read);
    say("read: %d", !is_later(read.st_mtim, read.st_atim));
    page[0] = 'm';
    show_times("store", "timed", before);
    page[1] = 'm';
    show_times("store again", "timed", before);
    munmap((void *)page, 4096);
    page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    page[0] = 'p';
    show_times("store in a copy", "timed", before);
    munmap((void *)page, 4096);
    page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    page[0] = 'm';
    const struct timespec old[2] = {{.tv_sec = 5}, {.tv_sec = 6}};
    futimens(file, old);
    struct stat now;
    stat("timed", &now);
    say("set after a store: %ld, %ld", (long)now.st_atim.tv_sec, (long)now.st_mtim.tv_sec);
    munmap((void *)page, 4096);
    *before = now;
    settle();
}

static void check_times(void) {
    struct stat before, parent;
    int file = scratch_file("timed", 10);
    stat("timed", &before);
    stat(".", &parent);
    settle();
    write(file, "x", 1);
    show_times("write", "timed", &before);
    fchmod(file, 0600);
    show_times("chmod", "timed", &before);
    pread(file, &(char){0}, 1, 0);
    show_times("read", "timed", &before);
    show_times("nothing in the directory", ".", &parent);
    check_times_of_memory(file, &before);
    link("timed", "timed2");
    show_times("link", "timed", &before);
    show_times("link, in the directory", ".", &parent);
    rename("timed2", "timed3");
    show_times("rename", "timed", &before);
    show_times("rename, in the directory", ".", &parent);
    unlink("timed3");
    show_times("unlink", "timed", &before);
    ftruncate(file, 5);
    show_times("truncate", "timed", &before);
    ftruncate(file, 5);
    show_times("truncate to the same", "timed", &before);
}

static void check_statx(void) {
    struct extended status = {};
    show("statx", call(statx, AT_FDCWD, "timed", 0, BASIC, &status));
    say("mask %d, mode %o, size %lu", (status.mask & BASIC) == BASIC, status.mode,
        (unsigned long)status.size_bytes);
    show("statx, unknown flag", call(statx, AT_FDCWD, "timed", 1, 0, &status));
    show("statx, reserved mask", call(statx, AT_FDCWD, "timed", 0, 1u << 31, &status));
    show("statx, both ways of synchrony", call(statx, AT_FDCWD, "timed", 0x6000, 0, &status));
    show("statx, null page", call(statx, AT_FDCWD, "timed", 0, 0, nullptr));
    show("statx, empty", call(statx, 0, "", AT_EMPTY_PATH, KIND, &status));
}

static void check_statfs(void) {
    struct statfs status = {};
    show("statfs", statfs(".", &status));
    say("names of %ld, free %d", (long)status.f_namelen, status.f_bavail > 0);
    show("statfs, absent", statfs("absent", &status));
    show("fstatfs, closed", fstatfs(77, &status));
    show("statfs, null page", call(statfs, ".", nullptr));
}

int main(void) {
    check_kinds();
    check_identity();
    check_at();
    check_times();
    check_statx();
    check_statfs();
}
