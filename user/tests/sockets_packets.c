/* Datagrams and sequenced packets. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "user/tests/report.h"

static int pair[2];
static char text[300'000];

static void open_pair(int type) {
    close(pair[0]);
    close(pair[1]);
    if (call(socketpair, AF_UNIX, type, 0, pair) != 0) {
        say("no pair: %s", error_name(errno));
    }
}

static struct sockaddr_un address_of(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    return address;
}

static int bound(int type, const char *path) {
    struct sockaddr_un address = address_of(path);
    int fd = (int)call(socket, AF_UNIX, type, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        say("bind: %s", error_name(errno));
    }
    return fd;
}

static long send_to(int fd, const char *data, int flags) {
    return call(sendto, fd, data, strlen(data), flags, nullptr, 0);
}

static long send_path(int fd, const char *data, const char *path) {
    struct sockaddr_un address = address_of(path);
    return call(sendto, fd, data, strlen(data), MSG_DONTWAIT, &address, sizeof(address));
}

static long connect_path(int fd, const char *path) {
    struct sockaddr_un address = address_of(path);
    return call(connect, fd, &address, sizeof(address));
}

static void show_received(const char *what, int fd, size_t size, int flags) {
    memset(text, 0, size + 1);
    long result = call(recvfrom, fd, text, size, flags, nullptr, nullptr);
    if (result > 0 && result < 100) {
        say("%s: %ld \"%s\"", what, result, text);
    } else {
        show(what, result);
    }
}

static void show_from(const char *what, int fd) {
    struct sockaddr_un from = {};
    socklen_t size = sizeof(from);
    long result = call(recvfrom, fd, text, 10, MSG_DONTWAIT, &from, &size);
    if (result < 0) {
        show(what, result);
    } else {
        say("%s: %ld bytes from \"%s\", size %d", what, result, from.sun_path, (int)size);
    }
}

static void caught(int signal) {
    say("caught %s", signal_name(signal));
}

static void check_boundaries(int type) {
    int pending = -1;
    open_pair(type);
    show("send", send_to(pair[0], "hello", 0));
    show("send", send_to(pair[0], "you", MSG_EOR));
    show("send nothing", send_to(pair[0], "", 0));
    show("write nothing", write(pair[0], "", 0));
    ioctl(pair[1], FIONREAD, &pending);
    show("pending", pending);
    show_received("peek", pair[1], 3, MSG_PEEK);
    show_received("peek at the size", pair[1], 3, MSG_PEEK | MSG_TRUNC);
    show_received("cut", pair[1], 3, MSG_TRUNC);
    show_received("second", pair[1], 10, MSG_WAITALL);
    show_received("nothing is a packet", pair[1], 10, 0);
    show("read no bytes", read(pair[1], text, 0));
    show_received("nothing again", pair[1], 10, MSG_DONTWAIT);
    show_received("none", pair[1], 10, MSG_DONTWAIT);
    char room[4] = {};
    struct iovec piece = {room, 3};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    send_to(pair[0], "long", 0);
    show("recvmsg", call(recvmsg, pair[1], &message, 0));
    say("\"%s\", flags %x", room, message.msg_flags);
    send_to(pair[0], "long", 0);
    show("to the null page", call(recvfrom, pair[1], 8, 5, 0, nullptr, nullptr));
    show_received("is lost", pair[1], 10, MSG_DONTWAIT);
    show("too long", call(sendto, pair[0], text, 212'961, MSG_DONTWAIT, nullptr, 0));
    show("as long as can be", call(sendto, pair[0], text, 212'960, MSG_DONTWAIT, nullptr, 0));
    show("no room for more", call(sendto, pair[0], text, 100'000, MSG_DONTWAIT, nullptr, 0));
    show_received("comes", pair[1], sizeof(text) - 1, 0);
}

static void check_ends(int type) {
    signal(SIGPIPE, caught);
    open_pair(type);
    send_to(pair[0], "left", 0);
    close(pair[0]);
    show_received("what was sent before", pair[1], 10, MSG_DONTWAIT);
    show_received("the end", pair[1], 10, MSG_DONTWAIT);
    show("send", send_to(pair[1], "x", 0));
    show("again", send_to(pair[1], "x", 0));
    show("write", write(pair[1], "x", 1));
    pair[0] = -1;
    open_pair(type);
    send_to(pair[0], "unread", 0);
    close(pair[1]);
    show_received("reset", pair[0], 10, MSG_DONTWAIT);
    show_received("after it", pair[0], 10, MSG_DONTWAIT);
    pair[1] = -1;
    open_pair(type);
    send_to(pair[1], "before", 0);
    show("end receiving", shutdown(pair[0], SHUT_RD));
    show_received("what was sent", pair[0], 10, MSG_DONTWAIT);
    show_received("the end", pair[0], 10, MSG_DONTWAIT);
    show_received("the end, waiting", pair[0], 10, 0);
    show("the other sends", send_to(pair[1], "x", 0));
    show("end sending", shutdown(pair[0], SHUT_WR));
    show("send", send_to(pair[0], "x", 0));
    show_received("the other receives", pair[1], 10, MSG_DONTWAIT);
}

static void check_datagrams(void) {
    int a = bound(SOCK_DGRAM, "a"), b = bound(SOCK_DGRAM, "b");
    int nameless = (int)call(socket, AF_UNIX, SOCK_DGRAM, 0);
    int stream = bound(SOCK_STREAM, "s");
    show("unconnected", send_to(a, "x", 0));
    show("to a path", send_path(a, "from a", "b"));
    show_from("received", b);
    show("without a name", send_path(nameless, "x", "b"));
    show_from("received", b);
    show("to nobody", send_path(a, "x", "none"));
    show("to a directory", send_path(a, "x", "."));
    show("to a stream", send_path(a, "x", "s"));
    show("to no address", call(sendto, a, "x", 1, 0, &(struct sockaddr){}, 2));
    show("to another family", call(sendto, a, "x", 1, 0, &(struct sockaddr){AF_INET, {}}, 16));
    show("connect", connect_path(a, "b"));
    show("send", send_to(a, "x", 0));
    show_from("received", b);
    show("connect back", connect_path(b, "a"));
    show("another sends to it", send_path(nameless, "x", "b"));
    show("another connects to it", connect_path(nameless, "b"));
    show("to itself", send_path(a, "self", "a"));
    show("connect to nothing", connect_path(a, "none"));
    show("send still", send_to(a, "y", 0));
    show("disconnect", call(connect, a, &(struct sockaddr){}, sizeof(struct sockaddr)));
    show("send", send_to(a, "x", 0));
    show_from("what it had", b);
    show_from("the other", b);
    show("the other sends", send_to(b, "x", MSG_DONTWAIT));
    show("short", call(connect, a, &(struct sockaddr){}, 1));
    close(b);
    show("to a closed one", send_path(a, "x", "b"));
    unlink("b");
    int second = bound(SOCK_DGRAM, "b");
    connect_path(nameless, "b");
    close(second);
    show("its peer is gone", send_to(nameless, "x", 0));
    show("it has none", send_to(nameless, "x", 0));
    int self = bound(SOCK_DGRAM, "self");
    show("connect to itself", connect_path(self, "self"));
    show("send to itself", send_to(self, "me", 0));
    show_from("received", self);
    close(stream);
    close(self);
    close(a);
}

static void check_full_queue(void) {
    int receiver = bound(SOCK_DGRAM, "q");
    int sender = (int)call(socket, AF_UNIX, SOCK_DGRAM, 0);
    int sent = 0;
    while (send_path(sender, "x", "q") == 1 && sent < 1000) {
        sent++;
    }
    say("refused with %s", error_name(errno));
    connect_path(sender, "q");
    show("connected", send_to(sender, "x", MSG_DONTWAIT));
    pid_t child = fork();
    if (child == 0) {
        _exit(send_to(sender, "late", 0) == 4 ? 5 : 6);
    }
    settle();
    int received = 0;
    while (call(recvfrom, receiver, text, 10, MSG_DONTWAIT, nullptr, nullptr) == 1) {
        received++;
        if (received == 1) {
            settle();
        }
    }
    say("all came: %d", received == sent);
    show_end("waiting sender", child);
}

/* One waits for a receiver, with all that its socket may have sent charged, and another waits for
 * that: where the first one gives its message up, the second goes on. */
static void check_given_up(void) {
    int receiver = bound(SOCK_DGRAM, "full"), other = bound(SOCK_DGRAM, "empty");
    int filler = (int)call(socket, AF_UNIX, SOCK_DGRAM, 0);
    int sender = (int)call(socket, AF_UNIX, SOCK_DGRAM, 0);
    while (send_path(filler, "x", "full") == 1) {
    }
    setsockopt(sender, SOL_SOCKET, SO_SNDBUF, &(int){1}, sizeof(int));
    pid_t first = fork();
    if (first == 0) {
        struct sockaddr_un address = address_of("full");
        _exit((int)call(sendto, sender, text, 4000, 0, &address, sizeof(address)));
    }
    settle();
    show("no room", send_path(sender, "x", "empty"));
    pid_t second = fork();
    if (second == 0) {
        struct sockaddr_un address = address_of("empty");
        alarm(3);
        _exit((int)call(sendto, sender, "x", 1, 0, &address, sizeof(address)));
    }
    settle();
    kill(first, SIGKILL);
    show_end("who waited for a receiver", first);
    show_end("who waited for room", second);
    show_received("it came", other, 10, MSG_DONTWAIT);
    close(receiver);
    close(other);
}

static void check_sequenced(void) {
    int listener = bound(SOCK_SEQPACKET, "l");
    int fd = (int)call(socket, AF_UNIX, SOCK_SEQPACKET, 0);
    show("send unconnected", send_to(fd, "x", 0));
    show_received("receive unconnected", fd, 10, 0);
    listen(listener, 3);
    show_received("receive from a listener", listener, 10, 0);
    show("connect", connect_path(fd, "l"));
    show("send", send_to(fd, "one", 0));
    show("to an address", send_path(fd, "two", "none"));
    int accepted = (int)call(accept, listener, nullptr, nullptr);
    show_received("one", accepted, 10, 0);
    show_received("two", accepted, 10, 0);
    close(fd);
    show_received("the end", accepted, 10, 0);
    show("connect unspecified", call(connect, accepted, &(struct sockaddr){}, 16));
    close(accepted);
    close(listener);
}

int main(void) {
    pair[0] = pair[1] = -1;
    say("datagrams");
    check_boundaries(SOCK_DGRAM);
    check_ends(SOCK_DGRAM);
    check_datagrams();
    check_full_queue();
    check_given_up();
    say("sequenced packets");
    check_boundaries(SOCK_SEQPACKET);
    check_ends(SOCK_SEQPACKET);
    check_sequenced();
}
