/* userfaultfd: those who wait for a page, and what is told of them. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "user/tests/report.h"
#include "user/tests/userfaultfd.h"

/* Somebody who touches memory. */
struct toucher {
    pthread_t thread;
    char *at;
    char found;
    bool writes;
    _Atomic pid_t number;
};

static void *touch(void *context) {
    struct toucher *toucher = context;
    toucher->number = gettid();
    if (toucher->writes) {
        *(volatile char *)toucher->at = 'w';
    }
    toucher->found = *(volatile char *)toucher->at;
    return nullptr;
}

static void start(struct toucher *toucher, char *at, bool writes) {
    *toucher = (struct toucher){.at = at, .writes = writes};
    pthread_create(&toucher->thread, nullptr, touch, toucher);
    settle();
}

static void end(const char *what, struct toucher *toucher) {
    pthread_join(toucher->thread, nullptr);
    say("%s: found %d", what, toucher->found);
}

static void say_message(int pager, const char *base, const struct toucher *toucher) {
    struct uffd_msg message;
    ssize_t size = read(pager, &message, sizeof(message));
    if (size != sizeof(message)) {
        show("  message", size);
        return;
    }
    say("  event %#x, flags %llu, at %#llx, %s", message.event, (unsigned long long)message.flags,
        (unsigned long long)message.address - (uint64_t)base,
        message.thread == (uint64_t)toucher->number ? "its thread" : "a thread");
}

static void check_faults(int pager, int flags) {
    struct toucher first, second;
    char *memory = map(4, flags);
    struct pollfd poller = {.fd = pager, .events = POLLIN};
    show("register", enter(pager, memory, 4, MISSING));
    start(&first, memory + 5, false);
    show("poll", poll(&poller, 1, 1000));
    say("  %#x", (unsigned)poller.revents);
    say_message(pager, memory, &first);
    show("read again", read(pager, source, sizeof(struct uffd_msg)));
    show("poll again", poll(&poller, 1, 0));
    copy("fill", pager, memory, 1);
    end("reader", &first);
    start(&first, memory + PAGE, true);
    start(&second, memory + PAGE * 2 + 9, false);
    say_message(pager, memory, &first);
    say_message(pager, memory, &second);
    zero("zeroes for both", pager, memory + PAGE, 2, 0);
    end("writer", &first);
    end("reader", &second);
    start(&first, memory + PAGE * 3, true);
    copy_from("without waking", pager, memory + PAGE * 3, source, 1, DONT_WAKE);
    show("still to be read", poll(&poller, 1, 0));
    show("wake elsewhere", wake(pager, memory, 3));
    show("still to be read", poll(&poller, 1, 0));
    show("wake", wake(pager, memory + PAGE * 3, 1));
    end("woken", &first);
    show("nothing to be read", poll(&poller, 1, 0));
    munmap(memory, 4 * PAGE);
}

static void check_ends(int features) {
    struct toucher first;
    int pager = ready((uint64_t)features);
    char *memory = map(4, ANONYMOUS);
    show("register", enter(pager, memory, 4, MISSING));
    start(&first, memory, false);
    say_message(pager, memory, &first);
    show("woken in vain", wake(pager, memory, 1));
    settle();
    say_message(pager, memory, &first);
    show("leave", leave(pager, memory, 2));
    end("left", &first);
    start(&first, memory + PAGE * 2, true);
    close(pager);
    end("closed", &first);
    say("%s", read_outcome(memory + PAGE * 3));
    munmap(memory, 4 * PAGE);
}

static void check_minor_faults(void) {
    struct toucher first;
    int pager = ready(UFFD_FEATURE_THREAD_ID | UFFD_FEATURE_EXACT_ADDRESS);
    char *memory = map(2, SHARED);
    char *second = mremap(memory, 0, 2 * PAGE, MREMAP_MAYMOVE);
    memory[7] = 'm';
    show("register", enter(pager, second, 2, MISSING | MINOR));
    start(&first, second + 7, false);
    say_message(pager, second, &first);
    go_on("go on", pager, second, 1, 0);
    end("minor", &first);
    start(&first, second + PAGE + 8, true);
    say_message(pager, second, &first);
    copy("fill", pager, second + PAGE, 1);
    end("missing", &first);
    say("%.4s", memory + PAGE);
    close(pager);
    munmap(memory, 2 * PAGE);
    munmap(second, 2 * PAGE);
}

static volatile sig_atomic_t signals;

static void count_signal(int) {
    signals++;
}

/* A signal comes to who waits, and then there is another message. */
static void check_signal(void) {
    struct toucher first;
    int pager = ready(UFFD_FEATURE_THREAD_ID);
    char *memory = map(1, ANONYMOUS);
    signal(SIGUSR1, count_signal);
    show("register", enter(pager, memory, 1, MISSING));
    start(&first, memory, true);
    say_message(pager, memory, &first);
    pthread_kill(first.thread, SIGUSR1);
    settle();
    say("signals: %d", signals);
    say_message(pager, memory, &first);
    copy("fill", pager, memory, 1);
    end("after the signal", &first);
    close(pager);
    munmap(memory, PAGE);
}

static void wait_for_ever(void) {
    int pager = ready(0);
    char *memory = map(1, ANONYMOUS);
    enter(pager, memory, 1, MISSING);
    alarm(1);
    _exit(*(volatile char *)memory);
}

static void check_killed(void) {
    signal(SIGALRM, SIG_DFL);
    show_child("nobody fills it", wait_for_ever);
}

/* Somebody who reads, and somebody who polls, before there is anything. */
static void *serve(void *context) {
    struct toucher *toucher = context;
    int pager = (int)(long)toucher->at;
    int set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(set, EPOLL_CTL_ADD, pager, &event);
    for (int i = 0; i < 3; i++) {
        struct uffd_msg message;
        if (epoll_wait(set, &event, 1, 10000) != 1 ||
            read(pager, &message, sizeof(message)) != sizeof(message)) {
            show("serve", -1);
            break;
        }
        copy_quietly(pager, (void *)message.address, 1, 0);
    }
    close(set);
    return nullptr;
}

static void check_server(void) {
    int pager = ready(0);
    struct toucher server = {.at = (char *)(long)pager};
    char *memory = map(3, ANONYMOUS);
    show("register", enter(pager, memory, 3, MISSING));
    pthread_create(&server.thread, nullptr, serve, &server);
    settle();
    say("%c %c %c", memory[0], memory[PAGE * 2], memory[PAGE + 1]);
    pthread_join(server.thread, nullptr);
    close(pager);
    munmap(memory, 3 * PAGE);
}

int main(void) {
    fill_source();
    check_faults(ready(UFFD_FEATURE_THREAD_ID), ANONYMOUS);
    check_faults(ready(UFFD_FEATURE_THREAD_ID | UFFD_FEATURE_EXACT_ADDRESS), SHARED);
    check_ends(UFFD_FEATURE_THREAD_ID);
    check_minor_faults();
    check_signal();
    check_killed();
    check_server();
    return 0;
}
