/* Calls by directory and descriptor: getdents, mknodat, symlinkat, renameat, futimesat, faccessat,
 * fchmodat2, ustat, syncfs, sync_file_range, readahead, kcmp, close_range, dup3, statx. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "user/tests/report.h"

/* Calls that musl's headers do not number. */
constexpr long FCHMODAT2 = 452;

static int file, directory, path, null, ends[2], event;

static void prepare(void) {
    mkdir("directory", 0755);
    directory = open("directory", O_RDONLY);
    file = scratch_file("file", 2 * PAGE);
    path = open("file", O_PATH);
    null = open("/dev/null", O_RDWR);
    event = eventfd(0, 0);
    pipe(ends);
    symlink("file", "link");
    symlink("nowhere", "dangling");
    mkdir("closed", 0755);
    close(open("closed/file", O_CREAT | O_WRONLY, 0644));
    chmod("closed", 0);
}

/* struct linux_dirent of man 2 getdents. */
struct old_entry {
    unsigned long inode, offset;
    unsigned short size;
    char name[];
};

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_old(int listed) {
    char entries[2000], *names[32], line[500] = "";
    int count = 0;
    long size = call(getdents, listed, entries, sizeof(entries));
    for (long at = 0; at < size && count < 32;) {
        struct old_entry *entry = (struct old_entry *)(entries + at);
        char text[100];
        snprintf(text, sizeof(text), " %s/%d", entry->name, entries[at + entry->size - 1]);
        names[count++] = strdup(text);
        at += entry->size;
    }
    qsort(names, (size_t)count, sizeof(*names), compare);
    for (int i = 0; i < count; i++) {
        strcat(line, names[i]);
    }
    say("all:%s", line);
}

static void check_getdents(void) {
    char entries[200];
    int listed = open("directory", O_RDONLY);
    close(openat(listed, "one", O_CREAT | O_WRONLY, 0600));
    mkdirat(listed, "two", 0700);
    symlinkat("x", listed, "three");
    list_old(listed);
    show("at the end", call(getdents, listed, entries, sizeof(entries)));
    lseek(listed, 0, SEEK_SET);
    show("too small", call(getdents, listed, entries, 10));
    show("null page", call(getdents, listed, nullptr, 200));
    show("a file", call(getdents, file, entries, sizeof(entries)));
    show("a path", call(getdents, open("directory", O_PATH), entries, sizeof(entries)));
    show("closed", call(getdents, 77, entries, sizeof(entries)));
}

static void check_names(void) {
    struct stat status;
    show("mknodat", call(mknodat, directory, "node", S_IFREG | 0666, 0));
    fstatat(directory, "node", &status, 0);
    say("mode %o", status.st_mode);
    show("again", call(mknodat, directory, "node", S_IFREG | 0600, 0));
    show("below a file", call(mknodat, file, "node", S_IFREG | 0600, 0));
    show("closed", call(mknodat, 77, "node", S_IFREG | 0600, 0));
    show("fifo", call(mknodat, directory, "fifo", S_IFIFO | 0600, 0));
    show("directory", call(mknodat, directory, "made", S_IFDIR | 0600, 0));
    show("device", call(mknodat, directory, "device", S_IFCHR | 0600, 0x103));
    show("directory, there", call(mknodat, directory, "node", S_IFDIR | 0600, 0));
    show("null page", call(mknodat, directory, nullptr, S_IFREG, 0));
    show("symlinkat", call(symlinkat, "node", directory, "link"));
    show("again", call(symlinkat, "node", directory, "link"));
    show("to nothing", call(symlinkat, "", directory, "other"));
    show("closed", call(symlinkat, "node", 77, "other"));
    show("with /", call(symlinkat, "node", directory, "other/"));
    show("null target", call(symlinkat, nullptr, directory, "other"));
    show("renameat", call(renameat, directory, "node", AT_FDCWD, "moved"));
    show("back", call(renameat, AT_FDCWD, "moved", directory, "node"));
    show("from what is closed", call(renameat, 77, "node", directory, "x"));
    show("to what is closed", call(renameat, directory, "node", 77, "x"));
    show("from a file", call(renameat, file, "node", directory, "x"));
    show("null page", call(renameat, directory, "node", directory, nullptr));
    show("empty", call(renameat, directory, "", directory, "x"));
}

static void show_times(const char *what, const char *name) {
    struct stat status;
    lstat(name, &status);
    say("%s: %ld.%09ld %ld.%09ld", what, (long)status.st_atim.tv_sec, status.st_atim.tv_nsec,
        (long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static void check_times(void) {
    struct timeval times[2] = {{100, 5}, {200, 999'999}};
    show("futimesat", call(futimesat, AT_FDCWD, "file", times));
    show_times("set", "file");
    times[1].tv_usec = 1'000'000;
    show("too many microseconds", call(futimesat, AT_FDCWD, "file", times));
    times[1].tv_usec = -1;
    show("negative", call(futimesat, AT_FDCWD, "file", times));
    times[1].tv_usec = 0;
    show("of the descriptor", call(futimesat, file, nullptr, times));
    show_times("set", "file");
    show("through a link", call(futimesat, AT_FDCWD, "link", times));
    show("absent", call(futimesat, AT_FDCWD, "nowhere", times));
    show("closed", call(futimesat, 77, "file", times));
    show("closed, by itself", call(futimesat, 77, nullptr, times));
    show("null times page", call(futimesat, AT_FDCWD, "file", 8));
    show("nothing at all", call(futimesat, AT_FDCWD, nullptr, times));
    show("a pipe", call(futimesat, ends[0], nullptr, times));
    show("of a path", call(futimesat, path, nullptr, times));
}

static void check_access(void) {
    show("faccessat", call(faccessat, directory, "one", R_OK));
    show("ignores what would be flags", call(faccessat, directory, "one", R_OK, 77));
    show("unknown mode", call(faccessat, directory, "one", 8));
    show("closed", call(faccessat, 77, "one", R_OK));
    show("a file", call(faccessat, file, "one", R_OK));
    show("empty", call(faccessat, directory, "", F_OK));
    show("secret", call(faccessat, AT_FDCWD, "closed/file", F_OK));
    show("faccessat2, empty", call(faccessat2, directory, "", X_OK, AT_EMPTY_PATH));
    show("of a path", call(faccessat2, path, "", R_OK, AT_EMPTY_PATH));
    show("of a pipe", call(faccessat2, ends[0], "", R_OK, AT_EMPTY_PATH));
    show("of what has no name", call(faccessat2, event, "", R_OK, AT_EMPTY_PATH));
    show("dangling", call(faccessat2, AT_FDCWD, "dangling", F_OK, 0));
    show("dangling itself", call(faccessat2, AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW));
    show("unknown flag", call(faccessat2, AT_FDCWD, "file", F_OK, AT_SYMLINK_FOLLOW));
    show("unknown mode first", call(faccessat2, 77, "file", 16, 1));
}

static void show_mode(const char *name) {
    struct stat status;
    lstat(name, &status);
    say("mode %o", status.st_mode);
}

static void check_modes(void) {
    show("fchmodat2", syscall(FCHMODAT2, AT_FDCWD, "file", 0604, 0));
    show_mode("file");
    show("a link itself", syscall(FCHMODAT2, AT_FDCWD, "link", 0600, AT_SYMLINK_NOFOLLOW));
    show("a file, not followed", syscall(FCHMODAT2, AT_FDCWD, "file", 0640, AT_SYMLINK_NOFOLLOW));
    show_mode("file");
    show("by path", syscall(FCHMODAT2, path, "", 0600, AT_EMPTY_PATH));
    show_mode("file");
    show("empty, without the flag", syscall(FCHMODAT2, path, "", 0600, 0));
    show("unknown flag", syscall(FCHMODAT2, AT_FDCWD, "file", 0600, 1));
    show("of another", syscall(FCHMODAT2, AT_FDCWD, "/", 0600, 0));
    show("a pipe", syscall(FCHMODAT2, ends[0], "", 0600, AT_EMPTY_PATH));
    show("more bits", syscall(FCHMODAT2, AT_FDCWD, "file", 0170600, 0));
    show_mode("file");
    show("fchmodat ignores flags", call(fchmodat, AT_FDCWD, "link", 0644, AT_SYMLINK_NOFOLLOW));
    show_mode("file");
}

static void check_sync(void) {
    show("syncfs", call(syncfs, file));
    show("of a pipe", call(syncfs, ends[0]));
    show("of a path", call(syncfs, path));
    show("closed", call(syncfs, 77));
    show("sync", call(sync));
    show("range", call(sync_file_range, file, 0, 0, 7));
    show("of a reader", call(sync_file_range, open("file", O_RDONLY), 0, PAGE, 2));
    show("negative start", call(sync_file_range, file, -1, 5, 2));
    show("negative size", call(sync_file_range, file, 10, -5, 2));
    show("past all", call(sync_file_range, file, 0x7fffffffffffffff, 5, 2));
    show("unknown flag", call(sync_file_range, file, 0, 5, 8));
    show("of a pipe", call(sync_file_range, ends[1], 0, 5, 2));
    show("of a pipe, unknown flag", call(sync_file_range, ends[1], 0, 5, 8));
    show("of a directory", call(sync_file_range, directory, 0, 5, 2));
    show("of a device", call(sync_file_range, null, 0, 5, 2));
    show("closed", call(sync_file_range, 77, -1, 5, 8));
    show("readahead", call(readahead, file, 0, 100));
    show("negative", call(readahead, file, -1, 100));
    show("far", call(readahead, file, 1L << 50, 100));
    show("of a writer", call(readahead, open("file", O_WRONLY), 0, 100));
    show("of a pipe", call(readahead, ends[0], 0, 100));
    show("of a directory", call(readahead, directory, 0, 100));
    show("of a device", call(readahead, null, 0, 100));
    show("closed", call(readahead, 77, 0, 100));
    show("fsync of a device", fsync(null));
    show("fsync of what has no name", fsync(event));
    show("fsync of a path", fsync(path));
    show("fdatasync of a pipe", fdatasync(ends[0]));
    for (int advice = -1; advice < 8; advice++) {
        show("advice", call(fadvise64, file, 0, 10, advice));
    }
    show("negative size", call(fadvise64, file, 0, -1, 0));
    show("negative start", call(fadvise64, file, -1, 1, 0));
    show("directory", call(fadvise64, directory, 0, 1, 0));
    show("pipe, unknown", call(fadvise64, ends[0], 0, 1, 77));
    show("device", call(fadvise64, null, 0, 1, 0));
    show("device, unknown", call(fadvise64, null, 0, 1, 77));
    show("path", call(fadvise64, path, 0, 1, 0));
    show("event", call(fadvise64, event, 0, 1, 0));
}

static void check_ustat(void) {
    struct {
        int32_t blocks;
        uint64_t nodes;
        char names[12];
    } seen;
    struct stat status;
    fstat(file, &status);
    show("ustat", call(ustat, status.st_dev, &seen));
    say("names %d %d", seen.names[0], seen.names[6]);
    show("no such device", call(ustat, 0x7ffff, &seen));
    show("null page", call(ustat, status.st_dev, nullptr));
    show("no such device, null page", call(ustat, 0x7ffff, nullptr));
}

static void check_kcmp(void) {
    int copy = dup(file), other = open("file", O_RDWR);
    pid_t self = getpid();
    show("one description", call(kcmp, self, self, 0, file, copy));
    show("another", call(kcmp, self, self, 0, file, other) > 0 ? 1 : 0);
    show("closed", call(kcmp, self, self, 0, file, 77));
    show("closed first", call(kcmp, self, self, 0, 77, file));
    show("no process", call(kcmp, self, 0x3fffffff, 0, file, file));
    show("unknown kind", call(kcmp, self, self, 99, file, file));
    show("memory", call(kcmp, self, self, 1, 0, 0));
    show("of another's", call(kcmp, self, 1, 0, 0, 0));
    pid_t child = fork();
    if (child == 0) {
        show("a child's", call(kcmp, getpid(), getppid(), 0, file, copy));
        show("its table", call(kcmp, getpid(), getppid(), 2, 0, 0) > 0 ? 1 : 0);
        _exit(0);
    }
    show_end("child", child);
}

static void check_dup3(void) {
    show("to itself", call(dup3, file, file, 0));
    show("closed to itself", call(dup3, 77, 77, 0));
    show("closed", call(dup3, 77, 78, 0));
    show("unknown flag, closed", call(dup3, 77, 78, 1));
    show("too large", call(dup3, file, 1024, 0));
    show("to itself, too large", call(dup3, 5000, 5000, 0));
    show("negative", call(dup3, file, -1, 0));
    show("path", call(dup3, path, 90, O_CLOEXEC));
    show("its flags", fcntl(90, F_GETFD));
    show("closed too large", call(dup3, 77, 5000, 0));
    show("close_range, one", call(close_range, 90, 90, 0));
    show("unknown flag", call(close_range, 90, 90, 8));
    show("backwards", call(close_range, 91, 90, 0));
    show("shared table, marked", call(close_range, 500, ~0u, 6));
}

/* struct statx of man 2 statx. */
struct extended {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, user, group;
    uint16_t mode, spare;
    uint64_t inode, size_bytes, blocks, known_attributes;
    uint64_t rest[24];
};

static void try_statx(const char *what, int at, const char *name, int flags, unsigned mask) {
    struct extended status;
    memset(&status, 0xee, sizeof(status));
    long result = call(statx, at, name, flags, mask, &status);
    if (result != 0) {
        show(what, result);
        return;
    }
    say("%s: mask %#x, mode %o, block %u", what, status.mask & 0x7ff, status.mode,
        status.block_size);
}

static void check_statx(void) {
    try_statx("basic", AT_FDCWD, "file", 0, 0x7ff);
    try_statx("nothing", AT_FDCWD, "file", 0, 0);
    try_statx("birth", AT_FDCWD, "file", 0, 0x800);
    try_statx("future", AT_FDCWD, "file", 0, 0x7fffffff);
    try_statx("reserved", AT_FDCWD, "file", 0, 0x80000000);
    try_statx("link", AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, 1);
    try_statx("no automount", AT_FDCWD, "file", AT_NO_AUTOMOUNT, 1);
    try_statx("force", AT_FDCWD, "file", 0x2000, 1);
    try_statx("do not", AT_FDCWD, "file", 0x4000, 1);
    try_statx("both", AT_FDCWD, "file", 0x6000, 1);
    try_statx("unknown", AT_FDCWD, "file", 0x8000, 1);
    try_statx("recursive", AT_FDCWD, "file", 0x10000, 1);
    try_statx("null name", file, nullptr, AT_EMPTY_PATH, 1);
    try_statx("null name without the flag", file, nullptr, 0, 1);
    try_statx("pipe", ends[0], "", AT_EMPTY_PATH, 0x7ff);
    try_statx("event", event, "", AT_EMPTY_PATH, 0x7ff);
    try_statx("path", path, "", AT_EMPTY_PATH, 0x7ff);
    try_statx("here", AT_FDCWD, "", AT_EMPTY_PATH, 1);
    try_statx("closed", 77, "", AT_EMPTY_PATH, 1);
    struct stat status;
    show("newfstatat, null name", call(newfstatat, file, nullptr, &status, AT_EMPTY_PATH));
    show("here", call(newfstatat, AT_FDCWD, nullptr, &status, AT_EMPTY_PATH));
    show("automount", call(newfstatat, AT_FDCWD, "file", &status, AT_NO_AUTOMOUNT));
    show("event", call(newfstatat, event, "", &status, AT_EMPTY_PATH));
}

int main(void) {
    prepare();
    check_getdents();
    check_names();
    check_times();
    check_access();
    check_modes();
    check_sync();
    check_ustat();
    check_kcmp();
    check_dup3();
    check_statx();
    chmod("closed", 0700);
}
