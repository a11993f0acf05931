/* Rarer flags of mmap, memfd_create, mprotect, mlock and shm*, and every number that madvise could
 * know. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr int ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS;
constexpr int HUGE_2M = 21 << 26;
constexpr int UNINITIALIZED = 0x4000000;

static void *map(void *where, size_t size, int rights, int flags, int file, off_t offset) {
    return (void *)call(mmap, where, size, rights, flags, file, offset);
}

static void show_map(const char *what, size_t size, int flags, int file, off_t offset) {
    void *pages = map(nullptr, size, READ_WRITE, flags, file, offset);
    show_ok(what, pages == MAP_FAILED ? -1 : 0);
    if (pages != MAP_FAILED) {
        munmap(pages, size);
    }
}

static void check_kinds(void) {
    int file = scratch_file("kinds", 2 * PAGE);
    for (int kind = 0; kind < 16; kind++) {
        char what[32];
        if (kind == 8) {
            continue; /* MAP_DROPPABLE, which not every Linux has */
        }
        snprintf(what, sizeof(what), "anonymous, kind %d", kind);
        show_map(what, PAGE, MAP_ANONYMOUS | kind, -1, 0);
        snprintf(what, sizeof(what), "file, kind %d", kind);
        show_map(what, PAGE, kind, file, 0);
    }
    for (int bit = 4; bit < 31; bit++) {
        char what[48];
        if (bit == 5 || bit == 18) {
            continue; /* MAP_ANONYMOUS, MAP_HUGETLB */
        }
        snprintf(what, sizeof(what), "validated, bit %d", bit);
        void *where = (void *)0x20000000;
        void *pages = map(bit == 4 || bit == 20 ? where : nullptr, PAGE, PROT_READ,
                          MAP_SHARED_VALIDATE | 1 << bit, file, 0);
        show_ok(what, pages == MAP_FAILED ? -1 : 0);
    }
    close(file);
}

static void check_huge(void) {
    int file = scratch_file("huge", 2 * PAGE);
    show_map("huge", 2 << 20, ANONYMOUS | MAP_HUGETLB, -1, 0);
    show_map("huge, 2 MiB", 2 << 20, ANONYMOUS | MAP_HUGETLB | HUGE_2M, -1, 0);
    show_map("huge, nothing", 0, ANONYMOUS | MAP_HUGETLB, -1, 0);
    show_map("huge, offset", 2 << 20, ANONYMOUS | MAP_HUGETLB, -1, 5);
    show_map("huge, of a file", 2 << 20, MAP_PRIVATE | MAP_HUGETLB, file, 0);
    show_map("huge, closed file", 2 << 20, MAP_PRIVATE | MAP_HUGETLB, 77, 0);
    show_map("odd size of huge pages", 2 << 20, ANONYMOUS | MAP_HUGETLB | 5 << 26, -1, 0);
    show_map("uninitialized", PAGE, ANONYMOUS | UNINITIALIZED, -1, 0);
    show_map("a size without huge pages", PAGE, ANONYMOUS | HUGE_2M, -1, 0);
    close(file);
}

static void check_growing(void) {
    int file = scratch_file("growing", 2 * PAGE);
    show_map("private file that grows", PAGE, MAP_PRIVATE | MAP_GROWSDOWN, file, 0);
    show_map("shared file that grows", PAGE, MAP_SHARED | MAP_GROWSDOWN, file, 0);
    show_map("shared memory that grows", PAGE, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
    char *area = map(nullptr, 600 * PAGE, PROT_NONE, ANONYMOUS, -1, 0);
    char *middle = area + 500 * PAGE;
    munmap(area, 600 * PAGE);
    char *stack = map(middle, 4 * PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
    show_address("stack", area, stack);
    show("protect from its start", mprotect(stack + 2 * PAGE, PAGE, PROT_READ | PROT_GROWSDOWN));
    say("first %s", write_outcome(stack));
    say("below %s", write_outcome(stack - 1));
    say("last %s", write_outcome(stack + 3 * PAGE));
    show("up", mprotect(stack, PAGE, PROT_READ | PROT_GROWSUP));
    show("down, below it", mprotect(stack - 2 * PAGE, PAGE, READ_WRITE | PROT_GROWSDOWN));
    show("down, nothing", call(mprotect, stack, 0, READ_WRITE | PROT_GROWSDOWN));
    show("down, to rights that are none", call(mprotect, stack, PAGE, 0x80 | PROT_GROWSDOWN));
    close(file);
}

static void check_fixed_failures(void) {
    char *pages = map(nullptr, 4 * PAGE, READ_WRITE, ANONYMOUS, -1, 0);
    int file = scratch_file("fixed", PAGE), reading = open("fixed", O_RDONLY);
    pages[0] = 'k';
    show_address("bad file over it", pages,
                 map(pages, PAGE, READ_WRITE, MAP_SHARED | MAP_FIXED, reading, 0));
    say("kept %c", pages[0]);
    show_address("too large over it", pages,
                 map(pages, 1ul << 46, READ_WRITE, ANONYMOUS | MAP_FIXED, -1, 0));
    say("kept %c", pages[0]);
    show_address("both ways of fixing", pages,
                 map(pages, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED | MAP_FIXED_NOREPLACE, -1, 0));
    show_address("not replaced, nothing", pages,
                 map(pages, 0, READ_WRITE, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    show_address("not replaced, unaligned", pages,
                 map(pages + 1, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    show_address("low, fixed", pages,
                 map(pages, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED | MAP_32BIT, -1, 0));
    void *low = map((void *)0x30000000, PAGE, READ_WRITE, ANONYMOUS | MAP_32BIT, -1, 0);
    say("low, with a hint: %d", (uintptr_t)low < 1ul << 31);
    close(file);
}

static void check_memfd(void) {
    for (int bit = 0; bit < 32; bit++) {
        char what[32];
        if (bit == 2) {
            continue; /* MFD_HUGETLB, which not every Linux has */
        }
        snprintf(what, sizeof(what), "memfd, bit %d", bit);
        int memory = (int)call(memfd_create, "x", 1u << bit);
        show_ok(what, memory);
        close(memory);
    }
    show_ok("memfd, 2 MiB", call(memfd_create, "x", HUGE_2M));
}

static void check_advice(void) {
    for (int advice = -2; advice < 32; advice++) {
        char what[64];
        if (advice == 21 || advice == 25) {
            continue; /* depends on what is free */
        }
        char *pages = map(nullptr, 4 * PAGE, READ_WRITE, ANONYMOUS, -1, 0);
        memset(pages, 'a', 4 * PAGE);
        long result = call(madvise, pages, 2 * PAGE, advice);
        snprintf(what, sizeof(what), "advice %d", advice);
        show(what, result);
        munmap(pages + PAGE, PAGE);
        snprintf(what, sizeof(what), "advice %d over a hole", advice);
        show(what, call(madvise, pages, 4 * PAGE, advice));
        mlock(pages, PAGE);
        snprintf(what, sizeof(what), "advice %d on locked memory", advice);
        show(what, call(madvise, pages, PAGE, advice));
        mprotect(pages, PAGE, PROT_NONE);
        snprintf(what, sizeof(what), "advice %d without rights", advice);
        show(what, call(madvise, pages, PAGE, advice));
        munmap(pages, 4 * PAGE);
    }
    show("poison", call(madvise, map(nullptr, PAGE, READ_WRITE, ANONYMOUS, -1, 0), PAGE, 100));
    show("poison softly",
         call(madvise, map(nullptr, PAGE, READ_WRITE, ANONYMOUS, -1, 0), PAGE, 101));
}

static void check_locking(void) {
    struct rlimit limit = {8 * PAGE, 8 * PAGE};
    setrlimit(RLIMIT_MEMLOCK, &limit);
    show_map("locked, shared", 4 * PAGE, MAP_SHARED | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
    show_map("locked, too large", 9 * PAGE, ANONYMOUS | MAP_LOCKED, -1, 0);
    char *pages = map(nullptr, 16 * PAGE, READ_WRITE, ANONYMOUS | MAP_LOCKED, -1, 0);
    show_ok("locked, twice as much", pages == MAP_FAILED ? -1 : 0);
    pages = map(nullptr, 4 * PAGE, READ_WRITE, ANONYMOUS | MAP_LOCKED, -1, 0);
    show("all, now", call(mlockall, MCL_CURRENT));
    show("all, future and on fault", call(mlockall, MCL_FUTURE | MCL_ONFAULT));
    show_map("then too much", 8 * PAGE, ANONYMOUS, -1, 0);
    show_map("then enough", 2 * PAGE, ANONYMOUS, -1, 0);
    char *grown = mremap(pages, 4 * PAGE, 16 * PAGE, MREMAP_MAYMOVE);
    show_ok("grow beyond", grown == MAP_FAILED ? -1 : 0);
    show("none", call(munlockall));
    show_map("then as much as there is", 64 * PAGE, ANONYMOUS, -1, 0);
    limit = (struct rlimit){0, 8 * PAGE};
    setrlimit(RLIMIT_MEMLOCK, &limit);
    show_map("locked, none allowed", PAGE, ANONYMOUS | MAP_LOCKED, -1, 0);
    show("none allowed, mlock2 of nothing", call(mlock2, pages, 0, 1));
    show("none allowed, unknown flag", call(mlock2, pages, PAGE, 4));
    show("none allowed, all wrongly", call(mlockall, 0));
    show("none allowed, munlock", call(munlock, pages, PAGE));
}

static void check_segment_commands(void) {
    struct shminfo limits = {};
    struct shm_info info = {};
    struct shmid_ds state;
    int segment = shmget(IPC_PRIVATE, 2 * PAGE, 0640);
    show_ok("limits", call(shmctl, 0, IPC_INFO, &limits));
    say("max %lx min %lx count %lx of one %lx all %lx", limits.shmmax, limits.shmmin, limits.shmmni,
        limits.shmseg, limits.shmall);
    show_ok("info", call(shmctl, 0, SHM_INFO, &info));
    say("there are some: %d %d", info.used_ids >= 1, info.shm_tot >= 2);
    show("limits, bad address", call(shmctl, 0, IPC_INFO, nullptr));
    show("info, bad address", call(shmctl, 0, SHM_INFO, nullptr));
    show("info, negative", call(shmctl, -1, SHM_INFO, &info));
    long highest = call(shmctl, 0, SHM_INFO, &info);
    long found = -1;
    for (long slot = 0; slot <= highest && found != segment; slot++) {
        found = call(shmctl, slot, SHM_STAT, &state);
    }
    say("by its slot: %d, size %zu, mode %o", found == segment, state.shm_segsz,
        state.shm_perm.mode);
    show("slot that is none", call(shmctl, 4095, SHM_STAT, &state));
    show("slot that is none, any", call(shmctl, 4095, 15, &state));
    show("lock", call(shmctl, segment, SHM_LOCK, nullptr));
    call(shmctl, segment, IPC_STAT, &state);
    say("locked: mode %o", state.shm_perm.mode);
    show("unlock", call(shmctl, segment, SHM_UNLOCK, nullptr));
    show("lock what is none", call(shmctl, 0x7fffffff, SHM_LOCK, nullptr));
    show("set, bad address", call(shmctl, segment, IPC_SET, 1));
    state.shm_perm.mode = 07777;
    show("set", call(shmctl, segment, IPC_SET, &state));
    call(shmctl, segment, IPC_STAT, &state);
    say("mode %o", state.shm_perm.mode);
    state.shm_perm.uid = (uid_t)-1;
    show("set to nobody", call(shmctl, segment, IPC_SET, &state));
    state.shm_perm.uid = 65534;
    state.shm_perm.mode = 0;
    show("set to no rights", call(shmctl, segment, IPC_SET, &state));
    show("stat without rights", call(shmctl, segment, IPC_STAT, &state));
    show_ok("attach without rights", (long)shmat(segment, nullptr, 0));
    show_ok("attach to read without rights", (long)shmat(segment, nullptr, SHM_RDONLY));
    show("unknown command", call(shmctl, segment, 10, &state));
    show("remove", call(shmctl, segment, IPC_RMID, nullptr));
    show("stat what is removed", call(shmctl, segment, IPC_STAT, &state));
    show("huge", call(shmget, IPC_PRIVATE, 2 << 20, 0600 | SHM_HUGETLB));
    show_ok("not reserved", segment = shmget(IPC_PRIVATE, PAGE, 0600 | SHM_NORESERVE));
    call(shmctl, segment, IPC_RMID, nullptr);
}

static void check_attaching(void) {
    int segment = shmget(IPC_PRIVATE, 2 * PAGE, 0400);
    show_ok("to write", (long)shmat(segment, nullptr, 0));
    char *reading = shmat(segment, nullptr, SHM_RDONLY);
    show_ok("to read", reading == (void *)-1 ? -1 : 0);
    show("protect to write", mprotect(reading, PAGE, READ_WRITE));
    show_ok("to run", (long)shmat(segment, nullptr, SHM_RDONLY | SHM_EXEC));
    show("detach null", shmdt(nullptr));
    show("detach unaligned", shmdt(reading + 1));
    show("detach the kernel", shmdt((void *)0xffff800000000000));
    show_address("null page, rounded", reading, shmat(segment, (void *)1, SHM_RDONLY | SHM_RND));
    show_address("to the kernel", reading, shmat(segment, (void *)0xffff800000000000, SHM_RDONLY));
    show_address("at the top", reading, shmat(segment, (void *)0x7fffffffe000, SHM_RDONLY));
    char *other = map(nullptr, 4 * PAGE, READ_WRITE, ANONYMOUS, -1, 0);
    other[2 * PAGE] = 'o';
    show_address("over the end of what is there", other,
                 shmat(segment, other + 3 * PAGE, SHM_RDONLY));
    show_address("replaced", other, shmat(segment, other, SHM_RDONLY | SHM_REMAP));
    say("the rest stays %c, %s", other[2 * PAGE], write_outcome(other));
    shmctl(segment, IPC_RMID, nullptr);
}

int main(void) {
    check_kinds();
    check_huge();
    check_growing();
    check_fixed_failures();
    check_memfd();
    check_advice();
    show_child("locking", check_locking);
    check_segment_commands();
    check_attaching();
    return 0;
}
