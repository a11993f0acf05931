/* open, openat, creat, openat2, close, access: each flag and each error. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "user/tests/report.h"

struct how {
    uint64_t flags, mode, resolve;
};

static char longest[5000], longest_part[300];

static void try(const char *what, const char *path, int flags) {
    int file = open(path, flags, 0640);
    show_ok(what, file);
    if (file >= 0) {
        close(file);
    }
}

static void prepare(void) {
    memset(longest, 'x', sizeof(longest) - 1);
    memset(longest_part, 'y', 256);
    mkdir("directory", 0755);
    close(scratch_file("file", 10));
    close(scratch_file("secret", 10));
    chmod("secret", 0);
    mkdir("closed", 0755);
    close(open("closed/file", O_CREAT | O_WRONLY, 0644));
    chmod("closed", 0);
    symlink("file", "link");
    symlink("absent", "dangling");
    symlink("loop", "loop");
    symlink("directory", "to_directory");
    mkdir("writable_by_nobody", 0555);
}

static void check_paths(void) {
    try("absent", "absent", O_RDONLY);
    try("no name", "", O_RDONLY);
    show("null", call(open, nullptr, O_RDONLY));
    try("path too long", longest, O_RDONLY);
    try("part too long", longest_part, O_RDONLY);
    try("below a file", "file/x", O_RDONLY);
    try("a file, as a directory", "file/", O_RDONLY);
    try("a directory", "directory", O_RDONLY);
    try("a directory to write", "directory", O_WRONLY);
    try("a directory's name with /", "directory/", O_RDONLY);
    try("dots", "./directory/../directory/./../file", O_RDONLY);
    try("many slashes", "directory////..//file", O_RDONLY);
    try("secret", "secret", O_RDONLY);
    try("in a closed directory", "closed/file", O_RDONLY);
    try("link", "link", O_RDONLY);
    try("dangling", "dangling", O_RDONLY);
    try("loop", "loop", O_RDONLY);
    try("through a link", "to_directory/../file", O_RDONLY);
    try("below a link to a file", "link/x", O_RDONLY);
    try("device", "/dev/null", O_RDWR);
}

static void check_flags(void) {
    try("create", "new", O_RDWR | O_CREAT);
    try("create again", "new", O_RDWR | O_CREAT);
    try("exclusive", "new", O_RDWR | O_CREAT | O_EXCL);
    try("exclusive, a link", "dangling", O_RDWR | O_CREAT | O_EXCL);
    try("create through a link", "dangling", O_RDWR | O_CREAT);
    try("it is there", "absent", O_RDONLY);
    try("create a directory", "new_directory", O_RDONLY | O_CREAT | O_DIRECTORY);
    try("create where there is one", "directory", O_RDONLY | O_CREAT);
    try("create with /", "new/", O_RDWR | O_CREAT);
    try("create in a file", "file/x", O_RDWR | O_CREAT);
    try("create in an absent directory", "absent2/x", O_RDWR | O_CREAT);
    try("create where nobody writes", "writable_by_nobody/x", O_RDWR | O_CREAT);
    try("directory wanted, file there", "file", O_RDONLY | O_DIRECTORY);
    try("directory wanted", "directory", O_RDONLY | O_DIRECTORY);
    try("no link wanted", "link", O_RDONLY | O_NOFOLLOW);
    try("no link wanted on the way", "to_directory/../file", O_RDONLY | O_NOFOLLOW);
    try("path of a link", "link", O_PATH | O_NOFOLLOW);
    try("path of a secret", "secret", O_PATH);
    try("both access modes", "file", O_ACCMODE);
    try("temporary", ".", O_RDWR | O_TMPFILE);
    try("temporary, to read", ".", O_RDONLY | O_TMPFILE);
    try("temporary in a file", "file", O_RDWR | O_TMPFILE);
    try("not terminal, later, large", "file", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_LARGEFILE);
    try("unknown flag", "file", O_RDONLY | 1 << 30);
}

static void check_truncation(void) {
    struct stat status;
    int file = open("file", O_RDONLY | O_TRUNC);
    fstat(file, &status);
    say("truncated even to read: %ld", (long)status.st_size);
    file = open("appended", O_CREAT | O_RDWR | O_APPEND, 0600);
    show("append", write(file, "one", 3));
    show("seek", lseek(file, 0, SEEK_SET));
    show("append", write(file, "two", 3));
    show("where", lseek(file, 0, SEEK_CUR));
    show("pwrite appends too", pwrite(file, "three", 5, 0));
    show("size", lseek(file, 0, SEEK_END));
    show("status", fcntl(file, F_GETFL));
    int path = open("appended", O_PATH);
    char byte;
    show("path, read", read(path, &byte, 1));
    show("path, status", fcntl(path, F_GETFL));
    show("path, fstat", fstat(path, &status));
    show("path, chmod", fchmod(path, 0600));
    show("write only, read", read(open("appended", O_WRONLY), &byte, 1));
    show("read only, write", write(open("appended", O_RDONLY), &byte, 1));
}

static void check_numbers(void) {
    int lowest = open("file", O_RDONLY);
    close(lowest);
    say("the lowest that is free: %d", open("/dev/null", O_RDONLY) == lowest);
    show("close", close(lowest));
    show("close again", close(lowest));
    show("close -1", close(-1));
    show("closing", fcntl(open("file", O_RDONLY | O_CLOEXEC), F_GETFD));
}

static void check_at(void) {
    int directory = open("directory", O_RDONLY), file = open("file", O_RDONLY);
    show_ok("below a directory", openat(directory, "x", O_CREAT | O_RDWR, 0600));
    show_ok("above it", openat(directory, "../file", O_RDONLY));
    show_ok("absolute", openat(77, "/dev/null", O_RDONLY));
    show_ok("closed", openat(77, "x", O_RDONLY));
    show_ok("a file", openat(file, "x", O_RDONLY));
    show_ok("here", openat(AT_FDCWD, "file", O_RDONLY));
    show_ok("creat", call(creat, "created", 0600));
    struct how how = {.flags = O_RDONLY};
    show_ok("openat2", syscall(437, AT_FDCWD, "file", &how, sizeof(how)));
    show("openat2, too small", syscall(437, AT_FDCWD, "file", &how, 8));
    how.mode = 0600;
    show("openat2, mode without creation", syscall(437, AT_FDCWD, "file", &how, sizeof(how)));
    how = (struct how){.flags = 1ul << 40};
    show("openat2, unknown flag", syscall(437, AT_FDCWD, "file", &how, sizeof(how)));
    how = (struct how){.resolve = 8};
    show("openat2, beneath", syscall(437, directory, "../file", &how, sizeof(how)));
    how.resolve = 4;
    show("openat2, no links", syscall(437, AT_FDCWD, "link", &how, sizeof(how)));
    how.resolve = 16;
    show_ok("openat2, as root", syscall(437, directory, "/../x", &how, sizeof(how)));
}

static void check_access(void) {
    chmod("file", 0604);
    show("exists", access("file", F_OK));
    show("absent", access("nowhere", F_OK));
    show("read", access("file", R_OK));
    show("read and write", access("file", R_OK | W_OK));
    show("execute", access("file", X_OK));
    show("secret, read", access("secret", R_OK));
    show("secret, exists", access("secret", F_OK));
    show("unknown mode", access("file", 8));
    show("directory", access("directory", R_OK | W_OK | X_OK));
    show("effective", call(faccessat2, AT_FDCWD, "file", R_OK, AT_EACCESS));
    show("a link itself", call(faccessat2, AT_FDCWD, "loop", F_OK, AT_SYMLINK_NOFOLLOW));
    show("unknown flag", call(faccessat2, AT_FDCWD, "file", R_OK, 1));
}

int main(void) {
    prepare();
    check_paths();
    check_flags();
    check_truncation();
    check_numbers();
    check_at();
    check_access();
    chmod("closed", 0700);
}
