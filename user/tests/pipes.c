/* Pipes and FIFOs: capacity, atomic writes, ends that close, flags. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "user/tests/report.h"

static char bytes[256 * 1024];

static void check_creation(void) {
    int ends[2] = {-1, -1};
    struct stat status;
    show("null page", call(pipe, 8));
    show("unknown flag", call(pipe2, ends, O_APPEND));
    show("closing", pipe2(ends, O_CLOEXEC | O_NONBLOCK));
    say("flags %d, status %#x %#x", fcntl(ends[0], F_GETFD), fcntl(ends[0], F_GETFL),
        fcntl(ends[1], F_GETFL));
    fstat(ends[0], &status);
    say("mode %o, size %ld, block %ld", status.st_mode, (long)status.st_size,
        (long)status.st_blksize);
    show("read from the writing end", read(ends[1], bytes, 1));
    show("write to the reading end", write(ends[0], bytes, 1));
    show("seek", lseek(ends[0], 0, SEEK_SET));
    show("pread", pread(ends[0], bytes, 1, 0));
    show("truncate", ftruncate(ends[1], 0));
    show("synchronise", fsync(ends[0]));
    close(ends[0]);
    close(ends[1]);
}

static void check_capacity(void) {
    int ends[2], available = -1;
    pipe2(ends, O_NONBLOCK);
    show("empty", read(ends[0], bytes, 1));
    show("no bytes", read(ends[0], bytes, 0));
    show("write no bytes", write(ends[1], bytes, 0));
    show("fill", write(ends[1], bytes, sizeof(bytes)));
    show("full", write(ends[1], bytes, 1));
    ioctl(ends[0], FIONREAD, &available);
    say("available: %d", available);
    show("read a page", read(ends[0], bytes, PAGE));
    show("room for a page", write(ends[1], bytes, 2 * PAGE));
    show("atomic write without room", write(ends[1], bytes, PAGE));
    show("read all", read(ends[0], bytes, sizeof(bytes)));
    show("capacity", fcntl(ends[0], F_GETPIPE_SZ));
    show("smaller", fcntl(ends[0], F_SETPIPE_SZ, 1));
    show("odd", fcntl(ends[0], F_SETPIPE_SZ, 3 * PAGE));
    show("fill it", write(ends[1], bytes, sizeof(bytes)));
    show("smaller than what is in it", fcntl(ends[0], F_SETPIPE_SZ, PAGE));
    show("negative", fcntl(ends[0], F_SETPIPE_SZ, -1));
    show("of a file", fcntl(scratch_file("file", 1), F_GETPIPE_SZ));
}

static void write_to_broken(void) {
    int ends[2];
    pipe(ends);
    close(ends[0]);
    write(ends[1], "x", 1);
}

static void check_ends(void) {
    int ends[2];
    pipe(ends);
    write(ends[1], "rest", 4);
    struct pollfd entry = {ends[0], POLLIN, 0};
    close(ends[1]);
    show("poll", poll(&entry, 1, 0));
    say("events %#x", (unsigned)entry.revents);
    show("the rest", read(ends[0], bytes, 100));
    show("the end", read(ends[0], bytes, 100));
    poll(&entry, 1, 0);
    say("events %#x", (unsigned)entry.revents);
    close(ends[0]);
    show_child("nobody reads", write_to_broken);
    signal(SIGPIPE, SIG_IGN);
    pipe(ends);
    close(ends[0]);
    show("nobody reads, ignored", write(ends[1], "x", 1));
    entry = (struct pollfd){ends[1], POLLOUT, 0};
    poll(&entry, 1, 0);
    say("events %#x", (unsigned)entry.revents);
    close(ends[1]);
}

static int sigpipes;

static void count_sigpipe(int) {
    sigpipes++;
}

/* A reader that goes in the middle of a write: what was written counts, and the signal comes. */
static void check_reader_going(void) {
    int ends[2];
    pipe(ends);
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        settle();
        _exit(0);
    }
    close(ends[0]);
    signal(SIGPIPE, count_sigpipe);
    show("written", write(ends[1], bytes, 200'000));
    say("signals: %d", sigpipes);
    signal(SIGPIPE, SIG_DFL);
    show_end("reader", child);
    close(ends[1]);
}

/* A writer of more than fits sleeps, and goes on as the reader takes. */
static void check_blocking(void) {
    int ends[2];
    pipe(ends);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        memset(bytes, 'w', sizeof(bytes));
        ssize_t written = write(ends[1], bytes, sizeof(bytes));
        _exit(written == (ssize_t)sizeof(bytes) ? 0 : 1);
    }
    close(ends[1]);
    long total = 0;
    for (ssize_t count; (count = read(ends[0], bytes, 10'000)) > 0;) {
        total += count;
    }
    say("all came: %ld", total);
    show_end("writer", child);
    close(ends[0]);
}

static void check_packets(void) {
    int ends[2];
    pipe2(ends, O_DIRECT);
    show("first", write(ends[1], "first", 5));
    show("second", write(ends[1], "second", 6));
    show("one at a time", read(ends[0], bytes, 100));
    show("cut off", read(ends[0], bytes, 3));
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    show("the rest is gone", read(ends[0], bytes, 100));
    say("status %#x %#x", fcntl(ends[0], F_GETFL), fcntl(ends[1], F_GETFL));
    show("large", write(ends[1], bytes, 2 * PAGE + 10));
    show("a page", read(ends[0], bytes, sizeof(bytes)));
    show("another", read(ends[0], bytes, sizeof(bytes)));
    show("the rest", read(ends[0], bytes, sizeof(bytes)));
    show("bytes from now on", fcntl(ends[1], F_SETFL, O_NONBLOCK));
    write(ends[1], "bytes", 5);
    write(ends[1], "bytes", 5);
    show("packets again", fcntl(ends[1], F_SETFL, O_NONBLOCK | O_DIRECT));
    write(ends[1], "joins", 5);
    write(ends[1], bytes, PAGE);
    write(ends[1], "last", 4);
    show("some of the bytes", read(ends[0], bytes, 3));
    show("bytes, and some of a packet", read(ends[0], bytes, 100));
    show("a packet", read(ends[0], bytes, 100));
    show("nothing", read(ends[0], bytes, 100));
    long count = 0;
    while (write(ends[1], "p", 1) == 1) {
        count++;
    }
    say("packets that fit: %ld", count);
    show("no reader of packets", fcntl(scratch_file("direct", 1), F_SETFL, O_DIRECT));
    show("what has none", fcntl(open("/dev/null", O_RDONLY), F_SETFL, O_DIRECT));
    close(ends[0]);
    close(ends[1]);
}

/* Only the odd part of a write joins what is there, and only where it fits. */
static void check_slots(void) {
    int ends[2], count = 0;
    pipe2(ends, O_NONBLOCK);
    while (write(ends[1], bytes, 3000) == 3000) {
        count++;
    }
    say("writes of 3000: %d", count);
    show("of 1000", write(ends[1], bytes, 1000));
    show("of 97", write(ends[1], bytes, 97));
    show("of 96", write(ends[1], bytes, 96));
    read(ends[0], bytes, 3000);
    show("the odd part joins", write(ends[1], bytes, 2 * PAGE));
    show("read all", read(ends[0], bytes, sizeof(bytes)));
    write(ends[1], bytes, 16 * PAGE - 1);
    show("a page and one", write(ends[1], bytes, PAGE + 1));
    struct pollfd entry = {ends[1], POLLOUT, 0};
    show("poll", poll(&entry, 1, 0));
    read(ends[0], bytes, PAGE - 1);
    show("poll", poll(&entry, 1, 0));
    read(ends[0], bytes, 1);
    show("poll", poll(&entry, 1, 0));
    close(ends[0]);
    close(ends[1]);
}

/* Where memory ends within a piece, that piece stays; what came before it counts. */
static void check_missing_memory(void) {
    int ends[2], available;
    char *memory =
        mmap(nullptr, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(memory + 2 * PAGE, PAGE);
    pipe2(ends, O_NONBLOCK);
    show("write, the end is missing", write(ends[1], memory + 2 * PAGE - 10, 20));
    show("write, the second piece", write(ends[1], memory + PAGE - 10, PAGE + 20));
    write(ends[1], "0123456789", 10);
    show("write, what would join", write(ends[1], memory + 2 * PAGE - 10, 20));
    ioctl(ends[0], FIONREAD, &available);
    say("available: %d", available);
    show("read, the first piece", read(ends[0], memory + PAGE + 10, 2 * PAGE));
    show("read, the second piece", read(ends[0], memory + PAGE - 5, 2 * PAGE));
    show("read, the end is missing", read(ends[0], memory + 2 * PAGE - 1, 10));
    show("the rest", read(ends[0], bytes, sizeof(bytes)));
    close(ends[0]);
    close(ends[1]);
}

/* The rest of a page that a reader takes makes much more room than it has bytes. */
static void check_room_at_once(void) {
    int ends[2];
    pipe(ends);
    write(ends[1], bytes, 16 * PAGE - 1000);
    read(ends[0], bytes, PAGE - 96);
    pid_t child = fork();
    if (child == 0) {
        struct pollfd entry = {ends[1], POLLOUT, 0};
        show("polled", poll(&entry, 1, 3000));
        show("written", write(ends[1], bytes, PAGE));
        _exit(0);
    }
    settle();
    long rest = read(ends[0], bytes, 96);
    show_end("writer", child);
    show("read the rest", rest);
    close(ends[0]);
    close(ends[1]);
}

static void check_fifo(void) {
    char byte;
    show("make", mkfifo("fifo", 0600));
    show("again", mkfifo("fifo", 0600));
    show("nobody reads", open("fifo", O_WRONLY | O_NONBLOCK));
    int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    show_ok("to read", reader);
    show("nobody writes", read(reader, &byte, 1));
    int writer = open("fifo", O_WRONLY);
    show_ok("to write", writer);
    show("empty", read(reader, &byte, 1));
    show("write", write(writer, "f", 1));
    show("read", read(reader, &byte, 1));
    close(writer);
    show("end", read(reader, &byte, 1));
    int both = open("fifo", O_RDWR);
    show_ok("both", both);
    show("write", write(both, "b", 1));
    show("read", read(both, &byte, 1));
    close(both);
    close(reader);
    pid_t child = fork();
    if (child == 0) {
        settle();
        write(open("fifo", O_WRONLY), "c", 1);
        _exit(0);
    }
    reader = open("fifo", O_RDONLY);
    show("opening waits for a writer", read(reader, &byte, 1));
    say("%c", byte);
    show_end("child", child);
}

int main(void) {
    check_creation();
    check_capacity();
    check_ends();
    check_blocking();
    check_reader_going();
    check_packets();
    check_slots();
    check_missing_memory();
    check_room_at_once();
    check_fifo();
}
