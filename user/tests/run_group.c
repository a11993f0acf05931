/*
 * Runs programs one after the other, each in a state that is the same on any kernel:
 *
 *     run_group PROGRAMS SCRATCH NAME...
 *
 * runs PROGRAMS/NAME, by that path, for each NAME, in the new directory SCRATCH/NAME, with one line
 * before and one after its output: "@begin NAME" and "@end NAME exited 0". A program that takes too
 * long is killed, with all that it started. Where it is root, programs run as user and group 65534.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "user/tests/report.h"

constexpr unsigned LONGEST_SECONDS = 30;
constexpr int NOBODY = 65534;
constexpr size_t LONGEST_PATH = 4096;

static char *const environment[] = {"PATH=/bin", "HOME=/tmp", "LC_ALL=C", "TZ=UTC0", nullptr};

static void fail(const char *what) {
    say("@failed %s: %s", what, error_name(errno));
    _exit(98);
}

static bool needs_root(const char *name) {
    size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, "_root") == 0;
}

static void become_nobody(const char *directory) {
    if (geteuid() != 0 || needs_root(directory)) {
        return;
    }
    if (chown(directory, NOBODY, NOBODY) != 0) {
        fail("chown of the scratch directory");
    }
    if (setgroups(0, nullptr) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) != 0) {
        fail("setresuid");
    }
}

/* Neither the caller's signals, descriptors, limits nor randomised addresses reach a program. */
static void forget_surroundings(void) {
    struct rlimit stack = {8 << 20, RLIM_INFINITY}, none = {0, 0}, files = {1024, 4096};
    sigset_t nothing;
    sigemptyset(&nothing);
    sigprocmask(SIG_SETMASK, &nothing, nullptr);
    for (int signal = 1; signal < _NSIG; signal++) {
        /* The C library refuses to touch its own; all zeroes is the default action. */
        call(rt_sigaction, signal, (uint64_t[4]){}, nullptr, sizeof(uint64_t));
    }
    for (int descriptor = 3; descriptor < 1024; descriptor++) {
        close(descriptor);
    }
    setrlimit(RLIMIT_STACK, &stack);
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_NOFILE, &files);
    umask(022);
    personality(ADDR_NO_RANDOMIZE);
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

static void run(const char *path, const char *directory) {
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) != 0 || dup2(1, 2) != 2) {
        fail("standard input");
    }
    setsid();
    setpriority(PRIO_PROCESS, 0, 0);
    if (mkdir(directory, 0755) != 0 || chdir(directory) != 0) {
        fail(directory);
    }
    become_nobody(directory);
    forget_surroundings();
    execve(path, (char *const[]){(char *)path, nullptr}, environment);
    fail(path);
}

static int wait_in_time(pid_t child) {
    int status = 0;
    for (unsigned tick = 0; tick < LONGEST_SECONDS * 100; tick++) {
        if (waitpid(child, &status, WNOHANG) == child) {
            return status;
        }
        nanosleep(&(struct timespec){.tv_nsec = 10'000'000}, nullptr);
    }
    say("@late");
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return status;
}

/* The status of a child's end. What it has started, and left behind in its group, ends as well. */
static int finish(pid_t child) {
    int status = wait_in_time(child);
    kill(-child, SIGKILL);
    return status;
}

int main(int argument_count, char **arguments) {
    if (argument_count < 3) {
        say("usage: run_group PROGRAMS SCRATCH NAME...");
        return 2;
    }
    for (int i = 3; i < argument_count; i++) {
        char path[LONGEST_PATH], directory[LONGEST_PATH];
        snprintf(path, sizeof(path), "%s/%s", arguments[1], arguments[i]);
        snprintf(directory, sizeof(directory), "%s/%s", arguments[2], arguments[i]);
        say("@begin %s", arguments[i]);
        pid_t child = fork();
        if (child == 0) {
            run(path, directory);
        }
        if (child < 0) {
            fail("fork");
        }
        say("@end %s %s", arguments[i], end_name(finish(child)));
    }
    return 0;
}
