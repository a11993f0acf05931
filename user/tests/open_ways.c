/* openat2 with its ways of resolving, O_TMPFILE, and renameat2. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "user/tests/report.h"

constexpr long OPENAT2 = 437;
constexpr uint64_t NO_XDEV = 1, NO_JUMPS = 2, NO_LINKS = 4, BENEATH = 8, IN_ROOT = 16, CACHED = 32;

/* struct open_how of man 2 openat2, and what may come to be behind it. */
struct how {
    uint64_t flags, mode, resolve, later[600];
};

static int directory;

static void try_how(const char *what, int at, const char *path, struct how how, size_t size) {
    long file = syscall(OPENAT2, at, path, &how, size);
    show_ok(what, file);
    if (file >= 0) {
        close((int)file);
    }
}

static void try(const char *what, const char *path, uint64_t resolve) {
    try_how(what, directory, path, (struct how){.flags = O_RDONLY, .resolve = resolve}, 24);
}

static void prepare(void) {
    mkdir("directory", 0755);
    mkdir("directory/inner", 0755);
    directory = open("directory", O_RDONLY);
    close(scratch_file("file", 10));
    close(scratch_file("directory/file", 10));
    symlink("file", "directory/link");
    symlink("../file", "directory/out");
    symlink("/dev/null", "directory/absolute");
    symlink("/file", "directory/rooted");
    symlink("inner", "directory/to_inner");
    symlink("inner/../file", "directory/around");
    char text[64];
    snprintf(text, sizeof(text), "/proc/self/fd/%d", directory);
    symlink(text, "directory/magic");
}

static void check_resolution(void) {
    static const struct {
        const char *what;
        uint64_t flags;
    } ways[] = {{"any", 0},
                {"one device", NO_XDEV},
                {"no jumps", NO_JUMPS},
                {"no links", NO_LINKS},
                {"beneath", BENEATH},
                {"in root", IN_ROOT},
                {"both", BENEATH | NO_LINKS},
                {"two roots", BENEATH | IN_ROOT}};
    static const char *const paths[] = {
        "file",   "link",     "out",        "absolute",      "rooted",          "to_inner/../file",
        "around", "inner/..", "..",         "../file",       "/dev/null",       "/file",
        "absent", "magic",    "magic/file", "./inner/../..", "inner/../../file"};
    for (size_t way = 0; way < sizeof(ways) / sizeof(*ways); way++) {
        say("%s:", ways[way].what);
        for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
            bool is_elsewhere = strstr("absolute rooted /dev/null", paths[i]) != nullptr;
            if (ways[way].flags != NO_XDEV || !is_elsewhere) { /* what is mounted where differs */
                try(paths[i], paths[i], ways[way].flags);
            }
        }
    }
    try("/proc from here", "/proc/self/status", NO_XDEV);
    try("cached", "file", CACHED);
    try("unknown way", "file", 64);
    try_how("closed", 77, "file", (struct how){.resolve = BENEATH}, 24);
    try_how("beneath here", AT_FDCWD, "directory/../file", (struct how){.resolve = BENEATH}, 24);
    try_how("beneath a file", open("file", O_RDONLY), "x", (struct how){.resolve = BENEATH}, 24);
}

static void check_how(void) {
    struct how how = {};
    try_how("larger", AT_FDCWD, "file", how, 32);
    try_how("a page", AT_FDCWD, "file", how, PAGE);
    try_how("more than a page", AT_FDCWD, "file", how, PAGE + 1);
    try_how("too small", AT_FDCWD, "file", how, 23);
    try_how("nothing", AT_FDCWD, "file", how, 0);
    how.later[0] = 1;
    try_how("larger, and used", AT_FDCWD, "file", how, 32);
    try_how("just enough", AT_FDCWD, "file", how, 24);
    show("null page", syscall(OPENAT2, AT_FDCWD, "file", nullptr, 24));
    how = (struct how){.flags = O_RDONLY | O_PATH | O_WRONLY};
    try_how("path and more", AT_FDCWD, "file", how, 24);
    how = (struct how){.flags = O_PATH | O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY};
    try_how("path", AT_FDCWD, "directory", how, 24);
    how = (struct how){.flags = O_CREAT | O_WRONLY, .mode = 0600};
    try_how("create", directory, "made", how, 24);
    how.mode = 010000;
    try_how("no such mode", directory, "made", how, 24);
    how = (struct how){.flags = O_CREAT | O_DIRECTORY, .mode = 0600};
    try_how("create a directory", directory, "made2", how, 24);
    how = (struct how){.flags = O_CREAT | O_WRONLY | O_EXCL, .mode = 0600, .resolve = BENEATH};
    try_how("create outside", directory, "../made", how, 24);
    try_how("create beneath", directory, "inner/made", how, 24);
    how = (struct how){.flags = O_CREAT | O_WRONLY, .mode = 0600, .resolve = NO_LINKS};
    try_how("create through a link", directory, "to_inner/new", how, 24);
    how = (struct how){.flags = O_TMPFILE | O_RDWR, .mode = 0600};
    try_how("nameless", directory, ".", how, 24);
    how.resolve = BENEATH;
    try_how("nameless, outside", directory, "..", how, 24);
    how = (struct how){.flags = O_TMPFILE | O_RDONLY, .mode = 0600};
    try_how("nameless, to read", directory, ".", how, 24);
    how = (struct how){.flags = (O_TMPFILE & ~O_DIRECTORY) | O_RDWR, .mode = 0600};
    try_how("half of nameless", directory, ".", how, 24);
    how = (struct how){.flags = O_TMPFILE | O_CREAT | O_RDWR, .mode = 0600};
    try_how("nameless and created", directory, ".", how, 24);
    how = (struct how){.flags = 1ull << 35};
    try_how("unknown flag", directory, ".", how, 24);
    how = (struct how){.flags = O_CREAT | O_RDWR | O_TRUNC, .mode = 0600, .resolve = CACHED};
    try_how("cached and created", directory, "file", how, 24);
}

static void check_nameless(void) {
    char text[64];
    struct stat status;
    int file = open("directory", O_TMPFILE | O_RDWR, 0640);
    fstat(file, &status);
    say("links %ld, mode %o, flags %#o", (long)status.st_nlink, status.st_mode,
        fcntl(file, F_GETFL));
    snprintf(text, sizeof(text), "/proc/self/fd/%d", file);
    write(file, "text", 4);
    show("name", linkat(AT_FDCWD, text, directory, "named", AT_SYMLINK_FOLLOW));
    fstatat(directory, "named", &status, 0);
    say("links %ld, size %ld", (long)status.st_nlink, (long)status.st_size);
    show("another", linkat(AT_FDCWD, text, directory, "named2", AT_SYMLINK_FOLLOW));
    show("by descriptor, as nobody", linkat(file, "", directory, "named3", AT_EMPTY_PATH));
    int alone = open("directory", O_TMPFILE | O_EXCL | O_RDWR, 0600);
    snprintf(text, sizeof(text), "/proc/self/fd/%d", alone);
    show("never to be named", linkat(AT_FDCWD, text, directory, "x", AT_SYMLINK_FOLLOW));
    show("append", open("directory", O_TMPFILE | O_WRONLY | O_APPEND, 0600) >= 0 ? 0 : -1);
    show("absent", open("nowhere", O_TMPFILE | O_RDWR, 0600));
    show("path", open("directory", O_TMPFILE | O_PATH, 0600) >= 0 ? 0 : -1);
    chmod("directory/inner", 0555);
    show("where nobody writes", open("directory/inner", O_TMPFILE | O_RDWR, 0600));
    chmod("directory/inner", 0755);
}

static void try_rename(const char *what, const char *from, const char *to, unsigned flags) {
    show(what, syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags));
}

static void check_rename(void) {
    constexpr unsigned ONLY_NEW = 1, SWAP = 2, WHITEOUT = 4;
    struct stat status;
    mkdir("d", 0755);
    mkdir("d/below", 0755);
    mkdir("e", 0755);
    close(scratch_file("f", 1));
    close(scratch_file("g", 2));
    try_rename("only new, there", "f", "g", ONLY_NEW);
    try_rename("only new, itself", "f", "f", ONLY_NEW);
    try_rename("only new, a dot", "f", "d/.", ONLY_NEW);
    try_rename("only new", "f", "h", ONLY_NEW);
    try_rename("only new, absent", "f", "h", ONLY_NEW);
    try_rename("only new, with /", "h", "i/", ONLY_NEW);
    try_rename("swap", "h", "g", SWAP);
    stat("h", &status);
    say("size %ld", (long)status.st_size);
    try_rename("swap with itself", "h", "h", SWAP);
    try_rename("swap file and directory", "h", "d", SWAP);
    try_rename("swap, with a slash", "h/", "d", SWAP);
    try_rename("swap, with a slash at the other", "h", "d/", SWAP);
    try_rename("swap with what is below", "h", "h/below", SWAP);
    try_rename("swap with what is above", "h/below", "h", SWAP);
    try_rename("swap over full directories", "h", "e", SWAP);
    try_rename("swap a dot", "d/.", "e", SWAP);
    try_rename("whiteout", "g", "white", WHITEOUT);
    long result = lstat("g", &status);
    show("what is left", result);
    say("kind %o, device %u:%u, links %ld", status.st_mode, major(status.st_rdev),
        minor(status.st_rdev), (long)status.st_nlink);
    show("to open it", open("g", O_RDONLY));
    try_rename("whiteout and only new", "white", "g", WHITEOUT | ONLY_NEW);
    try_rename("whiteout and swap", "white", "g", WHITEOUT | SWAP);
    try_rename("over the whiteout", "white", "g", 0);
    try_rename("unknown", "g", "white", 16);
    try_rename("unknown, absent", "nowhere", "white", 16);
}

int main(void) {
    prepare();
    check_resolution();
    check_how();
    check_nameless();
    check_rename();
}
