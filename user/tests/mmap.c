/* mmap: each flag, and each error of man 2 mmap in the order in which Linux finds them. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "user/tests/report.h"

constexpr int ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS;
constexpr int READ_WRITE = PROT_READ | PROT_WRITE;

static char *base;

static void *map(void *where, size_t size, int rights, int flags, int file, off_t offset) {
    return (void *)call(mmap, where, size, rights, flags, file, offset);
}

static void check_arguments(void) {
    void *top = (void *)0x7ffffffff000;
    show_address("no bytes", base, map(nullptr, 0, PROT_READ, ANONYMOUS, -1, 0));
    show_address("all bytes", base, map(nullptr, -1ul, PROT_READ, ANONYMOUS, -1, 0));
    show_address("too many", base, map(nullptr, 1ul << 47, PROT_READ, ANONYMOUS, -1, 0));
    show_address("unaligned", base, map(base + 1, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0));
    show_address("no kind", base, map(nullptr, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
    show_address("offset", base, map(nullptr, PAGE, PROT_READ, ANONYMOUS, -1, 1));
    show_address("top", base, map(top, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0));
    show_address("kernel", base, map((void *)-PAGE, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0));
    show_address("null", base, map(nullptr, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0));
    show_address("closed file", base, map(nullptr, PAGE, PROT_READ, MAP_PRIVATE, 77, 0));
    show_address("closed file, but anonymous", base,
                 map(base, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED, 77, 0));
}

static void check_fixed(void) {
    strcpy(base + PAGE, "old");
    show_address("fixed", base, map(base + PAGE, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED, -1, 0));
    say("what was there is gone: %d", base[PAGE] == 0);
    show_address("fixed, no replacement", base,
                 map(base, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    munmap(base + 3 * PAGE, PAGE);
    show_address("overlap at the end", base,
                 map(base + 3 * PAGE, 2 * PAGE, PROT_READ, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    show_address("into the hole", base,
                 map(base + 3 * PAGE, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    munmap(base + 5 * PAGE, 2 * PAGE);
    show_address("a hint that is free", base,
                 map(base + 5 * PAGE, PAGE, READ_WRITE, ANONYMOUS, -1, 0));
    show_address("a hint that is rounded", base,
                 map(base + 6 * PAGE + 5, 10, READ_WRITE, ANONYMOUS, -1, 0));
    void *elsewhere = map(base, PAGE, READ_WRITE, ANONYMOUS, -1, 0);
    say("a hint that is taken: elsewhere %d", elsewhere != base && elsewhere != MAP_FAILED);
    munmap(elsewhere, PAGE);
    void *low = map(nullptr, PAGE, READ_WRITE, ANONYMOUS | MAP_32BIT, -1, 0);
    say("32 bits: %d", (uintptr_t)low < 1ul << 31);
    munmap(low, PAGE);
}

static void check_rights(void) {
    const char *names[] = {"none", "r", "w", "rw", "x", "rx", "wx", "rwx"};
    for (int rights = 0; rights < 8; rights++) {
        char *page = map(nullptr, PAGE, rights, ANONYMOUS, -1, 0);
        const char *reading = read_outcome(page);
        say("%s: read %s", names[rights], reading);
        say("%s: write %s", names[rights], write_outcome(page));
        munmap(page, PAGE);
    }
    show_ok("rights that are none", (long)map(nullptr, PAGE, 0x80, ANONYMOUS, -1, 0));
}

static void check_file_rights(void) {
    int both = scratch_file("both", 2 * PAGE), reading = open("both", O_RDONLY),
        writing = open("both", O_WRONLY), path = open("both", O_PATH),
        directory = open(".", O_RDONLY);
    show_ok("read, shared, rw", (long)map(nullptr, PAGE, READ_WRITE, MAP_SHARED, reading, 0));
    show_ok("read, private, rw", (long)map(nullptr, PAGE, READ_WRITE, MAP_PRIVATE, reading, 0));
    show_ok("write, shared, w", (long)map(nullptr, PAGE, PROT_WRITE, MAP_SHARED, writing, 0));
    show_ok("write, private, r", (long)map(nullptr, PAGE, PROT_READ, MAP_PRIVATE, writing, 0));
    show_ok("path", (long)map(nullptr, PAGE, PROT_READ, MAP_PRIVATE, path, 0));
    show_ok("directory", (long)map(nullptr, PAGE, PROT_READ, MAP_PRIVATE, directory, 0));
    show_ok("offset unaligned", (long)map(nullptr, PAGE, PROT_READ, MAP_PRIVATE, both, 100));
    show_ok("offset too far", (long)map(nullptr, 2 * PAGE, PROT_READ, MAP_PRIVATE, both, -PAGE));
    show_ok("no kind", (long)map(nullptr, PAGE, PROT_READ, 0, both, 0));
    show_ok("validated", (long)map(nullptr, PAGE, PROT_READ, MAP_SHARED_VALIDATE, both, 0));
    show_ok("validated, unknown flag",
            (long)map(nullptr, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 1 << 22, both, 0));
    show_ok("synchronous",
            (long)map(nullptr, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, both, 0));
    show_ok("unknown flag", (long)map(nullptr, PAGE, PROT_READ, MAP_PRIVATE | 1 << 22, both, 0));
    int device = open("/dev/null", O_RDWR), ends[2];
    show_ok("/dev/null", (long)map(nullptr, PAGE, PROT_READ, MAP_PRIVATE, device, 0));
    show_ok("pipe",
            pipe(ends) == 0 ? (long)map(nullptr, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0) : -1);
}

static void check_file_contents(void) {
    int file = scratch_file("contents", 2 * PAGE + 100);
    char *shared = map(nullptr, 4 * PAGE, READ_WRITE, MAP_SHARED, file, 0);
    char *private = map(nullptr, 4 * PAGE, READ_WRITE, MAP_PRIVATE, file, 0);
    char *second = map(nullptr, PAGE, PROT_READ, MAP_SHARED, file, PAGE), byte;
    say("contents: %c %c %c %c", shared[0], shared[PAGE], shared[2 * PAGE], second[0]);
    say("after the end of the file: %d", shared[2 * PAGE + 100]);
    const char *beyond = read_outcome(shared + 3 * PAGE);
    say("a page after the end: %s", beyond);
    private[0] = 'P';
    shared[PAGE] = 'S';
    say("private is private: %c, shared is shared: %c %c", shared[0], second[0], private[PAGE]);
    private[PAGE + 1] = 'Q';
    shared[PAGE] = 'T';
    say("a page that was copied stays: %c", private[PAGE]);
    show("pread", pread(file, &byte, 1, PAGE));
    say("the file has what was stored: %c", byte);
    show("pwrite", pwrite(file, "W", 1, 2 * PAGE));
    say("the mapping has what was written: %c", shared[2 * PAGE]);
    show_ok("shorter", ftruncate(file, PAGE));
    say("cut off: %s", read_outcome(shared + PAGE));
    say("cut off, copied before: %s", read_outcome(private + PAGE));
    show_ok("longer", ftruncate(file, 4 * PAGE));
    say("new: %d %d", shared[PAGE], shared[3 * PAGE]);
    close(file);
    say("closed: %c %s", shared[0], write_outcome(shared));
}

static void check_shared_anonymous(void) {
    char *shared = map(nullptr, 2 * PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *private = map(nullptr, 2 * PAGE, READ_WRITE, ANONYMOUS | MAP_POPULATE, -1, 0);
    pid_t child = fork();
    if (child == 0) {
        shared[0] = 's';
        private[0] = 'p';
        _exit(0);
    }
    show_end("child", child);
    say("shared %c, private %d", shared[0], private[0]);
    int zero = open("/dev/zero", O_RDWR);
    char *zeroes = map(nullptr, PAGE, READ_WRITE, MAP_SHARED, zero, 0);
    say("/dev/zero: %d %s", zeroes[5], write_outcome(zeroes));
}

static void check_hints(void) {
    const struct {
        int flag;
        const char *name;
    } hints[] = {{MAP_NORESERVE, "noreserve"}, {MAP_STACK, "stack"}, {MAP_POPULATE, "populate"},
                 {MAP_NONBLOCK, "nonblock"},   {0x800, "denywrite"}, {0x1000, "executable"}};
    for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++) {
        char *page = map(nullptr, PAGE, READ_WRITE, ANONYMOUS | hints[i].flag, -1, 0);
        say("%s: %s", hints[i].name, page == MAP_FAILED ? error_name(errno) : write_outcome(page));
        munmap(page, PAGE);
    }
    char *stack =
        map(base + 8 * PAGE, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
    munmap(base, 8 * PAGE);
    show_address("grows down", base, stack);
    say("grown: %s", write_outcome(stack - 1));
}

static void limited(void) {
    struct rlimit space = {64 << 20, 64 << 20};
    setrlimit(RLIMIT_AS, &space);
    show_ok("within RLIMIT_AS", (long)map(nullptr, 16 << 20, PROT_READ, ANONYMOUS, -1, 0));
    show_ok("beyond RLIMIT_AS", (long)map(nullptr, 64 << 20, PROT_READ, ANONYMOUS, -1, 0));
    struct rlimit locked = {8 * PAGE, 8 * PAGE};
    setrlimit(RLIMIT_MEMLOCK, &locked);
    show_ok("locked", (long)map(nullptr, 4 * PAGE, READ_WRITE, ANONYMOUS | MAP_LOCKED, -1, 0));
    show_ok("locked, too much",
            (long)map(nullptr, 16 * PAGE, READ_WRITE, ANONYMOUS | MAP_LOCKED, -1, 0));
}

int main(void) {
    base = map(nullptr, 16 * PAGE, READ_WRITE, ANONYMOUS, -1, 0);
    check_arguments();
    check_fixed();
    check_rights();
    check_file_rights();
    check_file_contents();
    check_shared_anonymous();
    show_child("limits", limited);
    check_hints();
}
