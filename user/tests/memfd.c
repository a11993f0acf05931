/* memfd_create: its flags, its seals, and what they keep from happening. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr unsigned NOEXEC_SEAL = 8, EXEC = 16;
constexpr int SEAL_FUTURE_WRITE = 16, SEAL_EXEC = 32;

static void check_creation(void) {
    char name[300];
    memset(name, 'n', sizeof(name));
    name[249] = 0;
    show_ok("249 letters", call(memfd_create, name, 0));
    name[249] = 'n';
    name[250] = 0;
    show_ok("250 letters", call(memfd_create, name, 0));
    show_ok("no name", call(memfd_create, "", 0));
    show_ok("null", call(memfd_create, nullptr, 0));
    show_ok("unknown flag", call(memfd_create, "x", 0x80));
    show_ok("both ways of execution", call(memfd_create, "x", NOEXEC_SEAL | EXEC));
    int plain = memfd_create("x", 0), closing = memfd_create("x", MFD_CLOEXEC);
    say("flags: %d %d, mode %#x", fcntl(plain, F_GETFD), fcntl(closing, F_GETFD),
        fcntl(plain, F_GETFL) & O_ACCMODE);
    struct stat status;
    fstat(plain, &status);
    say("mode %o, size %ld, links %lu", status.st_mode, (long)status.st_size,
        (unsigned long)status.st_nlink);
    char path[64], target[64] = {};
    snprintf(path, sizeof(path), "/proc/self/fd/%d", plain);
    show_ok("readlink", readlink(path, target, sizeof(target) - 1));
    say("its name: %s", target);
}

static void check_contents(void) {
    int memory = memfd_create("contents", 0);
    char byte = 'x';
    show("write", write(memory, "hello", 5));
    show("read at the end", read(memory, &byte, 1));
    show("seek", lseek(memory, 1, SEEK_SET));
    show("read", read(memory, &byte, 1));
    say("%c", byte);
    show("longer", ftruncate(memory, 3 * PAGE));
    char *view = mmap(nullptr, 3 * PAGE, READ_WRITE, MAP_SHARED, memory, 0);
    view[2 * PAGE] = 'v';
    show("pread", pread(memory, &byte, 1, 2 * PAGE));
    say("%c %.5s", byte, view);
    show("shorter", ftruncate(memory, PAGE));
    say("%s", read_outcome(view + 2 * PAGE));
    show("negative", ftruncate(memory, -1));
    show("data", lseek(memory, 0, SEEK_DATA));
    show("hole", lseek(memory, 0, SEEK_HOLE));
}

static void check_seal(const char *name, int seal) {
    int memory = memfd_create("sealed", MFD_ALLOW_SEALING);
    ftruncate(memory, 2 * PAGE);
    say("seal against %s", name);
    show("add", fcntl(memory, F_ADD_SEALS, seal));
    show("get", fcntl(memory, F_GET_SEALS));
    show("shrink", ftruncate(memory, PAGE));
    show("grow", ftruncate(memory, 4 * PAGE));
    show("write", pwrite(memory, "x", 1, 0));
    show("write beyond", pwrite(memory, "x", 1, 8 * PAGE));
    show("punch", fallocate(memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE));
    show_ok("map to write", (long)mmap(nullptr, PAGE, READ_WRITE, MAP_SHARED, memory, 0));
    show_ok("map to read", (long)mmap(nullptr, PAGE, PROT_READ, MAP_SHARED, memory, 0));
    show_ok("map private", (long)mmap(nullptr, PAGE, READ_WRITE, MAP_PRIVATE, memory, 0));
    show("add another", fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK));
    close(memory);
}

static void check_seal_rules(void) {
    int without = memfd_create("x", 0), memory = memfd_create("x", MFD_ALLOW_SEALING);
    ftruncate(memory, PAGE);
    show("not allowed", fcntl(without, F_ADD_SEALS, F_SEAL_WRITE));
    show("seals of one that allows none", fcntl(without, F_GET_SEALS));
    show("unknown seal", fcntl(memory, F_ADD_SEALS, 0x1000));
    void *view = mmap(nullptr, PAGE, READ_WRITE, MAP_SHARED, memory, 0);
    show("mapped to write", fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE));
    show("mapped to write, future only", fcntl(memory, F_ADD_SEALS, SEAL_FUTURE_WRITE));
    say("the old mapping: %s", write_outcome(view));
    munmap(view, PAGE);
    show("unmapped", fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE));
    char *reader = mmap(nullptr, PAGE, PROT_READ, MAP_SHARED, memory, 0);
    show("protect to write", mprotect(reader, PAGE, READ_WRITE));
    int file = scratch_file("file", PAGE), ends[2];
    show("seals of a file", fcntl(file, F_GET_SEALS) >= 0 ? 0 : -1);
    show("a pipe's", pipe(ends) == 0 ? fcntl(ends[0], F_GET_SEALS) : -1);
    show("a closed one's", fcntl(77, F_ADD_SEALS, 0));
}

int main(void) {
    check_creation();
    check_contents();
    check_seal("more seals", F_SEAL_SEAL);
    check_seal("shrinking", F_SEAL_SHRINK);
    check_seal("growing", F_SEAL_GROW);
    check_seal("writing", F_SEAL_WRITE);
    check_seal("future writing", SEAL_FUTURE_WRITE);
    check_seal("execution", SEAL_EXEC);
    check_seal_rules();
}
