/* socket, bind, listen, connect, accept, getsockname and getpeername, by paths and abstract names.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "user/tests/report.h"

constexpr socklen_t FAMILY_SIZE = offsetof(struct sockaddr_un, sun_path);
constexpr socklen_t BAD_FAMILY_SIZE = 20;

static int open_socket(int type) {
    return (int)call(socket, AF_UNIX, type, 0);
}

static struct sockaddr_un address_of(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    return address;
}

static long bind_to(int socket, const char *path) {
    struct sockaddr_un address = address_of(path);
    return call(bind, socket, &address, FAMILY_SIZE + strlen(path) + 1);
}

static long connect_to(int socket, const char *path) {
    struct sockaddr_un address = address_of(path);
    return call(connect, socket, &address, sizeof(address));
}

/* An abstract name, which no other run has. */
static socklen_t abstract_address(struct sockaddr_un *address, const char *name) {
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int number = getpid();
    memcpy(address->sun_path + 1, &number, sizeof(number));
    strcpy(address->sun_path + 5, name);
    return FAMILY_SIZE + 5 + (socklen_t)strlen(name);
}

static void show_name(const char *what, int socket, bool is_peer) {
    struct sockaddr_un address = {};
    socklen_t size = sizeof(address);
    long result = is_peer ? call(getpeername, socket, &address, &size)
                          : call(getsockname, socket, &address, &size);
    if (result != 0) {
        show(what, result);
        return;
    }
    say("%s: family %d, %d bytes, \"%s\"", what, address.sun_family, (int)size, address.sun_path);
}

static void check_creation(void) {
    int fd = open_socket(SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK);
    show_ok("stream", fd);
    show("flags", fcntl(fd, F_GETFL));
    show("closes on exec", fcntl(fd, F_GETFD));
    struct stat stat;
    fstat(fd, &stat);
    say("mode %o, links %d, size %d", stat.st_mode, (int)stat.st_nlink, (int)stat.st_size);
    show("seek", lseek(fd, 0, SEEK_SET));
    close(fd);
    show_ok("datagram", open_socket(SOCK_DGRAM));
    show_ok("sequenced", open_socket(SOCK_SEQPACKET));
    show_ok("raw", open_socket(SOCK_RAW));
    show_ok("with a protocol", call(socket, AF_UNIX, SOCK_STREAM, 1));
    show("another protocol", call(socket, AF_UNIX, SOCK_STREAM, 2));
    show("reliable", open_socket(SOCK_RDM));
    show("no such kind", open_socket(11));
    show("kind 0", open_socket(0));
    show("unknown flags", open_socket(SOCK_STREAM | 0x100));
    show("no such family", call(socket, 46, SOCK_STREAM, 0));
    show("family -1", call(socket, -1, SOCK_STREAM, 0));
    show("another family", call(socket, AF_APPLETALK, SOCK_DGRAM, 0));
    for (int i = 3; i < 20; i++) {
        close(i);
    }
}

static void check_binding(void) {
    int fd = open_socket(SOCK_STREAM), other = open_socket(SOCK_STREAM);
    struct sockaddr_un address = address_of("a");
    struct stat stat;
    show_name("unbound", fd, false);
    show("no address", call(bind, fd, &address, 0));
    show("too long", call(bind, fd, &address, sizeof(address) + 1));
    show("far too long", call(bind, fd, &address, 1000));
    show("negative", call(bind, fd, &address, -1));
    show("the null page", call(bind, fd, 8, sizeof(address)));
    address.sun_family = AF_INET;
    show("another family", call(bind, fd, &address, BAD_FAMILY_SIZE));
    show("no directory", bind_to(fd, "none/a"));
    umask(027);
    show("bind", bind_to(fd, "a"));
    umask(022);
    show_name("bound", fd, false);
    lstat("a", &stat);
    say("node: mode %o", stat.st_mode);
    show("open", open("a", O_RDWR));
    show("bind again", bind_to(fd, "b"));
    show("what the attempt left", lstat("b", &stat));
    show("bind the same", bind_to(fd, "a"));
    show("another to the same", bind_to(other, "a"));
    show("with a slash", bind_to(other, "c/"));
    show("a directory", bind_to(other, "."));
    show("unlink", unlink("a"));
    show("bind anew", bind_to(other, "a"));
    show("not a socket", bind_to(0, "d"));
    show("no descriptor", bind_to(99, "d"));
    close(fd);
    close(other);
    show("connect to what is left", connect_to(open_socket(SOCK_STREAM), "a"));
    unlink("a");
}

static void check_long_path(void) {
    char path[109];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memset(path, 'x', sizeof(path));
    memcpy(address.sun_path, path, sizeof(address.sun_path));
    int fd = open_socket(SOCK_DGRAM);
    show("path without end", call(bind, fd, &address, sizeof(address)));
    char name[130] = {};
    socklen_t size = sizeof(name);
    show("its name", call(getsockname, fd, name, &size));
    say("%d bytes, %zu of path", (int)size, strlen(name + 2));
    path[108] = '\0';
    show("unlink", unlink(path));
    close(fd);
}

static void check_abstract(void) {
    struct sockaddr_un address, seen;
    socklen_t length = abstract_address(&address, "name"), size = sizeof(seen);
    int fd = open_socket(SOCK_STREAM), other = open_socket(SOCK_STREAM);
    show("bind", call(bind, fd, &address, length));
    show("bind another", call(bind, other, &address, length));
    show("shorter", call(bind, other, &address, length - 1));
    show("of another kind", call(bind, open_socket(SOCK_DGRAM), &address, length));
    show("name", call(getsockname, fd, &seen, &size));
    say("size %d, same %d", (int)size == (int)length, memcmp(&seen, &address, length) == 0);
    show("again", call(bind, fd, &address, length));
    show("connect, nobody listens", call(connect, open_socket(SOCK_STREAM), &address, length));
    show("listen", call(listen, fd, 1));
    show("connect as another kind", call(connect, open_socket(SOCK_SEQPACKET), &address, length));
    show("connect", call(connect, open_socket(SOCK_STREAM), &address, length));
    close(fd);
    int third = open_socket(SOCK_STREAM);
    show("free again", call(bind, third, &address, length));
    for (int i = 3; i < 20; i++) {
        close(i);
    }
}

static void check_own_name(void) {
    int fd = open_socket(SOCK_STREAM);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = sizeof(address);
    show("by itself", call(bind, fd, &address, FAMILY_SIZE));
    show("name", call(getsockname, fd, &address, &size));
    say("size %d, starts with %d, then %zu digits", (int)size, address.sun_path[0],
        strspn(address.sun_path + 1, "0123456789abcdef"));
    show("by itself again", call(bind, fd, &address, FAMILY_SIZE));
    show("listen", call(listen, fd, 1));
    close(fd);
}

static void check_connecting(void) {
    int listener = open_socket(SOCK_STREAM), fd = open_socket(SOCK_STREAM);
    struct sockaddr_un address = address_of("l");
    show("listen without a name", call(listen, listener, 1));
    show("bind", bind_to(listener, "l"));
    show("nobody listens", connect_to(fd, "l"));
    show("accept without listening", call(accept, listener, nullptr, nullptr));
    show("listen", call(listen, listener, 0));
    show("listen again", call(listen, listener, -1));
    show("listen again", call(listen, listener, 1));
    show("nothing there", connect_to(fd, "none"));
    show("a directory", connect_to(fd, "."));
    show("below no directory", connect_to(fd, "l/x"));
    show("short", call(connect, fd, &address, FAMILY_SIZE));
    show("unspecified", call(connect, fd, &(struct sockaddr){}, sizeof(struct sockaddr)));
    show("of another kind", connect_to(open_socket(SOCK_DGRAM), "l"));
    show("of a third kind", connect_to(open_socket(SOCK_SEQPACKET), "l"));
    show("a listener", connect_to(listener, "l"));
    show_name("peer", fd, true);
    show("connect", connect_to(fd, "l"));
    show("twice", connect_to(fd, "l"));
    show("twice to nothing", connect_to(fd, "none"));
    show("a second", connect_to(open_socket(SOCK_STREAM), "l"));
    show("a third", connect_to(open_socket(SOCK_STREAM | SOCK_NONBLOCK), "l"));
    show("listen when connected", call(listen, fd, 1));
    show("sent before it is accepted", write(fd, "early", 5));
    socklen_t size = sizeof(address);
    int accepted = (int)call(accept4, listener, &address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    show_ok("accepted", accepted);
    say("from family %d, size %d", address.sun_family, (int)size);
    say("flags %o %d", fcntl(accepted, F_GETFL), fcntl(accepted, F_GETFD));
    char text[10] = {};
    show("received", read(accepted, text, sizeof(text)));
    show_name("own", accepted, false);
    show_name("peer", accepted, true);
    show_name("client", fd, false);
    show_name("client's peer", fd, true);
    show("unknown flags", call(accept4, listener, nullptr, nullptr, 1));
    show("flags of nothing", call(accept4, 99, nullptr, nullptr, 1));
    show("of no socket", call(accept, 0, nullptr, nullptr));
    show_ok("second", call(accept, listener, nullptr, nullptr));
    fcntl(listener, F_SETFL, O_NONBLOCK);
    show("none is left", call(accept, listener, nullptr, nullptr));
    connect_to(open_socket(SOCK_STREAM), "l");
    show("nowhere to tell who", call(accept, listener, &address, nullptr));
    show("it is lost", call(accept, listener, nullptr, nullptr));
    show("accept a datagram", call(accept, open_socket(SOCK_DGRAM), nullptr, nullptr));
    show("listen for datagrams", call(listen, open_socket(SOCK_DGRAM), 1));
    show("listen with a file", call(listen, 0, 1));
    int waiting = open_socket(SOCK_STREAM);
    connect_to(waiting, "l");
    close(listener);
    show("what nobody accepted", read(waiting, text, 1));
    show("and after", read(waiting, text, 1));
    show("nobody listens any more", connect_to(open_socket(SOCK_STREAM), "l"));
    for (int i = 3; i < 40; i++) {
        close(i);
    }
    unlink("l");
}

static void check_rights(void) {
    int listener = open_socket(SOCK_STREAM);
    bind_to(listener, "r");
    call(listen, listener, 4);
    chmod("r", 0555);
    show("may not write", connect_to(open_socket(SOCK_STREAM), "r"));
    chmod("r", 0200);
    show("may write", connect_to(open_socket(SOCK_STREAM), "r"));
    symlink("r", "s");
    show("through a link", connect_to(open_socket(SOCK_STREAM), "s"));
    call(rename, "r", "t");
    show("renamed", connect_to(open_socket(SOCK_STREAM), "t"));
    show("bind over a link", bind_to(open_socket(SOCK_STREAM), "s"));
    link("t", "u");
    show("by another name", connect_to(open_socket(SOCK_STREAM), "u"));
    for (int i = 3; i < 40; i++) {
        close(i);
    }
}

static void check_addresses(void) {
    int pair[2];
    char room[8];
    socklen_t size = 1;
    show("pair", call(socketpair, AF_UNIX, SOCK_STREAM, 0, pair));
    show_name("own", pair[0], false);
    show_name("peer", pair[1], true);
    show("cut", call(getsockname, pair[0], room, &size));
    show("whole size", (long)size);
    size = (socklen_t)-1;
    show("negative", call(getsockname, pair[0], room, &size));
    show("no size", call(getsockname, pair[0], room, nullptr));
    size = 2;
    show("nowhere", call(getsockname, pair[0], nullptr, &size));
    show("of a file", call(getpeername, 0, room, &size));
    show("pair of raw", call(socketpair, AF_UNIX, SOCK_RAW, 0, pair));
    show("pair of nothing", call(socketpair, AF_UNIX, SOCK_RDM, 0, pair));
    show("pair nowhere", call(socketpair, AF_UNIX, SOCK_STREAM, 0, 8));
}

static void check_waiting(void) {
    int listener = open_socket(SOCK_STREAM);
    bind_to(listener, "w");
    call(listen, listener, 0);
    connect_to(open_socket(SOCK_STREAM), "w");
    pid_t child = fork();
    if (child == 0) {
        _exit(connect_to(open_socket(SOCK_STREAM), "w") == 0 ? 3 : 4);
    }
    settle();
    long accepted = call(accept, listener, nullptr, nullptr);
    show_end("child", child);
    show_ok("accepted before", accepted);
}

int main(void) {
    check_creation();
    check_binding();
    check_long_path();
    check_abstract();
    check_own_name();
    check_connecting();
    check_rights();
    check_addresses();
    check_waiting();
}
