/* inotify: what is refused, what is read of the events and when, and what the limits are. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "user/tests/notes.h"
#include "user/tests/report.h"

static void check_refusals(void) {
    int pipe_ends[2];
    char byte;
    show_ok("init", call(inotify_init));
    show("init, unknown flag", call(inotify_init1, 1));
    show("no descriptor", inotify_add_watch(77, ".", IN_OPEN));
    show("no descriptor, no mask", inotify_add_watch(77, ".", 0));
    show("no mask", watch(".", 0));
    show("only unknown bits", watch(".", 0x100000));
    show("unknown bits too", watch(".", 0x100000 | IN_OPEN));
    show("no path", watch("none", IN_OPEN));
    show("null path", watch(nullptr, IN_OPEN));
    show("only flags", watch("none", IN_ONLYDIR));
    show("both flags", watch(".", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE));
    write_to("file", "abc");
    show("only a directory", watch("file", IN_OPEN | IN_ONLYDIR));
    show("through a file", watch("file/x", IN_OPEN));
    chmod("file", 0);
    show("not to be read", watch("file", IN_OPEN));
    chmod("file", 0644);
    show("to be created", watch("file", IN_OPEN | IN_MASK_CREATE));
    show("to be created again", watch("file", IN_OPEN | IN_MASK_CREATE));
    symlink("file", "link");
    show("the link itself", watch("link", IN_OPEN | IN_DONT_FOLLOW));
    show("the link", watch("link", IN_OPEN));
    symlink(".", "dirlink");
    show("directory only, the link itself",
         watch("dirlink", IN_OPEN | IN_DONT_FOLLOW | IN_ONLYDIR));
    show("remove", inotify_rm_watch(notes, 2));
    show("remove again", inotify_rm_watch(notes, 2));
    show("remove none", inotify_rm_watch(notes, 0));
    show("remove -1", inotify_rm_watch(notes, -1));
    show("remove from none", inotify_rm_watch(77, 1));
    pipe(pipe_ends);
    show("watch by a pipe", inotify_add_watch(pipe_ends[0], ".", IN_OPEN));
    show("watch by a pipe, both flags",
         inotify_add_watch(pipe_ends[0], ".", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE));
    show("remove from a pipe", inotify_rm_watch(pipe_ends[0], 1));
    show("write", write(notes, "x", 1));
    show("pread", pread(notes, &byte, 1, 0));
    show("lseek", lseek(notes, 0, SEEK_CUR));
    show("lseek set", lseek(notes, 10, SEEK_SET));
    say("access mode %x", fcntl(notes, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
    show_events("after removal");
    unlink("link");
    unlink("dirlink");
    unlink("file");
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

static void check_kind(void) {
    struct stat status;
    char path[64], target[64] = "";
    snprintf(path, sizeof(path), "/proc/self/fd/%d", notes);
    if (readlink(path, target, sizeof(target) - 1) < 0) {
        show("readlink", -1);
    }
    say("shown as %s", target);
    fstat(notes, &status);
    say("mode %o, size %ld", status.st_mode, (long)status.st_size);
}

static void check_masks(void) {
    begin();
    write_to("file", "text");
    show("watch", watch("file", IN_OPEN));
    show("the same", watch("file", IN_CLOSE));
    close(open("file", O_RDONLY));
    show_events("replaced");
    show("more", watch("file", IN_OPEN | IN_MASK_ADD));
    close(open("file", O_RDONLY));
    show_events("added");
    show("once", watch("file", IN_OPEN | IN_ONESHOT));
    close(open("file", O_RDONLY));
    show_events("once");
    show("anew", watch("file", IN_OPEN | IN_ONESHOT));
    close(open("file", O_RDONLY));
    close(open("file", O_RDONLY));
    show_events("once");
    show("anew", watch("file", IN_OPEN));
    unlink("file");
    show_events("deleted, not asked for");
    end();
}

static void check_merging(void) {
    char bytes[8];
    begin();
    mkdir("dir", 0755);
    write_to("dir/a", "text");
    write_to("dir/b", "text");
    watch("dir", IN_ACCESS);
    int a = open("dir/a", O_RDONLY), b = open("dir/b", O_RDONLY);
    pread(a, bytes, 1, 0);
    pread(a, bytes, 1, 0);
    pread(b, bytes, 1, 0);
    pread(a, bytes, 1, 0);
    int size = -1;
    ioctl(notes, FIONREAD, &size);
    say("to be read: %d", size);
    show_events("merged");
    ioctl(notes, FIONREAD, &size);
    say("to be read: %d", size);
    show("ioctl", ioctl(notes, FIONBIO + 1000, &size));
    close(a);
    close(b);
    unlink("dir/a");
    unlink("dir/b");
    rmdir("dir");
    end();
}

static void check_sizes(void) {
    char bytes[128];
    begin();
    mkdir("dir", 0755);
    show("nothing there", read(notes, bytes, sizeof(bytes)));
    show("nothing wanted", read(notes, bytes, 0));
    watch("dir", IN_CREATE | IN_DELETE | IN_ATTRIB);
    write_to("dir/name", "text");
    chmod("dir", 0700);
    unlink("dir/name");
    show("too small", read(notes, bytes, 16));
    show("too small by one", read(notes, bytes, 31));
    show("nothing wanted", read(notes, bytes, 0));
    show("the first", read(notes, bytes, 40));
    show("bad address", read(notes, (void *)8, 100));
    show("the next", read(notes, bytes, 100));
    show("no more", read(notes, bytes, 100));
    rmdir("dir");
    end();
}

static void check_polling(void) {
    begin();
    struct pollfd poll_one = {notes, POLLIN | POLLOUT, 0};
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    int epoll = epoll_create1(0);
    write_to("file", "text");
    watch("file", IN_OPEN);
    show("epoll_ctl", epoll_ctl(epoll, EPOLL_CTL_ADD, notes, &event));
    show("poll", poll(&poll_one, 1, 0));
    close(open("file", O_RDONLY));
    show("poll", poll(&poll_one, 1, 0));
    say("revents %x", poll_one.revents);
    show("epoll", epoll_wait(epoll, &event, 1, 0));
    show("epoll again", epoll_wait(epoll, &event, 1, 0));
    inotify_rm_watch(notes, 1);
    show("epoll at the next", epoll_wait(epoll, &event, 1, 0));
    show_events("events");
    show("poll", poll(&poll_one, 1, 0));
    unlink("file");
    close(epoll);
    end();
}

static void check_waiting(void) {
    char bytes[128];
    int waiting = inotify_init();
    write_to("file", "text");
    inotify_add_watch(waiting, "file", IN_MODIFY);
    pid_t child = fork();
    if (child == 0) {
        show("child reads", read(waiting, bytes, sizeof(bytes)));
        _exit(0);
    }
    settle();
    truncate("file", 0);
    show_end("child", child);
    unlink("file");
    close(waiting);
}

static void check_two(void) {
    int first = inotify_init1(IN_NONBLOCK), second = inotify_init1(IN_NONBLOCK);
    write_to("file", "text");
    show("first", inotify_add_watch(first, "file", IN_OPEN));
    show("second", inotify_add_watch(second, "file", IN_OPEN | IN_CLOSE));
    close(open("file", O_RDONLY));
    notes = first;
    show_events("first");
    notes = second;
    show_events("second");
    close(first);
    close(open("file", O_RDONLY));
    show_events("without the first");
    unlink("file");
    show_events("deleted");
    close(second);
}

static void check_facts(void) {
    char path[64], line[256];
    struct stat status;
    begin();
    write_to("file", "text");
    stat("file", &status);
    watch("file", IN_OPEN | IN_ONESHOT);
    watch(".", IN_ALL_EVENTS | IN_EXCL_UNLINK);
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", notes);
    FILE *facts = fopen(path, "r");
    while (fgets(line, sizeof(line), facts) != nullptr) {
        unsigned wd, mask, ignored;
        unsigned long number, device;
        if (sscanf(line, "inotify wd:%x ino:%lx sdev:%lx mask:%x ignored_mask:%x", &wd, &number,
                   &device, &mask, &ignored) == 5) {
            say("watch %u, %s number, mask %x, ignored %x", wd,
                number == status.st_ino ? "the file's" : "another", mask, ignored);
        }
    }
    fclose(facts);
    unlink("file");
    end();
}

/* As many different events as are kept, and more. */
static void check_overflow(void) {
    static _Alignas(struct inotify_event) char bytes[1 << 16];
    char byte;
    long counts[2] = {}, size;
    begin();
    int a = scratch_file("a", 1), b = scratch_file("b", 1);
    watch("a", IN_ACCESS);
    watch("b", IN_ACCESS);
    for (int i = 0; i < 9000; i++) {
        pread(a, &byte, 1, 0);
        pread(b, &byte, 1, 0);
    }
    while ((size = read(notes, bytes, sizeof(bytes))) > 0) {
        for (long at = 0; at < size; at += (long)sizeof(struct inotify_event)) {
            const struct inotify_event *event = (const struct inotify_event *)(bytes + at);
            counts[event->wd == -1]++;
            if (event->wd == -1) {
                say("mask %#x, cookie %u", event->mask, event->cookie);
            }
        }
    }
    say("%ld kept, %ld lost", counts[0], counts[1]);
    close(a);
    close(b);
    unlink("a");
    unlink("b");
    end();
}

/* Somebody else may have some of the user's instances. */
static void check_instances(void) {
    int files[200], count = 0;
    while (count < 200 && (files[count] = inotify_init()) >= 0) {
        count++;
    }
    say("too many: %s, %s", count < 200 ? error_name(errno) : "ok",
        count <= 128 ? "by 128" : "more");
    while (count > 0) {
        close(files[--count]);
    }
    show_ok("one", inotify_init());
}

int main(void) {
    begin();
    check_refusals();
    check_kind();
    end();
    check_masks();
    check_merging();
    check_sizes();
    check_polling();
    check_waiting();
    check_two();
    check_facts();
    check_overflow();
    check_instances();
    return 0;
}
