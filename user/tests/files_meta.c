/* chmod, chown, utimensat, truncate, fallocate, and extended attributes that are not there. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <utime.h>

#include "user/tests/report.h"

/* What musl has no names for; modes of man 2 fallocate. */
constexpr int COLLAPSE_RANGE = 0x08;
constexpr int ZERO_RANGE = 0x10;
constexpr int INSERT_RANGE = 0x20;
constexpr int UNSHARE_RANGE = 0x40;

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
    show("bad, absent", utimensat(AT_FDCWD, "absent", times, 0));
    show("bad, not mine", utimensat(AT_FDCWD, "/dev/null", times, 0));
    times[1].tv_nsec = -1;
    show("both bad, a file", utimensat(file, nullptr, times, 0));
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
    show("collapse", fallocate(file, COLLAPSE_RANGE, 0, PAGE));
    show("insert", fallocate(file, INSERT_RANGE, 0, PAGE));
    show("zero", fallocate(file, ZERO_RANGE, 0, PAGE));
    show("unshare", fallocate(file, UNSHARE_RANGE, 0, PAGE));
    show("zero and keep, too far",
         fallocate(file, ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0x7fffffffffffffff, 5));
    show("collapse and keep, too far",
         fallocate(file, COLLAPSE_RANGE | FALLOC_FL_KEEP_SIZE, 0x7fffffffffffffff, 5));
    int ends[2];
    pipe(ends);
    show("pipe", fallocate(ends[1], 0, 0, 5));
    show("directory", fallocate(open("directory", O_RDONLY), 0, 0, 5));
    int reader = open("file", O_RDONLY);
    show("opened to read", fallocate(reader, 0, 0, 5));
    show("opened to read, insert", fallocate(reader, INSERT_RANGE, 0, 5));
    show("opened to read, unknown", fallocate(reader, 0x1000, 0, 5));
    show("device", fallocate(open("/dev/null", O_WRONLY), 0, 0, 5));
    show("eventfd", fallocate(eventfd(0, 0), 0, 0, 5));
    show("closed", fallocate(77, 0, 0, 5));
}

static void show_edges(const char *what, off_t from) {
    off_t data = lseek(file, from, SEEK_DATA);
    off_t hole = lseek(file, from, SEEK_HOLE);
    say("%s: data %ld, hole %ld", what, (long)data, (long)hole);
}

/* What was allocated and never used is a hole; to look at it through memory is to use it. */
static void check_holes(void) {
    char byte;
    ftruncate(file, 0);
    show_edges("empty", 0);
    fallocate(file, 0, 0, 4 * PAGE);
    show_edges("allocated", 0);
    pread(file, &byte, 1, PAGE);
    show_edges("read", 0);
    pwrite(file, "x", 1, PAGE + 5);
    show_edges("written", 0);
    show_edges("from inside", PAGE + 7);
    char *memory = mmap(nullptr, 4 * PAGE, PROT_READ, MAP_SHARED, file, 0);
    byte = ((volatile char *)memory)[2 * PAGE];
    show_edges("looked at", PAGE + 7);
    fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE);
    show_edges("punched", 0);
    ftruncate(file, 1L << 40);
    pwrite(file, "y", 1, 1L << 39);
    show_edges("far", 3 * PAGE);
    show_edges("behind it", (1L << 39) + PAGE);
    show("before the start", lseek(file, -1, SEEK_DATA));
    show("at the end", lseek(file, 1L << 40, SEEK_HOLE));
    show_size("blocks");
    ftruncate(file, 0);
    fallocate(file, FALLOC_FL_KEEP_SIZE, 0, 3 * PAGE);
    show_size("all behind the end");
    ftruncate(file, PAGE + 1);
    show_size("longer");
    ftruncate(file, PAGE + 1);
    show_size("as long");
    munmap(memory, 4 * PAGE);
}

/* What memory has behind the end becomes content when the file grows. */
static void check_behind_end(void) {
    char byte = 0;
    ftruncate(file, 10);
    char *memory = mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    memory[20] = 'a';
    ftruncate(file, 30);
    pread(file, &byte, 1, 20);
    say("longer: %d", byte);
    memory[40] = 'b';
    pwrite(file, "x", 1, 50);
    pread(file, &byte, 1, 40);
    say("written behind: %d", byte);
    memory[60] = 'c';
    ftruncate(file, 51);
    say("as long: %d", memory[60]);
    munmap(memory, PAGE);
}

int main(void) {
    file = scratch_file("file", 100);
    check_chmod();
    check_chown();
    check_times();
    check_truncate();
    check_fallocate();
    check_holes();
    check_behind_end();
}
