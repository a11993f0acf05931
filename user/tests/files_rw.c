/* Reading and writing in every form: vectors, offsets, and from file to file. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "user/tests/report.h"

static char bytes[4 * PAGE];
static int file, directory, pipe_ends[2];

static void check_offsets(void) {
    show("read", read(file, bytes, 10));
    show("where", lseek(file, 0, SEEK_CUR));
    show("to", lseek(file, 100, SEEK_SET));
    show("before the start", lseek(file, -1, SEEK_SET));
    show("back too far", lseek(file, -200, SEEK_CUR));
    show("after the end", lseek(file, 50, SEEK_END));
    show("read there", read(file, bytes, 10));
    show("unknown whence", lseek(file, 0, 9));
    show("far", lseek(file, 0x7fffffffffffffff, SEEK_SET));
    show("beyond", lseek(file, 1, SEEK_CUR));
    show("a directory", lseek(directory, 0, SEEK_SET));
    show("closed", lseek(77, 0, SEEK_SET));
    show("a hole's start", lseek(file, 0, SEEK_HOLE));
    show("data", lseek(file, 5, SEEK_DATA));
    show("data after the end", lseek(file, 1 << 20, SEEK_DATA));
}

/* Devices that are always at their start. */
static void check_devices(void) {
    static const char *const names[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/urandom"};
    char byte;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        int device = open(names[i], O_RDWR);
        say("%s", names[i]);
        show("to", lseek(device, 100, SEEK_SET));
        show("before the start", lseek(device, -5, SEEK_SET));
        show("where", lseek(device, 0, SEEK_CUR));
        show("from the end", lseek(device, 3, SEEK_END));
        show("data", lseek(device, 3, SEEK_DATA));
        show("unknown whence", lseek(device, 0, 9));
        show("read at 100", pread(device, &byte, 1, 100));
        close(device);
    }
}

/* Bytes that no offset reaches. */
static void check_far(void) {
    char byte[2] = {};
    int zero = open("/dev/zero", O_RDWR);
    show("read far", pread(file, byte, 1, INT64_MAX));
    show("nothing far", pread(file, byte, 0, INT64_MAX));
    show("write far", pwrite(file, byte, 1, INT64_MAX));
    show("read over the end", pread(file, byte, 2, INT64_MAX - 1));
    show("read before the end", pread(file, byte, 1, INT64_MAX - 1));
    show("zero far", pread(zero, byte, 1, INT64_MAX));
    lseek(file, INT64_MAX, SEEK_SET);
    show("read there", read(file, byte, 1));
    show("write there", write(file, byte, 1));
    show("write nothing there", write(file, byte, 0));
    lseek(file, 0, SEEK_SET);
    close(zero);
}

static void note_alarm(int) {}

/* Reads a GiB into one MiB again and again, until a signal comes. */
static void read_until_signal(const char *name) {
    static char buffer[1 << 20];
    static struct iovec parts[1024];
    int device = open(name, O_RDONLY);
    for (int i = 0; i < 1024; i++) {
        parts[i] = (struct iovec){buffer, sizeof(buffer)};
    }
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = note_alarm}, nullptr);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = 10'000}, nullptr);
    long result = readv(device, parts, 1024);
    say("%s: ended early %d, whole pages %d", name, result > 0 && result < 1l << 30,
        result % PAGE == 0);
    close(device);
}

static void check_interruption(void) {
    read_until_signal("/dev/zero");
    read_until_signal("/dev/urandom");
}

static void check_simple(void) {
    show("pread", pread(file, bytes, 3, PAGE));
    say("%.3s", bytes);
    show("pread, the end", pread(file, bytes, 100, 2 * PAGE - 5));
    show("pread, after the end", pread(file, bytes, 100, 3 * PAGE));
    show("pread, before the start", pread(file, bytes, 1, -1));
    show("pwrite, before the start", pwrite(file, bytes, 1, -1));
    show("read nothing", read(file, bytes, 0));
    show("read to the null page", call(pread64, file, nullptr, 5, 0));
    show("read nothing to the null page", call(pread64, file, nullptr, 0, 0));
    show("read to the kernel", call(pread64, file, -PAGE, 5, 0));
    show("write from the null page", call(pwrite64, file, nullptr, 5, 0));
    show("read a directory", read(directory, bytes, 10));
    show("read -1 bytes", call(pread64, file, bytes, -1, 0));
    show("write a hole", pwrite(file, "x", 1, 5 * PAGE));
    show("read over it", pread(file, bytes, 5, 4 * PAGE));
    say("zero: %d", bytes[0]);
    char *half =
        mmap(nullptr, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(half + PAGE, PAGE);
    show("into memory that ends", pread(file, half + PAGE - 10, 100, 0));
    show("from memory that ends", pwrite(file, half + PAGE - 10, 100, 0));
}

static void check_vectors(void) {
    char first[4] = {}, second[6] = {};
    struct iovec parts[3] = {{first, 3}, {nullptr, 0}, {second, 5}};
    lseek(file, 0, SEEK_SET);
    pwrite(file, "abcdefghij", 10, 0);
    show("readv", readv(file, parts, 3));
    say("%s %s", first, second);
    show("preadv", preadv(file, parts, 3, 1));
    say("%s %s", first, second);
    show("writev", writev(file, parts, 3));
    show("pwritev", pwritev(file, parts, 3, 20));
    show("no parts", readv(file, parts, 0));
    show("-1 parts", call(readv, file, parts, -1));
    show("1025 parts", call(readv, file, parts, 1025));
    show("null parts", call(readv, file, nullptr, 1));
    parts[1] = (struct iovec){nullptr, 5};
    show("null page in the middle", readv(file, parts, 3));
    parts[1].iov_len = -1ul;
    show("negative size", readv(file, parts, 3));
    parts[1] = (struct iovec){second, 2};
    show("preadv2, where it is", call(preadv2, file, parts, 1, -1l, -1l, 0));
    show("preadv2, unknown flag", call(preadv2, file, parts, 1, 0l, 0l, 1 << 20));
    show("pwritev2, append", call(pwritev2, file, parts, 1, 0l, 0l, 16));
    show("preadv, before the start", preadv(file, parts, 1, -1));
    show("preadv of a pipe", preadv(pipe_ends[0], parts, 1, 0));
}

static void check_sendfile(void) {
    int target = open("target", O_RDWR | O_CREAT, 0600);
    off_t offset = 5;
    lseek(file, 0, SEEK_SET);
    show("sendfile", sendfile(target, file, nullptr, 10));
    show("from an offset", sendfile(target, file, &offset, 10));
    say("the offset: %ld", (long)offset);
    show("where the source is", lseek(file, 0, SEEK_CUR));
    offset = -1;
    show("negative offset", sendfile(target, file, &offset, 1));
    show("offset on the null page", call(sendfile, target, file, 8, 1));
    show("to a reader", sendfile(pipe_ends[0], file, nullptr, 1));
    show("from a pipe", sendfile(target, pipe_ends[0], nullptr, 1));
    show("to a pipe", sendfile(pipe_ends[1], file, nullptr, 20));
    show("it came", read(pipe_ends[0], bytes, 100));
    show("to itself", sendfile(file, file, nullptr, 5));
    show("from a directory", sendfile(target, directory, nullptr, 5));
    lseek(file, 0, SEEK_END);
    show("at the end", sendfile(target, file, nullptr, 5));
    int appending = open("target", O_WRONLY | O_APPEND);
    lseek(file, 0, SEEK_SET);
    show("to one that appends", sendfile(appending, file, nullptr, 5));
}

static void check_copy(void) {
    int target = open("copy", O_RDWR | O_CREAT, 0600);
    loff_t from = 2, to = 100;
    show("copy", copy_file_range(file, &from, target, &to, 8, 0));
    say("offsets %ld %ld", (long)from, (long)to);
    show("unknown flag", copy_file_range(file, &from, target, &to, 8, 1));
    from = 0, to = 4;
    show("onto itself, overlapping", copy_file_range(file, &from, file, &to, 8, 0));
    to = PAGE;
    show("onto itself", copy_file_range(file, &from, file, &to, 8, 0));
    show("to a reader", copy_file_range(file, &from, open("copy", O_RDONLY), &to, 8, 0));
    show("to one that appends",
         copy_file_range(file, &from, open("copy", O_WRONLY | O_APPEND), &to, 8, 0));
    show("from a directory", copy_file_range(directory, nullptr, target, nullptr, 8, 0));
    show("from a pipe", copy_file_range(pipe_ends[0], nullptr, target, nullptr, 8, 0));
    from = 1 << 20;
    show("after the end", copy_file_range(file, &from, target, &to, 8, 0));
}

static void check_splice(void) {
    int others[2];
    loff_t offset = 0;
    pipe2(others, O_NONBLOCK);
    show("file to pipe", splice(file, &offset, pipe_ends[1], nullptr, 20, 0));
    say("offset %ld", (long)offset);
    show("tee", tee(pipe_ends[0], others[1], 100, 0));
    show("still there", splice(pipe_ends[0], nullptr, others[1], nullptr, 8, 0));
    show("all that came", read(others[0], bytes, 100));
    int target = open("spliced", O_RDWR | O_CREAT, 0600);
    show("pipe to file", splice(pipe_ends[0], nullptr, target, nullptr, 100, 0));
    show("no pipe", splice(file, nullptr, target, nullptr, 1, 0));
    show("offset of a pipe", splice(pipe_ends[0], &offset, target, nullptr, 1, 0));
    show("nothing", splice(pipe_ends[0], nullptr, target, nullptr, 0, 0));
    show("not now", splice(pipe_ends[0], nullptr, target, nullptr, 1, SPLICE_F_NONBLOCK));
    show("unknown flag", splice(pipe_ends[0], nullptr, target, nullptr, 1, 1 << 10));
    show("to itself", splice(pipe_ends[0], nullptr, pipe_ends[1], nullptr, 1, 0));
    show("tee to itself", tee(pipe_ends[0], pipe_ends[1], 1, 0));
    struct iovec part = {"memory", 6};
    show("vmsplice", vmsplice(others[1], &part, 1, 0));
    show("read", read(others[0], bytes, 100));
}

static void check_rest(void) {
    show("sync", fsync(file));
    show("datasync", fdatasync(file));
    show("sync what is closed", fsync(77));
    show("sync a directory", fsync(directory));
    show("readahead", readahead(file, 0, PAGE));
    show("advise", call(fadvise64, file, 0, 0, 0));
    show("unknown advice", call(fadvise64, file, 0, 0, 77));
    show("advise a pipe", call(fadvise64, pipe_ends[0], 0, 0, 0));
    show("sync a range", sync_file_range(file, 0, PAGE, SYNC_FILE_RANGE_WRITE));
    show("sync a range, unknown", sync_file_range(file, 0, PAGE, 77));
    char zeroes[8] = "xxxxxxx";
    show("/dev/zero", read(open("/dev/zero", O_RDONLY), zeroes, 8));
    say("%d %d", zeroes[0], zeroes[7]);
    show("/dev/full", write(open("/dev/full", O_WRONLY), zeroes, 8));
    show("/dev/null", write(open("/dev/null", O_WRONLY), zeroes, 8));
    show("/dev/null, read", read(open("/dev/null", O_RDONLY), zeroes, 8));
    show("/dev/urandom", read(open("/dev/urandom", O_RDONLY), zeroes, 8));
}

int main(void) {
    file = scratch_file("file", 2 * PAGE);
    directory = open(".", O_RDONLY);
    pipe(pipe_ends);
    check_simple();
    check_offsets();
    check_devices();
    check_far();
    check_interruption();
    check_vectors();
    check_sendfile();
    check_copy();
    check_splice();
    check_rest();
}
