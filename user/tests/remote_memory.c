/* Rarer calls on memory: remap_file_pages, protection keys, process_madvise, cachestat. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr size_t PAGES = 8;
constexpr int COLD = 20;

static char *map_pages(int kind) {
    char *pages = mmap(nullptr, PAGES * PAGE, READ_WRITE, kind | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < PAGES; i++) {
        pages[i * PAGE] = (char)('A' + i);
    }
    return pages;
}

static void check_remapping(void) {
    char *pages = map_pages(MAP_SHARED);
    char *private = map_pages(MAP_PRIVATE);
    show("rights", call(remap_file_pages, pages, PAGE, PROT_READ, 1, 0));
    show("private", call(remap_file_pages, private, PAGE, 0, 1, 0));
    show("not mapped", call(remap_file_pages, nullptr, PAGE, 0, 1, 0));
    show("nothing", call(remap_file_pages, pages, 0, 0, 1, 0));
    show("less than a page", call(remap_file_pages, pages, PAGE - 1, 0, 1, 0));
    show("wraps", call(remap_file_pages, pages, -PAGE, 0, 1, 0));
    show("page wraps", call(remap_file_pages, pages, PAGE, 0, -1ul, 0));
    show("odd flags", call(remap_file_pages, pages, PAGE, 0, 0, 0x12345));
    show("one page", call(remap_file_pages, pages + 3, PAGE + 3, 0, 5, 0));
    say("%c%c", pages[0], pages[PAGE]);
    show("two pages", call(remap_file_pages, pages + 2 * PAGE, 2 * PAGE, 0, 0, 0));
    say("%c%c%c", pages[2 * PAGE], pages[3 * PAGE], pages[4 * PAGE]);
    pages[2 * PAGE] = 'z';
    say("written %c", pages[2 * PAGE]);
    show("over several", call(remap_file_pages, pages, 4 * PAGE, 0, 4, 0));
    say("%c%c%c%c", pages[0], pages[PAGE], pages[2 * PAGE], pages[3 * PAGE]);
    show("behind the end", call(remap_file_pages, pages, PAGE, 0, 100, 0));
    say("%s", read_outcome(pages));
    munmap(pages + 5 * PAGE, PAGE);
    show("over a hole", call(remap_file_pages, pages + 4 * PAGE, 3 * PAGE, 0, 0, 0));
    mprotect(pages + 6 * PAGE, PAGE, PROT_READ);
    show("other rights", call(remap_file_pages, pages + 6 * PAGE, 2 * PAGE, 0, 0, 0));
    show("read only", call(remap_file_pages, pages + 6 * PAGE, PAGE, 0, 1, 0));
    say("%c %s", pages[6 * PAGE], write_outcome(pages + 6 * PAGE));
    int file = scratch_file("file", 4 * PAGE);
    char *shared = mmap(nullptr, 4 * PAGE, READ_WRITE, MAP_SHARED, file, 0);
    show("of a file", call(remap_file_pages, shared, 2 * PAGE, 0, 2, 0));
    say("%c%c%c%c", shared[0], shared[PAGE], shared[2 * PAGE], shared[3 * PAGE]);
}

static void check_keys(void) {
    char *pages = map_pages(MAP_PRIVATE);
    show("no key", call(pkey_mprotect, pages, PAGE, PROT_READ, -1));
    say("%s", write_outcome(pages));
    show("no key, unaligned", call(pkey_mprotect, pages + 1, PAGE, PROT_READ, -1));
    show("a wrong key", call(pkey_mprotect, pages, PAGE, PROT_READ, 16));
    show("a wrong key, nothing", call(pkey_mprotect, pages, 0, PROT_READ, 16));
    show("a wrong key, not mapped", call(pkey_mprotect, nullptr, PAGE, PROT_READ, 16));
    show("a negative key", call(pkey_mprotect, pages, PAGE, PROT_READ, -2));
    show("flags", call(pkey_alloc, 1, 0));
    show("rights", call(pkey_alloc, 0, 16));
    show("free what is none", call(pkey_free, 16));
    show("free -1", call(pkey_free, -1));
}

static long advise(int process, const void *start, size_t size, int advice) {
    const struct iovec part = {(void *)start, size};
    return call(process_madvise, process, &part, 1, advice, 0);
}

static void check_own_advice(void) {
    char *pages = map_pages(MAP_PRIVATE);
    int self = (int)call(pidfd_open, getpid(), 0);
    struct iovec parts[] = {{pages, PAGE}, {pages + 2 * PAGE, 2 * PAGE}, {pages + 5 * PAGE, 1}};
    show("flags", call(process_madvise, self, parts, 3, COLD, 1));
    show("flags, bad", call(process_madvise, -1, nullptr, 3, COLD, 1));
    show("no descriptor", call(process_madvise, -1, parts, 3, COLD, 0));
    show("no process", call(process_madvise, 1, parts, 3, COLD, 0));
    show("no parts", call(process_madvise, self, parts, 0, COLD, 0));
    show("null parts", call(process_madvise, self, nullptr, 1, COLD, 0));
    show("too many parts", call(process_madvise, self, parts, 1025, COLD, 0));
    show("unknown", call(process_madvise, self, parts, 3, 99, 0));
    show("unknown, of nothing", call(process_madvise, self, parts, 0, 99, 0));
    show("cold", call(process_madvise, self, parts, 3, COLD, 0));
    show("don't need", call(process_madvise, self, parts, 3, MADV_DONTNEED, 0));
    say("%d%c%d%d%c%d", pages[0], pages[PAGE], pages[2 * PAGE], pages[3 * PAGE], pages[4 * PAGE],
        pages[5 * PAGE]);
    show("unaligned", advise(self, pages + 1, PAGE, COLD));
    show("not mapped", advise(self, nullptr, PAGE, COLD));
    parts[1].iov_base = nullptr;
    show("the second is not mapped", call(process_madvise, self, parts, 3, COLD, 0));
    parts[1] = (struct iovec){pages, -1ul};
    show("the second is negative", call(process_madvise, self, parts, 3, COLD, 0));
    parts[1] = (struct iovec){(void *)0xffff800000000000, PAGE};
    show("the second is the kernel's", call(process_madvise, self, parts, 3, COLD, 0));
    close(self);
}

static void check_others_advice(void) {
    char *pages = map_pages(MAP_PRIVATE);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    int other = (int)call(pidfd_open, child, 0);
    show("another's, don't need", advise(other, pages, PAGE, MADV_DONTNEED));
    show("another's, unknown", advise(other, pages, PAGE, 99));
    show("another's, cold", advise(other, pages, PAGE, COLD));
    show("another's, will need", advise(other, pages, PAGE, MADV_WILLNEED));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    show("one that is gone", advise(other, pages, PAGE, COLD));
    close(other);
}

struct range {
    uint64_t offset, size;
};

static void show_cache(const char *what, int file, uint64_t offset, uint64_t size) {
    uint64_t counts[5] = {7, 7, 7, 7, 7};
    struct range range = {offset, size};
    long result = syscall(451, file, &range, counts, 0);
    say("%s: %s, %lu %lu %lu %lu %lu", what, result < 0 ? error_name(errno) : "ok", counts[0],
        counts[1], counts[2], counts[3], counts[4]);
}

static void check_cache(void) {
    int memory = memfd_create("memory", 0);
    struct range range = {};
    uint64_t counts[5];
    pwrite(memory, "a", 1, 0);
    pwrite(memory, "b", 1, 3 * PAGE);
    pwrite(memory, "c", 1, 1000 * PAGE);
    ftruncate(memory, (off_t)1 << 40);
    show_cache("all", memory, 0, 0);
    show_cache("a page", memory, 0, 1);
    show_cache("the first four", memory, PAGE - 1, 3 * PAGE);
    show_cache("from the fourth on", memory, 3 * PAGE, 0);
    show_cache("a hole", memory, 4 * PAGE, 900 * PAGE);
    show_cache("behind the end", memory, (uint64_t)1 << 41, 0);
    show_cache("wraps", memory, 3 * PAGE, -1ul);
    show_cache("all there is", memory, 0, -1ul);
    int ends[2];
    pipe(ends);
    show_cache("a pipe, to write", ends[1], 0, 0);
    show_cache("a pipe, to read", ends[0], 0, 0);
    show_cache("no file", -1, 0, 0);
    int path = open(".", O_PATH);
    show_cache("a path", path, 0, 0);
    show("flags", syscall(451, memory, &range, counts, 1));
    show("bad range", syscall(451, memory, 1, counts, 1));
    show("bad counts", syscall(451, memory, &range, 1, 0));
    int null = open("/proc/self/maps", O_RDONLY);
    show_cache("of /proc", null, 0, 0);
}

int main(void) {
    check_remapping();
    check_keys();
    check_own_advice();
    check_others_advice();
    check_cache();
    return 0;
}
