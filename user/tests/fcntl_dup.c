/* dup, fcntl, record locks, open-file-description locks, flock, close_range. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "user/tests/report.h"

constexpr long CLOSE_RANGE = 436;
constexpr unsigned UNSHARE = 2, CLOSE_ON_EXEC = 4;

static int file;

static void check_dup(void) {
    show("dup closed", dup(77));
    show("dup2 closed", dup2(77, 5));
    show("dup2 to itself", dup2(file, file));
    show("dup2 closed to itself", dup2(77, 77));
    show("dup2 negative", dup2(file, -1));
    show("dup2 too large", dup2(file, 1 << 20));
    show("dup2", dup2(file, 50));
    show("dup3 to itself", dup3(file, file, 0));
    show("dup3 unknown flag", call(dup3, file, 51, O_APPEND));
    show("dup3", dup3(file, 51, O_CLOEXEC));
    say("flags %d %d", fcntl(50, F_GETFD), fcntl(51, F_GETFD));
    lseek(file, 33, SEEK_SET);
    say("one offset: %ld", (long)lseek(51, 0, SEEK_CUR));
    show("from 60 on", fcntl(file, F_DUPFD, 60));
    show("from 60 on, closing", fcntl(file, F_DUPFD_CLOEXEC, 60));
    say("flags %d %d", fcntl(60, F_GETFD), fcntl(61, F_GETFD));
    show("from -1 on", fcntl(file, F_DUPFD, -1));
    show("from too many on", fcntl(file, F_DUPFD, 1 << 20));
}

static void check_flags(void) {
    show("set", fcntl(file, F_SETFD, -1));
    show("get", fcntl(file, F_GETFD));
    show("status", fcntl(file, F_GETFL));
    show("set status", fcntl(file, F_SETFL, O_APPEND | O_NONBLOCK | O_WRONLY | O_CREAT));
    show("status", fcntl(file, F_GETFL));
    show("back", fcntl(file, F_SETFL, 0));
    show("unknown command", fcntl(file, 999, 0));
    show("closed", fcntl(77, F_GETFD));
    show("owner", fcntl(file, F_GETOWN));
}

static long lock(int command, int kind, off_t start, off_t length) {
    struct flock range = {.l_type = (short)kind, .l_start = start, .l_len = length};
    return fcntl(file, command, &range);
}

static void show_lock(const char *what, off_t start, off_t length, pid_t owner) {
    struct flock range = {.l_type = F_WRLCK, .l_start = start, .l_len = length};
    if (fcntl(file, F_GETLK, &range) != 0) {
        show(what, -1);
    } else if (range.l_type == F_UNLCK) {
        say("%s: free", what);
    } else {
        say("%s: %s, %ld bytes from %ld, of the parent %d", what,
            range.l_type == F_RDLCK ? "read" : "write", (long)range.l_len, (long)range.l_start,
            range.l_pid == owner);
    }
}

static pid_t parent;

static void look_at_locks(void) {
    show_lock("a child sees", 0, 1000, parent);
    show_lock("behind it", 30, 5, parent);
    show("write", lock(F_SETLK, F_WRLCK, 12, 1));
    show("read", lock(F_SETLK, F_RDLCK, 12, 1));
    show("read what is read", lock(F_SETLK, F_RDLCK, 22, 1));
    show("write what is read", lock(F_SETLK, F_WRLCK, 22, 1));
    show("write what is free", lock(F_SETLK, F_WRLCK, 40, 5));
}

static void close_another(void) {
    close(open("file", O_RDONLY));
}

static void check_record_locks(void) {
    parent = getpid();
    show("write 10", lock(F_SETLK, F_WRLCK, 10, 10));
    show("read 10", lock(F_SETLK, F_RDLCK, 20, 10));
    show_lock("mine are free to me", 0, 100, parent);
    show_child("child", look_at_locks);
    show("unlock the middle", lock(F_SETLK, F_UNLCK, 14, 2));
    show_child("child", look_at_locks);
    show("to the end", lock(F_SETLK, F_WRLCK, 90, 0));
    show("before the start", lock(F_SETLK, F_WRLCK, -5, 2));
    show("backwards", lock(F_SETLK, F_WRLCK, 50, -10));
    show("unknown kind", lock(F_SETLK, 9, 0, 1));
    show("null page", call(fcntl, file, F_SETLK, 8));
    close_another();
    show_child("closing another descriptor unlocks", look_at_locks);
    lock(F_SETLK, F_WRLCK, 10, 5);
    pid_t child = fork();
    if (child == 0) {
        _exit(lock(F_SETLKW, F_WRLCK, 10, 5) == 0 ? 3 : 4);
    }
    settle();
    show("unlock", lock(F_SETLK, F_UNLCK, 10, 5));
    show_end("child", child);
}

static void check_deadlock(void) {
    lock(F_SETLK, F_WRLCK, 1, 1);
    int ends[2];
    char byte;
    pipe(ends);
    pid_t child = fork();
    if (child == 0) {
        lock(F_SETLK, F_WRLCK, 2, 1);
        write(ends[1], "l", 1);
        lock(F_SETLKW, F_WRLCK, 1, 1);
        _exit(0);
    }
    read(ends[0], &byte, 1);
    settle();
    show("deadlock", lock(F_SETLKW, F_WRLCK, 2, 1));
    lock(F_SETLK, F_UNLCK, 0, 0);
    show_end("child", child);
}

static void check_description_locks(void) {
    int other = open("file", O_RDWR);
    struct flock range = {.l_type = F_WRLCK, .l_len = 10};
    show("description", fcntl(file, F_OFD_SETLK, &range));
    show("another description", fcntl(other, F_OFD_SETLK, &range));
    show("a copy", fcntl(dup(file), F_OFD_SETLK, &range));
    range.l_pid = 5;
    show("with a process", fcntl(file, F_OFD_SETLK, &range));
    show("flock", flock(file, LOCK_EX));
    show("flock, another", flock(other, LOCK_SH | LOCK_NB));
    show("flock, a copy", flock(dup(file), LOCK_EX | LOCK_NB));
    show("shared", flock(file, LOCK_SH));
    show("shared, another", flock(other, LOCK_SH | LOCK_NB));
    show("exclusive, another", flock(other, LOCK_EX | LOCK_NB));
    show("unlock", flock(file, LOCK_UN));
    show("unknown", flock(file, 77));
    show("closed", flock(77, LOCK_SH));
    show("both", flock(file, LOCK_SH | LOCK_EX));
}

static void show_open(const char *what) {
    char line[8] = {};
    for (int i = 0; i < 6; i++) {
        int flags = fcntl(70 + i, F_GETFD);
        line[i] = flags < 0 ? '.' : flags & FD_CLOEXEC ? 'c' : 'o';
    }
    say("%s: %s", what, line);
}

static void check_close_range(void) {
    for (int i = 0; i < 6; i++) {
        dup2(file, 70 + i);
    }
    show("two", syscall(CLOSE_RANGE, 71, 72, 0));
    show_open("closed");
    show("marked", syscall(CLOSE_RANGE, 73, 74, CLOSE_ON_EXEC));
    show_open("marked");
    show("backwards", syscall(CLOSE_RANGE, 75, 70, 0));
    show("unknown flag", syscall(CLOSE_RANGE, 70, 75, 1));
    show("unshared", syscall(CLOSE_RANGE, 73, 74, UNSHARE));
    show("nothing there", syscall(CLOSE_RANGE, 500, 600, 0));
    show("to the end", syscall(CLOSE_RANGE, 75, ~0u, 0));
    show_open("left");
}

int main(void) {
    file = scratch_file("file", 100);
    check_dup();
    check_flags();
    check_record_locks();
    check_deadlock();
    check_description_locks();
    check_close_range();
}
