/* What goes with messages: open files and credentials. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

static int pair[2];
static union {
    struct cmsghdr header;
    char bytes[2048];
} control;
static char text[100];

static void open_pair(int type) {
    close(pair[0]);
    close(pair[1]);
    call(socketpair, AF_UNIX, type, 0, pair);
}

static long send_control(int fd, const char *data, size_t control_size) {
    struct iovec piece = {(char *)data, strlen(data)};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control_size ? &control : nullptr,
                             .msg_controllen = control_size};
    return call(sendmsg, fd, &message, 0);
}

static size_t put_one(size_t at, int type, const void *data, size_t size) {
    struct cmsghdr header = {
        .cmsg_len = CMSG_LEN(size), .cmsg_level = SOL_SOCKET, .cmsg_type = type};
    memcpy(control.bytes + at, &header, sizeof(header));
    memcpy(control.bytes + at + sizeof(header), data, size);
    return at + CMSG_SPACE(size);
}

static long send_files(int fd, const char *data, const int *files, size_t count) {
    return send_control(fd, data, put_one(0, SCM_RIGHTS, files, count * sizeof(int)));
}

static void show_one(const struct cmsghdr *header) {
    const unsigned char *data = CMSG_DATA(header);
    if (header->cmsg_type == SCM_CREDENTIALS) {
        struct ucred who = {};
        size_t size = header->cmsg_len - CMSG_LEN(0);
        memcpy(&who, data, size < sizeof(who) ? size : sizeof(who));
        say("  credentials: %zu bytes, mine %d, none %d, user %d, group %d", size,
            who.pid == getpid(), who.pid == 0, who.uid == getuid(), who.gid == getgid());
        return;
    }
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    say("  level %d, type %d: %zu files", header->cmsg_level, header->cmsg_type, count);
    for (size_t i = 0; i < count; i++) {
        int file;
        memcpy(&file, data + i * sizeof(int), sizeof(int));
        if (i < 3) {
            struct stat stat = {};
            fstat(file, &stat);
            say("  kind %o, closes on exec %d", stat.st_mode & S_IFMT, fcntl(file, F_GETFD));
        }
        close(file);
    }
}

static void receive(const char *what, int fd, size_t size, size_t control_size, int flags) {
    struct iovec piece = {text, size};
    memset(&control, 0, sizeof(control));
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control_size ? &control : nullptr,
                             .msg_controllen = control_size};
    long result = call(recvmsg, fd, &message, flags | MSG_DONTWAIT);
    if (result < 0) {
        show(what, result);
        return;
    }
    say("%s: \"%.*s\", control %u, flags %x", what, (int)result, text, message.msg_controllen,
        message.msg_flags);
    size_t at = 0;
    while (at + sizeof(control.header) <= message.msg_controllen) {
        const struct cmsghdr *header = (const struct cmsghdr *)(control.bytes + at);
        show_one(header);
        at += CMSG_ALIGN(header->cmsg_len);
    }
}

static void check_files(int type) {
    int files[3] = {0, pair[0], 0};
    open_pair(type);
    files[1] = pair[0];
    show("none", send_control(pair[0], "plain", 0));
    show("two", send_files(pair[0], "two", files, 2));
    show("after", send_control(pair[0], "after", 0));
    receive("first", pair[1], 100, sizeof(control), 0);
    receive("second", pair[1], 100, sizeof(control), 0);
    receive("third", pair[1], 100, sizeof(control), 0);
    send_files(pair[0], "peeked", files, 2);
    receive("peek", pair[1], 100, sizeof(control), MSG_PEEK | MSG_CMSG_CLOEXEC);
    receive("in part", pair[1], 3, sizeof(control), MSG_CMSG_CLOEXEC);
    receive("the rest", pair[1], 100, sizeof(control), 0);
    send_files(pair[0], "nowhere", files, 2);
    receive("no room at all", pair[1], 100, 0, 0);
    send_files(pair[0], "little", files, 2);
    receive("room for one", pair[1], 100, CMSG_LEN(4), 0);
    send_files(pair[0], "less", files, 2);
    receive("room for none", pair[1], 100, CMSG_LEN(0), 0);
    send_files(pair[0], "odd", files, 1);
    receive("room and some", pair[1], 100, CMSG_LEN(4) + 2, 0);
    send_files(pair[0], "read", files, 1);
    show("by read", read(pair[1], text, sizeof(text)));
    show("no files", send_files(pair[0], "empty", files, 0));
    receive("nothing came with it", pair[1], 100, sizeof(control), 0);
    show("nothing but files", send_files(pair[0], "", files, 1));
    receive("and", pair[1], 100, sizeof(control), 0);
}

static void check_errors(void) {
    int files[254];
    memset(files, 0, sizeof(files));
    open_pair(SOCK_STREAM);
    show("all that may be", send_files(pair[0], "x", files, 253));
    receive("many", pair[1], 10, sizeof(control), 0);
    show("too many", send_files(pair[0], "x", files, 254));
    files[1] = 99;
    show("one is closed", send_files(pair[0], "x", files, 2));
    files[1] = -1;
    show("one is negative", send_files(pair[0], "x", files, 2));
    put_one(0, SCM_RIGHTS, files, 4);
    control.header.cmsg_len = 8;
    show("shorter than itself", send_control(pair[0], "x", 32));
    control.header.cmsg_len = 100;
    show("longer than all", send_control(pair[0], "x", 32));
    put_one(0, 77, files, 4);
    show("unknown type", send_control(pair[0], "x", 32));
    control.header.cmsg_level = 77;
    show("unknown level", send_control(pair[0], "x", 24));
    struct iovec piece = {text, 1};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = (void *)8, .msg_controllen = 24};
    show("nowhere", call(sendmsg, pair[0], &message, 0));
    message.msg_controllen = 1u << 31;
    show("far too much", call(sendmsg, pair[0], &message, 0));
    message.msg_control = &control;
    message.msg_controllen = 8;
    show("less than a header", call(sendmsg, pair[0], &message, 0));
    size_t both = put_one(put_one(0, SCM_RIGHTS, &(int){0}, 4), SCM_RIGHTS, &pair[1], 4);
    show("two of them", send_control(pair[0], "x", both));
    receive("joined", pair[1], 100, sizeof(control), 0);
    struct rlimit limit = {12, 12};
    struct rlimit before;
    getrlimit(RLIMIT_NOFILE, &before);
    limit.rlim_max = before.rlim_max;
    send_files(pair[0], "x", files, 1);
    limit.rlim_cur = 5;
    setrlimit(RLIMIT_NOFILE, &limit);
    receive("no descriptor is left", pair[1], 100, sizeof(control), 0);
    setrlimit(RLIMIT_NOFILE, &before);
    show("path only", open("/", O_PATH) >= 0);
    show("sent", send_files(pair[0], "x", &(int){open("/", O_PATH)}, 1));
    receive("path", pair[1], 100, sizeof(control), 0);
}

static long send_credentials(int fd, pid_t process, uid_t user, gid_t group) {
    struct ucred who = {process, user, group};
    return send_control(fd, "who", put_one(0, SCM_CREDENTIALS, &who, sizeof(who)));
}

static void check_credentials(int type) {
    int on = 1;
    open_pair(type);
    show("not asked for", send_control(pair[0], "a", 0));
    show("given", send_credentials(pair[0], getpid(), getuid(), getgid()));
    receive("not asked for", pair[1], 100, sizeof(control), 0);
    receive("given", pair[1], 100, sizeof(control), 0);
    send_control(pair[0], "early", 0);
    show("switch on", setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
    receive("sent before", pair[1], 100, sizeof(control), 0);
    send_control(pair[0], "later", 0);
    receive("sent after", pair[1], 100, sizeof(control), 0);
    send_control(pair[0], "cut", 0);
    receive("no room", pair[1], 100, 0, 0);
    send_control(pair[0], "cut", 0);
    receive("too little", pair[1], 100, 8, 0);
    send_control(pair[0], "cut", 0);
    receive("some", pair[1], 100, 20, 0);
    send_files(pair[0], "both", &(int){0}, 1);
    receive("both", pair[1], 100, sizeof(control), 0);
    show("nothing there", read(pair[1], text, 0));
    show("another process", send_credentials(pair[0], 1, getuid(), getgid()));
    show("another user", send_credentials(pair[0], getpid(), 1, getgid()));
    show("another group", send_credentials(pair[0], getpid(), getuid(), 1));
    struct ucred who = {getpid(), getuid(), getgid()};
    show("too short", send_control(pair[0], "x", put_one(0, SCM_CREDENTIALS, &who, 8)));
}

static void check_gluing(void) {
    int on = 1;
    open_pair(SOCK_STREAM);
    setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
    send_control(pair[0], "mine", 0);
    send_control(pair[0], "too", 0);
    pid_t child = fork();
    if (child == 0) {
        send_control(pair[0], "theirs", 0);
        _exit(0);
    }
    waitpid(child, nullptr, 0);
    receive("of one sender", pair[1], 100, sizeof(control), 0);
    receive("of the other", pair[1], 100, sizeof(control), 0);
}

static void check_peer(void) {
    struct sockaddr_un address = {AF_UNIX, "l"};
    struct ucred who = {};
    socklen_t size = sizeof(who);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    show("of nobody", getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size));
    say("%d %d %d", who.pid, (int)who.uid, (int)who.gid);
    open_pair(SOCK_DGRAM);
    getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &who, &size);
    say("of a pair: %d %d %d", who.pid == getpid(), who.uid == getuid(), who.gid == getgid());
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&address, sizeof(address));
    listen(listener, 3);
    pid_t child = fork();
    if (child == 0) {
        _exit(connect(fd, (struct sockaddr *)&address, sizeof(address)));
    }
    show_end("child", child);
    int accepted = accept(listener, nullptr, nullptr);
    getsockopt(accepted, SOL_SOCKET, SO_PEERCRED, &who, &size);
    say("who connected: child %d, user %d", who.pid == child, who.uid == getuid());
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size);
    say("who listened: %d", who.pid == getpid());
    size = 4;
    show("cut", getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size));
    say("size %d", (int)size);
    int on = 1;
    show("set", setsockopt(fd, SOL_SOCKET, SO_PEERCRED, &on, sizeof(on)));
    int unnamed = socket(AF_UNIX, SOCK_STREAM, 0);
    setsockopt(unnamed, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
    show("connect by who wants credentials",
         connect(unnamed, (struct sockaddr *)&address, sizeof(address)));
    size = sizeof(address);
    show("it has a name", getsockname(unnamed, (struct sockaddr *)&address, &size));
    say("size %d", (int)size);
}

/* Sockets that are in messages to themselves and each other, and nobody has any more. */
static void check_circles(void) {
    open_pair(SOCK_STREAM);
    show("into itself", send_files(pair[0], "x", pair, 2));
    show("and the other", send_files(pair[1], "x", pair, 2));
    close(pair[0]);
    close(pair[1]);
    pair[0] = pair[1] = -1;
    for (int i = 0; i < 50; i++) {
        int inner[2], outer[2];
        socketpair(AF_UNIX, SOCK_DGRAM, 0, inner);
        socketpair(AF_UNIX, SOCK_DGRAM, 0, outer);
        send_files(inner[0], "x", outer, 2);
        send_files(outer[0], "x", inner, 2);
        close(inner[0]);
        close(inner[1]);
        close(outer[0]);
        close(outer[1]);
    }
    open_pair(SOCK_STREAM);
    int chain = pair[0];
    for (int i = 0; i < 100; i++) {
        int next[2];
        socketpair(AF_UNIX, SOCK_DGRAM, 0, next);
        send_files(next[0], "x", &chain, 1);
        if (chain != pair[0]) {
            close(chain);
        }
        close(next[0]);
        chain = next[1];
    }
    close(chain);
    show("still open", write(pair[0], "x", 1));
    show_ok("reaches", read(pair[1], text, 1));
}

/* What is in flight lives on after its sender. */
static void check_in_flight(void) {
    int pipes[2];
    open_pair(SOCK_STREAM);
    if (pipe(pipes) != 0) {
        say("no pipe");
    }
    send_files(pair[0], "end", &pipes[1], 1);
    close(pipes[1]);
    fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    show("its other end is in flight", read(pipes[0], text, 1));
    close(pair[0]);
    show("still", read(pipes[0], text, 1));
    close(pair[1]);
    pair[0] = pair[1] = -1;
    show("lost", read(pipes[0], text, 1));
    open_pair(SOCK_DGRAM);
    if (pipe2(pipes, O_NONBLOCK) != 0) {
        say("no pipe");
    }
    send_files(pair[0], "end", &pipes[1], 1);
    close(pipes[1]);
    show("to the null page", call(recvfrom, pair[1], 8, 3, 0, nullptr, nullptr));
    show("lost with its packet", read(pipes[0], text, 1));
}

static uint64_t move_often(void) {
    struct timespec from, to;
    int ends[2];
    call(socketpair, AF_UNIX, SOCK_STREAM, 0, ends);
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < 300; i++) {
        (void)!write(ends[0], "x", 1);
        (void)!read(ends[1], text, 1);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    close(ends[0]);
    close(ends[1]);
    return (uint64_t)(to.tv_sec - from.tv_sec) * 1'000'000'000 + to.tv_nsec - from.tv_nsec;
}

/* What others have in flight costs nobody else anything. */
static void check_cost(void) {
    enum { COUNT = 400 };
    static int others[COUNT][2];
    for (int i = 0; i < COUNT; i++) {
        call(socketpair, AF_UNIX, SOCK_STREAM, 0, others[i]);
    }
    move_often();
    uint64_t usual = move_often();
    open_pair(SOCK_STREAM);
    send_files(pair[0], "x", others[0], 1);
    say("slower with one in flight: %d", move_often() > 20 * usual);
    for (int i = 0; i < COUNT; i++) {
        close(others[i][0]);
        close(others[i][1]);
    }
    receive("the one that was", pair[1], 10, sizeof(control), 0);
}

int main(void) {
    pair[0] = pair[1] = -1;
    check_files(SOCK_STREAM);
    check_files(SOCK_SEQPACKET);
    check_errors();
    check_credentials(SOCK_STREAM);
    check_credentials(SOCK_DGRAM);
    check_gluing();
    check_peer();
    check_circles();
    check_in_flight();
    check_cost();
}
