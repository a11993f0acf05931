/* mq_open, mq_unlink, mq_timedsend, mq_timedreceive, mq_notify and mq_getsetattr. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

static char name[32], text[9000];
static int queue;

static long open_queue(const char *path, int flags, long count, long size) {
    struct mq_attr attributes = {.mq_maxmsg = count, .mq_msgsize = size};
    return call(mq_open, path, flags, 0640, count == 0 ? nullptr : &attributes);
}

static long put(const char *data, unsigned priority) {
    return call(mq_timedsend, queue, data, strlen(data), priority, nullptr);
}

static void get(const char *what, size_t size) {
    unsigned priority = 77;
    memset(text, 0, sizeof(text));
    long result = call(mq_timedreceive, queue, text, size, &priority, nullptr);
    if (result < 0) {
        show(what, result);
    } else {
        say("%s: %ld \"%s\", priority %u", what, result, text, priority);
    }
}

static void show_attributes(const char *what) {
    struct mq_attr now = {};
    long result = call(mq_getsetattr, queue, nullptr, &now);
    if (result < 0) {
        show(what, result);
    } else {
        say("%s: flags %lo, %ld of %ld, size %ld", what, now.mq_flags, now.mq_curmsgs,
            now.mq_maxmsg, now.mq_msgsize);
    }
}

static void check_opening(void) {
    char longest[300] = {};
    memset(longest, 'x', 256);
    show("absent", open_queue(name, O_RDWR, 0, 0));
    show("with a slash", open_queue("a/b", O_RDWR | O_CREAT, 0, 0));
    show("the directory", open_queue(".", O_RDWR | O_CREAT, 0, 0));
    show("above it", open_queue("..", O_RDWR, 0, 0));
    show("empty", open_queue("", O_RDWR | O_CREAT, 0, 0));
    show("too long", open_queue(longest, O_RDWR | O_CREAT, 0, 0));
    show("nowhere", open_queue((const char *)8, O_RDWR | O_CREAT, 0, 0));
    show("attributes from nowhere", call(mq_open, name, O_RDWR | O_CREAT, 0600, 8));
    show("no messages", open_queue(name, O_RDWR | O_CREAT, -1, 10));
    show("no size", open_queue(name, O_RDWR | O_CREAT, 1, 0));
    show("too many", open_queue(name, O_RDWR | O_CREAT, 11, 10));
    show("too large", open_queue(name, O_RDWR | O_CREAT, 1, 8193));
    queue = (int)open_queue(name, O_RDWR | O_CREAT | O_EXCL, 0, 0);
    show_ok("created", queue);
    show_attributes("as it is");
    show("closes on exec", fcntl(queue, F_GETFD));
    show("flags", fcntl(queue, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
    show("exclusive", open_queue(name, O_RDWR | O_CREAT | O_EXCL, 0, 0));
    show("all modes", open_queue(name, O_ACCMODE, 0, 0));
    close((int)open_queue(name, O_RDWR | O_CREAT, 5, 5));
    show_attributes("not changed");
    show("unlink", call(mq_unlink, name));
    show("unlink twice", call(mq_unlink, name));
    show("unlink nothing", call(mq_unlink, ""));
    show("absent again", open_queue(name, O_RDWR, 0, 0));
    show_attributes("lives on");
    close(queue);
}

static void check_messages(void) {
    struct timespec bad = {.tv_nsec = -1}, past = {.tv_sec = 1};
    queue = (int)open_queue(name, O_RDWR | O_CREAT, 3, 10);
    show("send", put("low", 0));
    show("send", put("high", 9));
    show("send", put("low too", 0));
    show_attributes("full");
    show("in the past", call(mq_timedsend, queue, "x", 1, 0, &past));
    show("bad time", call(mq_timedsend, queue, "x", 1, 0, &bad));
    show("time from nowhere", call(mq_timedsend, queue, "x", 1, 0, 8));
    get("too little room", 9);
    get("highest", 10);
    get("oldest", 10);
    show("empty", put("", 32767));
    show("priority too high", put("", 32768));
    show("too long", put("0123456789x", 0));
    show("from nowhere", call(mq_timedsend, queue, 8, 5, 0, nullptr));
    get("empty", 10);
    show("to nowhere", call(mq_timedreceive, queue, 8, 10, nullptr, nullptr));
    show("in the past", call(mq_timedreceive, queue, text, 10, nullptr, &past));
    show("no queue", call(mq_timedsend, 0, "x", 1, 0, nullptr));
    show("no descriptor", call(mq_timedreceive, 99, text, 10, nullptr, nullptr));
}

static void check_attributes(void) {
    struct mq_attr next = {.mq_flags = O_NONBLOCK, .mq_maxmsg = 1}, before = {};
    show("set", call(mq_getsetattr, queue, &next, &before));
    say("before: %lo", before.mq_flags);
    show_attributes("then");
    get("none", 10);
    put("1", 0);
    put("2", 0);
    put("3", 0);
    show("full", put("4", 0));
    next.mq_flags = O_RDWR | O_NONBLOCK;
    show("other flags", call(mq_getsetattr, queue, &next, nullptr));
    show("from nowhere", call(mq_getsetattr, queue, 8, nullptr));
    show("to nowhere", call(mq_getsetattr, queue, nullptr, 8));
    show("of no queue", call(mq_getsetattr, 0, nullptr, &before));
    int reader = (int)open_queue(name, O_RDONLY | O_NONBLOCK, 0, 0);
    int writer = (int)open_queue(name, O_WRONLY, 0, 0);
    show("by a reader", call(mq_timedsend, reader, "x", 1, 0, nullptr));
    show("by a writer", call(mq_timedreceive, writer, text, 10, nullptr, nullptr));
    struct pollfd entry = {reader, POLLIN | POLLOUT, 0};
    poll(&entry, 1, 0);
    say("full: %x", entry.revents);
    get("1", 10);
    poll(&entry, 1, 0);
    say("neither: %x", entry.revents);
    get("2", 10);
    get("3", 10);
    poll(&entry, 1, 0);
    say("empty: %x", entry.revents);
    show("seek", lseek(reader, 0, SEEK_CUR) >= 0 ? 0 : -1);
    show("write", write(writer, "x", 1));
    close(reader);
    close(writer);
}

static void heard(int signal, siginfo_t *info, void *context) {
    (void)context;
    say("caught %s: code %d, value %d, by me %d", signal_name(signal), info->si_code,
        signal == SIGUSR1 ? info->si_value.sival_int : 0, info->si_pid == getpid());
}

static void check_notification(void) {
    struct sigaction action = {.sa_sigaction = heard, .sa_flags = SA_SIGINFO};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    sigaction(SIGUSR1, &action, nullptr);
    event.sigev_value.sival_int = 5;
    show("notify", call(mq_notify, queue, &event));
    show("twice", call(mq_notify, queue, &event));
    show("a message", put("x", 0));
    show("another", put("y", 0));
    show("again", call(mq_notify, queue, &event));
    show("not empty", put("z", 0));
    get("x", 10);
    get("y", 10);
    get("z", 10);
    show("from empty", put("x", 0));
    get("x", 10);
    show("take none away", call(mq_notify, queue, nullptr));
    show("silently", call(mq_notify, queue, &(struct sigevent){.sigev_notify = SIGEV_NONE}));
    show("occupied", call(mq_notify, queue, &event));
    show("take away", call(mq_notify, queue, nullptr));
    show("free", call(mq_notify, queue, &event));
    put("x", 0);
    get("x", 10);
    event.sigev_signo = 0;
    show("without a signal", call(mq_notify, queue, &event));
    put("x", 0);
    get("x", 10);
    show("take away", call(mq_notify, queue, nullptr));
    event.sigev_signo = 65;
    show("no such signal", call(mq_notify, queue, &event));
    event.sigev_notify = 77;
    show("no such way", call(mq_notify, queue, &event));
    show("from nowhere", call(mq_notify, queue, 8));
    show("of no queue", call(mq_notify, 0, nullptr));
    pid_t child = fork();
    if (child == 0) {
        _exit(call(mq_notify, queue, &(struct sigevent){.sigev_notify = SIGEV_NONE}) == 0 ? 3 : 4);
    }
    show_end("child is told", child);
    show("notify", call(mq_notify, queue, &(struct sigevent){.sigev_notify = SIGEV_NONE}));
    child = fork();
    if (child == 0) {
        close(queue);
        _exit(0);
    }
    show_end("a child closes it", child);
    show("still", call(mq_notify, queue, &(struct sigevent){.sigev_notify = SIGEV_NONE}));
    close(dup(queue));
    show("closed a copy", call(mq_notify, queue, &(struct sigevent){.sigev_notify = SIGEV_NONE}));
    show("take away", call(mq_notify, queue, nullptr));
}

static void check_waiting(void) {
    struct mq_attr waits = {};
    call(mq_getsetattr, queue, &waits, nullptr);
    pid_t child = fork();
    if (child == 0) {
        long got = call(mq_timedreceive, queue, text, 10, nullptr, nullptr);
        _exit(got == 4 ? 5 : 6);
    }
    settle();
    show("send", put("four", 0));
    show_end("receiver", child);
    put("1", 0);
    put("2", 0);
    put("3", 0);
    child = fork();
    if (child == 0) {
        _exit(put("late", 9) == 0 ? 5 : 6);
    }
    settle();
    get("1", 10);
    show_end("sender", child);
    get("the late one", 10);
    get("2", 10);
    get("3", 10);
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 50'000'000;
    soon.tv_sec += soon.tv_nsec / 1'000'000'000;
    soon.tv_nsec %= 1'000'000'000;
    show("in time", call(mq_timedreceive, queue, text, 10, nullptr, &soon));
    struct sigaction action = {.sa_sigaction = heard, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR2, &action, nullptr);
    child = fork();
    if (child == 0) {
        settle();
        _exit(kill(getppid(), SIGUSR2));
    }
    long result = call(mq_timedreceive, queue, text, 10, nullptr, nullptr);
    show("interrupted", result);
    show_end("child", child);
}

static void check_limits(void) {
    struct rlimit limit = {4000, 4000};
    setrlimit(RLIMIT_MSGQUEUE, &limit);
    show("over the limit", open_queue("q2", O_RDWR | O_CREAT, 10, 8192));
    close(queue);
    show("unlink", call(mq_unlink, name));
    show("while in use", open_queue(name, O_RDWR | O_CREAT, 1, 10) >= 0 ? 0 : -1);
    show("unlink", call(mq_unlink, name));
    setrlimit(RLIMIT_MSGQUEUE, &limit);
    int count = 0;
    while (count < 100 && open_queue(name, O_RDWR | O_CREAT, 1, 10) >= 0) {
        call(mq_unlink, name);
        count++;
    }
    /* The user may have queues in other programs, too. */
    say("without names they count: %d, %s", count < 60, error_name(errno));
}

/* What is read of a queue itself; ids are shown as whether they are the caller's. */
static void show_state(const char *what) {
    unsigned long size_bytes = 0;
    int kind = -1, signal = -1, process = -1;
    memset(text, 0, sizeof(text));
    long length = pread(queue, text, sizeof(text) - 1, 0);
    sscanf(text, "QSIZE:%lu NOTIFY:%d SIGNO:%d NOTIFY_PID:%d", &size_bytes, &kind, &signal,
           &process);
    say("%s: %ld bytes, %lu of messages, kind %d, signal %d, %s", what, length, size_bytes, kind,
        signal,
        process == getpid() ? "the caller"
        : process == 0      ? "nobody"
                            : "another");
}

static void check_reading(void) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct stat status;
    show_state("empty");
    show("send", put("hello", 1));
    show("send", put("hi", 1));
    show("notify", call(mq_notify, queue, &event));
    show_state("two messages and a signal");
    call(mq_notify, queue, nullptr);
    event.sigev_notify = SIGEV_NONE;
    show("in silence", call(mq_notify, queue, &event));
    show_state("two messages in silence");
    call(mq_notify, queue, nullptr);
    get("the first", 10);
    show_state("one message");
    get("the second", 10);
    show("a part", read(queue, text, 20));
    say("%.20s", text);
    show("where", lseek(queue, 0, SEEK_CUR));
    show("the rest", read(queue, text, 100));
    show("no more", read(queue, text, 100));
    show("the end", lseek(queue, 0, SEEK_END));
    show("past it", read(queue, text, 100));
    show("data", lseek(queue, 3, SEEK_DATA));
    show("a hole", lseek(queue, 3, SEEK_HOLE));
    show("data past the end", lseek(queue, 80, SEEK_DATA));
    show("before the start", pread(queue, text, 10, -1));
    show("write", write(queue, "x", 1));
    show("stat", fstat(queue, &status));
    say("size %ld", (long)status.st_size);
    int writer = (int)open_queue(name, O_WRONLY, 0, 0);
    show("of a writer", read(writer, text, 10));
    close(writer);
}

int main(void) {
    snprintf(name, sizeof(name), "q%d", getpid());
    check_opening();
    check_messages();
    check_attributes();
    check_notification();
    check_waiting();
    check_reading();
    check_limits();
}
