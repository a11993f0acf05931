/* fcntl beyond descriptors and locks: who is told by a signal, leases, the capacity of pipes,
 * hints. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "user/tests/report.h"

/* struct f_owner_ex of man 2 fcntl. */
struct owner {
    int type;
    pid_t number;
};
constexpr int OF_THREAD = 0, OF_PROCESS = 1, OF_GROUP = 2;

static int file, ends[2];

static void show_owner(const char *what, int of) {
    struct owner owner = {-7, -7};
    long result = fcntl(of, F_GETOWN_EX, &owner);
    int number = fcntl(of, F_GETOWN);
    if (result != 0) {
        show(what, result);
        return;
    }
    say("%s: type %d, %s, as a number %s", what, owner.type,
        owner.number == getpid() ? "me"
        : owner.number == 0      ? "nobody"
                                 : "another",
        number == getpid()    ? "me"
        : number == -getpid() ? "my group"
        : number == 0         ? "nobody"
                              : "another");
}

static void check_owner(void) {
    show_owner("at first", file);
    show("me", call(fcntl, file, F_SETOWN, getpid()));
    show_owner("me", file);
    show("my group", call(fcntl, file, F_SETOWN, -getpgrp()));
    show_owner("my group", file);
    show("no process", call(fcntl, file, F_SETOWN, 0x3fffffff));
    show_owner("as before", file);
    show("no group", call(fcntl, file, F_SETOWN, -0x3fffffff));
    show("the smallest number", call(fcntl, file, F_SETOWN, 0x80000000));
    show("nobody", call(fcntl, file, F_SETOWN, 0));
    show_owner("nobody", file);
    struct owner owner = {OF_THREAD, gettid()};
    show("thread", fcntl(file, F_SETOWN_EX, &owner));
    show_owner("thread", file);
    owner = (struct owner){OF_GROUP, getpgrp()};
    show("group", fcntl(file, F_SETOWN_EX, &owner));
    show_owner("group", file);
    owner = (struct owner){9, getpid()};
    show("unknown type", fcntl(file, F_SETOWN_EX, &owner));
    owner = (struct owner){OF_PROCESS, 0x3fffffff};
    show("no process", fcntl(file, F_SETOWN_EX, &owner));
    owner = (struct owner){OF_PROCESS, 0};
    show("nobody", fcntl(file, F_SETOWN_EX, &owner));
    show_owner("nobody", file);
    show("null page", call(fcntl, file, F_SETOWN_EX, 8));
    show("null page", call(fcntl, file, F_GETOWN_EX, 8));
    show("path", call(fcntl, open("file", O_PATH), F_SETOWN, getpid()));
    show("closed", call(fcntl, 77, F_SETOWN, getpid()));
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    fcntl(file, F_SETOWN, child);
    waitpid(child, nullptr, 0);
    show_owner("one that has ended", file);
    fcntl(file, F_SETOWN, 0);
}

static void check_signal_number(void) {
    show("signal", fcntl(file, F_GETSIG));
    show("set", fcntl(file, F_SETSIG, SIGUSR1));
    show("signal", fcntl(file, F_GETSIG));
    show("too large", fcntl(file, F_SETSIG, 65));
    show("the largest", fcntl(file, F_SETSIG, 64));
    show("negative", fcntl(file, F_SETSIG, -1));
    show("the usual", fcntl(file, F_SETSIG, 0));
    show("path", fcntl(open("file", O_PATH), F_SETSIG, 0));
}

static void check_capacity(void) {
    int pipes[2];
    pipe(pipes);
    show("capacity", fcntl(pipes[0], F_GETPIPE_SZ));
    show("none", fcntl(pipes[0], F_SETPIPE_SZ, 0));
    show("smallest", fcntl(pipes[1], F_SETPIPE_SZ, 1));
    show("odd", fcntl(pipes[1], F_SETPIPE_SZ, 5 * PAGE));
    show("largest of nobody", fcntl(pipes[1], F_SETPIPE_SZ, 1 << 20));
    show("larger", fcntl(pipes[1], F_SETPIPE_SZ, (1 << 20) + 1));
    show("far too large", call(fcntl, pipes[1], F_SETPIPE_SZ, 1u << 31));
    show("beyond all", call(fcntl, pipes[1], F_SETPIPE_SZ, (1u << 31) + 1));
    show("as before", fcntl(pipes[0], F_GETPIPE_SZ));
    show("of a file", fcntl(file, F_SETPIPE_SZ, PAGE));
    show("of a path", fcntl(open("file", O_PATH), F_GETPIPE_SZ));
}

static void check_hints(void) {
    uint64_t hint = 7;
    show("hint", fcntl(file, F_GET_RW_HINT, &hint));
    say("%lu", (unsigned long)hint);
    hint = 3;
    show("set", fcntl(file, F_SET_RW_HINT, &hint));
    show("hint", fcntl(file, F_GET_RW_HINT, &hint));
    say("%lu", (unsigned long)hint);
    hint = 6;
    show("unknown", fcntl(file, F_SET_RW_HINT, &hint));
    show("null page", call(fcntl, file, F_SET_RW_HINT, 8));
    show("null page", call(fcntl, file, F_GET_RW_HINT, 8));
    show("of a pipe", fcntl(ends[0], F_GET_RW_HINT, &hint));
    show("of the file alone", fcntl(file, F_GET_FILE_RW_HINT, &hint));
    show("query", fcntl(file, 1027, file));
    show("query another", fcntl(file, 1027, dup(file)));
    show("query another description", fcntl(file, 1027, open("file", O_RDONLY)));
    show("query closed", fcntl(file, 1027, 77));
}

int main(void) {
    file = scratch_file("file", 100);
    pipe(ends);
    check_owner();
    check_signal_number();
    check_capacity();
    check_hints();
}
