/* fork, clone and clone3: what a child shares with its parent, by flag, and what is refused. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "user/tests/report.h"

constexpr int PIDFD = 0x1000;

struct clone_arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
        set_tid_size, cgroup;
};

static char *memory;
static volatile int shared_value;
static char stack[4 * PAGE] __attribute__((aligned(16)));

static long raw_clone(unsigned long flags) {
    return call(clone, flags, 0, 0, 0, 0);
}

static void check_refusals(void) {
    show("handlers without memory", raw_clone(CLONE_SIGHAND | SIGCHLD));
    show("thread without handlers", raw_clone(CLONE_THREAD | CLONE_VM));
    show("new names and shared directory", raw_clone(CLONE_NEWNS | CLONE_FS | SIGCHLD));
    show("new process ids and thread",
         raw_clone(CLONE_NEWPID | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM));
    struct clone_arguments arguments = {.exit_signal = SIGCHLD};
    show("clone3 too small", call(clone3, &arguments, 63));
    show("clone3 too large", call(clone3, &arguments, PAGE + 1));
    show("clone3 null", call(clone3, nullptr, sizeof(arguments)));
    arguments.exit_signal = 65;
    show("clone3 bad signal", call(clone3, &arguments, sizeof(arguments)));
    arguments = (struct clone_arguments){.flags = 0xff};
    show("clone3 signal in the flags", call(clone3, &arguments, sizeof(arguments)));
    arguments = (struct clone_arguments){.exit_signal = SIGCHLD, .stack_size = PAGE};
    show("clone3 stack's size alone", call(clone3, &arguments, sizeof(arguments)));
    arguments = (struct clone_arguments){.exit_signal = SIGCHLD, .stack = (uintptr_t)stack};
    show("clone3 stack without size", call(clone3, &arguments, sizeof(arguments)));
    arguments = (struct clone_arguments){.flags = CLONE_DETACHED, .exit_signal = SIGCHLD};
    show("clone3 detached", call(clone3, &arguments, sizeof(arguments)));
}

static void check_memory(void) {
    memory[0] = 'p';
    memory[PAGE] = 'q';
    pid_t child = fork();
    if (child == 0) {
        say("a child sees %c%c", memory[0], memory[PAGE]);
        memory[0] = 'c';
        say("a child writes %c", memory[0]);
        _exit(memory[2 * PAGE]);
    }
    memory[2 * PAGE] = 77;
    show_end("child", child);
    say("a parent keeps %c", memory[0]);
}

static int shared_child(void *) {
    shared_value = 5;
    close(0);
    chdir("/");
    umask(0);
    _exit(3);
}

static void check_sharing(const char *name, int flags) {
    char directory[200];
    int null = open("/dev/null", O_RDONLY), here = open(".", O_RDONLY);
    shared_value = 0;
    umask(022);
    if (null != 0) {
        close(null);
    }
    pid_t child = clone(shared_child, stack + sizeof(stack), flags | SIGCHLD, nullptr);
    show_end(name, child);
    say("%s: memory %d, descriptors %d, directory %d, mask %o", name, shared_value == 5,
        fcntl(0, F_GETFD) < 0, strcmp(getcwd(directory, sizeof(directory)), "/") == 0, umask(022));
    fchdir(here);
    close(here);
}

static int tid_child(void *) {
    _exit(0);
}

static void check_tids(void) {
    pid_t parent_tid = 0, *child_tid = (pid_t *)(memory + 3 * PAGE);
    *child_tid = 99;
    pid_t child = clone(tid_child, stack + sizeof(stack),
                        CLONE_PARENT_SETTID | CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD, nullptr,
                        &parent_tid, nullptr, child_tid);
    int status;
    waitpid(child, &status, 0);
    say("parent's tid %d, child's is cleared %d", parent_tid == child, *child_tid == 0);
    child = (pid_t)call(clone, CLONE_CHILD_SETTID | SIGCHLD, 0, 0, memory + PAGE, 0);
    if (child == 0) {
        _exit(*(pid_t *)(memory + PAGE) == getpid() ? 0 : 1);
    }
    show_end("its own tid in its memory", child);
}

static void on_signal(int) {
    say("a signal other than SIGCHLD came");
}

static void check_exit_signal(void) {
    signal(SIGUSR1, on_signal);
    pid_t child = (pid_t)raw_clone(SIGUSR1);
    if (child == 0) {
        _exit(4);
    }
    int status = 0;
    while (waitpid(child, &status, __WALL) < 0 && errno == EINTR) {
    }
    say("with SIGUSR1: %s", end_name(status));
    child = (pid_t)raw_clone(0);
    if (child == 0) {
        _exit(5);
    }
    show("silent, plain wait", waitpid(child, &status, 0));
    show_ok("silent, wait for clones", waitpid(child, &status, __WCLONE));
    say("silent: %s", end_name(status));
}

static void check_clone3(void) {
    int pidfd = -1;
    struct clone_arguments arguments = {
        .flags = PIDFD, .pidfd = (uintptr_t)&pidfd, .exit_signal = SIGCHLD};
    pid_t child = (pid_t)call(clone3, &arguments, sizeof(arguments));
    if (child == 0) {
        _exit(6);
    }
    say("pidfd is open %d, closes on exec %d", fcntl(pidfd, F_GETFL) >= 0, fcntl(pidfd, F_GETFD));
    siginfo_t info = {};
    show("waited for", call(waitid, 3, pidfd, &info, WEXITED, nullptr));
    say("status %d", info.si_status);
    show("signal to it", call(pidfd_send_signal, pidfd, 0, nullptr, 0));
}

static void check_inheritance(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    raise(SIGUSR2);
    alarm(100);
    pid_t child = fork();
    if (child == 0) {
        sigset_t pending, blocked;
        sigpending(&pending);
        sigprocmask(SIG_BLOCK, nullptr, &blocked);
        say("pending %d, blocked %d, alarm %u", sigismember(&pending, SIGUSR2),
            sigismember(&blocked, SIGUSR2), alarm(0));
        _exit(0);
    }
    show_end("inheritance", child);
    say("the parent's alarm: %d", alarm(0) > 90);
}

static void check_offset(void) {
    int file = scratch_file("file", 100);
    lseek(file, 10, SEEK_SET);
    pid_t child = fork();
    if (child == 0) {
        lseek(file, 20, SEEK_CUR);
        fcntl(file, F_SETFD, FD_CLOEXEC);
        fcntl(file, F_SETFL, O_APPEND);
        _exit(0);
    }
    show_end("child", child);
    say("shared offset %ld, own flag %d, shared status %d", (long)lseek(file, 0, SEEK_CUR),
        fcntl(file, F_GETFD), (fcntl(file, F_GETFL) & O_APPEND) != 0);
}

int main(void) {
    memory = mmap(nullptr, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check_refusals();
    check_memory();
    check_sharing("nothing", 0);
    check_sharing("memory", CLONE_VM);
    check_sharing("descriptors", CLONE_FILES);
    check_sharing("directory", CLONE_FS);
    check_sharing("all", CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_SIGHAND);
    check_sharing("vfork", CLONE_VM | CLONE_VFORK);
    check_tids();
    check_exit_signal();
    check_clone3();
    check_inheritance();
    check_offset();
}
