#define _GNU_SOURCE
#include "user/tests/report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

constexpr size_t LONGEST_LINE = 4000;
constexpr unsigned LONGEST_SECONDS = 20;

struct name {
    int number;
    const char *text;
};

#define NAMED(number) {number, #number}

static const struct name errors[] = {
    NAMED(EPERM),
    NAMED(ENOENT),
    NAMED(ESRCH),
    NAMED(EINTR),
    NAMED(EIO),
    NAMED(ENXIO),
    NAMED(E2BIG),
    NAMED(ENOEXEC),
    NAMED(EBADF),
    NAMED(ECHILD),
    NAMED(EAGAIN),
    NAMED(ENOMEM),
    NAMED(EACCES),
    NAMED(EFAULT),
    NAMED(EBUSY),
    NAMED(EEXIST),
    NAMED(EXDEV),
    NAMED(ENODEV),
    NAMED(ENOTDIR),
    NAMED(EISDIR),
    NAMED(EINVAL),
    NAMED(ENFILE),
    NAMED(EMFILE),
    NAMED(ENOTTY),
    NAMED(ETXTBSY),
    NAMED(EFBIG),
    NAMED(ENOSPC),
    NAMED(ESPIPE),
    NAMED(EROFS),
    NAMED(EMLINK),
    NAMED(EPIPE),
    NAMED(EDOM),
    NAMED(ERANGE),
    NAMED(EDEADLK),
    NAMED(ENAMETOOLONG),
    NAMED(ENOSYS),
    NAMED(ENOTEMPTY),
    NAMED(ELOOP),
    NAMED(EIDRM),
    NAMED(ENODATA),
    NAMED(EOVERFLOW),
    NAMED(EILSEQ),
    NAMED(EOPNOTSUPP),
    NAMED(ETIMEDOUT),
    NAMED(ECANCELED),
    NAMED(EOWNERDEAD),
    NAMED(ENOTRECOVERABLE),
    NAMED(ENOTSOCK),
    NAMED(EDESTADDRREQ),
    NAMED(EMSGSIZE),
    NAMED(EPROTOTYPE),
    NAMED(ENOPROTOOPT),
    NAMED(EPROTONOSUPPORT),
    NAMED(ESOCKTNOSUPPORT),
    NAMED(EAFNOSUPPORT),
    NAMED(EADDRINUSE),
    NAMED(ECONNRESET),
    NAMED(ENOBUFS),
    NAMED(EISCONN),
    NAMED(ENOTCONN),
    NAMED(ETOOMANYREFS),
    NAMED(ECONNREFUSED),
    NAMED(ENOMSG),
};

static const struct name signals[] = {
    NAMED(SIGHUP),  NAMED(SIGINT),   NAMED(SIGQUIT), NAMED(SIGILL),  NAMED(SIGTRAP),
    NAMED(SIGABRT), NAMED(SIGBUS),   NAMED(SIGFPE),  NAMED(SIGKILL), NAMED(SIGUSR1),
    NAMED(SIGSEGV), NAMED(SIGUSR2),  NAMED(SIGPIPE), NAMED(SIGALRM), NAMED(SIGTERM),
    NAMED(SIGCHLD), NAMED(SIGCONT),  NAMED(SIGSTOP), NAMED(SIGTSTP), NAMED(SIGTTIN),
    NAMED(SIGTTOU), NAMED(SIGURG),   NAMED(SIGXCPU), NAMED(SIGXFSZ), NAMED(SIGVTALRM),
    NAMED(SIGPROF), NAMED(SIGWINCH), NAMED(SIGIO),   NAMED(SIGPWR),  NAMED(SIGSYS),
};

static sigjmp_buf way_out;
static siginfo_t fault;

static void write_all(const char *text, size_t length) {
    while (length > 0) {
        ssize_t written = write(1, text, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            _exit(99);
        }
        text += written;
        length -= (size_t)written;
    }
}

void say(const char *format, ...) {
    char line[LONGEST_LINE];
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof(line) - 1, format, arguments);
    va_end(arguments);
    size_t kept = (size_t)length < sizeof(line) - 2 ? (size_t)length : sizeof(line) - 2;
    line[kept] = '\n';
    write_all(line, kept + 1);
    errno = error;
}

static const char *find_name(const struct name *names, size_t count, int number,
                             const char *otherwise) {
    static char unknown[8][16];
    static unsigned next;
    for (size_t i = 0; i < count; i++) {
        if (names[i].number == number) {
            return names[i].text;
        }
    }
    char *text = unknown[next++ % 8];
    snprintf(text, sizeof(unknown[0]), "%s%d", otherwise, number);
    return text;
}

const char *error_name(int error) {
    return find_name(errors, sizeof(errors) / sizeof(*errors), error, "E");
}

const char *signal_name(int signal) {
    return find_name(signals, sizeof(signals) / sizeof(*signals), signal, "SIG");
}

void show(const char *what, long result) {
    if (result == -1) {
        say("%s: %s", what, error_name(errno));
    } else {
        say("%s: %ld", what, result);
    }
}

void show_ok(const char *what, long result) {
    say("%s: %s", what, result == -1 ? error_name(errno) : "ok");
}

void show_address(const char *what, const void *base, const void *address) {
    intptr_t distance = (intptr_t)address - (intptr_t)base;
    if (address == MAP_FAILED) {
        say("%s: %s", what, error_name(errno));
    } else {
        say("%s: base%c%#lx", what, distance < 0 ? '-' : '+',
            (unsigned long)(distance < 0 ? -distance : distance));
    }
}

const char *end_name(int status) {
    static char text[32];
    if (WIFEXITED(status)) {
        snprintf(text, sizeof(text), "exited %d", WEXITSTATUS(status));
    } else if (WIFSTOPPED(status)) {
        snprintf(text, sizeof(text), "stopped by %s", signal_name(WSTOPSIG(status)));
    } else if (WIFCONTINUED(status)) {
        snprintf(text, sizeof(text), "continued");
    } else {
        snprintf(text, sizeof(text), "%s", signal_name(WTERMSIG(status)));
    }
    return text;
}

static int wait_for(pid_t child) {
    int status = 0;
    pid_t ended;
    do {
        ended = waitpid(child, &status, 0);
    } while (ended < 0 && errno == EINTR);
    return ended == child ? status : -1;
}

void show_end(const char *what, pid_t child) {
    int status = wait_for(child);
    say("%s: %s", what, status < 0 ? error_name(errno) : end_name(status));
}

void show_execution(const char *what, pid_t child) {
    int status = wait_for(child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != HAS_SAID_WHY) {
        say("%s: %s", what, status < 0 ? error_name(errno) : end_name(status));
    }
}

void show_child(const char *what, void (*body)(void)) {
    pid_t child = fork();
    if (child == 0) {
        alarm(LONGEST_SECONDS);
        body();
        _exit(0);
    }
    if (child < 0) {
        say("%s: fork: %s", what, error_name(errno));
        return;
    }
    show_end(what, child);
}

static void leave_fault(int, siginfo_t *info, void *) {
    fault = *info;
    siglongjmp(way_out, 1);
}

static const char *fault_name(void) {
    static char texts[4][32];
    static unsigned next;
    char *text = texts[next++ % 4];
    const char *code = fault.si_code == SI_KERNEL     ? "SI_KERNEL"
                       : fault.si_signo == SIGBUS     ? fault.si_code == BUS_ADRERR ? "ADRERR" : "?"
                       : fault.si_code == SEGV_MAPERR ? "MAPERR"
                       : fault.si_code == SEGV_ACCERR ? "ACCERR"
                                                      : "?";
    snprintf(text, sizeof(texts[0]), "%s %s", signal_name(fault.si_signo), code);
    return text;
}

static void set_fault_handlers(void (*handler)(int, siginfo_t *, void *)) {
    struct sigaction action = {.sa_flags = handler ? SA_SIGINFO : 0};
    action.sa_sigaction = handler;
    sigaction(SIGSEGV, &action, nullptr);
    sigaction(SIGBUS, &action, nullptr);
}

static void touch(volatile char *byte, bool is_write) {
    char value = *byte;
    if (is_write) {
        *byte = (char)(value + 1);
    }
}

static const char *touch_outcome(volatile char *byte, bool is_write) {
    const char *outcome = "ok";
    set_fault_handlers(leave_fault);
    if (sigsetjmp(way_out, 1) == 0) {
        touch(byte, is_write);
    } else {
        outcome = fault_name();
    }
    set_fault_handlers(nullptr);
    return outcome;
}

const char *read_outcome(const volatile void *address) {
    return touch_outcome((volatile char *)address, false);
}

const char *write_outcome(volatile void *address) {
    return touch_outcome(address, true);
}

bool is_late(long milliseconds) {
    static struct timespec first;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (first.tv_sec == 0) {
        first = now;
    }
    return (now.tv_sec - first.tv_sec) * 1000 + (now.tv_nsec - first.tv_nsec) / 1'000'000 >=
           milliseconds;
}

static void rest(long nanoseconds) {
    struct timespec left = {.tv_nsec = nanoseconds};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* What follows the name in a stat file of /proc: the state, and three more fields up to the
 * session. False where there is no such thread any more. */
static bool read_state(const char *path, char *state, int *session) {
    char text[1024] = "";
    int file = open(path, O_RDONLY);
    ssize_t length = file >= 0 ? read(file, text, sizeof(text) - 1) : -1;
    close(file);
    const char *after_name = length > 0 ? strrchr(text, ')') : nullptr;
    return after_name && sscanf(after_name, ") %c %*d %*d %d", state, session) == 2;
}

/* Whether all threads of the process but the calling one sleep, or have ended. */
static bool is_process_quiet(const char *process) {
    char path[300];
    snprintf(path, sizeof(path), "/proc/%s/task", process);
    DIR *tasks = opendir(path);
    bool is_quiet = true;
    struct dirent *entry;
    while (tasks && is_quiet && (entry = readdir(tasks)) != nullptr) {
        char state;
        int session;
        snprintf(path, sizeof(path), "/proc/%s/task/%s/stat", process, entry->d_name);
        bool is_other = entry->d_name[0] != '.' && atoi(entry->d_name) != gettid();
        is_quiet = !is_other || !read_state(path, &state, &session) || state != 'R';
    }
    if (tasks) {
        closedir(tasks);
    }
    return is_quiet;
}

/* The same of all processes of the session, which is this test's own. */
static bool is_session_quiet(void) {
    DIR *processes = opendir("/proc");
    bool is_quiet = true;
    struct dirent *entry;
    while (processes && is_quiet && (entry = readdir(processes)) != nullptr) {
        char path[300];
        char state;
        int session;
        snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
        bool is_ours =
            atoi(entry->d_name) > 0 && read_state(path, &state, &session) && session == getsid(0);
        is_quiet = !is_ours || is_process_quiet(entry->d_name);
    }
    if (processes) {
        closedir(processes);
    }
    return is_quiet;
}

void settle(void) {
    constexpr long pause = 3'000'000;
    constexpr int enough = 3;
    constexpr int patience = 300;
    int quiet_looks = 0;
    int error = errno;
    rest(10 * pause);
    for (int i = 0; i < patience && quiet_looks < enough; i++) {
        rest(pause);
        quiet_looks = is_session_quiet() ? quiet_looks + 1 : 0;
    }
    errno = error;
}

int scratch_file(const char *name, size_t size_bytes) {
    int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    char page[PAGE];
    for (size_t done = 0; done < size_bytes; done += PAGE) {
        memset(page, 'a' + (int)(done / PAGE % 26), sizeof(page));
        size_t part = size_bytes - done < PAGE ? size_bytes - done : PAGE;
        if (write(file, page, part) != (ssize_t)part) {
            say("scratch file %s: %s", name, error_name(errno));
        }
    }
    return file;
}

void use_stack(size_t pages) {
    volatile char room[pages * PAGE];
    for (size_t i = pages; i > 0; i--) {
        room[(i - 1) * PAGE] = 1;
    }
}

static uint32_t last_cookie;

static const char *mask_text(uint32_t mask) {
    static const char *const names[32] = {
        "ACCESS",     "MODIFY",   "ATTRIB",     "CLOSE_WRITE", "CLOSE_NOWRITE", "OPEN",
        "MOVED_FROM", "MOVED_TO", "CREATE",     "DELETE",      "DELETE_SELF",   "MOVE_SELF",
        "bit12",      "UNMOUNT",  "Q_OVERFLOW", "IGNORED",
    };
    static char text[256];
    text[0] = '\0';
    for (int bit = 0; bit < 16; bit++) {
        if (mask & 1u << bit) {
            strcat(text, " ");
            strcat(text, names[bit]);
        }
    }
    if (mask & IN_ISDIR) {
        strcat(text, " ISDIR");
    }
    if (mask & ~(IN_ISDIR | 0xffffu)) {
        strcat(text, " more");
    }
    return text;
}

/* 0, the cookie of the event before, or another one. */
static const char *cookie_text(uint32_t cookie) {
    const char *text = cookie == 0 ? "" : cookie == last_cookie ? " same cookie" : " cookie";
    last_cookie = cookie;
    return text;
}

static void show_event(const struct inotify_event *event) {
    say("  %d%s%s [%s] %u", event->wd, mask_text(event->mask), cookie_text(event->cookie),
        event->len > 0 ? event->name : "", event->len);
}

void show_inotify(const char *what, int notes) {
    _Alignas(struct inotify_event) char bytes[8192];
    ssize_t size = read(notes, bytes, sizeof(bytes));
    say("%s: %s", what, size < 0 ? error_name(errno) : "events");
    for (ssize_t at = 0; at < size;) {
        const struct inotify_event *event = (const struct inotify_event *)(bytes + at);
        show_event(event);
        at += (ssize_t)(sizeof(*event) + event->len);
    }
}
