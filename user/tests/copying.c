/* Moving bytes between files: copy_file_range, sendfile, splice, tee, vmsplice, preadv2, pwritev2.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "user/tests/report.h"

static char bytes[2 * PAGE];
static int file, target, reader, writer, appender, directory, path, null, zero, ends[2], others[2],
    event;

static void prepare(void) {
    file = scratch_file("file", 4 * PAGE);
    target = open("target", O_RDWR | O_CREAT, 0600);
    reader = open("file", O_RDONLY);
    writer = open("target", O_WRONLY);
    appender = open("target", O_WRONLY | O_APPEND);
    directory = open(".", O_RDONLY);
    path = open("file", O_PATH);
    null = open("/dev/null", O_RDWR);
    zero = open("/dev/zero", O_RDWR);
    event = eventfd(0, EFD_NONBLOCK);
    pipe2(ends, O_NONBLOCK);
    pipe2(others, O_NONBLOCK);
}

static void drain(void) {
    while (read(ends[0], bytes, sizeof(bytes)) > 0) {
    }
    while (read(others[0], bytes, sizeof(bytes)) > 0) {
    }
}

static void try_copy(const char *what, int from, off_t from_offset, int to, off_t to_offset,
                     size_t size, unsigned flags) {
    loff_t in = from_offset, out = to_offset;
    show(what, call(copy_file_range, from, &in, to, &out, size, flags));
}

static void check_copy(void) {
    try_copy("copy", file, 0, target, 0, 100, 0);
    try_copy("nothing", file, 0, target, 0, 0, 0);
    try_copy("nothing of a pipe", ends[0], 0, target, 0, 0, 0);
    try_copy("from a writer", writer, 0, target, 0, 10, 0);
    try_copy("to a reader", file, 0, reader, 0, 10, 0);
    try_copy("closed", 77, 0, target, 0, 10, 0);
    try_copy("to what is closed", file, 0, 77, 0, 10, 0);
    try_copy("closed, unknown flag", 77, 0, target, 0, 10, 1);
    try_copy("path", path, 0, target, 0, 10, 0);
    try_copy("directory", directory, 0, target, 0, 10, 0);
    try_copy("to a directory", file, 0, directory, 0, 10, 0);
    try_copy("device", zero, 0, target, 0, 10, 0);
    try_copy("to a device", file, 0, null, 0, 10, 0);
    try_copy("to an appender", file, 0, appender, 0, 10, 0);
    try_copy("negative", file, -1, target, 0, 10, 0);
    try_copy("to negative", file, 0, target, -1, 10, 0);
    try_copy("beyond all", file, 0x7fffffffffffffff, target, 0, 10, 0);
    try_copy("to beyond all", file, 0, target, 0x7fffffffffffffff, 10, 0);
    try_copy("at the end", file, 4 * PAGE, target, 0, 10, 0);
    try_copy("over the end", file, 4 * PAGE - 4, target, 0, 10, 0);
    try_copy("itself, overlapping", file, 0, file, 5, 10, 0);
    try_copy("itself, touching", file, 0, file, 10, 10, 0);
    show("null page", call(copy_file_range, file, 8, target, nullptr, 10, 0));
    show("other null page", call(copy_file_range, file, nullptr, target, 8, 10, 0));
    lseek(file, 4 * PAGE - 3, SEEK_SET);
    show("from here", call(copy_file_range, file, nullptr, target, nullptr, 10, 0));
    say("offsets %ld %ld", (long)lseek(file, 0, SEEK_CUR), (long)lseek(target, 0, SEEK_CUR));
    show("very much", call(copy_file_range, file, nullptr, target, nullptr, -1ul, 0));
}

static void check_sendfile(void) {
    off_t offset = 0;
    show("to itself", call(sendfile, file, file, &offset, 10));
    offset = 0;
    show("nothing", call(sendfile, target, file, &offset, 0));
    show("nothing, closed", call(sendfile, 77, file, &offset, 0));
    show("from a writer", call(sendfile, target, writer, &offset, 10));
    show("to a reader", call(sendfile, reader, file, &offset, 10));
    show("device", call(sendfile, target, zero, nullptr, 10));
    show("null", call(sendfile, target, null, nullptr, 10));
    show("to a device", call(sendfile, null, file, &offset, 10));
    show("pipe", call(sendfile, target, ends[0], nullptr, 10));
    show("offset of a pipe", call(sendfile, target, ends[0], &offset, 10));
    show("path", call(sendfile, target, path, nullptr, 10));
    show("directory", call(sendfile, target, directory, nullptr, 10));
    show("to a directory", call(sendfile, directory, file, nullptr, 10));
    show("to an appender", call(sendfile, appender, file, &offset, 10));
    offset = 0x7fffffffffffffff;
    show("beyond all", call(sendfile, target, file, &offset, 10));
    offset = -1;
    show("negative", call(sendfile, target, file, &offset, 10));
    offset = 0;
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
    show("to a socket", call(sendfile, pair[0], file, &offset, 100));
    show("it came", read(pair[1], bytes, sizeof(bytes)));
    show("from a socket", call(sendfile, target, pair[0], nullptr, 10));
    write(ends[1], bytes, 1);
    offset = 0;
    show("more than fits", call(sendfile, ends[1], file, &offset, 1 << 20));
    for (int i = 0; i < 8; i++) {
        offset = 0;
        call(sendfile, ends[1], file, &offset, 4 * PAGE);
    }
    show("no room", call(sendfile, ends[1], file, &offset, 10));
    drain();
}

static void check_splice(void) {
    loff_t offset = 0;
    show("file to pipe", call(splice, file, &offset, ends[1], nullptr, 10, 0));
    say("offset %ld", (long)offset);
    show("pipe to pipe", call(splice, ends[0], nullptr, others[1], nullptr, 4, 0));
    show("to both ends of one", call(splice, ends[0], nullptr, ends[1], nullptr, 4, 0));
    show("pipe to file", call(splice, ends[0], nullptr, target, &offset, 100, 0));
    say("offset %ld", (long)offset);
    show("empty", call(splice, ends[0], nullptr, target, nullptr, 10, 0));
    show("at the end of the file",
         call(splice, file, &(loff_t){4 * PAGE}, ends[1], nullptr, 10, 0));
    show("offset of the pipe", call(splice, ends[0], &offset, target, nullptr, 10, 0));
    show("offset of the target pipe", call(splice, file, nullptr, ends[1], &offset, 10, 0));
    show("no pipe", call(splice, file, nullptr, target, nullptr, 10, 0));
    show("no pipe, closed", call(splice, file, nullptr, 77, nullptr, 10, 0));
    show("nothing", call(splice, file, nullptr, target, nullptr, 0, 0));
    show("nothing, closed", call(splice, 77, nullptr, 77, nullptr, 0, 0));
    show("unknown flag", call(splice, file, nullptr, ends[1], nullptr, 10, 16));
    show("nothing, unknown flag", call(splice, file, nullptr, ends[1], nullptr, 0, 16));
    show("reading end", call(splice, file, nullptr, ends[0], nullptr, 10, 0));
    show("writing end", call(splice, ends[1], nullptr, target, nullptr, 10, 0));
    write(ends[1], "0123456789", 10);
    show("to a reader", call(splice, ends[0], nullptr, reader, nullptr, 10, 0));
    show("to an appender", call(splice, ends[0], nullptr, appender, nullptr, 3, 0));
    show("to a directory", call(splice, ends[0], nullptr, directory, nullptr, 3, 0));
    show("to a path", call(splice, ends[0], nullptr, path, nullptr, 3, 0));
    show("to null", call(splice, ends[0], nullptr, null, nullptr, 3, 0));
    show("to an event", call(splice, ends[0], nullptr, event, nullptr, 3, 0));
    show("from zero", call(splice, zero, nullptr, ends[1], nullptr, 3, 0));
    show("from null", call(splice, null, nullptr, ends[1], nullptr, 3, 0));
    show("from a directory", call(splice, directory, nullptr, ends[1], nullptr, 3, 0));
    offset = -1;
    show("negative", call(splice, file, &offset, ends[1], nullptr, 3, 0));
    show("to negative", call(splice, ends[0], nullptr, target, &offset, 3, 0));
    show("null page", call(splice, file, 8, ends[1], nullptr, 3, 0));
    drain();
}

static void check_tee(void) {
    write(ends[1], "0123456789", 10);
    show("tee", call(tee, ends[0], others[1], 4, 0));
    show("all", call(tee, ends[0], others[1], 100, 0));
    show("came", read(others[0], bytes, sizeof(bytes)));
    show("still there", read(ends[0], bytes, sizeof(bytes)));
    show("empty", call(tee, ends[0], others[1], 4, 0));
    show("one pipe", call(tee, ends[0], ends[1], 4, 0));
    show("a file", call(tee, file, others[1], 4, 0));
    show("to a file", call(tee, ends[0], target, 4, 0));
    show("nothing", call(tee, ends[0], others[1], 0, 0));
    show("nothing of a file", call(tee, file, target, 0, 0));
    show("closed", call(tee, 77, others[1], 4, 0));
    show("to what is closed", call(tee, ends[0], 77, 4, 0));
    show("unknown flag", call(tee, ends[0], others[1], 4, 32));
    show("wrong ends", call(tee, ends[1], others[0], 4, 0));
    drain();
}

static void check_vmsplice(void) {
    struct iovec parts[2] = {{"memory", 6}, {bytes, 10}};
    show("in", call(vmsplice, ends[1], parts, 1, 0));
    show("out", call(vmsplice, ends[0], parts + 1, 1, 0));
    say("%.6s", bytes);
    show("none", call(vmsplice, ends[1], parts, 0, 0));
    show("unknown flag", call(vmsplice, ends[1], parts, 1, 64));
    show("gift", call(vmsplice, ends[1], parts, 1, SPLICE_F_GIFT));
    show("a file", call(vmsplice, file, parts, 1, 0));
    show("closed", call(vmsplice, 77, parts, 1, 0));
    show("path", call(vmsplice, path, parts, 1, 0));
    show("null page", call(vmsplice, ends[1], 8, 1, 0));
    show("too many", call(vmsplice, ends[1], parts, 1025, 0));
    parts[0] = (struct iovec){(void *)8, 10};
    show("memory that is not there", call(vmsplice, ends[1], parts, 1, 0));
    drain();
    show("nothing in it", call(vmsplice, ends[0], parts + 1, 1, SPLICE_F_NONBLOCK));
}

static void check_flags(void) {
    static const struct {
        const char *what;
        int flag;
    } flags[] = {{"high priority", 1}, {"data", 2},       {"sync", 4},
                 {"no wait", 8},       {"append", 16},    {"no append", 32},
                 {"atomic", 64},       {"uncached", 128}, {"unknown", 1 << 20}};
    char byte = 'x';
    struct iovec part = {&byte, 1};
    for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
        say("%s:", flags[i].what);
        int flag = flags[i].flag;
        show("read", call(preadv2, file, &part, 1, 0l, 0l, flag));
        show("write", call(pwritev2, target, &part, 1, 0l, 0l, flag));
        show("read a pipe", call(preadv2, ends[0], &part, 1, -1l, -1l, flag));
        show("write an appender", call(pwritev2, appender, &part, 1, 0l, 0l, flag));
        struct stat status;
        fstat(target, &status);
        say("size %ld", (long)status.st_size);
        ftruncate(target, 100);
    }
    show("both", call(pwritev2, target, &part, 1, 0l, 0l, 16 | 32));
    show("at -2", call(preadv2, file, &part, 1, -2l, -1l, 0));
    show("a pipe at 0", call(preadv2, ends[0], &part, 1, 0l, 0l, 0));
    show("closed, unknown", call(preadv2, 77, &part, 1, 0l, 0l, 1 << 20));
    show("no parts, unknown", call(preadv2, file, &part, 0, 0l, 0l, 1 << 20));
    show("append at the position", call(pwritev2, target, &part, 1, -1l, -1l, 16));
    say("position %ld", (long)lseek(target, 0, SEEK_CUR));
    lseek(file, 50, SEEK_SET);
    show("read at the position", call(preadv2, file, &part, 1, -1l, -1l, 0));
    say("position %ld", (long)lseek(file, 0, SEEK_CUR));
    show("from an appender's reader", call(preadv2, writer, &part, 1, 0l, 0l, 0));
    show("null page", call(preadv2, file, 8, 1, 0l, 0l, 0));
}

static void show_left(void) {
    int available = -1;
    ioctl(ends[0], FIONREAD, &available);
    say("left in the pipe: %d", available);
}

/* What cannot be written stays in the pipe. */
static void check_nothing_lost(void) {
    int pair[2];
    drain();
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
    while (write(pair[0], bytes, sizeof(bytes)) > 0) {
    }
    while (write(pair[0], bytes, 1) > 0) {
    }
    write(ends[1], bytes, 3000);
    show("into a full socket", call(splice, ends[0], nullptr, pair[0], nullptr, 3000, 0));
    show_left();
    close(pair[1]);
    signal(SIGPIPE, SIG_IGN);
    show("to nobody", call(splice, ends[0], nullptr, pair[0], nullptr, 3000, 0));
    show_left();
    signal(SIGPIPE, SIG_DFL);
    close(pair[0]);
    int full[2];
    pipe2(full, O_NONBLOCK);
    while (write(full[1], bytes, sizeof(bytes)) > 0) {
    }
    show("into a full pipe",
         call(splice, ends[0], nullptr, full[1], nullptr, 3000, SPLICE_F_NONBLOCK));
    show_left();
    drain();
}

/* A limit lets what is before it through, and then tells by a signal. */
static void write_to_limit(void) {
    struct rlimit limit = {150, 150};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    ftruncate(target, 100);
    try_copy("copied to the limit", file, 0, target, 100, 100, 0);
    try_copy("at the limit", file, 0, target, 150, 100, 0);
    show("sent", call(sendfile, target, file, nullptr, 0));
    show("splice", call(splice, file, &(loff_t){0}, ends[1], nullptr, 10, 0));
    show("spliced behind the limit", call(splice, ends[0], nullptr, target, &(loff_t){150}, 10, 0));
    show_left();
    show("spliced to the limit", call(splice, ends[0], nullptr, target, &(loff_t){145}, 10, 0));
    show_left();
}

int main(void) {
    prepare();
    check_copy();
    check_sendfile();
    check_splice();
    check_tee();
    check_vmsplice();
    check_flags();
    check_nothing_lost();
    show_child("limited", write_to_limit);
}
