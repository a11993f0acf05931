/* vfork and posix_spawn: the parent waits until the child has left its memory. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "user/tests/report.h"

static char *self;
static char *const no_environment[] = {nullptr};
static volatile int value;

static void check_vfork(void) {
    value = 1;
    pid_t child = vfork();
    if (child == 0) {
        value = 2;
        _exit(7);
    }
    say("the child wrote in the parent's memory: %d", value);
    show_end("vfork and exit", child);
    child = vfork();
    if (child == 0) {
        execve(self, (char *const[]){self, "spawned", "by vfork", nullptr}, no_environment);
        _exit(9);
    }
    show_end("vfork and exec", child);
    child = vfork();
    if (child == 0) {
        execve("/no/such", (char *const[]){"x", nullptr}, no_environment);
        value = errno;
        _exit(9);
    }
    say("vfork and exec of nothing: %s", error_name(value));
    show_end("the child", child);
    child = vfork();
    if (child == 0) {
        call(kill, call(getpid), SIGKILL);
    }
    show_end("vfork and kill", child);
}

static void spawn(const char *what, const posix_spawn_file_actions_t *actions,
                  const posix_spawnattr_t *attributes) {
    pid_t child;
    char *const arguments[] = {self, "spawned", "by posix_spawn", nullptr};
    int error = posix_spawn(&child, self, actions, attributes, arguments, no_environment);
    if (error != 0) {
        say("%s: %s", what, error_name(error));
    } else {
        show_end(what, child);
    }
}

static void check_spawn(void) {
    pid_t child;
    char *const arguments[] = {"x", nullptr};
    spawn("spawned", nullptr, nullptr);
    say("spawn of nothing: %s",
        error_name(posix_spawn(&child, "/no/such", nullptr, nullptr, arguments, no_environment)));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "output", O_WRONLY | O_CREAT, 0644);
    spawn("spawned with a file", &actions, nullptr);
    char text[100] = {};
    int output = open("output", O_RDONLY);
    show("its output", read(output, text, sizeof(text) - 1));
    say("[%s]", text);
    posix_spawnattr_t attributes;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &set);
    spawn("spawned with attributes", nullptr, &attributes);
}

static int spawned(int argument_count, char **arguments) {
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, nullptr, &blocked);
    say("spawned: %d arguments, %s, SIGUSR1 blocked %d, leads its group %d", argument_count,
        arguments[2], sigismember(&blocked, SIGUSR1), getpgrp() == getpid());
    return 3;
}

int main(int argument_count, char **arguments) {
    self = arguments[0];
    if (argument_count > 1) {
        return spawned(argument_count, arguments);
    }
    check_vfork();
    check_spawn();
}
