/* Locks of files between processes and descriptions: conflicts, waiting, signals, deadlocks. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "user/tests/report.h"

static int file;

static long lock_at(int at, int command, int kind, off_t start, off_t length) {
    struct flock range = {.l_type = (short)kind, .l_start = start, .l_len = length};
    return fcntl(at, command, &range);
}

static void ignore(int) {}

static void ring(int flags) {
    struct sigaction action = {.sa_handler = ignore, .sa_flags = flags};
    sigaction(SIGUSR1, &action, nullptr);
}

/* A child that waits for what this process holds, and is sent a signal in the meantime. */
static void interrupt(const char *what, long (*wait)(void), int flags, void (*release)(void)) {
    pid_t child = fork();
    if (child == 0) {
        ring(flags);
        errno = 0;
        long result = wait();
        say("%s: %s", what, result == 0 ? "got it" : error_name(errno));
        _exit(0);
    }
    settle();
    kill(child, SIGUSR1);
    settle();
    release();
    show_end(what, child);
}

static long wait_for_record(void) {
    return lock_at(file, F_SETLKW, F_WRLCK, 0, 10);
}

static void release_record(void) {
    lock_at(file, F_SETLK, F_UNLCK, 0, 10);
}

static long wait_for_description(void) {
    return lock_at(open("file", O_RDWR), F_OFD_SETLKW, F_WRLCK, 0, 10);
}

static void release_description(void) {
    lock_at(file, F_OFD_SETLK, F_UNLCK, 0, 10);
}

static long wait_for_whole(void) {
    return flock(open("file", O_RDWR), LOCK_EX);
}

static void release_whole(void) {
    flock(file, LOCK_UN);
}

static void check_waiting(void) {
    lock_at(file, F_SETLK, F_WRLCK, 0, 10);
    interrupt("record, interrupted", wait_for_record, 0, release_record);
    lock_at(file, F_SETLK, F_WRLCK, 0, 10);
    interrupt("record, restarted", wait_for_record, SA_RESTART, release_record);
    lock_at(file, F_OFD_SETLK, F_WRLCK, 0, 10);
    interrupt("description, interrupted", wait_for_description, 0, release_description);
    lock_at(file, F_OFD_SETLK, F_WRLCK, 0, 10);
    interrupt("description, restarted", wait_for_description, SA_RESTART, release_description);
    flock(file, LOCK_EX);
    interrupt("whole, interrupted", wait_for_whole, 0, release_whole);
    flock(file, LOCK_EX);
    interrupt("whole, restarted", wait_for_whole, SA_RESTART, release_whole);
}

static void show_conflict(const char *what, int at, int command, int kind, off_t start,
                          off_t length) {
    struct flock range = {.l_type = (short)kind, .l_start = start, .l_len = length};
    long result = fcntl(at, command, &range);
    if (result != 0) {
        show(what, result);
    } else if (range.l_type == F_UNLCK) {
        say("%s: free, %ld from %ld", what, (long)range.l_len, (long)range.l_start);
    } else {
        say("%s: kind %d, %ld from %ld, whence %d, owner %s", what, range.l_type, (long)range.l_len,
            (long)range.l_start, range.l_whence,
            range.l_pid == -1         ? "none"
            : range.l_pid == getpid() ? "me"
                                      : "another");
    }
}

static void check_descriptions(void) {
    int other = open("file", O_RDWR), reader = open("file", O_RDONLY),
        writer = open("file", O_WRONLY);
    show("read 0", lock_at(file, F_OFD_SETLK, F_RDLCK, 0, 10));
    show("read 0, another", lock_at(other, F_OFD_SETLK, F_RDLCK, 5, 10));
    show("write, shared", lock_at(other, F_OFD_SETLK, F_WRLCK, 0, 20));
    show("write behind", lock_at(other, F_OFD_SETLK, F_WRLCK, 20, 10));
    show_conflict("asked by the first", file, F_OFD_GETLK, F_RDLCK, 0, 100);
    show_conflict("by a process", file, F_GETLK, F_RDLCK, 0, 100);
    show_conflict("by the holder", other, F_OFD_GETLK, F_WRLCK, 20, 10);
    show("a process's own", lock_at(file, F_SETLK, F_WRLCK, 20, 5));
    show("a process's own, free", lock_at(file, F_SETLK, F_WRLCK, 50, 5));
    show_conflict("by a description", other, F_OFD_GETLK, F_WRLCK, 40, 100);
    show("write by a reader", lock_at(reader, F_OFD_SETLK, F_WRLCK, 90, 1));
    show("read by a writer", lock_at(writer, F_SETLK, F_RDLCK, 90, 1));
    show_conflict("asked by a reader", reader, F_GETLK, F_WRLCK, 90, 1);
    show_conflict("about nothing", file, F_GETLK, F_UNLCK, 0, 1);
    show_conflict("about nothing, description", file, F_OFD_GETLK, F_UNLCK, 0, 1);
    close(other);
    show_conflict("closed", file, F_OFD_GETLK, F_WRLCK, 20, 10);
    show("unlock", lock_at(file, F_OFD_SETLK, F_UNLCK, 0, 0));
    show("unlock", lock_at(file, F_SETLK, F_UNLCK, 0, 0));
}

static void check_ranges(void) {
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -10, .l_len = 5};
    lseek(file, 7, SEEK_SET);
    show("from the end", fcntl(file, F_OFD_SETLK, &range));
    range = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_start = 1, .l_len = 2};
    show("from here", fcntl(file, F_OFD_SETLK, &range));
    int other = open("file", O_RDWR);
    show_conflict("the first", other, F_OFD_GETLK, F_RDLCK, 0, 0);
    show_conflict("the second", other, F_OFD_GETLK, F_RDLCK, 50, 0);
    range = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_start = -8, .l_len = 1};
    show("before the start", fcntl(file, F_OFD_SETLK, &range));
    range = (struct flock){.l_type = F_WRLCK, .l_whence = 7};
    show("from nowhere", fcntl(file, F_OFD_SETLK, &range));
    show("up to the largest", lock_at(file, F_OFD_SETLK, F_WRLCK, 200, 0x7fffffffffffffff - 199));
    show("beyond it", lock_at(file, F_OFD_SETLK, F_WRLCK, 201, 0x7fffffffffffffff - 199));
    show("the largest, all", lock_at(file, F_OFD_SETLK, F_WRLCK, 0x7fffffffffffffff, 0));
    show("backwards", lock_at(file, F_OFD_SETLK, F_WRLCK, 150, -10));
    show("backwards, too far", lock_at(file, F_OFD_SETLK, F_WRLCK, 5, -10));
    show("all", lock_at(file, F_OFD_SETLK, F_UNLCK, 0, 0));
    show("unknown kind", lock_at(file, F_OFD_SETLK, 3, 0, 1));
    show("null page", call(fcntl, file, F_OFD_SETLK, 8));
    show("asked, null page", call(fcntl, file, F_GETLK, 8));
    close(other);
}

/* One that becomes shared lets others in; one that becomes exclusive may lose what it had. */
static void check_whole(void) {
    int other = open("file", O_RDWR), path = open("file", O_PATH), ends[2];
    pipe(ends);
    show("shared", flock(file, LOCK_SH));
    show("shared, another", flock(other, LOCK_SH));
    show("exclusive, shared with another", flock(file, LOCK_EX | LOCK_NB));
    show("and the shared one is", flock(other, LOCK_EX | LOCK_NB));
    show("unlock", flock(other, LOCK_UN));
    show("unlock again", flock(other, LOCK_UN));
    show("path", flock(path, LOCK_SH));
    show("pipe", flock(ends[0], LOCK_EX | LOCK_NB));
    show("its other end", flock(ends[1], LOCK_EX | LOCK_NB));
    show("directory", flock(open(".", O_RDONLY), LOCK_EX));
    show("directory again", flock(open(".", O_RDONLY), LOCK_SH | LOCK_NB));
    show("device", flock(open("/dev/null", O_RDONLY), LOCK_SH | LOCK_NB));
    show("nothing", flock(file, 0));
    show("only not to wait", flock(file, LOCK_NB));
    show("mandatory", flock(file, 32));
    show("unlock and more", flock(file, LOCK_UN | LOCK_SH));
    show("records of a pipe", lock_at(ends[0], F_SETLK, F_RDLCK, 0, 1));
    show("records of a directory", lock_at(open(".", O_RDONLY), F_SETLK, F_RDLCK, 0, 1));
    close(other);
}

/* Three that wait in a circle: the last one is told. */
static void check_circle(void) {
    int ends[2];
    char byte;
    pid_t children[2];
    pipe(ends);
    lock_at(file, F_SETLK, F_WRLCK, 0, 1);
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            lock_at(file, F_SETLK, F_WRLCK, i + 1, 1);
            write(ends[1], "x", 1);
            lock_at(file, F_SETLKW, F_WRLCK, i, 1);
            _exit(3 + i);
        }
        read(ends[0], &byte, 1);
        settle();
    }
    show("circle of three", lock_at(file, F_SETLKW, F_WRLCK, 2, 1));
    lock_at(file, F_SETLK, F_UNLCK, 0, 0);
    show_end("first", children[0]);
    show_end("second", children[1]);
}

static int closed_at;

static void *wait_at_closed(void *result) {
    *(long *)result = lock_at(closed_at, F_SETLKW, F_WRLCK, 0, 1) == 0 ? 0 : errno;
    return nullptr;
}

/* A descriptor that is closed while its lock is waited for: the lock is not held by anybody. */
static void check_closed(void) {
    pthread_t thread;
    long error = 0;
    closed_at = open("file", O_RDWR);
    pid_t holder = fork();
    if (holder == 0) {
        lock_at(file, F_SETLK, F_WRLCK, 0, 1);
        pause();
    }
    settle();
    pthread_create(&thread, nullptr, wait_at_closed, &error);
    settle();
    close(closed_at);
    kill(holder, SIGKILL);
    pthread_join(thread, nullptr);
    say("closed while it waited: %s", error == 0 ? "ok" : error_name((int)error));
    show_end("holder", holder);
    pid_t asker = fork();
    if (asker == 0) {
        show("another process", lock_at(file, F_SETLK, F_WRLCK, 0, 1));
        _exit(0);
    }
    show_end("asker", asker);
}

int main(void) {
    file = scratch_file("file", 100);
    check_descriptions();
    check_ranges();
    check_whole();
    check_circle();
    flock(file, LOCK_UN);
    check_waiting();
    check_closed();
}
