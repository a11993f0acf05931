/* What goes through connected streams: send, recv, their flags, shutdown, and their ends. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "user/tests/report.h"

static int pair[2];
static char text[100'000];

static void open_pair(int flags) {
    close(pair[0]);
    close(pair[1]);
    if (call(socketpair, AF_UNIX, SOCK_STREAM | flags, 0, pair) != 0) {
        say("no pair: %s", error_name(errno));
    }
}

static long send_to(int fd, const char *data, int flags) {
    return call(sendto, fd, data, strlen(data), flags, nullptr, 0);
}

static void show_received(const char *what, int fd, size_t size, int flags) {
    memset(text, 0, size + 1);
    long result = call(recvfrom, fd, text, size, flags, nullptr, nullptr);
    if (result > 0 && result < 100) {
        say("%s: \"%.*s\"", what, (int)result, text);
    } else {
        show(what, result);
    }
}

static void show_pending(const char *what, int fd) {
    int in = -1, out = -1;
    show(what, ioctl(fd, FIONREAD, &in));
    show("sent", ioctl(fd, TIOCOUTQ, &out));
    say("in %d, out %s", in, out > 0 ? "some" : "none");
}

static void check_moving(void) {
    open_pair(0);
    show("send", send_to(pair[0], "hello ", 0));
    show("write", write(pair[0], "world", 5));
    show_pending("pending", pair[1]);
    show_pending("pending", pair[0]);
    show_received("peek", pair[1], 8, MSG_PEEK);
    show_received("peek all", pair[1], 100, MSG_PEEK);
    show_received("some", pair[1], 3, 0);
    show_received("truncated", pair[1], 2, MSG_TRUNC);
    show_received("the rest", pair[1], 100, 0);
    show_received("nothing", pair[1], 100, MSG_DONTWAIT);
    show("nothing to send", send_to(pair[0], "", 0));
    show("to an address", call(sendto, pair[0], "x", 1, 0, &(struct sockaddr_un){AF_UNIX, "x"}, 5));
    show("from the null page", call(sendto, pair[0], 8, 5, 0, nullptr, 0));
    show("from outside", call(sendto, pair[0], 1ull << 63, 5, 0, nullptr, 0));
    show("send", send_to(pair[0], "abc", MSG_EOR | MSG_NOSIGNAL | MSG_DONTROUTE));
    show("to the null page", call(recvfrom, pair[1], 8, 5, 0, nullptr, nullptr));
    show_received("still there", pair[1], 100, 0);
    show("with a file", call(sendto, 0, "x", 1, 0, nullptr, 0));
    show("receive from a file", call(recvfrom, 0, text, 1, 0, nullptr, nullptr));
    show("no descriptor", call(sendto, 99, "x", 1, 0, nullptr, 0));
    struct sockaddr_un from = {};
    socklen_t size = sizeof(from);
    send_to(pair[0], "abc", 0);
    show("with the sender's name", call(recvfrom, pair[1], text, 5, 0, &from, &size));
    show("whose size is", (long)size);
    show("seek", lseek(pair[0], 0, SEEK_SET));
    show("at", pread(pair[0], text, 1, 0));
}

static void send_late(void) {
    settle();
    send_to(pair[0], "two", 0);
}

static void check_waiting_for_all(void) {
    open_pair(0);
    send_to(pair[0], "one", 0);
    if (fork() == 0) {
        send_late();
        _exit(0);
    }
    show_received("all", pair[1], 6, MSG_WAITALL);
    send_to(pair[0], "one", 0);
    show_received("all there is", pair[1], 6, MSG_WAITALL | MSG_DONTWAIT);
    send_to(pair[0], "one", 0);
    shutdown(pair[0], SHUT_WR);
    show_received("all up to the end", pair[1], 6, MSG_WAITALL);
    show_received("the end", pair[1], 6, MSG_WAITALL);
}

static void catch (int signal) {
    say("caught %s", signal_name(signal));
}

static void check_ends(void) {
    signal(SIGPIPE, catch);
    open_pair(0);
    send_to(pair[0], "left", 0);
    close(pair[0]);
    show_received("what was sent before", pair[1], 10, 0);
    show_received("the end", pair[1], 10, 0);
    show("send", send_to(pair[1], "x", 0));
    show("send without a signal", send_to(pair[1], "x", MSG_NOSIGNAL));
    show("write", write(pair[1], "x", 1));
    show("write nothing", write(pair[1], "", 0));
    pair[0] = -1;
    open_pair(0);
    send_to(pair[0], "unread", 0);
    send_to(pair[1], "seen", 0);
    close(pair[1]);
    show_received("before the reset", pair[0], 10, 0);
    show_received("reset", pair[0], 10, 0);
    show_received("the end", pair[0], 10, 0);
    pair[1] = -1;
    open_pair(0);
    send_to(pair[0], "unread", 0);
    close(pair[1]);
    show("send to a reset one", send_to(pair[0], "x", 0));
    show("and again", send_to(pair[0], "x", 0));
    pair[1] = -1;
}

static void receive_some(void) {
    show_received("received", pair[0], 10, 0);
}

static void fill_it(void) {
    signal(SIGPIPE, SIG_IGN);
    while (call(write, pair[0], text, sizeof(text)) > 0) {
    }
    say("sending ended: %s", error_name(errno));
}

/* Ends a call on the same end that waits in another process. */
static void end_waiting(const char *what, void (*wait)(void), int how) {
    open_pair(0);
    pid_t child = fork();
    if (child == 0) {
        wait();
        _exit(0);
    }
    settle();
    int result = shutdown(pair[0], how);
    show_end("who waited", child);
    say("%s: %d", what, result);
}

static void check_shutdown_while_waiting(void) {
    end_waiting("receiving ends", receive_some, SHUT_RD);
    end_waiting("sending ends", fill_it, SHUT_WR);
    end_waiting("both end", receive_some, SHUT_RDWR);
}

static void check_shutdown(void) {
    open_pair(0);
    show("no such direction", shutdown(pair[0], 3));
    show("below 0", shutdown(pair[0], -1));
    show("of a file", shutdown(0, 0));
    send_to(pair[0], "before", 0);
    show("sending", shutdown(pair[0], SHUT_WR));
    show("sending twice", shutdown(pair[0], SHUT_WR));
    show("send", send_to(pair[0], "x", 0));
    show_received("what was sent", pair[1], 10, 0);
    show_received("the end", pair[1], 10, 0);
    show("the other way", send_to(pair[1], "back", 0));
    show_received("comes", pair[0], 10, 0);
    open_pair(0);
    send_to(pair[1], "before", 0);
    show("receiving", shutdown(pair[0], SHUT_RD));
    show_received("what was sent", pair[0], 10, 0);
    show_received("the end", pair[0], 10, 0);
    show("the other sends", send_to(pair[1], "x", 0));
    show("own way", send_to(pair[0], "on", 0));
    show_received("comes", pair[1], 10, 0);
    int alone = (int)call(socket, AF_UNIX, SOCK_STREAM, 0);
    show("unconnected", shutdown(alone, SHUT_RDWR));
    show("send unconnected", send_to(alone, "x", 0));
    show_received("receive unconnected", alone, 10, 0);
    show("send to an address",
         call(sendto, alone, "x", 1, 0, &(struct sockaddr_un){AF_UNIX, "x"}, 5));
}

static void check_full(void) {
    open_pair(SOCK_NONBLOCK);
    long sent = 0, result;
    while ((result = write(pair[0], text, 50'000)) > 0) {
        sent += result;
    }
    show("full", result);
    say("much was taken: %d", sent > 100'000 && sent < 1'000'000);
    long received = 0;
    while ((result = read(pair[1], text, sizeof(text))) > 0) {
        received += result;
    }
    show("empty", result);
    say("all came: %d", sent == received);
    show_ok("room again", write(pair[0], text, 1000));
}

static void write_much(void) {
    long sent = write(pair[0], text, sizeof(text));
    sent += write(pair[0], text, sizeof(text));
    sent += write(pair[0], text, sizeof(text));
    sent += write(pair[0], text, sizeof(text));
    _exit(sent == 4 * (long)sizeof(text) ? 5 : 6);
}

static void check_writer_waits(void) {
    open_pair(0);
    pid_t child = fork();
    if (child == 0) {
        write_much();
    }
    settle();
    long received = 0;
    while (received < 4 * (long)sizeof(text)) {
        received += read(pair[1], text, sizeof(text));
    }
    show("received", received);
    show_end("writer", child);
}

static void check_interruption(void) {
    struct sigaction action = {.sa_handler = catch};
    struct itimerval soon = {.it_value = {.tv_usec = 50'000}};
    open_pair(0);
    sigaction(SIGALRM, &action, nullptr);
    setitimer(ITIMER_REAL, &soon, nullptr);
    show_received("interrupted", pair[1], 10, 0);
    send_to(pair[0], "some", 0);
    setitimer(ITIMER_REAL, &soon, nullptr);
    show_received("interrupted with some", pair[1], 10, MSG_WAITALL);
}

static void check_vectors(void) {
    open_pair(0);
    struct iovec pieces[3] = {{(char *)"one", 3}, {nullptr, 0}, {(char *)"two", 3}};
    show("writev", writev(pair[0], pieces, 3));
    char a[2] = {}, b[10] = {};
    struct iovec rooms[2] = {{a, 2}, {b, 10}};
    show("readv", readv(pair[1], rooms, 2));
    say("\"%.2s\" \"%s\"", a, b);
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 3};
    show("sendmsg", call(sendmsg, pair[0], &message, 0));
    struct sockaddr_un from;
    struct msghdr received = {.msg_name = &from,
                              .msg_namelen = sizeof(from),
                              .msg_iov = rooms,
                              .msg_iovlen = 2,
                              .msg_flags = -1};
    show("recvmsg", call(recvmsg, pair[1], &received, MSG_CMSG_CLOEXEC));
    say("name %d, control %u, flags %x", (int)received.msg_namelen, received.msg_controllen,
        received.msg_flags);
    message.msg_iovlen = 1025;
    show("too many pieces", call(sendmsg, pair[0], &message, 0));
    message.msg_iovlen = 3;
    pieces[1].iov_len = (size_t)-1;
    show("a negative piece", call(sendmsg, pair[0], &message, 0));
    show("no header", call(sendmsg, pair[0], 8, 0));
    pieces[1].iov_len = 0;
    message.msg_name = &from;
    message.msg_namelen = (socklen_t)-1;
    show("a negative name", call(sendmsg, pair[0], &message, 0));
    message.msg_namelen = 5;
    show("a name", call(sendmsg, pair[0], &message, 0));
}

static void check_many(void) {
    open_pair(0);
    struct iovec pieces[2] = {{(char *)"one", 3}, {(char *)"four", 4}};
    struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = &pieces[0], .msg_iovlen = 1}},
                                  {.msg_hdr = {.msg_iov = &pieces[1], .msg_iovlen = 1}}};
    show("sendmmsg", call(sendmmsg, pair[0], messages, 2, 0));
    say("%u, %u", messages[0].msg_len, messages[1].msg_len);
    char a[5] = {}, b[5] = {};
    pieces[0] = (struct iovec){a, 4};
    pieces[1] = (struct iovec){b, 4};
    struct timespec time = {.tv_sec = 1};
    show("recvmmsg", call(recvmmsg, pair[1], messages, 2, 0, &time));
    say("%u \"%s\", %u \"%s\"", messages[0].msg_len, a, messages[1].msg_len, b);
    show("none", call(recvmmsg, pair[1], messages, 2, MSG_DONTWAIT, nullptr));
    show("no messages", call(recvmmsg, pair[1], messages, 0, MSG_DONTWAIT, nullptr));
    time.tv_nsec = -1;
    show("no such time", call(recvmmsg, pair[1], messages, 2, 0, &time));
    show("send none", call(sendmmsg, pair[0], messages, 0, 0));
    show("from nowhere", call(sendmmsg, pair[0], 8, 2, 0));
    send_to(pair[0], "x", 0);
    show("one is enough", call(recvmmsg, pair[1], messages, 2, MSG_WAITFORONE, nullptr));
    show("no socket", call(recvmmsg, 0, messages, 1, 0, nullptr));
}

int main(void) {
    pair[0] = pair[1] = -1;
    check_moving();
    check_waiting_for_all();
    check_ends();
    check_shutdown();
    check_shutdown_while_waiting();
    check_full();
    check_writer_waits();
    check_interruption();
    check_vectors();
    check_many();
}
