/* Extended attributes of files, as nobody: setxattr and its company, in Linux's order of errors. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "user/tests/report.h"

static char large[70'000], longest[300];
static int file, path;

static void show_value(const char *what, const char *name) {
    char value[100] = {};
    long size = call(getxattr, "file", name, value, sizeof(value));
    if (size < 0) {
        show(what, size);
    } else {
        say("%s: %ld bytes, %s", what, size, value);
    }
}

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

static void prepare(void) {
    file = scratch_file("file", 10);
    path = open("file", O_PATH);
    mkdir("directory", 0755);
    symlink("file", "link");
    symlink("nowhere", "dangling");
    mkfifo("fifo", 0600);
    close(scratch_file("readable", 10));
    close(scratch_file("secret", 10));
    setxattr("readable", "user.x", "1", 1, 0);
    setxattr("secret", "user.x", "1", 1, 0);
    chmod("readable", 0400);
    chmod("secret", 0);
    memset(large, 'l', sizeof(large) - 1);
    memset(longest, 'n', sizeof(longest) - 1);
    memcpy(longest, "user.", 5);
}

static void check_set(void) {
    show("set", call(setxattr, "file", "user.name", "value", 5, 0));
    show_value("get", "user.name");
    show("create what is there", call(setxattr, "file", "user.name", "other", 5, XATTR_CREATE));
    show("replace", call(setxattr, "file", "user.name", "another", 7, XATTR_REPLACE));
    show_value("get", "user.name");
    show("replace what is not there", call(setxattr, "file", "user.none", "x", 1, XATTR_REPLACE));
    show("create", call(setxattr, "file", "user.a", "x", 1, XATTR_CREATE));
    show("both, there", call(setxattr, "file", "user.a", "x", 1, 3));
    show("both, not there", call(setxattr, "file", "user.none", "x", 1, 3));
    show("unknown flag", call(setxattr, "file", "user.a", "x", 1, 4));
    show("unknown flag, absent", call(setxattr, "absent", "user.a", "x", 1, 4));
    show("empty", call(setxattr, "file", "user.empty", nullptr, 0, 0));
    show_value("empty", "user.empty");
    show("no name", call(setxattr, "file", "", "x", 1, 0));
    show("no suffix", call(setxattr, "file", "user.", "x", 1, 0));
    show("no prefix", call(setxattr, "file", "name", "x", 1, 0));
    show("prefix without a dot", call(setxattr, "file", "user", "x", 1, 0));
    show("unknown prefix", call(setxattr, "file", "other.name", "x", 1, 0));
    show("too long", call(setxattr, "file", longest, "x", 1, 0));
    longest[256] = '\0';
    show("a little too long", call(setxattr, "file", longest, "x", 1, 0));
    longest[255] = '\0';
    show("the longest", call(setxattr, "file", longest, "x", 1, 0));
    show("removed", call(removexattr, "file", longest));
    show("null name", call(setxattr, "file", nullptr, "x", 1, 0));
    show("null value", call(setxattr, "file", "user.a", nullptr, 1, 0));
    show("too large", call(setxattr, "file", "user.a", large, 65'537, 0));
    show("the largest", call(setxattr, "file", "user.large", large, 65'536, 0));
    show("its size", call(getxattr, "file", "user.large", nullptr, 0));
    show("removed", call(removexattr, "file", "user.large"));
    show("absent, null value", call(setxattr, "absent", "user.a", nullptr, 1, 0));
    show("absent", call(setxattr, "absent", "user.a", "x", 1, 0));
    show("trusted", call(setxattr, "file", "trusted.a", "x", 1, 0));
    show("security", call(setxattr, "file", "security.a", "x", 1, 0));
    show("a read-only file", call(setxattr, "readable", "user.a", "x", 1, 0));
}

static void check_get(void) {
    char value[100];
    show("size alone", call(getxattr, "file", "user.name", nullptr, 0));
    show("too small", call(getxattr, "file", "user.name", value, 3));
    show("absent", call(getxattr, "file", "user.none", value, 100));
    show("null page", call(getxattr, "file", "user.name", 8, 100));
    show("null page, too small", call(getxattr, "file", "user.name", 8, 1));
    show("no name", call(getxattr, "file", "", value, 100));
    show("no suffix", call(getxattr, "file", "user.", value, 100));
    show("unknown prefix", call(getxattr, "file", "other.x", value, 100));
    show("trusted", call(getxattr, "file", "trusted.x", value, 100));
    show("security", call(getxattr, "file", "security.x", value, 100));
    show("very much room", call(getxattr, "file", "user.name", value, 1ul << 40));
    show("of what is not there", call(getxattr, "nowhere", "user.name", value, 100));
    show("of what may be read", call(getxattr, "readable", "user.x", value, 100));
    show("of a secret", call(getxattr, "secret", "user.x", value, 100));
    show("by descriptor", call(fgetxattr, file, "user.name", value, 100));
    show("by path", call(fgetxattr, path, "user.name", value, 100));
    show("closed", call(fgetxattr, 77, "user.name", value, 100));
    show("closed, no name", call(fgetxattr, 77, "", value, 100));
    show("absent, no name", call(getxattr, "absent", "", value, 100));
}

static void check_list(void) {
    char names[100];
    show_list("all", "file");
    show("size alone", call(listxattr, "file", nullptr, 0));
    show("too small", call(listxattr, "file", names, 5));
    show("null page", call(listxattr, "file", 8, 100));
    show_list("of a secret", "secret");
    show_list("of a directory", "directory");
    show_list("of a link itself", "dangling");
    show("of what is not there", call(listxattr, "dangling", names, 100));
    show("by descriptor", call(flistxattr, file, names, 100));
    show("by path", call(flistxattr, path, names, 100));
    show("closed", call(flistxattr, 77, names, 100));
}

static void check_remove(void) {
    show("remove", call(removexattr, "file", "user.a"));
    show("again", call(removexattr, "file", "user.a"));
    show("no name", call(removexattr, "file", ""));
    show("no suffix", call(removexattr, "file", "user."));
    show("unknown prefix", call(removexattr, "file", "other.x"));
    show("trusted", call(removexattr, "file", "trusted.x"));
    show("security", call(removexattr, "file", "security.x"));
    show("of a read-only file", call(removexattr, "readable", "user.x"));
    show("absent", call(removexattr, "absent", "user.x"));
    show("by descriptor", call(fremovexattr, file, "user.empty"));
    show("by path", call(fremovexattr, path, "user.name"));
    show("closed", call(fremovexattr, 77, "user.name"));
    show_list("left", "file");
}

static void check_kinds(void) {
    char value[10];
    int ends[2];
    pipe(ends);
    show("directory", call(setxattr, "directory", "user.d", "x", 1, 0));
    show("through a link", call(setxattr, "link", "user.l", "x", 1, 0));
    show("a link itself", call(lsetxattr, "link", "user.l", "x", 1, 0));
    show("get of a link itself", call(lgetxattr, "link", "user.l", value, 10));
    show("remove of a link itself", call(lremovexattr, "link", "user.l"));
    show("trusted of a link", call(lsetxattr, "link", "trusted.l", "x", 1, 0));
    show("fifo", call(setxattr, "fifo", "user.f", "x", 1, 0));
    show("get of a fifo", call(getxattr, "fifo", "user.f", value, 10));
    show("of another's file", call(setxattr, "/", "user.f", "x", 1, 0));
    show("pipe", call(fsetxattr, ends[0], "user.f", "x", 1, 0));
    show("device", call(setxattr, "/dev/null", "user.f", "x", 1, 0));
    show("its names", call(listxattr, "/dev/null", value, 10));
    show("of /proc", call(setxattr, "/proc/self/comm", "user.f", "x", 1, 0));
    show("its names", call(listxattr, "/proc/self/comm", value, 10));
    show("get of /proc", call(getxattr, "/proc/self/comm", "user.f", value, 10));
    chmod("directory", 01777);
    show("sticky, but mine", call(setxattr, "directory", "user.e", "x", 1, 0));
    link("file", "second");
    show("of one node", call(getxattr, "second", "user.l", value, 10));
    rename("second", "third");
    show("and moved", call(getxattr, "third", "user.l", value, 10));
    show("by descriptor", call(fsetxattr, file, "user.z", "x", 1, 0));
    show("opened to read", call(fsetxattr, open("file", O_RDONLY), "user.z", "y", 1, 0));
    show("by path", call(fsetxattr, path, "user.z", "x", 1, 0));
    show("closed", call(fsetxattr, 77, "user.z", "x", 1, 0));
    show("closed, unknown flag", call(fsetxattr, 77, "user.z", "x", 1, 8));
}

int main(void) {
    prepare();
    check_set();
    check_get();
    check_list();
    check_remove();
    check_kinds();
}
