/* Extended attributes of files, as root: those that nobody else has. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "user/tests/report.h"

static void show_list(const char *what, const char *name) {
    char names[1000] = {};
    long size = call(llistxattr, name, names, sizeof(names));
    if (size < 0) {
        show(what, size);
        return;
    }
    for (long i = 0; i + 1 < size; i++) {
        names[i] = names[i] == '\0' ? ' ' : names[i];
    }
    say("%s: %ld bytes, %s", what, size, names);
}

int main(void) {
    char value[10];
    close(scratch_file("file", 10));
    symlink("file", "link");
    mkfifo("fifo", 0600);
    show("trusted", call(setxattr, "file", "trusted.b", "x", 1, 0));
    show("user", call(setxattr, "file", "user.c", "x", 1, 0));
    show("security", call(setxattr, "file", "security.d", "x", 1, 0));
    show("get", call(getxattr, "file", "trusted.b", value, 10));
    show("security, get", call(getxattr, "file", "security.d", value, 10));
    show("no suffix", call(setxattr, "file", "trusted.", "x", 1, 0));
    show("a link itself", call(lsetxattr, "link", "trusted.l", "x", 1, 0));
    show("a link itself, user", call(lsetxattr, "link", "user.l", "x", 1, 0));
    show_list("of the link", "link");
    show("a fifo", call(setxattr, "fifo", "trusted.l", "x", 1, 0));
    show_list("all", "file");
    chmod("file", 0);
    show("without permissions", call(setxattr, "file", "user.c", "y", 1, 0));
    chmod("file", 0644);
    if (fork() == 0) {
        call(setresuid, 65534, 65534, 65534);
        show_list("nobody sees", "file");
        show("nobody gets", call(getxattr, "file", "trusted.b", value, 10));
        show("nobody gets, security", call(getxattr, "file", "security.d", value, 10));
        show("nobody sets", call(setxattr, "file", "user.x", value, 1, 0));
        show("nobody removes, security", call(removexattr, "file", "security.d"));
        _exit(0);
    }
    settle();
    show("remove", call(removexattr, "file", "trusted.b"));
    show("remove security", call(removexattr, "file", "security.d"));
    show_list("left", "file");
}
