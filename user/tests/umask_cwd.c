/* umask, chdir, fchdir, getcwd. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "user/tests/report.h"

static char start[4096];

/* Where we are, relative to where the program was started. */
static void show_place(const char *what) {
    char place[4096] = {};
    long result = call(getcwd, place, sizeof(place));
    if (result < 0) {
        show(what, result);
        return;
    }
    size_t length = strlen(start);
    bool is_below = strncmp(place, start, length) == 0;
    say("%s: %s%s, length %d", what, is_below ? "start" : "", is_below ? place + length : place,
        result == (long)strlen(place) + 1);
}

static void check_umask(void) {
    struct stat status;
    const mode_t masks[] = {0, 022, 077, 0777, 0123};
    for (size_t i = 0; i < sizeof(masks) / sizeof(*masks); i++) {
        char path[16];
        umask(masks[i]);
        snprintf(path, sizeof(path), "f%zu", i);
        close(open(path, O_CREAT | O_WRONLY, 06777));
        lstat(path, &status);
        say("mask %o: file %o", masks[i], status.st_mode);
        snprintf(path, sizeof(path), "d%zu", i);
        mkdir(path, 01777);
        lstat(path, &status);
        say("mask %o: directory %o", masks[i], status.st_mode);
        snprintf(path, sizeof(path), "p%zu", i);
        mkfifo(path, 0666);
        lstat(path, &status);
        say("mask %o: fifo %o", masks[i], status.st_mode);
    }
    say("more bits than it has: %o", umask(07777));
    say("what is kept: %o", umask(022));
}

static void check_directories(void) {
    char place[8];
    mkdir("a", 0755);
    mkdir("a/b", 0755);
    mkdir("closed", 0);
    symlink("a/b", "link");
    close(scratch_file("file", 1));
    show("down", chdir("a"));
    show_place("there");
    show("up", chdir(".."));
    show_place("back");
    show("through a link", chdir("link"));
    show_place("not the link's name");
    show("up from there", chdir(".."));
    show_place("the true parent");
    show("here", chdir("."));
    show("start", chdir(start));
    show("a file", chdir("file"));
    show("absent", chdir("absent"));
    show("closed", chdir("closed"));
    show("no name", chdir(""));
    show("null page", call(chdir, nullptr));
    int directory = open("a/b", O_RDONLY), path = open("a", O_PATH), file = open("file", O_RDONLY);
    show("fchdir", fchdir(directory));
    show_place("by descriptor");
    show("fchdir of a path", fchdir(path));
    show_place("by its path");
    show("fchdir of a file", fchdir(file));
    show("fchdir of what is closed", fchdir(77));
    show("no room", call(getcwd, place, sizeof(place)));
    show("no room at all", call(getcwd, place, 0));
    show("null page", call(getcwd, nullptr, 100));
    show("root", chdir("/"));
    show_place("root");
    show("above root", chdir("/../../.."));
    show_place("root still");
    chdir(start);
}

static void check_moving(void) {
    mkdir("moving", 0755);
    mkdir("moving/inner", 0755);
    chdir("moving/inner");
    show("rename the parent", rename("../../moving", "../../moved"));
    show_place("renamed");
    show("remove where we are", rmdir("../inner"));
    show_place("removed");
    show("create there", open("x", O_CREAT | O_WRONLY, 0600));
    show("up", chdir(".."));
    show_place("up");
}

int main(void) {
    getcwd(start, sizeof(start));
    check_umask();
    check_directories();
    check_moving();
}
