/* getsockopt and setsockopt, waiting for a time, and what poll and epoll say of sockets. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "user/tests/report.h"

static int pair[2];

static void open_pair(int type) {
    close(pair[0]);
    close(pair[1]);
    call(socketpair, AF_UNIX, type, 0, pair);
}

static void show_option(const char *what, int fd, int option) {
    int value = -1;
    socklen_t size = sizeof(value);
    long result = call(getsockopt, fd, SOL_SOCKET, option, &value, &size);
    if (result != 0) {
        show(what, result);
    } else {
        say("%s: %d, size %d", what, value, (int)size);
    }
}

static long set(int fd, int option, int value) {
    return call(setsockopt, fd, SOL_SOCKET, option, &value, sizeof(value));
}

static void check_numbers(void) {
    static const struct {
        const char *name;
        int option;
    } options[] = {
        {"type", SO_TYPE},
        {"error", SO_ERROR},
        {"accepts", SO_ACCEPTCONN},
        {"protocol", SO_PROTOCOL},
        {"domain", SO_DOMAIN},
        {"send size", SO_SNDBUF},
        {"receive size", SO_RCVBUF},
        {"debug", SO_DEBUG},
        {"reuse", SO_REUSEADDR},
        {"reuse port", SO_REUSEPORT},
        {"route", SO_DONTROUTE},
        {"broadcast", SO_BROADCAST},
        {"alive", SO_KEEPALIVE},
        {"inline", SO_OOBINLINE},
        {"check", SO_NO_CHECK},
        {"priority", SO_PRIORITY},
        {"credentials", SO_PASSCRED},
        {"least", SO_RCVLOWAT},
        {"send least", SO_SNDLOWAT},
        {"unknown", 999},
    };
    open_pair(SOCK_SEQPACKET);
    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        show_option(options[i].name, pair[0], options[i].option);
        show("set", set(pair[0], options[i].option, 1));
        show_option("then", pair[0], options[i].option);
    }
}

static void check_sizes(void) {
    open_pair(SOCK_STREAM);
    show("send size", set(pair[0], SO_SNDBUF, 10'000));
    show_option("then", pair[0], SO_SNDBUF);
    show("little", set(pair[0], SO_SNDBUF, 0));
    show_option("then", pair[0], SO_SNDBUF);
    show("negative", set(pair[0], SO_SNDBUF, -1));
    show_option("then", pair[0], SO_SNDBUF);
    show("receive size", set(pair[0], SO_RCVBUF, 1));
    show_option("then", pair[0], SO_RCVBUF);
    show("by force", set(pair[0], SO_SNDBUFFORCE, 10'000));
    show("by force", set(pair[0], SO_RCVBUFFORCE, 10'000));
    show("debug", set(pair[0], SO_DEBUG, 1));
    show("priority", set(pair[0], SO_PRIORITY, 6));
    show("high priority", set(pair[0], SO_PRIORITY, 7));
    show("least", set(pair[0], SO_RCVLOWAT, 0));
    show_option("then", pair[0], SO_RCVLOWAT);
    show("negative least", set(pair[0], SO_RCVLOWAT, -5));
    show_option("then", pair[0], SO_RCVLOWAT);
}

static void check_errors(void) {
    int value = 1;
    socklen_t size = 2;
    show("cut", call(getsockopt, pair[0], SOL_SOCKET, SO_TYPE, &value, &size));
    show("size", (long)size);
    size = (socklen_t)-1;
    show("negative", call(getsockopt, pair[0], SOL_SOCKET, SO_TYPE, &value, &size));
    show("no size", call(getsockopt, pair[0], SOL_SOCKET, SO_TYPE, &value, 8));
    size = 4;
    show("nowhere", call(getsockopt, pair[0], SOL_SOCKET, SO_TYPE, 8, &size));
    show("another level", call(getsockopt, pair[0], 6, 1, &value, &size));
    show("of a file", call(getsockopt, 0, SOL_SOCKET, SO_TYPE, &value, &size));
    show("of nothing", call(getsockopt, 99, SOL_SOCKET, SO_TYPE, &value, &size));
    show("short", call(setsockopt, pair[0], SOL_SOCKET, SO_REUSEADDR, &value, 3));
    show("negative", call(setsockopt, pair[0], SOL_SOCKET, SO_REUSEADDR, &value, -1));
    show("from nowhere", call(setsockopt, pair[0], SOL_SOCKET, SO_REUSEADDR, 8, 4));
    show("another level", call(setsockopt, pair[0], 6, 1, &value, 4));
    show("of a file", call(setsockopt, 0, SOL_SOCKET, SO_REUSEADDR, &value, 4));
}

static void check_linger(void) {
    struct linger linger = {7, 5}, seen = {};
    socklen_t size = sizeof(seen);
    show("linger", call(setsockopt, pair[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
    show("short", call(setsockopt, pair[0], SOL_SOCKET, SO_LINGER, &linger, 4));
    show("seen", call(getsockopt, pair[0], SOL_SOCKET, SO_LINGER, &seen, &size));
    say("%d %d, size %d", seen.l_onoff, seen.l_linger, (int)size);
}

static long set_time(int option, long seconds, long microseconds) {
    struct timeval time = {seconds, microseconds};
    return call(setsockopt, pair[0], SOL_SOCKET, option, &time, sizeof(time));
}

static void show_time(const char *what, int option) {
    struct timeval time = {-1, -1};
    socklen_t size = sizeof(time);
    call(getsockopt, pair[0], SOL_SOCKET, option, &time, &size);
    say("%s: %ld.%06ld, size %d", what, time.tv_sec, time.tv_usec, (int)size);
}

static void caught(int signal) {
    say("caught %s", signal_name(signal));
}

static void check_timeouts(void) {
    char text[10];
    static char much[1 << 20];
    open_pair(SOCK_STREAM);
    show_time("at first", SO_RCVTIMEO);
    show("set", set_time(SO_RCVTIMEO, 0, 40'000));
    show_time("then", SO_RCVTIMEO);
    show("receive in time", read(pair[0], text, 1));
    show("bad microseconds", set_time(SO_RCVTIMEO, 0, 1'000'000));
    show("negative", set_time(SO_SNDTIMEO, -1, 0));
    show_time("then", SO_SNDTIMEO);
    show("short", call(setsockopt, pair[0], SOL_SOCKET, SO_SNDTIMEO, text, 8));
    show("set", set_time(SO_SNDTIMEO, 0, 40'000));
    say("some was sent: %d", write(pair[0], much, sizeof(much)) > 0);
    show("no more", write(pair[0], much, sizeof(much)));
    struct sigaction action = {.sa_handler = caught, .sa_flags = SA_RESTART};
    struct itimerval soon = {.it_value = {.tv_usec = 50'000}};
    sigaction(SIGALRM, &action, nullptr);
    set_time(SO_RCVTIMEO, 20, 0);
    setitimer(ITIMER_REAL, &soon, nullptr);
    show("interrupted", read(pair[0], text, 1));
    struct sockaddr_un address = {AF_UNIX, "l"};
    struct timeval time = {0, 40'000};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&address, sizeof(address));
    listen(listener, 0);
    setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
    show("accept in time", accept(listener, nullptr, nullptr));
    connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address));
    int late = socket(AF_UNIX, SOCK_STREAM, 0);
    setsockopt(late, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
    show("connect in time", connect(late, (struct sockaddr *)&address, sizeof(address)));
    show_option("listens", listener, SO_ACCEPTCONN);
    int count;
    show("pending at a listener", ioctl(listener, FIONREAD, &count));
    open_pair(SOCK_STREAM);
    set(pair[0], SO_RCVLOWAT, 4);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    show("sent", write(pair[1], "ab", 2));
    show("less than the least", read(pair[0], text, 10));
}

static void show_ready(const char *what, int fd) {
    struct pollfd entry = {fd, 0x3fff, 0};
    int result = poll(&entry, 1, 0);
    say("%s: %d, %x", what, result, entry.revents);
}

static void check_poll(int type) {
    struct sockaddr_un address = {AF_UNIX, "p"};
    char text[10];
    unlink("p");
    int fd = socket(AF_UNIX, type, 0);
    show_ready("new", fd);
    bind(fd, (struct sockaddr *)&address, sizeof(address));
    listen(fd, 3);
    show_ready("listening", fd);
    int client = socket(AF_UNIX, type, 0);
    connect(client, (struct sockaddr *)&address, sizeof(address));
    show_ready("connected", client);
    show_ready("listening", fd);
    close(client);
    close(fd);
    open_pair(type);
    show_ready("pair", pair[0]);
    write(pair[1], "x", 1);
    show_ready("sent to", pair[0]);
    read(pair[0], text, 1);
    show_ready("read", pair[0]);
    shutdown(pair[1], SHUT_WR);
    show_ready("other ends sending", pair[0]);
    show_ready("own end of it", pair[1]);
    shutdown(pair[0], SHUT_WR);
    show_ready("both", pair[0]);
    open_pair(type);
    shutdown(pair[0], SHUT_RD);
    show_ready("ends receiving", pair[0]);
    show_ready("other sees", pair[1]);
    open_pair(type);
    close(pair[1]);
    pair[1] = -1;
    show_ready("other is closed", pair[0]);
    open_pair(type);
    write(pair[0], "x", 1);
    close(pair[1]);
    pair[1] = -1;
    show_ready("reset", pair[0]);
    show_option("error", pair[0], SO_ERROR);
    show_ready("told", pair[0]);
    open_pair(type | SOCK_NONBLOCK);
    while (write(pair[0], "0123456789", 10) > 0) {
    }
    show_ready("full", pair[0]);
    while (read(pair[1], text, 10) > 0) {
    }
    show_ready("empty again", pair[0]);
}

static void show_events(const char *what, int epoll) {
    struct epoll_event event = {};
    int count = epoll_wait(epoll, &event, 1, 0);
    say("%s: %d, %x", what, count, event.events);
}

static void check_epoll(void) {
    open_pair(SOCK_STREAM);
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET};
    epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &event);
    show_events("nothing", epoll);
    write(pair[1], "x", 1);
    show_events("sent to", epoll);
    show_events("no edge", epoll);
    write(pair[1], "x", 1);
    show_events("sent again", epoll);
    shutdown(pair[1], SHUT_WR);
    show_events("ends sending", epoll);
    close(pair[1]);
    pair[1] = -1;
    show_events("closed", epoll);
}

/* A datagram that is connected to a full one. */
static void check_full_receiver(void) {
    struct sockaddr_un address = {AF_UNIX, "f"};
    char text[10];
    int receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    bind(receiver, (struct sockaddr *)&address, sizeof(address));
    connect(sender, (struct sockaddr *)&address, sizeof(address));
    while (write(sender, "x", 1) == 1) {
    }
    struct pollfd entry = {sender, POLLOUT, 0};
    show("full", poll(&entry, 1, 0));
    show("not for long", poll(&entry, 1, 30));
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLOUT | EPOLLET};
    epoll_ctl(epoll, EPOLL_CTL_ADD, sender, &event);
    show_events("full", epoll);
    read(receiver, text, 1);
    show_events("room", epoll);
    show("room", poll(&entry, 1, 0));
}

int main(void) {
    pair[0] = pair[1] = -1;
    check_numbers();
    check_sizes();
    check_errors();
    check_linger();
    check_timeouts();
    check_poll(SOCK_STREAM);
    check_poll(SOCK_SEQPACKET);
    check_poll(SOCK_DGRAM);
    check_epoll();
    check_full_receiver();
}
