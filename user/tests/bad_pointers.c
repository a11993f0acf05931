/* Each pointer of each call, pointing where it must not, where the call's other arguments are good.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "user/tests/report.h"

constexpr int ARGUMENTS = 6;
constexpr int READ_WRITE = PROT_READ | PROT_WRITE;

/* Descriptors that each call finds open. */
enum descriptor : int {
    FILE_FD = 20,
    DIRECTORY_FD,
    PIPE_FD,
    PIPE_END_FD,
    OTHER_PIPE_FD,
    OTHER_PIPE_END_FD,
    SOCKET_FD,
    OTHER_SOCKET_FD,
    EPOLL_FD,
    TIMER_FD,
    EVENT_FD,
    CHILD_FD,
};

/* Arguments that stand for something; all but the last are pointers. */
enum stand_in : long {
    BUFFER = 0x7e000000, /* zeroes */
    PATH,                /* a file */
    NEW_PATH,            /* nothing yet */
    DIRECTORY_PATH,
    LINK_PATH,
    VECTOR,   /* of one piece of 8 bytes */
    MESSAGE,  /* one of these */
    SIGNALS,  /* none of them */
    INTERVAL, /* a millisecond */
    EVENT,    /* of epoll, for reading */
    POLLED,   /* a pollfd that is ready */
    PROGRAM_ARGUMENTS,
    LAST_POINTER = PROGRAM_ARGUMENTS,
    SEMAPHORES,
};

struct tried_call {
    const char *name;
    long number;
    long arguments[ARGUMENTS];
};

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

#define CALL(name, ...)                                                                            \
    {                                                                                              \
        #name, SYS_##name, {                                                                       \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static const struct tried_call calls[] = {
    CALL(read, FILE_FD, BUFFER, 100),
    CALL(write, FILE_FD, BUFFER, 100),
    CALL(open, PATH, O_RDONLY),
    CALL(stat, PATH, BUFFER),
    CALL(fstat, FILE_FD, BUFFER),
    CALL(lstat, LINK_PATH, BUFFER),
    CALL(poll, POLLED, 1, 0),
    CALL(rt_sigaction, SIGUSR1, BUFFER, BUFFER, 8),
    CALL(rt_sigprocmask, SIG_SETMASK, SIGNALS, SIGNALS, 8),
    CALL(ioctl, PIPE_FD, 0x541b /* FIONREAD */, BUFFER),
    CALL(pread64, FILE_FD, BUFFER, 100, 0),
    CALL(pwrite64, FILE_FD, BUFFER, 100, 0),
    CALL(readv, FILE_FD, VECTOR, 1),
    CALL(writev, FILE_FD, VECTOR, 1),
    CALL(preadv, FILE_FD, VECTOR, 1, 0, 0),
    CALL(pwritev, FILE_FD, VECTOR, 1, 0, 0),
    CALL(preadv2, FILE_FD, VECTOR, 1, 0, 0, 0),
    CALL(pwritev2, FILE_FD, VECTOR, 1, 0, 0, 0),
    CALL(access, PATH, R_OK),
    CALL(faccessat, AT_FDCWD, PATH, R_OK),
    CALL(faccessat2, AT_FDCWD, PATH, R_OK, 0),
    CALL(pipe, BUFFER),
    CALL(pipe2, BUFFER, 0),
    CALL(select, 0, BUFFER, BUFFER, BUFFER, BUFFER),
    CALL(select, 64, BUFFER, BUFFER, BUFFER, BUFFER),
    CALL(pselect6, 64, BUFFER, BUFFER, BUFFER, BUFFER, 0),
    CALL(ppoll, POLLED, 1, INTERVAL, SIGNALS, 8),
    CALL(mincore, BUFFER, 4096, BUFFER),
    CALL(nanosleep, INTERVAL, BUFFER),
    CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, INTERVAL, BUFFER),
    CALL(getitimer, ITIMER_REAL, BUFFER),
    CALL(setitimer, ITIMER_VIRTUAL, BUFFER, BUFFER),
    CALL(sendfile, PIPE_END_FD, FILE_FD, BUFFER, 8),
    CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, BUFFER),
    CALL(sendto, SOCKET_FD, BUFFER, 8, 0, 0, 0),
    CALL(recvfrom, SOCKET_FD, BUFFER, 8, MSG_DONTWAIT, 0, 0),
    CALL(sendmsg, SOCKET_FD, MESSAGE, 0),
    CALL(recvmsg, SOCKET_FD, MESSAGE, MSG_DONTWAIT),
    CALL(getsockname, SOCKET_FD, BUFFER, BUFFER),
    CALL(getpeername, SOCKET_FD, BUFFER, BUFFER),
    CALL(execve, NEW_PATH, PROGRAM_ARGUMENTS, PROGRAM_ARGUMENTS),
    CALL(execveat, AT_FDCWD, NEW_PATH, PROGRAM_ARGUMENTS, PROGRAM_ARGUMENTS, 0),
    CALL(wait4, -1, BUFFER, WNOHANG, BUFFER),
    CALL(waitid, P_ALL, 0, BUFFER, WEXITED, BUFFER),
    CALL(uname, BUFFER),
    CALL(semop, SEMAPHORES, BUFFER, 1),
    CALL(semtimedop, SEMAPHORES, BUFFER, 1, INTERVAL),
    CALL(truncate, PATH, 10),
    CALL(getdents64, DIRECTORY_FD, BUFFER, 4096),
    CALL(getcwd, BUFFER, 4096),
    CALL(chdir, DIRECTORY_PATH),
    CALL(rename, PATH, NEW_PATH),
    CALL(renameat, AT_FDCWD, PATH, AT_FDCWD, NEW_PATH),
    CALL(renameat2, AT_FDCWD, PATH, AT_FDCWD, NEW_PATH, 0),
    CALL(mkdir, NEW_PATH, 0700),
    CALL(mkdirat, AT_FDCWD, NEW_PATH, 0700),
    CALL(rmdir, DIRECTORY_PATH),
    CALL(creat, NEW_PATH, 0600),
    CALL(link, PATH, NEW_PATH),
    CALL(linkat, AT_FDCWD, PATH, AT_FDCWD, NEW_PATH, 0),
    CALL(unlink, PATH),
    CALL(unlinkat, AT_FDCWD, PATH, 0),
    CALL(symlink, PATH, NEW_PATH),
    CALL(symlinkat, PATH, AT_FDCWD, NEW_PATH),
    CALL(readlink, LINK_PATH, BUFFER, 100),
    CALL(readlinkat, AT_FDCWD, LINK_PATH, BUFFER, 100),
    CALL(chmod, PATH, 0600),
    CALL(fchmodat, AT_FDCWD, PATH, 0600),
    CALL(chown, PATH, -1, -1),
    CALL(lchown, PATH, -1, -1),
    CALL(fchownat, AT_FDCWD, PATH, -1, -1, 0),
    CALL(gettimeofday, BUFFER, BUFFER),
    CALL(time, BUFFER),
    CALL(times, BUFFER),
    CALL(getrlimit, RLIMIT_NOFILE, BUFFER),
    CALL(setrlimit, RLIMIT_CORE, BUFFER),
    CALL(prlimit64, 0, RLIMIT_CORE, BUFFER, BUFFER),
    CALL(getrusage, RUSAGE_SELF, BUFFER),
    CALL(sysinfo, BUFFER),
    CALL(getgroups, 0, BUFFER),
    CALL(setgroups, 1, BUFFER),
    CALL(getresuid, BUFFER, BUFFER, BUFFER),
    CALL(getresgid, BUFFER, BUFFER, BUFFER),
    CALL(capget, BUFFER, BUFFER),
    CALL(capset, BUFFER, BUFFER),
    CALL(rt_sigpending, BUFFER, 8),
    CALL(rt_sigtimedwait, SIGNALS, BUFFER, INTERVAL, 8),
    CALL(rt_sigqueueinfo, 1, SIGUSR1, BUFFER),
    CALL(sigaltstack, BUFFER, BUFFER),
    CALL(utime, PATH, BUFFER),
    CALL(utimes, PATH, BUFFER),
    CALL(futimesat, AT_FDCWD, PATH, BUFFER),
    CALL(utimensat, AT_FDCWD, PATH, BUFFER, 0),
    CALL(mknod, NEW_PATH, S_IFIFO | 0600, 0),
    CALL(mknodat, AT_FDCWD, NEW_PATH, S_IFIFO | 0600, 0),
    CALL(statfs, PATH, BUFFER),
    CALL(fstatfs, FILE_FD, BUFFER),
    CALL(statx, AT_FDCWD, PATH, 0, 0x7ff, BUFFER),
    CALL(newfstatat, AT_FDCWD, PATH, BUFFER, 0),
    CALL(sched_setparam, 0, BUFFER),
    CALL(sched_getparam, 0, BUFFER),
    CALL(sched_setscheduler, 0, 0, BUFFER),
    CALL(sched_rr_get_interval, 0, BUFFER),
    CALL(sched_getaffinity, 0, 128, BUFFER),
    CALL(sched_setaffinity, 0, 128, BUFFER),
    CALL(sched_getattr, 0, BUFFER, 48, 0),
    CALL(sched_setattr, 0, BUFFER, 0),
    CALL(getcpu, BUFFER, BUFFER, 0),
    CALL(futex, BUFFER, 0 /* FUTEX_WAIT */, 1, 0),
    CALL(futex, BUFFER, 0 /* FUTEX_WAIT */, 0, INTERVAL),
    CALL(futex, BUFFER, 1 /* FUTEX_WAKE */, 1),
    CALL(futex, BUFFER, 4 /* FUTEX_CMP_REQUEUE */, 1, 1, BUFFER, 0),
    CALL(futex, BUFFER, 5 /* FUTEX_WAKE_OP */, 1, 1, BUFFER, 0),
    CALL(futex, BUFFER, 6 /* FUTEX_LOCK_PI */, 0, 0),
    CALL(set_robust_list, BUFFER, 24),
    CALL(get_robust_list, 0, BUFFER, BUFFER),
    CALL(epoll_ctl, EPOLL_FD, EPOLL_CTL_ADD, PIPE_FD, EVENT),
    CALL(epoll_ctl, EPOLL_FD, EPOLL_CTL_MOD, EVENT_FD, EVENT),
    CALL(epoll_wait, EPOLL_FD, BUFFER, 4, 0),
    CALL(epoll_pwait, EPOLL_FD, BUFFER, 4, 0, SIGNALS, 8),
    CALL(epoll_pwait2, EPOLL_FD, BUFFER, 4, INTERVAL, SIGNALS, 8),
    CALL(timer_create, CLOCK_MONOTONIC, BUFFER, BUFFER),
    CALL(timer_create, CLOCK_MONOTONIC, 0, BUFFER),
    CALL(timerfd_settime, TIMER_FD, 0, BUFFER, BUFFER),
    CALL(timerfd_gettime, TIMER_FD, BUFFER),
    CALL(clock_gettime, CLOCK_MONOTONIC, BUFFER),
    CALL(clock_getres, CLOCK_MONOTONIC, BUFFER),
    CALL(clock_gettime, CLOCK_PROCESS_CPUTIME_ID, BUFFER),
    CALL(signalfd4, -1, SIGNALS, 8, 0),
    CALL(read, EVENT_FD, BUFFER, 8),
    CALL(write, EVENT_FD, BUFFER, 8),
    CALL(read, PIPE_FD, BUFFER, 8),
    CALL(write, PIPE_END_FD, BUFFER, 8),
    CALL(read, SOCKET_FD, BUFFER, 8),
    CALL(write, SOCKET_FD, BUFFER, 8),
    CALL(fcntl, FILE_FD, F_GETLK, BUFFER),
    CALL(fcntl, FILE_FD, F_SETLK, BUFFER),
    CALL(splice, PIPE_FD, 0, FILE_FD, BUFFER, 8, 0),
    CALL(splice, FILE_FD, BUFFER, OTHER_PIPE_END_FD, 0, 8, 0),
    CALL(vmsplice, PIPE_END_FD, VECTOR, 1, 0),
    CALL(copy_file_range, FILE_FD, BUFFER, CHILD_FD, BUFFER, 8, 0),
    CALL(getrandom, BUFFER, 16, 0),
    CALL(memfd_create, PATH, 0),
    CALL(process_vm_readv, 0, VECTOR, 1, VECTOR, 1, 0),
    CALL(prctl, 15 /* PR_SET_NAME */, PATH),
    CALL(prctl, 16 /* PR_GET_NAME */, BUFFER),
    CALL(prctl, 2 /* PR_GET_PDEATHSIG */, BUFFER),
    CALL(arch_prctl, 0x1003 /* ARCH_GET_FS */, BUFFER),
    CALL(clone3, BUFFER, 88),
    CALL(openat, AT_FDCWD, PATH, O_RDONLY),
    CALL(openat2, AT_FDCWD, PATH, BUFFER, 24),
    CALL(futex_waitv, BUFFER, 1, 0, 0, 0),
    CALL(getpriority, 0, 0),
    CALL(setxattr, PATH, PATH, BUFFER, 4, 0),
    CALL(getxattr, PATH, PATH, BUFFER, 4),
    CALL(listxattr, PATH, BUFFER, 100),
};

static char *good; /* two pages, then nothing */
static int semaphores;

enum place { NOWHERE, FIRST_PAGE, HOLE, CLOSED, READ_ONLY, LAST_BYTE, TOP, HALF, KERNEL, ALL };

static const char *const place_names[] = {
    "null",      "1",   "hole",          "closed", "read-only",
    "last byte", "top", "not canonical", "kernel", "all ones",
};

constexpr int PLACES = sizeof(place_names) / sizeof(*place_names);

static long place(enum place where) {
    switch (where) {
    case NOWHERE:
        return 0;
    case FIRST_PAGE:
        return 1;
    case HOLE:
        return (long)(good + 2 * PAGE);
    case CLOSED:
        return (long)(good + 4 * PAGE);
    case READ_ONLY:
        return (long)(good + 6 * PAGE);
    case LAST_BYTE:
        return (long)(good + 2 * PAGE - 1);
    case TOP:
        return (1l << 47) - (long)PAGE;
    case HALF:
        return 1l << 47;
    case KERNEL:
        return (long)0xffffffff80000000;
    default:
        return -1;
    }
}

/* What an argument stands for. Each but the vector's piece is in a page of its own. */
static long meaning(long argument) {
    static struct iovec vector, part;
    static struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    static uint64_t signals;
    static struct timespec interval = {.tv_nsec = 1'000'000};
    static struct epoll_event event = {.events = EPOLLIN};
    static struct {
        int fd;
        short wanted, seen;
    } polled = {.fd = PIPE_FD, .wanted = 1};
    static char *arguments[] = {nullptr};
    static alignas(4096) char buffer[4096];
    vector = part = (struct iovec){good, 8};
    switch (argument) {
    case BUFFER:
        memset(buffer, 0, sizeof(buffer));
        return (long)buffer;
    case PATH:
        return (long)"file";
    case NEW_PATH:
        return (long)"new";
    case DIRECTORY_PATH:
        return (long)"directory";
    case LINK_PATH:
        return (long)"link";
    case VECTOR:
        return (long)&vector;
    case MESSAGE:
        return (long)&message;
    case SIGNALS:
        return (long)&signals;
    case INTERVAL:
        return (long)&interval;
    case EVENT:
        return (long)&event;
    case POLLED:
        return (long)&polled;
    case PROGRAM_ARGUMENTS:
        return (long)arguments;
    case SEMAPHORES:
        return semaphores;
    default:
        return argument;
    }
}

static bool is_pointer(long argument) {
    return argument >= BUFFER && argument <= LAST_POINTER;
}

static void open_as(int file, enum descriptor number) {
    dup2(file, number);
    close(file);
}

static void open_pair(const int ends[2], enum descriptor first) {
    open_as(ends[0], first);
    open_as(ends[1], first + 1);
}

static void open_all(void) {
    int ends[2];
    int file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    write(file, "0123456789abcdef", 16);
    lseek(file, 0, SEEK_SET);
    open_as(file, FILE_FD);
    open_as(open("other", O_RDWR | O_CREAT | O_TRUNC, 0600), CHILD_FD);
    open_as(open(".", O_RDONLY), DIRECTORY_FD);
    pipe2(ends, O_NONBLOCK);
    write(ends[1], "0123456789abcdef", 16);
    open_pair(ends, PIPE_FD);
    pipe2(ends, O_NONBLOCK);
    open_pair(ends, OTHER_PIPE_FD);
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends);
    write(ends[1], "0123456789abcdef", 16);
    open_pair(ends, SOCKET_FD);
    open_as(epoll_create1(0), EPOLL_FD);
    open_as(timerfd_create(CLOCK_MONOTONIC, 0), TIMER_FD);
    open_as(eventfd(3, EFD_NONBLOCK), EVENT_FD);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(EPOLL_FD, EPOLL_CTL_ADD, EVENT_FD, &event);
}

static void make_files(void) {
    unlink("new");
    rmdir("new");
    mkdir("directory", 0700);
    symlink("file", "link");
}

/* In a child, which the call may do anything to. */
[[noreturn]] static void try_call(const struct tried_call *tried, int bad, enum place where) {
    long arguments[ARGUMENTS];
    make_files();
    open_all();
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = 200'000}, nullptr);
    for (int i = 0; i < ARGUMENTS; i++) {
        arguments[i] = i == bad ? place(where) : meaning(tried->arguments[i]);
    }
    errno = 0;
    long result = syscall(tried->number, arguments[0], arguments[1], arguments[2], arguments[3],
                          arguments[4], arguments[5]);
    _exit(result == -1 ? errno : 200 + (result != 0));
}

static const char *outcome(int status) {
    if (WIFSIGNALED(status)) {
        return signal_name(WTERMSIG(status));
    }
    switch (WEXITSTATUS(status)) {
    case 200:
        return "0";
    case 201:
        return "more";
    default:
        return error_name(WEXITSTATUS(status));
    }
}

static void try_places(const struct tried_call *tried, int bad) {
    char line[400];
    int length = snprintf(line, sizeof(line), "%s, %d:", tried->name, bad + 1);
    for (int where = 0; where < PLACES; where++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            try_call(tried, bad, where);
        }
        waitpid(child, &status, 0);
        length += snprintf(line + length, sizeof(line) - (size_t)length, " %s %s%s",
                           place_names[where], outcome(status), where + 1 < PLACES ? "," : "");
    }
    say("%s", line);
}

int main(void) {
    good = mmap(nullptr, 8 * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(good + 2 * PAGE, PAGE);
    mprotect(good + 4 * PAGE, PAGE, PROT_NONE);
    mprotect(good + 6 * PAGE, PAGE, PROT_READ);
    semaphores = semget(IPC_PRIVATE, 1, 0600);
    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        for (int argument = 0; argument < ARGUMENTS; argument++) {
            if (is_pointer(calls[i].arguments[argument])) {
                try_places(&calls[i], argument);
            }
        }
    }
    semctl(semaphores, 0, IPC_RMID);
}
