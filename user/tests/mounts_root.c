/* Mounts and what their flags forbid, as root: mount, umount2. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <utime.h>

#include "user/tests/report.h"

static void touch(const char *path) {
    close(open(path, O_CREAT | O_WRONLY, 0644));
}

static void check_arguments(void) {
    show("null target", call(mount, "none", nullptr, "tmpfs", 0, nullptr));
    show("absent target", call(mount, "none", "absent", "tmpfs", 0, nullptr));
    show("null type", call(mount, "none", "m", nullptr, 0, nullptr));
    show("unknown type", call(mount, "none", "m", "nothing", 0, nullptr));
    show("bad option", call(mount, "none", "m", "tmpfs", 0, "unknown=1"));
    show("over a file", call(mount, "none", "file", "tmpfs", 0, nullptr));
    show("no mount, remounted", call(mount, "none", "m", nullptr, MS_REMOUNT, nullptr));
    show("no mount", umount2("m", 0));
    show("absent", umount2("absent", 0));
    show("unknown flag", umount2("m", 64));
    show("no name", umount2("", 0));
    show("null page", call(umount2, nullptr, 0));
    show("detach and expire", umount2("m", MNT_DETACH | MNT_EXPIRE));
}

static void check_plain(void) {
    show("mount", mount("none", "m", "tmpfs", 0, "mode=755"));
    touch("m/file");
    int busy = open("m/file", O_RDONLY);
    show("busy", umount2("m", 0));
    show("busy, expire", umount2("m", MNT_EXPIRE));
    close(busy);
    show("expires", umount2("m", MNT_EXPIRE));
    show("has expired", umount2("m", MNT_EXPIRE));
    show("is gone", access("m/file", F_OK));
    mount("none", "m", "tmpfs", 0, nullptr);
    symlink("m", "link");
    show("through a link, not followed", umount2("link", UMOUNT_NOFOLLOW));
    show("through a link", umount2("link", 0));
    mount("none", "m", "tmpfs", 0, nullptr);
    touch("m/kept");
    busy = open("m/kept", O_RDWR);
    show("detach what is busy", umount2("m", MNT_DETACH));
    show("its name is gone", access("m/kept", F_OK));
    show("but it can be written", write(busy, "x", 1));
    close(busy);
    mount("none", "m", "tmpfs", 0, nullptr);
    mount("none", "m", "tmpfs", 0, nullptr);
    show("two, one over the other", umount2("m", 0));
    show("the lower one", umount2("m", 0));
    show("none", umount2("m", 0));
    mount("none", "m", "tmpfs", 0, nullptr);
    mkdir("m/inner", 0755);
    mount("none", "m/inner", "tmpfs", 0, nullptr);
    show("with another inside", umount2("m", 0));
    show("detached with it", umount2("m", MNT_DETACH));
}

static void show_flags(const char *what) {
    struct statvfs status = {};
    statvfs("m", &status);
    say("%s: flags %#lx", what, status.f_flag & (ST_RDONLY | ST_NOSUID | 4 | 8));
}

static void check_read_only(void) {
    struct stat status;
    mount("none", "m", "tmpfs", 0, "mode=777");
    touch("m/file");
    mkdir("m/directory", 0755);
    symlink("file", "m/link");
    mknod("m/null", S_IFCHR | 0666, makedev(1, 3));
    mkfifo("m/fifo", 0600);
    int writer = open("m/file", O_RDWR);
    show("remount with a writer",
         mount("none", "m", nullptr, MS_REMOUNT | MS_RDONLY | MS_BIND, nullptr));
    close(writer);
    show("remount", mount("none", "m", nullptr, MS_REMOUNT | MS_RDONLY | MS_BIND, nullptr));
    show_flags("now");
    show("to read", open("m/file", O_RDONLY) >= 0 ? 0 : -1);
    show("to write", open("m/file", O_WRONLY));
    show("to truncate", open("m/file", O_RDONLY | O_TRUNC));
    show("to create", open("m/new", O_CREAT | O_WRONLY, 0600));
    show("to create what is there", open("m/file", O_CREAT | O_RDONLY, 0600) >= 0 ? 0 : -1);
    show("to create it alone", open("m/file", O_CREAT | O_EXCL | O_WRONLY, 0600));
    show("nameless", open("m", O_TMPFILE | O_RDWR, 0600));
    show("device to write", open("m/null", O_WRONLY) >= 0 ? 0 : -1);
    show("fifo to write", open("m/fifo", O_RDWR) >= 0 ? 0 : -1);
    show("directory to write", open("m/directory", O_WRONLY));
    show("truncate", truncate("m/file", 0));
    show("mkdir", mkdir("m/new", 0755));
    show("mkdir, there", mkdir("m/directory", 0755));
    show("mknod", mknod("m/new", S_IFREG | 0600, 0));
    show("symlink", symlink("x", "m/new"));
    show("link", link("m/file", "m/new"));
    show("unlink", unlink("m/file"));
    show("unlink, absent", unlink("m/absent"));
    show("unlink a directory", unlink("m/directory"));
    show("rmdir", rmdir("m/directory"));
    show("rmdir, absent", rmdir("m/absent"));
    show("rename", rename("m/file", "m/new"));
    show("rename, absent", rename("m/absent", "m/new"));
    show("chmod", chmod("m/file", 0600));
    show("chown", chown("m/file", 0, 0));
    show("utime", utime("m/file", nullptr));
    show("setxattr", call(setxattr, "m/file", "user.a", "x", 1, 0));
    show("removexattr", call(removexattr, "m/file", "user.a"));
    show("access to write", access("m/file", W_OK));
    show("access to a device", access("m/null", W_OK));
    show("access to read", access("m/file", R_OK));
    int reader = open("m/file", O_RDONLY);
    show("fchmod", fchmod(reader, 0600));
    close(reader);
    show("stat", stat("m/file", &status));
    show("remount to write", mount("none", "m", nullptr, MS_REMOUNT | MS_BIND, nullptr));
    show_flags("now");
    show("to write", open("m/file", O_WRONLY) >= 0 ? 0 : -1);
    show("detach", umount2("m", MNT_DETACH));
    show("mount to read", mount("none", "m", "tmpfs", MS_RDONLY, nullptr));
    show("to create", open("m/new", O_CREAT | O_WRONLY, 0600));
    show_flags("now");
    show("remount to write", mount("none", "m", nullptr, MS_REMOUNT, nullptr));
    show("to create", open("m/new", O_CREAT | O_WRONLY, 0600) >= 0 ? 0 : -1);
    show("detach", umount2("m", MNT_DETACH));
}

static int copy_self(const char *path) {
    static char piece[PAGE];
    int from = open("/proc/self/exe", O_RDONLY), to = open(path, O_CREAT | O_WRONLY, 0755);
    for (ssize_t size; (size = read(from, piece, sizeof(piece))) > 0;) {
        write(to, piece, (size_t)size);
    }
    close(from);
    close(to);
    return chmod(path, 0755);
}

static void run(const char *what, const char *path) {
    pid_t child = fork();
    if (child == 0) {
        execl(path, path, "ids", nullptr);
        say("%s: %s", what, error_name(errno));
        _exit(HAS_SAID_WHY);
    }
    show_execution(what, child);
}

static void check_execution(void) {
    mount("none", "m", "tmpfs", 0, "mode=755");
    copy_self("m/program");
    mknod("m/null", S_IFCHR | 0666, makedev(1, 3));
    run("execute", "m/program");
    show("remount", mount("none", "m", nullptr, MS_REMOUNT | MS_BIND | MS_NOEXEC, nullptr));
    show_flags("now");
    run("execute", "m/program");
    show("access", access("m/program", X_OK));
    show("remount", mount("none", "m", nullptr, MS_REMOUNT | MS_BIND | MS_NODEV, nullptr));
    show_flags("now");
    show("device", open("m/null", O_RDWR));
    show("device's path", open("m/null", O_PATH) >= 0 ? 0 : -1);
    show("access to it", access("m/null", W_OK));
    chown("m/program", 65534, 65534);
    chmod("m/program", 06755);
    show("remount", mount("none", "m", nullptr, MS_REMOUNT | MS_BIND | MS_NOSUID, nullptr));
    show_flags("now");
    run("as oneself", "m/program");
    show("detach", umount2("m", MNT_DETACH));
}

static void show_nodes(const char *what) {
    struct statvfs status = {};
    statvfs("m", &status);
    say("%s: %lu of %lu", what, status.f_ffree, status.f_files);
}

/* Nodes, further names and extended attributes are taken from one store. */
static void check_counts(void) {
    static char value[2000];
    show("wrong count", mount("none", "m", "tmpfs", 0, "nr_inodes=5x"));
    show("too many", mount("none", "m", "tmpfs", 0, "nr_inodes=18014398509481984"));
    show("mount", mount("none", "m", "tmpfs", 0, "nr_inodes=6"));
    show_nodes("at first");
    touch("m/a");
    show("link", link("m/a", "m/b"));
    show("symlink", symlink("a", "m/c"));
    show("mkdir", mkdir("m/d", 0755));
    show_nodes("then");
    show("mkfifo", mkfifo("m/e", 0600));
    show("one too many", open("m/f", O_CREAT | O_WRONLY, 0600));
    show("nameless", open("m", O_TMPFILE | O_RDWR, 0600));
    show("another link", link("m/a", "m/f"));
    show("rename", rename("m/e", "m/f"));
    show("over another", rename("m/f", "m/b"));
    show_nodes("which has gone");
    show("unlink", unlink("m/b"));
    show_nodes("another");
    show("value", call(setxattr, "m/a", "user.a", value, 100, 0));
    show_nodes("with it");
    show("larger", call(setxattr, "m/a", "user.a", value, 1000, 0));
    show("much larger", call(setxattr, "m/a", "user.b", value, sizeof(value), 0));
    show_nodes("with both");
    show("again", call(setxattr, "m/a", "user.a", value, 1001, 0));
    show("removed", call(removexattr, "m/a", "user.a"));
    show_nodes("without");
    show("value", call(setxattr, "m/a", "user.a", value, sizeof(value), 0));
    show("unlink", unlink("m/a"));
    show_nodes("all gone");
    int nameless = open("m", O_TMPFILE | O_RDWR, 0600);
    show_nodes("nameless");
    show("its first name", call(linkat, nameless, "", AT_FDCWD, "m/n", AT_EMPTY_PATH));
    show_nodes("counts not");
    close(nameless);
    show("detach", umount2("m", MNT_DETACH));
    show("no limit", mount("none", "m", "tmpfs", 0, "nr_inodes=0"));
    show_nodes("then");
    show("detach", umount2("m", MNT_DETACH));
}

static void show_map(const char *what, const char *path, int protection, int flags) {
    int file = open(path, O_RDWR);
    void *map = mmap(nullptr, PAGE, protection, flags, file, 0);
    say("%s: %s", what, map == MAP_FAILED ? error_name(errno) : "ok");
    if (map != MAP_FAILED) {
        show("  to be executed later", mprotect(map, PAGE, PROT_READ | PROT_EXEC));
        show("  to be written later", mprotect(map, PAGE, PROT_READ | PROT_WRITE));
        munmap(map, PAGE);
    }
    close(file);
}

static void check_executed_memory(void) {
    constexpr int executed = PROT_READ | PROT_EXEC;
    mount("none", "m", "tmpfs", MS_NOEXEC, "mode=755");
    close(scratch_file("m/file", PAGE));
    mknod("m/zero", S_IFCHR | 0666, makedev(1, 5));
    show_map("private, executed", "m/file", executed, MAP_PRIVATE);
    show_map("shared, executed", "m/file", executed, MAP_SHARED);
    show_map("private", "m/file", PROT_READ, MAP_PRIVATE);
    show_map("shared", "m/file", PROT_READ | PROT_WRITE, MAP_SHARED);
    show_map("zeroes, executed", "m/zero", executed, MAP_PRIVATE);
    show_map("zeroes", "m/zero", PROT_READ, MAP_PRIVATE);
    chmod("m/file", 0444);
    int file = open("m/file", O_RDONLY);
    void *map = mmap(nullptr, PAGE, PROT_READ, MAP_SHARED, file, 0);
    show("only to read, executed later", mprotect(map, PAGE, executed));
    show("only to read, written later", mprotect(map, PAGE, PROT_READ | PROT_WRITE));
    munmap(map, PAGE);
    close(file);
    show("detach", umount2("m", MNT_DETACH));
}

/* The root and the place that mountinfo shows of what is mounted at a path that ends so. */
static void show_mountinfo(const char *end) {
    char line[512], root[128], place[256];
    FILE *mounts = fopen("/proc/self/mountinfo", "r");
    while (fgets(line, sizeof(line), mounts) != nullptr) {
        size_t length = strlen(end);
        if (sscanf(line, "%*d %*d %*s %127s %255s", root, place) == 2 && strlen(place) > length &&
            strcmp(place + strlen(place) - length, end) == 0) {
            say("  shows %s", root);
        }
    }
    fclose(mounts);
}

static void check_bind(void) {
    struct stat status, other;
    mkdir("b", 0755);
    mount("none", "m", "tmpfs", 0, "mode=755");
    show("made private", mount("none", "m", nullptr, MS_PRIVATE, nullptr));
    mkdir("m/dir", 0755);
    mkdir("m/dir/deep", 0755);
    touch("m/dir/file");
    touch("m/single");
    show("no source", mount(nullptr, "b", nullptr, MS_BIND, nullptr));
    show("empty source", mount("", "b", nullptr, MS_BIND, nullptr));
    show("absent source", mount("absent", "b", nullptr, MS_BIND, nullptr));
    show("a file over a directory", mount("m/single", "b", nullptr, MS_BIND, nullptr));
    show("a directory over a file", mount("m/dir", "file", nullptr, MS_BIND, nullptr));
    show("bind", mount("m/dir", "b", nullptr, MS_BIND, nullptr));
    show_mountinfo("/b");
    stat("m/dir/file", &status);
    stat("b/file", &other);
    say("the same file: %d", status.st_ino == other.st_ino && status.st_dev == other.st_dev);
    show("link across", link("m/single", "b/link"));
    show("rename across", rename("m/single", "b/single"));
    show("link within", link("b/file", "b/link"));
    show("seen below", unlink("m/dir/link"));
    show("up from it", access("b/../b/file", F_OK));
    show("up out of it", access("b/deep/../../single", F_OK));
    show("remount to read", mount("none", "b", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr));
    show("make there", mkdir("b/new", 0755));
    show("make below", mkdir("m/dir/new", 0755));
    show("what is bound is removed", rmdir("m/dir/deep"));
    show("source unmounted, busy", umount2("m", 0));
    show("source detached", umount2("m", MNT_DETACH));
    show("still there", access("b/file", F_OK));
    show("single file", mount("b/file", "file", nullptr, MS_BIND, nullptr));
    show_mountinfo("/file");
    show("flags are taken over", open("file", O_WRONLY));
    show("unmount the file", umount2("file", 0));
    show("unmount", umount2("b", 0));
    show("gone", access("b/file", F_OK));
    rmdir("b");
}

static void check_propagation(void) {
    mkdir("b", 0755);
    mount("none", "m", "tmpfs", 0, "mode=755");
    show("unbindable", mount("none", "m", nullptr, MS_UNBINDABLE, nullptr));
    show("bind", mount("m", "b", nullptr, MS_BIND, nullptr));
    show("private", mount("none", "m", nullptr, MS_PRIVATE, nullptr));
    show("bind", mount("m", "b", nullptr, MS_BIND, nullptr));
    show("slave", mount(nullptr, "b", nullptr, MS_SLAVE | MS_REC, nullptr));
    show("two kinds", mount("none", "b", nullptr, MS_PRIVATE | MS_SLAVE, nullptr));
    show("with something else", mount("none", "b", nullptr, MS_PRIVATE | MS_RDONLY, nullptr));
    show("quietly", mount("none", "b", nullptr, MS_PRIVATE | MS_SILENT, nullptr));
    mkdir("m/dir", 0755);
    show("no mount", mount("none", "m/dir", nullptr, MS_PRIVATE, nullptr));
    show("shared", mount("none", "b", nullptr, MS_SHARED, nullptr));
    show("unmount", umount2("b", 0));
    show("unmount", umount2("m", 0));
    rmdir("b");
}

/* What was detached can still be stood in, but nothing is mounted there. */
static void check_detached(void) {
    int back = open(".", O_RDONLY | O_DIRECTORY);
    mount("none", "m", "tmpfs", 0, nullptr);
    chdir("m");
    mkdir("dir", 0755);
    show("detach where we stand", umount2(".", MNT_DETACH));
    show("mount there", mount("none", "dir", "tmpfs", 0, nullptr));
    show("bind there", mount("/", "dir", nullptr, MS_BIND, nullptr));
    fchdir(back);
    close(back);
}

/* Many mounts, each on the one before; who stands on the last keeps all of them. */
static void check_tower(void) {
    int back = open(".", O_RDONLY | O_DIRECTORY);
    int failed = 0;
    mount("none", "m", "tmpfs", 0, nullptr);
    chdir("m");
    for (int i = 0; i < 1000; i++) {
        failed += mkdir("up", 0755) != 0 || mount("none", "up", "tmpfs", 0, nullptr) != 0;
        chdir("up");
    }
    int top = open(".", O_RDONLY | O_DIRECTORY);
    fchdir(back);
    show("detach a tower", umount2("m", MNT_DETACH));
    say("failed: %d", failed);
    close(top);
    close(back);
}

static void check_nobody(void) {
    call(setresuid, 65534, 65534, 65534);
    show("nobody mounts", mount("none", "m", "tmpfs", 0, nullptr));
    show("nobody mounts nothing", mount("none", "absent", "tmpfs", 0, nullptr));
    show("nobody unmounts", umount2("m", 0));
    show("nobody unmounts nothing", umount2("absent", 0));
    show("nobody, unknown flag", umount2("m", 64));
}

int main(int argument_count, char **) {
    if (argument_count > 1) {
        say("runs as %d %d", geteuid(), getegid());
        return 0;
    }
    mkdir("m", 0755);
    touch("file");
    check_arguments();
    check_plain();
    check_read_only();
    check_execution();
    check_counts();
    check_executed_memory();
    check_bind();
    check_propagation();
    check_detached();
    check_tower();
    show_child("nobody", check_nobody);
}
