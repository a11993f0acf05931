/* poll, ppoll, select and pselect6: readiness, times, masks and refusals. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

constexpr size_t SET = 8;

static int empty[2], filled[2], broken[2];

static void show_poll(const char *what, int file, short events) {
    struct pollfd entry = {file, events, 0x7777};
    long result = poll(&entry, 1, 0);
    if (result < 0) {
        show(what, result);
    } else {
        say("%s: %ld, events %#x", what, result, (unsigned)(unsigned short)entry.revents);
    }
}

static void check_readiness(void) {
    short all = POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLWRNORM;
    show_poll("empty", empty[0], all);
    show_poll("empty, to write", empty[1], all);
    show_poll("filled", filled[0], all);
    show_poll("filled, nothing asked", filled[0], 0);
    show_poll("broken, to write", broken[1], all);
    show_poll("broken, nothing asked", broken[1], 0);
    show_poll("a file", scratch_file("file", 1), all);
    show_poll("/dev/null", open("/dev/null", O_RDWR), all);
    show_poll("a directory", open(".", O_RDONLY), all);
    show_poll("closed", 77, all);
    show_poll("negative", -1, all);
}

static void check_poll(void) {
    struct pollfd entries[4] = {
        {empty[0], POLLIN, 1}, {filled[0], POLLIN, 1}, {-5, POLLIN, 1}, {77, POLLIN, 1}};
    show("several", poll(entries, 4, -1));
    say("%#x %#x %#x %#x", (unsigned)entries[0].revents, (unsigned)entries[1].revents,
        (unsigned)entries[2].revents, (unsigned)entries[3].revents);
    show("none, soon", poll(nullptr, 0, 10));
    show("null page", call(poll, nullptr, 1, 0));
    show("too many", call(poll, entries, 0x7fffffff, 0));
    show("in time", poll(entries, 1, 20));
    struct timespec bad = {.tv_nsec = 1'000'000'000}, now = {};
    show("ppoll, bad time", call(ppoll, entries, 1, &bad, nullptr, SET));
    show("ppoll, now", call(ppoll, entries, 1, &now, nullptr, SET));
    uint64_t mask = 0;
    show("ppoll, wrong size", call(ppoll, entries, 1, &now, &mask, 4));
    show("ppoll, mask on the null page", call(ppoll, entries, 1, &now, 8, SET));
}

static void on_signal(int) {
    say("  handled");
}

/* A blocked signal that the call's own mask lets in ends it. */
static void check_masks(void) {
    sigset_t set, none;
    struct pollfd entry = {empty[0], POLLIN, 0};
    fd_set reading;
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    show("ppoll", ppoll(&entry, 1, nullptr, &none));
    raise(SIGUSR1);
    FD_ZERO(&reading);
    FD_SET(empty[0], &reading);
    show("pselect", pselect(empty[0] + 1, &reading, nullptr, nullptr, nullptr, &none));
    raise(SIGUSR1);
    entry.fd = filled[0];
    show("ready, so not interrupted", ppoll(&entry, 1, nullptr, &none));
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, nullptr, &blocked);
    say("blocked as before: %d", sigismember(&blocked, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

static void check_select(void) {
    fd_set reading, writing, failing;
    struct timeval now = {}, bad = {.tv_sec = -1}, soon = {.tv_usec = 20'000};
    FD_ZERO(&reading);
    FD_ZERO(&writing);
    FD_ZERO(&failing);
    FD_SET(empty[0], &reading);
    FD_SET(filled[0], &reading);
    FD_SET(empty[1], &writing);
    FD_SET(broken[1], &writing);
    FD_SET(broken[1], &failing);
    int count = broken[1] + 1;
    show("select", select(count, &reading, &writing, &failing, nullptr));
    say("read %d %d, write %d %d, failed %d", FD_ISSET(empty[0], &reading) != 0,
        FD_ISSET(filled[0], &reading) != 0, FD_ISSET(empty[1], &writing) != 0,
        FD_ISSET(broken[1], &writing) != 0, FD_ISSET(broken[1], &failing) != 0);
    FD_ZERO(&reading);
    FD_SET(empty[0], &reading);
    show("nothing now", select(count, &reading, nullptr, nullptr, &now));
    say("cleared: %d", FD_ISSET(empty[0], &reading) == 0);
    FD_SET(empty[0], &reading);
    show("nothing soon", call(select, count, &reading, nullptr, nullptr, &soon));
    say("time is used up: %ld %ld", (long)soon.tv_sec, (long)soon.tv_usec);
    show("bad time", call(select, count, &reading, nullptr, nullptr, &bad));
    show("negative count", call(select, -1, &reading, nullptr, nullptr, &now));
    FD_SET(40, &reading); /* descriptors above all that were ever open may be left out */
    show("closed", select(41, &reading, nullptr, nullptr, &now));
    show("closed, but not looked at", select(5, &reading, nullptr, nullptr, &now) >= 0 ? 0 : -1);
    show("null page", call(select, 5, 8, nullptr, nullptr, &now));
    show("nothing at all", select(0, nullptr, nullptr, nullptr, &now));
}

static void check_waking(void) {
    struct pollfd entry = {empty[0], POLLIN, 0};
    pid_t child = fork();
    if (child == 0) {
        settle();
        write(empty[1], "w", 1);
        _exit(0);
    }
    show("woken", poll(&entry, 1, -1));
    say("events %#x", (unsigned)entry.revents);
    show_end("child", child);
}

static void limited(void) {
    struct rlimit few = {16, 16};
    struct pollfd entries[17];
    memset(entries, 0xff, sizeof(entries));
    setrlimit(RLIMIT_NOFILE, &few);
    show("as many as may be open", poll(entries, 16, 0));
    show("more", poll(entries, 17, 0));
}

int main(void) {
    pipe(empty);
    pipe(filled);
    pipe(broken);
    write(filled[1], "x", 1);
    close(broken[0]);
    check_readiness();
    check_poll();
    check_masks();
    check_select();
    check_waking();
    show_child("limits", limited);
}
