/* ptrace: becoming a tracer, the stops of signals and calls, and how tracees are waited for. */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "user/tests/report.h"
#include "user/tests/tracee.h"

static pid_t start(void (*body)(void)) {
    pid_t child = fork();
    if (child == 0) {
        body();
        _exit(0);
    }
    return child;
}

static pid_t start_traced(void (*body)(void)) {
    pid_t child = fork();
    if (child == 0) {
        if (trace(PTRACE_TRACEME, 0, 0, 0) != 0) {
            _exit(99);
        }
        call(kill, getpid(), SIGSTOP);
        body();
        _exit(0);
    }
    return child;
}

static volatile sig_atomic_t handled;

static void on_signal(int signal) {
    handled = signal;
}

static void two_signals(void) {
    signal(SIGUSR1, on_signal);
    signal(SIGUSR2, on_signal);
    raise(SIGUSR1);
    int first = handled;
    handled = 0;
    raise(SIGUSR1);
    int second = handled;
    _exit(first * 16 + second);
}

static void show_info(const char *what, pid_t child) {
    siginfo_t info;
    memset(&info, 0, sizeof(info));
    long result = trace(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info);
    if (result != 0) {
        show(what, result);
        return;
    }
    say("%s: %s, code %#x", what, signal_name(info.si_signo), info.si_code);
}

static void check_signals(void) {
    pid_t child = start_traced(two_signals);
    next("the first stop", child);
    show_info("its siginfo", child);
    show("go on", trace(PTRACE_CONT, child, 0, 0));
    next("a signal", child);
    show_info("its siginfo", child);
    show("replace it", trace(PTRACE_CONT, child, 0, SIGUSR2));
    next("another", child);
    show("suppress it", trace(PTRACE_CONT, child, 0, 0));
    next("then", child); /* 12 * 16 + 0 */
}

static void one_fatal_signal(void) {
    raise(SIGTERM);
    raise(SIGWINCH); /* ignored, and seen all the same */
    _exit(3);
}

static void check_default_signals(void) {
    pid_t child = start_traced(one_fatal_signal);
    next("the first stop", child);
    trace(PTRACE_CONT, child, 0, 0);
    next("SIGTERM", child);
    trace(PTRACE_CONT, child, 0, 0);
    next("SIGWINCH", child);
    trace(PTRACE_CONT, child, 0, SIGWINCH);
    next("suppressed", child);
    child = start_traced(one_fatal_signal);
    next("again", child);
    trace(PTRACE_CONT, child, 0, 0);
    next("SIGTERM", child);
    show("no such signal", trace(PTRACE_CONT, child, 0, 65));
    show("a wait with nothing new", waitpid(child, nullptr, WNOHANG | __WALL));
    trace(PTRACE_CONT, child, 0, SIGTERM);
    next("delivered", child);
}

static void some_calls(void) {
    call(getppid, 7);
    call(close, -1);
    _exit(4);
}

static void show_call(pid_t child) {
    struct __ptrace_syscall_info info;
    memset(&info, 0xee, sizeof(info));
    long size = trace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), (unsigned long)&info);
    if (size < 0) {
        show("  call info", size);
        return;
    }
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        say("  %ld bytes: enters %lu(%d), arch %#x", size, info.entry.nr, (int)info.entry.args[0],
            info.arch);
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
        bool is_process = info.exit.rval > 0;
        say("  %ld bytes: leaves with %ld, error %d", size, is_process ? 1 : info.exit.rval,
            info.exit.is_error);
    } else {
        say("  %ld bytes: op %d", size, info.op);
    }
}

static void check_calls(void) {
    pid_t child = start_traced(some_calls);
    next("the first stop", child);
    show_call(child);
    show("options", trace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD));
    show("other options", trace(PTRACE_SETOPTIONS, child, 0, 1 << 10));
    for (int i = 0; i < 6; i++) {
        struct user_regs_struct registers;
        trace(PTRACE_SYSCALL, child, 0, 0);
        int status = next("at a call", child);
        if (!WIFSTOPPED(status)) {
            return;
        }
        show_call(child);
        show_info("  siginfo", child);
        trace(PTRACE_GETREGS, child, 0, (unsigned long)&registers);
        say("  rax %lld, orig_rax %lld",
            (long long)registers.rax > 0 ? 1 : (long long)registers.rax,
            (long long)registers.orig_rax);
    }
    finish(child);
}

/* A call that becomes another, and one that is not made. */
static void check_changed_calls(void) {
    pid_t child = start_traced(some_calls);
    next("the first stop", child);
    trace(PTRACE_SYSCALL, child, 0, 0);
    next("kill's end", child);
    struct user_regs_struct registers;
    trace(PTRACE_SYSCALL, child, 0, 0);
    next("getppid", child);
    trace(PTRACE_GETREGS, child, 0, (unsigned long)&registers);
    say("it is getppid: %d", registers.orig_rax == SYS_getppid);
    registers.orig_rax = SYS_dup;
    registers.rdi = (unsigned long)-1;
    trace(PTRACE_SETREGS, child, 0, (unsigned long)&registers);
    trace(PTRACE_SYSCALL, child, 0, 0);
    next("dup instead", child);
    trace(PTRACE_GETREGS, child, 0, (unsigned long)&registers);
    say("it gives %lld", (long long)registers.rax);
    trace(PTRACE_SYSCALL, child, 0, 0);
    next("close", child);
    trace(PTRACE_GETREGS, child, 0, (unsigned long)&registers);
    registers.orig_rax = (unsigned long)-1;
    registers.rax = 77;
    trace(PTRACE_SETREGS, child, 0, (unsigned long)&registers);
    trace(PTRACE_SYSCALL, child, 0, 0);
    next("no call", child);
    trace(PTRACE_GETREGS, child, 0, (unsigned long)&registers);
    say("it gives %lld", (long long)registers.rax);
    trace(PTRACE_CONT, child, 0, 0);
    next("the end", child);
}

static void wait_for_signal(void) {
    for (;;) {
        pause();
    }
}

static char state_of(pid_t process) {
    char path[64];
    char line[128];
    char state = '?';
    snprintf(path, sizeof(path), "/proc/%d/status", process);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "State: %c", &state) == 1) {
            break;
        }
    }
    if (file) {
        fclose(file);
    }
    return state;
}

static int tracer_of(pid_t process) {
    char path[64];
    char line[128];
    int tracer = -1;
    snprintf(path, sizeof(path), "/proc/%d/status", process);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "TracerPid: %d", &tracer) == 1) {
            break;
        }
    }
    if (file) {
        fclose(file);
    }
    return tracer;
}

static void check_attaching(void) {
    pid_t child = start(wait_for_signal);
    settle();
    show("not its tracer yet", trace(PTRACE_CONT, child, 0, 0));
    say("tracer 0: %d", tracer_of(child) == 0);
    show("attach", trace(PTRACE_ATTACH, child, 0, 0));
    show("twice", trace(PTRACE_ATTACH, child, 0, 0));
    next("its SIGSTOP", child);
    show_info("siginfo", child);
    say("state %c, own tracer %d", state_of(child), tracer_of(child) == getpid());
    show("detach, bad signal", trace(PTRACE_DETACH, child, 0, 65));
    show("detach", trace(PTRACE_DETACH, child, 0, 0));
    settle();
    say("state %c, tracer 0: %d", state_of(child), tracer_of(child) == 0);
    show("attach again", trace(PTRACE_ATTACH, child, 0, 0));
    next("its SIGSTOP", child);
    trace(PTRACE_CONT, child, 0, 0);
    settle();
    say("state %c", state_of(child));
    show("a request while it runs", trace(PTRACE_PEEKUSER, child, 0, 0));
    show("interrupt one that is not seized", trace(PTRACE_INTERRUPT, child, 0, 0));
    show("kill", trace(PTRACE_KILL, child, 0, 0));
    next("killed", child);
}

static void check_refusals(void) {
    show("itself", trace(PTRACE_ATTACH, getpid(), 0, 0));
    show("nobody", trace(PTRACE_ATTACH, 0x3fffff, 0, 0));
    show("the first process", trace(PTRACE_ATTACH, 1, 0, 0));
    show("nobody's registers", trace(PTRACE_GETREGS, 0x3fffff, 0, 0));
    show("no such request", trace(4711, 0x3fffff, 0, 0));
    show("seize with an address", trace(PTRACE_SEIZE, 1, 1, 0));
    show("seize with unknown options", trace(PTRACE_SEIZE, 1, 0, 1 << 10));
    pid_t child = start(wait_for_signal);
    settle();
    prctl(PR_SET_DUMPABLE, 1);
    show("seize", trace(PTRACE_SEIZE, child, 0, 0));
    show("seize again", trace(PTRACE_SEIZE, child, 0, 0));
    say("state %c", state_of(child));
    finish(child);
}

static void two_stops(void) {
    raise(SIGSTOP);
    _exit(5);
}

/* Group stops of one that was attached, and how SIGCONT reaches it. */
static void check_group_stops(void) {
    pid_t child = start_traced(two_stops);
    next("the first stop", child);
    trace(PTRACE_CONT, child, 0, 0);
    next("SIGSTOP", child);
    show_info("its siginfo", child);
    trace(PTRACE_CONT, child, 0, SIGSTOP);
    next("the group stop", child);
    show_info("its siginfo", child);
    kill(child, SIGCONT);
    settle();
    say("state %c", state_of(child));
    show("nothing new", waitpid(child, nullptr, WNOHANG | __WALL));
    trace(PTRACE_CONT, child, 0, 0);
    next("SIGCONT", child);
    trace(PTRACE_CONT, child, 0, SIGCONT);
    next("the end", child);
}

static void check_listening(void) {
    pid_t child = start(wait_for_signal);
    settle();
    show("seize", trace(PTRACE_SEIZE, child, 0, 0));
    show("interrupt", trace(PTRACE_INTERRUPT, child, 0, 0));
    next("the stop", child);
    show_info("its siginfo", child);
    trace(PTRACE_CONT, child, 0, 0);
    kill(child, SIGSTOP);
    next("SIGSTOP", child);
    show("listen at a signal", trace(PTRACE_LISTEN, child, 0, 0));
    trace(PTRACE_CONT, child, 0, SIGSTOP);
    next("the group stop", child);
    show_info("its siginfo", child);
    show("listen", trace(PTRACE_LISTEN, child, 0, 0));
    settle();
    show("a request while it listens", trace(PTRACE_PEEKUSER, child, 0, 0));
    show("nothing new", waitpid(child, nullptr, WNOHANG | __WALL));
    kill(child, SIGCONT);
    next("it was continued", child);
    show_info("its siginfo", child);
    trace(PTRACE_CONT, child, 0, 0);
    next("SIGCONT", child);
    trace(PTRACE_CONT, child, 0, SIGCONT);
    settle();
    say("state %c", state_of(child));
    show("interrupt", trace(PTRACE_INTERRUPT, child, 0, 0));
    next("the stop", child);
    show("detach with a signal, for nothing", trace(PTRACE_DETACH, child, 0, SIGTERM));
    settle();
    say("state %c", state_of(child));
    finish(child);
}

static void check_waitid(void) {
    pid_t child = start_traced(two_stops);
    siginfo_t info;
    memset(&info, 0, sizeof(info));
    show("waitid, and keep", waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
    say("code %d, status %#x, the child %d", info.si_code, info.si_status, info.si_pid == child);
    memset(&info, 0, sizeof(info));
    show("waitid", waitid(P_ALL, 0, &info, WSTOPPED));
    say("code %d, status %#x, the child %d", info.si_code, info.si_status, info.si_pid == child);
    memset(&info, 0, sizeof(info));
    show("waitid again", waitid(P_PID, (id_t)child, &info, WSTOPPED | WNOHANG));
    say("code %d", info.si_code);
    finish(child);
}

/* A tracer that is not the parent hears of the end first, and one that ends leaves its tracees. */
static void check_other_tracer(void) {
    pid_t child = start(wait_for_signal);
    settle();
    int ready[2];
    pipe(ready);
    pid_t tracer = fork();
    if (tracer == 0) {
        say("seize: %ld", trace(PTRACE_SEIZE, child, 0, 0));
        kill(child, SIGTERM);
        next("the tracer: SIGTERM", child);
        trace(PTRACE_CONT, child, 0, SIGTERM);
        siginfo_t info;
        waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
        write(ready[1], "x", 1);
        settle();
        next("the tracer: the end", child);
        _exit(0);
    }
    char byte;
    read(ready[0], &byte, 1);
    say("the parent, meanwhile: %d", waitpid(child, nullptr, WNOHANG));
    next("the tracer", tracer);
    next("the parent: the end", child);

    child = start(wait_for_signal);
    tracer = fork();
    if (tracer == 0) {
        trace(PTRACE_ATTACH, child, 0, 0);
        waitpid(child, nullptr, __WALL);
        _exit(0);
    }
    next("a tracer that ends", tracer);
    settle();
    say("its tracee: state %c, tracer %d", state_of(child), tracer_of(child));
    finish(child);

    child = start(wait_for_signal);
    tracer = fork();
    if (tracer == 0) {
        trace(PTRACE_SEIZE, child, 0, PTRACE_O_EXITKILL);
        _exit(0);
    }
    next("a tracer that takes it along", tracer);
    next("its tracee", child);
}

static void check_call_interrupted(void) {
    pid_t child = start(wait_for_signal);
    struct user_regs_struct registers;
    settle();
    trace(PTRACE_SEIZE, child, 0, 0);
    trace(PTRACE_INTERRUPT, child, 0, 0);
    next("interrupted", child);
    trace(PTRACE_GETREGS, child, 0, (unsigned long)&registers);
    say("rax %lld, orig_rax %lld", (long long)registers.rax, (long long)registers.orig_rax);
    trace(PTRACE_SYSCALL, child, 0, 0);
    next("the call again", child);
    trace(PTRACE_GETREGS, child, 0, (unsigned long)&registers);
    say("rax %lld, orig_rax %lld", (long long)registers.rax, (long long)registers.orig_rax);
    finish(child);
}

int main(void) {
    check_refusals();
    check_signals();
    check_default_signals();
    check_calls();
    check_changed_calls();
    check_attaching();
    check_group_stops();
    check_listening();
    check_waitid();
    check_other_tracer();
    check_call_interrupted();
    return 0;
}
