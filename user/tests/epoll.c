/* epoll: level and edge, one shot, exclusive, nested; and what is refused. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

static int epoll, pipe_ends[2];

static int control(int how, int file, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(epoll, how, file, &event);
}

static void show_events(const char *what) {
    struct epoll_event events[8];
    memset(events, 0, sizeof(events));
    int count = epoll_wait(epoll, events, 8, 0);
    show(what, count);
    for (int i = 0; i < count; i++) {
        say("  events %#x, data %lu", events[i].events, (unsigned long)events[i].data.u64);
    }
}

static void check_refusals(void) {
    struct epoll_event event = {.events = EPOLLIN};
    int file = scratch_file("file", 1);
    show("no size", call(epoll_create, 0));
    show_ok("any size", call(epoll_create, 1));
    show("unknown flag", call(epoll_create1, 1));
    say("closes: %d", fcntl(epoll_create1(EPOLL_CLOEXEC), F_GETFD));
    show("add", control(EPOLL_CTL_ADD, pipe_ends[0], EPOLLIN, 1));
    show("add again", control(EPOLL_CTL_ADD, pipe_ends[0], EPOLLIN, 1));
    show("change another", control(EPOLL_CTL_MOD, pipe_ends[1], EPOLLIN, 1));
    show("remove another", control(EPOLL_CTL_DEL, pipe_ends[1], 0, 0));
    show("add a file", control(EPOLL_CTL_ADD, file, EPOLLIN, 1));
    show("add what is closed", control(EPOLL_CTL_ADD, 77, EPOLLIN, 1));
    show("add itself", control(EPOLL_CTL_ADD, epoll, EPOLLIN, 1));
    show("unknown operation", control(9, pipe_ends[0], EPOLLIN, 1));
    show("to no epoll", epoll_ctl(pipe_ends[0], EPOLL_CTL_ADD, pipe_ends[1], &event));
    show("to what is closed", epoll_ctl(77, EPOLL_CTL_ADD, pipe_ends[1], &event));
    show("null page", call(epoll_ctl, epoll, EPOLL_CTL_ADD, pipe_ends[1], nullptr));
    show("wait for none", call(epoll_wait, epoll, &event, 0, 0));
    show("wait for less", call(epoll_wait, epoll, &event, -1, 0));
    show("wait of no epoll", call(epoll_wait, file, &event, 1, 0));
    show("wait to the null page, nothing there", call(epoll_wait, epoll, 8, 1, 0));
    show("read", read(epoll, &event, 1));
    show("remove", control(EPOLL_CTL_DEL, pipe_ends[0], 0, 0));
}

static void check_level(void) {
    char bytes[8];
    control(EPOLL_CTL_ADD, pipe_ends[0], EPOLLIN, 5);
    show_events("empty");
    write(pipe_ends[1], "ab", 2);
    show_events("filled");
    read(pipe_ends[0], bytes, 1);
    show_events("still");
    struct epoll_event event;
    show("to the null page", call(epoll_wait, epoll, 8, 1, 0));
    read(pipe_ends[0], bytes, 1);
    show("empty again", epoll_wait(epoll, &event, 1, 10));
    show("change", control(EPOLL_CTL_MOD, pipe_ends[0], EPOLLOUT, 6));
    write(pipe_ends[1], "c", 1);
    show_events("not asked for");
    show("change back", control(EPOLL_CTL_MOD, pipe_ends[0], EPOLLIN, 7));
    show_events("asked for");
    read(pipe_ends[0], bytes, 1);
    control(EPOLL_CTL_DEL, pipe_ends[0], 0, 0);
}

static void check_edge(void) {
    char bytes[8];
    control(EPOLL_CTL_ADD, pipe_ends[0], EPOLLIN | EPOLLET, 1);
    write(pipe_ends[1], "a", 1);
    show_events("an edge");
    show_events("no edge");
    write(pipe_ends[1], "b", 1);
    show_events("another edge");
    read(pipe_ends[0], bytes, 1);
    show_events("reading is no edge");
    control(EPOLL_CTL_MOD, pipe_ends[0], EPOLLIN | EPOLLONESHOT, 2);
    show_events("once");
    write(pipe_ends[1], "c", 1);
    show_events("only once");
    control(EPOLL_CTL_MOD, pipe_ends[0], EPOLLIN | EPOLLONESHOT, 3);
    show_events("armed again");
    read(pipe_ends[0], bytes, 8);
    control(EPOLL_CTL_DEL, pipe_ends[0], 0, 0);
    show("exclusive", control(EPOLL_CTL_ADD, pipe_ends[0], EPOLLIN | EPOLLEXCLUSIVE, 4));
    show("change exclusive", control(EPOLL_CTL_MOD, pipe_ends[0], EPOLLIN, 4));
    control(EPOLL_CTL_DEL, pipe_ends[0], 0, 0);
    show("exclusive, once",
         control(EPOLL_CTL_ADD, pipe_ends[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT, 4));
}

static void check_several(void) {
    int counter = eventfd(3, 0), ends[2];
    pipe(ends);
    control(EPOLL_CTL_ADD, counter, EPOLLIN, 1);
    control(EPOLL_CTL_ADD, ends[1], EPOLLOUT, 2);
    control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 3);
    struct epoll_event event;
    show("one of two", epoll_wait(epoll, &event, 1, -1));
    uint64_t first = event.data.u64;
    show("the other", epoll_wait(epoll, &event, 1, -1));
    say("they take turns: %d", event.data.u64 != first);
    close(counter);
    show_events("one is closed");
    int copy = dup(ends[1]);
    close(ends[1]);
    show_events("closed, but open elsewhere");
    close(copy);
    show_events("the writer is gone");
    close(ends[0]);
    show_events("all are gone");
}

static void check_nesting(void) {
    int inner = epoll, outer = epoll_create1(0);
    epoll = outer;
    show("nested", control(EPOLL_CTL_ADD, inner, EPOLLIN, 9));
    struct epoll_event event = {.events = EPOLLIN};
    show("in a circle", epoll_ctl(inner, EPOLL_CTL_ADD, outer, &event));
    epoll_ctl(inner, EPOLL_CTL_ADD, pipe_ends[0], &event);
    show_events("nothing");
    write(pipe_ends[1], "n", 1);
    show_events("through the inner one");
    epoll = inner;
    close(outer);
}

constexpr int CHAIN = 8;

/* Sets that watch each other in turn, made from the top or from the bottom. */
static void check_chain(const char *what, int step) {
    int sets[CHAIN], length = 1;
    struct epoll_event event = {.events = EPOLLIN};
    for (int i = 0; i < CHAIN; i++) {
        sets[i] = epoll_create1(0);
    }
    int at = step > 0 ? 0 : CHAIN - 1;
    for (; length < CHAIN; length++, at += step) {
        int upper = step > 0 ? sets[at] : sets[at - 1];
        int lower = step > 0 ? sets[at + 1] : sets[at];
        if (epoll_ctl(upper, EPOLL_CTL_ADD, lower, &event) != 0) {
            break;
        }
    }
    show(what, length < CHAIN ? -1 : 0);
    say("sets in the chain: %d", length);
    for (int i = 0; i < CHAIN; i++) {
        close(sets[i]);
    }
}

/* Two chains become one. */
static void check_joined_chains(int upper_count, int lower_count) {
    int sets[CHAIN];
    struct epoll_event event = {.events = EPOLLIN};
    for (int i = 0; i < upper_count + lower_count; i++) {
        sets[i] = epoll_create1(0);
        if (i > 0 && i != upper_count) {
            epoll_ctl(sets[i - 1], EPOLL_CTL_ADD, sets[i], &event);
        }
    }
    show("joined", epoll_ctl(sets[upper_count - 1], EPOLL_CTL_ADD, sets[upper_count], &event));
    for (int i = 0; i < upper_count + lower_count; i++) {
        close(sets[i]);
    }
}

constexpr int WIDTH_MAX = 24;

/* Every set of a layer watches every one of the next, and those of the last one a pipe. */
static void check_paths(int layers, int width) {
    int sets[4][WIDTH_MAX], made = 0, result = 0;
    struct epoll_event event = {.events = EPOLLIN};
    for (int i = 0; i < layers * width; i++) {
        sets[i / width][i % width] = epoll_create1(0);
    }
    for (int i = 0; i < width; i++) {
        epoll_ctl(sets[layers - 1][i], EPOLL_CTL_ADD, pipe_ends[0], &event);
    }
    for (int i = 0; i < (layers - 1) * width * width && result == 0; i++) {
        int layer = layers - 2 - i / (width * width);
        int upper = sets[layer][i / width % width], lower = sets[layer + 1][i % width];
        result = epoll_ctl(upper, EPOLL_CTL_ADD, lower, &event);
        made += result == 0;
    }
    show("paths", result);
    say("sets that watch sets, in %d layers: %d", layers, made);
    for (int i = 0; i < layers * width; i++) {
        close(sets[i / width][i % width]);
    }
}

static void check_chains(void) {
    check_paths(2, WIDTH_MAX);
    check_paths(3, 6);
    check_paths(4, 4);

    check_chain("from the top", 1);
    check_chain("from the bottom", -1);
    check_joined_chains(2, 3);
    check_joined_chains(3, 3);
    check_joined_chains(1, 5);
}

static void check_waking(void) {
    struct epoll_event event;
    char bytes[8];
    read(pipe_ends[0], bytes, sizeof(bytes));
    pid_t child = fork();
    if (child == 0) {
        settle();
        write(pipe_ends[1], "w", 1);
        _exit(0);
    }
    show("woken", epoll_wait(epoll, &event, 1, -1));
    show_end("child", child);
    struct timespec soon = {.tv_nsec = 10'000'000}, bad = {.tv_nsec = -1};
    read(pipe_ends[0], bytes, sizeof(bytes));
    show("epoll_pwait2", syscall(441, epoll, &event, 1, &soon, nullptr, 8));
    show("epoll_pwait2, bad time", syscall(441, epoll, &event, 1, &bad, nullptr, 8));
    show("epoll_pwait, wrong size", call(epoll_pwait, epoll, &event, 1, 0, &soon, 4));
}

int main(void) {
    epoll = epoll_create1(0);
    pipe(pipe_ends);
    check_refusals();
    check_level();
    check_edge();
    check_several();
    check_nesting();
    check_chains();
    check_waking();
}
