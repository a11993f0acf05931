/* inotify, as root: what is unmounted, and what ends a set-user-ID bit. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "user/tests/report.h"

static int notes;

static void show_events(const char *what) {
    show_inotify(what, notes);
}

static int write_as_nobody(const char *path) {
    pid_t child = fork();
    if (child == 0) {
        int file = open(path, O_WRONLY);
        setuid(65534);
        _exit(write(file, "x", 1) == 1 ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    return status;
}

static void check_set_user_bit(void) {
    int file = scratch_file("program", 1);
    fchmod(file, 04755);
    close(file);
    inotify_add_watch(notes, "program", IN_ATTRIB | IN_MODIFY);
    show("written by nobody", write_as_nobody("program"));
    show_events("the bit goes");
    show("again", write_as_nobody("program"));
    show_events("it has gone");
    unlink("program");
    show_events("unlinked");
}

static void check_unmount(void) {
    mkdir("m", 0755);
    show("mount", mount("none", "m", "tmpfs", 0, nullptr));
    mkdir("m/dir", 0755);
    close(scratch_file("m/dir/file", 1));
    show("below", inotify_add_watch(notes, "m/dir/file", IN_OPEN));
    show("does not hold it: umount", umount2("m", 0));
    show_events("unmounted");
    show("mount", mount("none", "m", "tmpfs", 0, nullptr));
    show("root", inotify_add_watch(notes, "m", IN_ALL_EVENTS));
    int file = scratch_file("m/file", 1);
    show_events("made");
    show("detach", umount2("m", MNT_DETACH));
    show_events("detached");
    close(file);
    show_events("closed");
    rmdir("m");
}

int main(void) {
    notes = inotify_init1(IN_NONBLOCK);
    check_set_user_bit();
    check_unmount();
    return 0;
}
