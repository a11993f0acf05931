/* mseal: what it refuses, and what may not be done with sealed memory. */

#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr size_t PAGES = 8;
constexpr long MSEAL = 462;

static char *map_pages(int rights) {
    char *pages = mmap(nullptr, PAGES * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < PAGES; i++) {
        pages[i * PAGE] = (char)('A' + i);
    }
    mprotect(pages, PAGES * PAGE, rights);
    return pages;
}

static long seal(void *start, size_t size) {
    return syscall(MSEAL, start, size, 0);
}

static void check_arguments(void) {
    char *pages = map_pages(READ_WRITE);
    show("flags", syscall(MSEAL, pages, PAGE, 1));
    show("unaligned", seal(pages + 1, PAGE));
    show("nothing", seal(pages, 0));
    show("nothing, anywhere", seal(nullptr, 0));
    show("wraps", seal(pages, -1ul));
    show("wraps round", seal(pages, -(size_t)pages));
    show("the kernel's", seal((void *)0xffff800000000000, PAGE));
    show("not mapped", seal(nullptr, PAGE));
    munmap(pages + 2 * PAGE, PAGE);
    show("over a hole", seal(pages, 4 * PAGE));
    show("so it is not sealed", munmap(pages, PAGE));
    show("part of a page", seal(pages + PAGE, 1));
    show("again", seal(pages + PAGE, PAGE));
}

static void check_places(void) {
    char *pages = map_pages(READ_WRITE);
    show("seal the middle", seal(pages + 2 * PAGE, 2 * PAGE));
    show("unmap it", munmap(pages + 2 * PAGE, PAGE));
    show("unmap all", munmap(pages, PAGES * PAGE));
    say("%c%c", pages[0], pages[7 * PAGE]);
    show("unmap before", munmap(pages, PAGE));
    void *fixed =
        mmap(pages + PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    show_address("map over it", pages, fixed);
    say("%c", pages[PAGE]);
    show_address("grow", pages, mremap(pages + 3 * PAGE, PAGE, 9 * PAGE, MREMAP_MAYMOVE));
    show_address("shrink", pages, mremap(pages + 2 * PAGE, 2 * PAGE, PAGE, 0));
    show_address("stay", pages, mremap(pages + 2 * PAGE, 2 * PAGE, 2 * PAGE, 0));
    void *elsewhere = map_pages(READ_WRITE);
    show_address("move", pages,
                 mremap(pages + 2 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere));
    seal(elsewhere, PAGE);
    show_address("move onto it", pages,
                 mremap(pages + 5 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere));
    say("%c", pages[5 * PAGE]);
    int segment = shmget(IPC_PRIVATE, PAGE, 0600);
    show_address("attach over it", pages, shmat(segment, elsewhere, SHM_REMAP));
    shmctl(segment, IPC_RMID, nullptr);
}

static void check_rights(void) {
    char *pages = map_pages(READ_WRITE);
    seal(pages + 2 * PAGE, 2 * PAGE);
    show("protect", mprotect(pages + 2 * PAGE, PAGE, PROT_READ));
    show("as it is", mprotect(pages + 2 * PAGE, PAGE, READ_WRITE));
    show("over it", mprotect(pages, PAGES * PAGE, PROT_READ));
    say("before: %s", write_outcome(pages));
    say("sealed: %s", write_outcome(pages + 2 * PAGE));
    say("behind: %s", write_outcome(pages + 5 * PAGE));
    show("lock", mlock(pages + 2 * PAGE, PAGE));
    show("unlock", munlock(pages + 2 * PAGE, PAGE));
    show("sync", msync(pages + 2 * PAGE, PAGE, MS_SYNC));
}

static const struct {
    int advice;
    const char *name;
} advices[] = {
    {MADV_DONTNEED, "don't need"},
    {24, "don't need, locked"},
    {MADV_FREE, "free"},
    {MADV_REMOVE, "remove"},
    {MADV_DONTFORK, "don't fork"},
    {MADV_DOFORK, "do fork"},
    {MADV_WIPEONFORK, "wipe on fork"},
    {MADV_KEEPONFORK, "keep on fork"},
    {MADV_WILLNEED, "will need"},
    {20, "cold"},
    {MADV_DONTDUMP, "don't dump"},
    {22, "populate"},
};

static void advise_all(const char *what, char *page) {
    say("%s", what);
    for (size_t i = 0; i < sizeof(advices) / sizeof(*advices); i++) {
        show(advices[i].name, madvise(page, PAGE, advices[i].advice));
    }
}

static void check_advice(void) {
    char *pages = map_pages(READ_WRITE);
    seal(pages, PAGE);
    advise_all("writable", pages);
    pages = map_pages(PROT_READ);
    seal(pages, PAGE);
    advise_all("read only", pages);
    say("%c", pages[0]);
    int file = scratch_file("file", PAGE);
    pages = mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
    seal(pages, PAGE);
    advise_all("private file", pages);
    int memory = memfd_create("memory", 0);
    ftruncate(memory, PAGE);
    pages = mmap(nullptr, PAGE, PROT_READ, MAP_SHARED, memory, 0);
    seal(pages, PAGE);
    advise_all("shared", pages);
}

static char *inherited;

static void use_inherited(void) {
    show("child, unmap", munmap(inherited, PAGE));
    show("child, unmap others", munmap(inherited + PAGE, PAGE));
}

int main(void) {
    check_arguments();
    check_places();
    check_rights();
    check_advice();
    inherited = map_pages(READ_WRITE);
    seal(inherited, PAGE);
    show_child("child", use_inherited);
    char *heap = sbrk(0);
    sbrk(2 * PAGE);
    seal((void *)(((uintptr_t)heap + PAGE - 1) & -PAGE), PAGE);
    show("heap", brk(heap));
    say("stays: %d", (char *)sbrk(0) == heap + 2 * PAGE);
    return 0;
}
