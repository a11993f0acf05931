/* inotify: which events come of what, in which order and with which names. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "user/tests/notes.h"
#include "user/tests/report.h"

static void use_file(const char *path) {
    char bytes[16];
    struct iovec parts[2] = {{bytes, 2}, {bytes + 4, 2}};
    int file = open(path, O_RDWR);
    show("write", write(file, "abcdef", 6));
    show("write nothing", write(file, "", 0));
    show("pwrite", pwrite(file, "x", 1, 3));
    show("writev", writev(file, parts, 2));
    show("read at the end", read(file, bytes, 4));
    show_events("written");
    lseek(file, 0, SEEK_SET);
    show("read", read(file, bytes, 4));
    show("pread", pread(file, bytes, 4, 0));
    show("write between", write(file, "y", 1));
    show("readv", readv(file, parts, 2));
    show("read of nothing", read(file, bytes, 0));
    show("readv at the end", preadv(file, parts, 2, 100));
    show("bad address", read(file, (void *)8, 4));
    show_events("read");
    show("ftruncate", ftruncate(file, 3));
    show("ftruncate to the same", ftruncate(file, 3));
    show_events("cut");
    show("fallocate", fallocate(file, 0, 0, 100));
    show_events("allocated");
    show("fchmod", fchmod(file, 0600));
    show("fchown", fchown(file, -1, -1));
    show_events("attributes");
    show("fsync", fsync(file));
    show("close", close(file));
    show_events("closed");
}

static void change_times(const char *path) {
    const struct timespec both[2] = {{1, 0}, {2, 0}};
    const struct timespec first[2] = {{1, 0}, {0, UTIME_OMIT}};
    const struct timespec second[2] = {{0, UTIME_OMIT}, {2, 0}};
    const struct timespec none[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    utimensat(AT_FDCWD, path, both, 0);
    show_events("both times");
    utimensat(AT_FDCWD, path, first, 0);
    show_events("time of access");
    utimensat(AT_FDCWD, path, second, 0);
    show_events("time of change");
    utimensat(AT_FDCWD, path, none, 0);
    show_events("no time");
    utimensat(AT_FDCWD, path, nullptr, 0);
    show_events("now");
}

static void check_file(void) {
    begin();
    write_to("file", "text");
    show("watch", watch("file", IN_ALL_EVENTS));
    use_file("file");
    change_times("file");
    truncate("file", 1);
    show_events("truncate");
    close(open("file", O_RDONLY | O_TRUNC));
    show_events("open to cut");
    close(open("file", O_WRONLY | O_TRUNC));
    show_events("open to cut and write");
    close(open("file", O_PATH));
    show_events("open a path");
    struct stat status;
    stat("file", &status);
    access("file", R_OK);
    show_events("look");
    setxattr("file", "user.x", "1", 1, 0);
    removexattr("file", "user.x");
    show_events("extended");
    link("file", "other");
    show_events("link");
    close(open("other", O_RDONLY));
    show_events("the other name");
    rename("other", "third");
    show_events("rename");
    unlink("third");
    show_events("unlink the other name");
    unlink("file");
    show_events("unlink");
    show("removed already", inotify_rm_watch(notes, 1));
    end();
}

static void check_directory(void) {
    begin();
    mkdir("dir", 0755);
    show("watch", watch("dir", IN_ALL_EVENTS));
    write_to("dir/file", "text");
    show_events("create");
    use_file("dir/file");
    change_times("dir/file");
    mkdir("dir/sub", 0755);
    show_events("mkdir");
    chmod("dir/sub", 0700);
    show_events("chmod a directory");
    chmod("dir", 0700);
    show_events("chmod itself");
    symlink("x", "dir/link");
    mkfifo("dir/fifo", 0600);
    link("dir/file", "dir/second");
    show_events("make");
    close(open("dir", O_RDONLY));
    show_events("open");
    close(open("dir/sub", O_RDONLY));
    show_events("open below");
    write_to("dir/sub/deep", "x");
    show_events("two below");
    unlink("dir/sub/deep");
    rmdir("dir/sub");
    show_events("rmdir below");
    unlink("dir/second");
    unlink("dir/link");
    show_events("unlink");
    rmdir("dir");
    show_events("rmdir, not empty");
    unlink("dir/fifo");
    unlink("dir/file");
    rmdir("dir");
    show_events("rmdir");
    end();
}

static void check_names(void) {
    begin();
    mkdir("dir", 0755);
    watch("dir", IN_CREATE | IN_DELETE);
    char path[300] = "dir/";
    for (int length = 14; length <= 34; length += 5) {
        memset(path + 4, 'n', (size_t)length);
        path[4 + length] = '\0';
        write_to(path, "");
        unlink(path);
    }
    memset(path + 4, 'n', 255);
    path[259] = '\0';
    write_to(path, "");
    unlink(path);
    show_events("lengths");
    rmdir("dir");
    end();
}

static int list_all(const char *path) {
    char bytes[1024];
    int directory = open(path, O_RDONLY);
    long size = call(getdents64, directory, bytes, sizeof(bytes));
    long rest = call(getdents64, directory, bytes, sizeof(bytes));
    close(directory);
    return size > 0 && rest == 0;
}

static void check_listing(void) {
    begin();
    mkdir("dir", 0755);
    watch("dir", IN_ALL_EVENTS);
    watch(".", IN_ALL_EVENTS);
    show("list", list_all("dir"));
    show_events("listed");
    rmdir("dir");
    show_events("removed");
    end();
}

static void check_moves(void) {
    begin();
    mkdir("a", 0755);
    mkdir("b", 0755);
    write_to("a/one", "1");
    write_to("a/two", "2");
    mkdir("a/sub", 0755);
    watch("a", IN_ALL_EVENTS);
    watch("b", IN_ALL_EVENTS);
    watch("a/one", IN_ALL_EVENTS);
    watch("a/two", IN_ALL_EVENTS);
    watch("a/sub", IN_ALL_EVENTS);
    rename("a/one", "a/first");
    show_events("within");
    rename("a/first", "b/first");
    show_events("across");
    rename("a/sub", "b/sub");
    show_events("directory");
    rename("b/sub", "b/sub2");
    show_events("directory within");
    rename("a/two", "b/first");
    show_events("over");
    write_to("a/x", "x");
    show_events("made");
    call(renameat2, AT_FDCWD, "a/x", AT_FDCWD, "b/first", 2);
    show_events("exchange");
    call(renameat2, AT_FDCWD, "a/x", AT_FDCWD, "b/sub2", 2);
    show_events("exchange with a directory");
    call(renameat2, AT_FDCWD, "b/first", AT_FDCWD, "b/third", 1);
    show_events("not over");
    rename("b/third", "b/third");
    show_events("to itself");
    rename("b", "c");
    show_events("watched directory");
    write_to("c/new", "x");
    show_events("in the moved");
    unlink("c/new");
    end();
    system("rm -r a c 2>/dev/null");
    begin();
    mkdir("d", 0755);
    mkdir("e", 0755);
    watch("e", IN_ALL_EVENTS);
    rename("d", "e");
    show_events("directory over a directory");
    rmdir("e");
    end();
}

static void check_deleted(void) {
    begin();
    mkdir("dir", 0755);
    write_to("dir/file", "text");
    int file = open("dir/file", O_RDWR);
    watch("dir", IN_ALL_EVENTS);
    watch("dir/file", IN_ALL_EVENTS);
    unlink("dir/file");
    show_events("unlink while open");
    show("write", write(file, "x", 1));
    show_events("write");
    close(file);
    show_events("close");
    write_to("dir/file", "text");
    show_events("made again");
    watch("dir", IN_ALL_EVENTS | IN_EXCL_UNLINK);
    file = open("dir/file", O_RDWR);
    show("write", write(file, "x", 1));
    unlink("dir/file");
    show("write", write(file, "x", 1));
    fchmod(file, 0600);
    close(file);
    show_events("excluding what is unlinked");
    file = open("dir", O_RDONLY);
    rmdir("dir");
    show_events("rmdir while open");
    close(file);
    show_events("close");
    end();
}

static void check_early(void) {
    char byte;
    begin();
    mkdir("dir", 0755);
    write_to("dir/file", "text");
    int file = open("dir/file", O_RDONLY);
    watch("dir", IN_ALL_EVENTS);
    read(file, &byte, 1);
    show_events("opened before");
    mkdir("far", 0755);
    rename("dir/file", "far/file");
    show_events("moved away");
    read(file, &byte, 1);
    show_events("read elsewhere");
    rename("far/file", "dir/again");
    show_events("moved back");
    read(file, &byte, 1);
    show_events("read here");
    close(file);
    show_events("closed");
    unlink("dir/again");
    rmdir("dir");
    rmdir("far");
    end();
}

static void check_special(void) {
    char bytes[8];
    begin();
    mkdir("dir", 0755);
    mkfifo("dir/fifo", 0600);
    watch("dir", IN_ALL_EVENTS);
    watch("dir/fifo", IN_ALL_EVENTS);
    int fifo = open("dir/fifo", O_RDWR);
    write(fifo, "x", 1);
    read(fifo, bytes, 1);
    close(fifo);
    show_events("fifo");
    unlink("dir/fifo");
    show_events("unlinked");
    rmdir("dir");
    end();
}

static void check_mapping(void) {
    begin();
    int file = scratch_file("mapped", PAGE);
    watch("mapped", IN_ALL_EVENTS);
    char *map = mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    map[0] = 'x';
    msync(map, PAGE, MS_SYNC);
    close(file);
    show_events("mapped");
    munmap(map, PAGE);
    show_events("unmapped");
    unlink("mapped");
    end();
}

static void check_copies(void) {
    char *text = malloc(200000);
    begin();
    memset(text, 'x', 200000);
    int from = open("from", O_RDWR | O_CREAT, 0600), to = open("to", O_RDWR | O_CREAT, 0600);
    write(from, text, 200000);
    watch("from", IN_ACCESS | IN_MODIFY);
    watch("to", IN_ACCESS | IN_MODIFY);
    off_t offset = 0;
    show("sendfile", sendfile(to, from, &offset, 200000));
    show_events("sendfile");
    offset = 0;
    off_t target = 0;
    show("copy", copy_file_range(from, &offset, to, &target, 100000, 0));
    show_events("copied");
    close(from);
    close(to);
    unlink("from");
    unlink("to");
    free(text);
    end();
}

static void check_execution(void) {
    begin();
    int file = open("script", O_WRONLY | O_CREAT, 0755);
    write(file, "#!/none\n", 8);
    close(file);
    watch("script", IN_ALL_EVENTS);
    pid_t child = fork();
    if (child == 0) {
        execl("./script", "script", nullptr);
        _exit(errno == ENOENT ? 3 : 4);
    }
    show_end("child", child);
    show_events("executed");
    unlink("script");
    end();
}

int main(void) {
    check_file();
    check_directory();
    check_names();
    check_listing();
    check_moves();
    check_deleted();
    check_early();
    check_special();
    check_mapping();
    check_copies();
    check_execution();
    return 0;
}
