#pragma once

/* What the programs on ptrace share. */

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "user/tests/report.h"

static inline long trace(long request, pid_t child, unsigned long address, unsigned long data) {
    return call(ptrace, request, child, address, data);
}

static inline void show_status(const char *what, int status) {
    if (WIFSTOPPED(status)) {
        say("%s: stopped by %s%s, event %d", what, signal_name(WSTOPSIG(status) & 0x7f),
            WSTOPSIG(status) & 0x80 ? " | 0x80" : "", status >> 16);
    } else {
        say("%s: %s", what, end_name(status));
    }
}

/* Waits for what the tracee does next. */
static inline int next(const char *what, pid_t child) {
    int status = 0;
    errno = 0;
    pid_t found = waitpid(child, &status, __WALL);
    if (found != child) {
        show(what, found);
        return 0;
    }
    show_status(what, status);
    return status;
}

static inline void finish(pid_t child) {
    int status;
    kill(child, SIGKILL);
    while (waitpid(child, &status, __WALL) == child && WIFSTOPPED(status)) {
    }
}
