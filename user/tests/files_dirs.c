/* Directories: getdents64, mkdir, rmdir, link, symlink, unlink, rename, mknod. */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "user/tests/report.h"

static char longest_part[300], longest[5000];

static void touch(const char *path) {
    close(open(path, O_CREAT | O_WRONLY, 0644));
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *what, const char *path) {
    char *names[64], line[1000] = {};
    int count = 0;
    DIR *directory = opendir(path);
    if (directory == nullptr) {
        show(what, -1);
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != nullptr && count < 64;) {
        char text[300];
        snprintf(text, sizeof(text), " %s/%d", entry->d_name, entry->d_type);
        names[count++] = strdup(text);
    }
    closedir(directory);
    qsort(names, (size_t)count, sizeof(*names), compare);
    for (int i = 0; i < count; i++) {
        strcat(line, names[i]);
    }
    say("%s:%s", what, line);
}

static void check_mkdir(void) {
    struct stat status;
    show("make", mkdir("a", 0777));
    stat("a", &status);
    say("mode %o, links %ld", status.st_mode, (long)status.st_nlink);
    show("again", mkdir("a", 0777));
    show("with /", mkdir("a/b/", 0777));
    stat("a", &status);
    say("links %ld", (long)status.st_nlink);
    show("below what is absent", mkdir("x/y", 0777));
    touch("file");
    show("below a file", mkdir("file/y", 0777));
    show("over a file", mkdir("file", 0777));
    symlink("nowhere", "dangling");
    show("over a link", mkdir("dangling", 0777));
    show("a dot", mkdir(".", 0777));
    show("two dots", mkdir("a/..", 0777));
    show("root", mkdir("/", 0777));
    show("no name", mkdir("", 0777));
    show("too long", mkdir(longest_part, 0777));
    show("at what is closed", mkdirat(77, "z", 0777));
    show("sticky", mkdir("sticky", 01777));
    stat("sticky", &status);
    say("mode %o", status.st_mode);
}

static void check_rmdir(void) {
    show("not empty", rmdir("a"));
    show("a file", rmdir("file"));
    show("a dot", rmdir("a/."));
    show("two dots", rmdir("a/b/.."));
    show("absent", rmdir("absent"));
    show("root", rmdir("/") != 0 ? -1 : 0);
    show("a link", rmdir("dangling"));
    show("remove", rmdir("a/b/"));
    mkdir("here", 0755);
    int inside = open("here", O_RDONLY);
    show("removed while open", rmdir("here"));
    show("create in what is gone", openat(inside, "x", O_CREAT | O_WRONLY, 0600));
    show("make in what is gone", mkdirat(inside, "x", 0700));
    char entries[1000];
    show("read what is gone", call(getdents64, inside, entries, sizeof(entries)));
    show("by unlinkat", unlinkat(AT_FDCWD, "sticky", AT_REMOVEDIR));
    show("by unlinkat, unknown flag", unlinkat(AT_FDCWD, "a", 1));
}

static void check_getdents(void) {
    char entries[2000];
    mkdir("many", 0755);
    for (int i = 0; i < 50; i++) {
        char path[32];
        snprintf(path, sizeof(path), "many/file%d", i);
        touch(path);
    }
    int directory = open("many", O_RDONLY), file = open("file", O_RDONLY), calls = 0, count = 0;
    for (long size; (size = call(getdents64, directory, entries, 300)) > 0; calls++) {
        for (long at = 0; at < size; count++) {
            at += ((struct dirent *)(entries + at))->d_reclen;
        }
    }
    say("all: %d, in parts %d", count, calls > 1);
    show("again", call(getdents64, directory, entries, 300));
    show("rewind", lseek(directory, 0, SEEK_SET));
    show("too small", call(getdents64, directory, entries, 10));
    show("a file", call(getdents64, file, entries, 300));
    show("closed", call(getdents64, 77, entries, 300));
    show("null page", call(getdents64, directory, nullptr, 300));
}

static void check_links(void) {
    char text[100] = {};
    show("link", link("file", "second"));
    show("again", link("file", "second"));
    show("of what is absent", link("absent", "x"));
    show("of a directory", link("a", "x") != 0 ? -1 : 0);
    show("of a link", link("dangling", "dangling2"));
    show("of what a link names", linkat(AT_FDCWD, "dangling", AT_FDCWD, "x", AT_SYMLINK_FOLLOW));
    show("unknown flag", linkat(AT_FDCWD, "file", AT_FDCWD, "x", 1));
    int temporary = open(".", O_RDWR | O_TMPFILE, 0600);
    snprintf(text, sizeof(text), "/proc/self/fd/%d", temporary);
    show("of a temporary file", linkat(AT_FDCWD, text, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    show("symlink", symlink("target", "symbolic"));
    show("again", symlink("target", "symbolic"));
    show("to no name", symlink("", "x"));
    show("too long", symlink(longest, "x"));
    memset(text, '?', sizeof(text));
    show("readlink", readlink("symbolic", text, sizeof(text)));
    say("%.7s", text);
    show("cut off", readlink("symbolic", text, 3));
    show("no room", call(readlink, "symbolic", text, 0));
    show("of a file", readlink("file", text, 10));
    show("of what is absent", readlink("absent", text, 10));
    show("null page", call(readlink, "symbolic", nullptr, 10));
    show("by its path", call(readlinkat, open("symbolic", O_PATH | O_NOFOLLOW), "", text, 10));
}

static void check_unlink(void) {
    show("unlink", unlink("second"));
    show("again", unlink("second"));
    show("a directory", unlink("a"));
    show("with /", unlink("file/"));
    show("a link", unlink("dangling2"));
    show("below a file", unlink("file/x"));
    mkdir("kept", 0755);
    touch("kept/file");
    chmod("kept", 0555);
    show("where nobody writes", unlink("kept/file"));
    chmod("kept", 0755);
    show("null page", call(unlink, nullptr));
}

static void check_rename(void) {
    mkdir("d1", 0755);
    mkdir("d1/inner", 0755);
    mkdir("d2", 0755);
    touch("f1");
    touch("f2");
    show("absent", rename("absent", "x"));
    show("over a file", rename("f1", "f2"));
    show("to itself", rename("f2", "f2"));
    link("f2", "f3");
    show("to another link of it", rename("f2", "f3"));
    say("both stay: %d %d", access("f2", F_OK), access("f3", F_OK));
    show("directory over file", rename("d1", "f2"));
    show("file over directory", rename("f2", "d1"));
    show("directory over an empty one", rename("d1", "d2"));
    mkdir("d1", 0755);
    show("over one that is not empty", rename("d1", "d2"));
    show("into itself", rename("d2", "d2/inner/x"));
    show("its parent", rename("d2/inner", "d2"));
    show("a dot", rename("d2/.", "x"));
    show("to two dots", rename("d1", "d2/.."));
    show("file to a name with /", rename("f2", "x/"));
    show("directory to a name with /", rename("d1", "d3/"));
    show("symbolic link", rename("symbolic", "symbolic2"));
    show("no replacement", syscall(SYS_renameat2, AT_FDCWD, "f2", AT_FDCWD, "f3", 1));
    show("exchange", syscall(SYS_renameat2, AT_FDCWD, "f2", AT_FDCWD, "d2", 2));
    show("exchange back", syscall(SYS_renameat2, AT_FDCWD, "f2", AT_FDCWD, "d2", 2));
    show("exchange with what is absent", syscall(SYS_renameat2, AT_FDCWD, "f2", AT_FDCWD, "x", 2));
    show("both", syscall(SYS_renameat2, AT_FDCWD, "f2", AT_FDCWD, "x", 3));
    show("unknown flag", syscall(SYS_renameat2, AT_FDCWD, "f2", AT_FDCWD, "x", 8));
    list("d2", "d2");
}

static void check_mknod(void) {
    show("file", mknod("n1", S_IFREG | 0600, 0));
    show("no kind", mknod("n2", 0600, 0));
    show("fifo", mknod("n3", S_IFIFO | 0600, 0));
    show("socket", mknod("n4", S_IFSOCK | 0600, 0));
    show("directory", mknod("n5", S_IFDIR | 0600, 0));
    show("unknown kind", mknod("n6", 0170000, 0));
    show("device, as nobody", mknod("n7", S_IFCHR | 0600, makedev(1, 3)));
    show("again", mknod("n1", S_IFREG | 0600, 0));
}

int main(void) {
    memset(longest_part, 'y', 256);
    memset(longest, 'x', sizeof(longest) - 1);
    check_mkdir();
    check_rmdir();
    check_getdents();
    check_links();
    check_unlink();
    check_rename();
    check_mknod();
    list("all", ".");
    list("absent", "absent");
    list("a file", "file");
}
