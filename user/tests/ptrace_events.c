/* ptrace: what a tracer asks to be told of (PTRACE_SETOPTIONS), and tracing of threads and
 * children. */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "user/tests/report.h"
#include "user/tests/tracee.h"

static unsigned long message_of(pid_t child) {
    unsigned long message = 0x5555;
    if (trace(PTRACE_GETEVENTMSG, child, 0, (unsigned long)&message) != 0) {
        show("GETEVENTMSG", -1);
    }
    return message;
}

static void show_info(pid_t child) {
    siginfo_t info;
    memset(&info, 0, sizeof(info));
    long result = trace(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info);
    show("  siginfo", result);
    if (result == 0) {
        say("  %s, code %#x, itself %d", signal_name(info.si_signo), info.si_code,
            info.si_pid == child);
    }
}

static void show_registers(pid_t child) {
    struct user_regs_struct r;
    trace(PTRACE_GETREGS, child, 0, (unsigned long)&r);
    say("  rax %lld, orig_rax %lld", (long long)r.rax, (long long)r.orig_rax);
}

static pid_t start_traced(void (*body)(void), unsigned long options) {
    pid_t child = fork();
    if (child == 0) {
        trace(PTRACE_TRACEME, 0, 0, 0);
        call(kill, getpid(), SIGSTOP);
        body();
        _exit(0);
    }
    next("the first stop", child);
    show("options", trace(PTRACE_SETOPTIONS, child, 0, options));
    return child;
}

static void fork_once(void) {
    pid_t child = (pid_t)call(fork);
    if (child == 0) {
        _exit(3);
    }
    int status;
    call(wait4, child, &status, 0, nullptr);
    _exit(WEXITSTATUS(status) + 1);
}

static void follow_child(pid_t child, bool is_seized) {
    pid_t grandchild = (pid_t)message_of(child);
    show_info(child);
    next("  the new one", grandchild);
    say("  its message: %lu", message_of(grandchild));
    show_info(grandchild);
    show_registers(grandchild);
    if (is_seized) {
        show("  listen", trace(PTRACE_LISTEN, grandchild, 0, 0));
        show("  interrupt", trace(PTRACE_INTERRUPT, grandchild, 0, 0));
        next("  it says so again", grandchild);
    }
    trace(PTRACE_CONT, grandchild, 0, 0);
    next("  its end", grandchild);
    show("  and no more", waitpid(grandchild, nullptr, __WALL));
}

static void check_fork(void) {
    pid_t child = start_traced(fork_once, PTRACE_O_TRACEFORK);
    trace(PTRACE_CONT, child, 0, 0);
    next("the fork", child);
    show_registers(child);
    follow_child(child, false);
    trace(PTRACE_CONT, child, 0, 0);
    next("SIGCHLD", child);
    trace(PTRACE_CONT, child, 0, SIGCHLD);
    next("the end", child);
}

static void wait_then_fork(void) {
    call(pause);
    fork_once();
}

static void on_signal(int signal) {
    (void)signal;
}

static void check_fork_of_seized(void) {
    signal(SIGUSR1, on_signal);
    pid_t child = fork();
    if (child == 0) {
        wait_then_fork();
    }
    settle();
    show("seize", trace(PTRACE_SEIZE, child, 0, PTRACE_O_TRACEFORK));
    kill(child, SIGUSR1);
    next("SIGUSR1", child);
    trace(PTRACE_CONT, child, 0, SIGUSR1);
    next("the fork", child);
    follow_child(child, true);
    trace(PTRACE_CONT, child, 0, 0);
    next("SIGCHLD", child);
    trace(PTRACE_CONT, child, 0, SIGCHLD);
    next("the end", child);
    signal(SIGUSR1, SIG_DFL);
}

static void vfork_once(void) {
    if (vfork() == 0) {
        _exit(5);
    }
    _exit(6);
}

static void check_vfork(void) {
    pid_t child = start_traced(vfork_once, PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE);
    trace(PTRACE_CONT, child, 0, 0);
    next("vfork", child);
    pid_t grandchild = (pid_t)message_of(child);
    next("  the new one", grandchild);
    trace(PTRACE_CONT, child, 0, 0);
    trace(PTRACE_CONT, grandchild, 0, 0);
    next("  its end", grandchild);
    next("it has left the memory", child);
    say("  of the child: %d", message_of(child) == (unsigned long)grandchild);
    trace(PTRACE_CONT, child, 0, 0);
    next("SIGCHLD", child);
    trace(PTRACE_CONT, child, 0, 0);
    next("the end", child);
}

static void exec_itself(void) {
    char *arguments[] = {(char *)"ptrace_events", (char *)"exit", nullptr};
    call(execve, "/proc/self/exe", arguments, arguments + 2);
    _exit(99);
}

static void check_exec(void) {
    pid_t child = start_traced(exec_itself, 0);
    trace(PTRACE_CONT, child, 0, 0);
    next("exec, without the option", child);
    show_info(child);
    trace(PTRACE_CONT, child, 0, 0);
    next("the end", child);
    child = start_traced(exec_itself, PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD);
    trace(PTRACE_SYSCALL, child, 0, 0);
    next("execve", child);
    trace(PTRACE_SYSCALL, child, 0, 0);
    next("exec", child);
    say("  it was itself: %d", message_of(child) == (unsigned long)child);
    show_info(child);
    show_registers(child);
    trace(PTRACE_SYSCALL, child, 0, 0);
    next("the end of execve", child);
    show_registers(child);
    trace(PTRACE_CONT, child, 0, 0);
    next("the end", child);
}

static void exit_9(void) {
    call(exit, 9);
}

static void die(void) {
    call(kill, getpid(), SIGTERM);
}

static void check_exit(void) {
    pid_t child = start_traced(exit_9, PTRACE_O_TRACEEXIT);
    trace(PTRACE_CONT, child, 0, 0);
    next("exit", child);
    say("  with %#lx", message_of(child));
    show_info(child);
    show_registers(child);
    show("nothing yet", waitpid(child, nullptr, WNOHANG | __WALL));
    trace(PTRACE_CONT, child, 0, 0);
    next("the end", child);
    child = start_traced(die, PTRACE_O_TRACEEXIT);
    trace(PTRACE_CONT, child, 0, 0);
    next("SIGTERM", child);
    trace(PTRACE_CONT, child, 0, SIGTERM);
    next("it ends", child);
    say("  with %#lx", message_of(child));
    trace(PTRACE_CONT, child, 0, 0);
    next("the end", child);
}

static volatile int ready;

static void *thread_body(void *argument) {
    ready = 1;
    if (argument) {
        exec_itself();
    }
    return nullptr;
}

static void make_thread(void) {
    pthread_t thread;
    pthread_create(&thread, nullptr, thread_body, nullptr);
    pthread_join(thread, nullptr);
    _exit(ready + 3);
}

static void make_thread_that_execs(void) {
    pthread_t thread;
    pthread_create(&thread, nullptr, thread_body, &thread);
    for (;;) {
        pause();
    }
}

static void check_threads(void) {
    pid_t child = start_traced(make_thread, PTRACE_O_TRACECLONE);
    trace(PTRACE_CONT, child, 0, 0);
    next("clone", child);
    pid_t thread = (pid_t)message_of(child);
    next("  the thread", thread);
    show("  a wait for it without __WALL", waitpid(thread, nullptr, WNOHANG));
    trace(PTRACE_CONT, child, 0, 0);
    trace(PTRACE_CONT, thread, 0, 0);
    int status;
    pid_t ended = waitpid(thread, &status, __WALL);
    say("  its end: %d", ended == thread && WIFEXITED(status)); /* by itself, or with all */
    next("the end", child);
    show("nothing left", waitpid(child, nullptr, __WALL));
}

static void check_exec_of_thread(void) {
    pid_t child = start_traced(make_thread_that_execs, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC);
    trace(PTRACE_CONT, child, 0, 0);
    next("clone", child);
    pid_t thread = (pid_t)message_of(child);
    next("  the thread", thread);
    trace(PTRACE_CONT, child, 0, 0);
    trace(PTRACE_CONT, thread, 0, 0);
    next("it has the process's number", child);
    say("  it was the thread: %d", message_of(child) == (unsigned long)thread);
    show("  and is no more", waitpid(thread, nullptr, WNOHANG | __WALL));
    trace(PTRACE_CONT, child, 0, 0);
    next("the end", child);
}

static void *stay(void *argument) {
    (void)argument;
    ready = 1;
    for (;;) {
        pause();
    }
}

static void two_threads(void) {
    pthread_t thread;
    pthread_create(&thread, nullptr, stay, nullptr);
    while (!ready) {
        sched_yield();
    }
    call(kill, getpid(), SIGSTOP);
    _exit(4);
}

/* A stop of the process reaches each of its threads. */
static void check_group_stop_of_threads(void) {
    pid_t child = start_traced(two_threads, PTRACE_O_TRACECLONE);
    trace(PTRACE_CONT, child, 0, 0);
    next("clone", child);
    pid_t thread = (pid_t)message_of(child);
    next("  the thread", thread);
    trace(PTRACE_CONT, thread, 0, 0);
    trace(PTRACE_CONT, child, 0, 0);
    next("SIGSTOP", child);
    trace(PTRACE_CONT, child, 0, SIGSTOP);
    next("the process", child);
    show_info(child);
    next("the thread", thread);
    show_info(thread);
    trace(PTRACE_CONT, thread, 0, 0);
    trace(PTRACE_CONT, child, 0, 0);
    next("the thread's end", thread);
    next("the end", child);
}

static void clone_traced(void) {
    pid_t child = (pid_t)call(clone, CLONE_PTRACE | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        _exit(5);
    }
    int status = 0;
    call(wait4, child, &status, 0, nullptr);
    _exit(WEXITSTATUS(status));
}

static void check_clone_traced(void) {
    pid_t child = start_traced(clone_traced, PTRACE_O_TRACESYSGOOD);
    trace(PTRACE_SYSCALL, child, 0, 0);
    next("clone", child);
    trace(PTRACE_SYSCALL, child, 0, 0);
    next("its end", child);
    long number = 0;
    trace(PTRACE_PEEKUSER, child, offsetof(struct user, regs.rax), (unsigned long)&number);
    pid_t grandchild = (pid_t)number;
    next("the new one", grandchild);
    trace(PTRACE_DETACH, grandchild, 0, 0);
    trace(PTRACE_CONT, child, 0, 0);
    next("SIGCHLD", child);
    trace(PTRACE_CONT, child, 0, 0);
    next("the end", child);
}

int main(int argument_count, char **arguments) {
    (void)arguments;
    if (argument_count > 1) {
        return 12;
    }
    check_fork();
    check_fork_of_seized();
    check_vfork();
    check_exec();
    check_exit();
    check_threads();
    check_exec_of_thread();
    check_group_stop_of_threads();
    check_clone_traced();
    pid_t child = start_traced(exit_9, 0);
    finish(child);
    return 0;
}
