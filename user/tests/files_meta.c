/* chmod, chown, utimensat, truncate, fallocate, and extended attributes that are not there. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <utime.h>

#include "user/tests/report.h"

static int file;

static void show_mode(const char *what, const char *path) {
    struct stat status;
    stat(path, &status);
    say("%s: %o", what, status.st_mode);
}

static void check_chmod(void) {
    mkdir("directory", 0700);
    symlink("file", "link");
    show("chmod", chmod("file", 07777));
    show_mode("all bits", "file");
    show("more than all", chmod("file", 0170644));
    show_mode("kind stays", "file");
    show("through a link", chmod("link", 0600));
    show_mode("file", "file");
    show("directory", chmod("directory", 01711));
    show_mode("directory", "directory");
    show("absent", chmod("absent", 0));
    show("not mine", chmod("/dev/null", 0666));
    show("closed", fchmod(77, 0));
    show("below", fchmodat(AT_FDCWD, "file", 0644, 0));
    show("null page", call(chmod, nullptr, 0));
    chmod("file", 06755);
    show("write", pwrite(file, "x", 1, 0));
    show_mode("writing takes the privileges away", "file");
    chmod("file", 06755);
    show("truncate", ftruncate(file, 50));
    show_mode("so does truncating", "file");
}

static void check_chown(void) {
    show("to itself", chown("file", getuid(), getgid()));
    show("to nobody in particular", chown("file", -1, -1));
    show("to root", chown("file", 0, -1));
    show("to root's group", chown("file", -1, 0));
    show("absent", chown("absent", -1, -1));
    show("not mine", chown("/dev/null", getuid(), -1));
    show("link itself", lchown("link", getuid(), -1));
    show("closed", fchown(77, -1, -1));
    show("unknown flag", fchownat(AT_FDCWD, "file", -1, -1, 1));
    show("empty", fchownat(file, "", -1, -1, AT_EMPTY_PATH));
    chmod("file", 06755);
    show("again", chown("file", getuid(), -1));
    show_mode("privileges are gone", "file");
}

static void show_times(const char *what) {
    struct stat status;
    fstat(file, &status);
    say("%s: access %ld.%09ld, data %ld.%09ld", what, (long)status.st_atim.tv_sec,
        status.st_atim.tv_nsec, (long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static void check_times(void) {
    struct timespec times[2] = {{1000, 5}, {2000, 6}};
    show("set", utimensat(AT_FDCWD, "file", times, 0));
    show_times("both");
    times[0].tv_nsec = UTIME_OMIT;
    times[1] = (struct timespec){3000, 7};
    show("one is left out", futimens(file, times));
    show_times("one");
    times[1].tv_nsec = UTIME_OMIT;
    show("both are left out", futimens(file, times));
    show_times("none");
    times[0] = (struct timespec){-5, 0};
    times[1] = (struct timespec){0, 0};
    show("before 1970", futimens(file, times));
    show_times("before");
    times[0].tv_nsec = 1'000'000'000;
    show("bad", futimens(file, times));
    show("absent", utimensat(AT_FDCWD, "absent", nullptr, 0));
    show("unknown flag", utimensat(AT_FDCWD, "file", nullptr, 1));
    show("link itself", utimensat(AT_FDCWD, "link", nullptr, AT_SYMLINK_NOFOLLOW));
    show("not mine", utimensat(AT_FDCWD, "/dev/null", (struct timespec[2]){}, 0));
    show("null page", call(utimensat, AT_FDCWD, "file", 8, 0));
    struct utimbuf old = {11, 12};
    show("utime", call(utime, "file", &old));
    show_times("by seconds");
    struct timeval halves[2] = {{13, 500'000}, {14, 250'000}};
    show("utimes", call(utimes, "file", halves));
    show_times("by microseconds");
    show("now", futimens(file, nullptr));
    struct stat status;
    fstat(file, &status);
    say("now: %d", status.st_mtim.tv_sec > 1'000'000'000);
}

static void check_truncate(void) {
    char byte = 'x';
    show("longer", truncate("file", 2 * PAGE));
    show("pread", pread(file, &byte, 1, PAGE));
    say("zero: %d", byte);
    show("shorter", truncate("file", 10));
    show("longer again", truncate("file", 100));
    pread(file, &byte, 1, 20);
    say("zero again: %d", byte);
    show("negative", truncate("file", -1));
    show("directory", truncate("directory", 0));
    show("absent", truncate("absent", 0));
    show("device", truncate("/dev/null", 0));
    show("closed", ftruncate(77, 0));
    show("opened to read", ftruncate(open("file", O_RDONLY), 0));
    chmod("file", 0444);
    show("read only", truncate("file", 0));
    show("but it is open", ftruncate(file, 100));
    chmod("file", 0644);
}

static void show_size(const char *what) {
    struct stat status;
    fstat(file, &status);
    say("%s: size %ld, blocks %ld", what, (long)status.st_size, (long)status.st_blocks);
}

static void check_fallocate(void) {
    char byte = 0;
    ftruncate(file, 0);
    show("allocate", fallocate(file, 0, 0, 4 * PAGE));
    show_size("allocated");
    show("beyond the size", fallocate(file, FALLOC_FL_KEEP_SIZE, 4 * PAGE, PAGE));
    show_size("size is kept");
    pwrite(file, "abc", 3, PAGE);
    show("punch", fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE));
    pread(file, &byte, 1, PAGE);
    say("zero: %d", byte);
    pwrite(file, "abcdef", 6, 0);
    show("punch a part", fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2, 2));
    char bytes[7] = {};
    pread(file, bytes, 6, 0);
    say("%c%c%d%d%c%c", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);
    show("punch, but not keep", fallocate(file, FALLOC_FL_PUNCH_HOLE, 0, PAGE));
    show("nothing", fallocate(file, 0, 0, 0));
    show("negative", fallocate(file, 0, -1, 5));
    show("too far", fallocate(file, 0, 0x7fffffffffffffff, 5));
    show("unknown mode", fallocate(file, 0x1000, 0, 5));
    int ends[2];
    pipe(ends);
    show("pipe", fallocate(ends[1], 0, 0, 5));
    show("directory", fallocate(open("directory", O_RDONLY), 0, 0, 5));
    show("opened to read", fallocate(open("file", O_RDONLY), 0, 0, 5));
    show("closed", fallocate(77, 0, 0, 5));
}

int main(void) {
    file = scratch_file("file", 100);
    check_chmod();
    check_chown();
    check_times();
    check_truncate();
    check_fallocate();
}
