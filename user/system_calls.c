/*
 * Checks the corner cases of the system calls that Quire has, as Linux behaves; runs on both. Names
 * each check that fails; exits with their number.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static int failure_count;

static void expect(bool condition, const char *what) {
    if (!condition) {
        printf("system_calls: failed: %s (errno %d)\n", what, errno);
        failure_count++;
    }
}

static bool fails_with(long result, int error) {
    return result == -1 && errno == error;
}

static void *map(void *where, size_t size, int rights, int flags) {
    return mmap(where, size, rights, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static void check_bad_pointers(void) {
    void *kernel = (void *)0xffffffff80000000;
    struct iovec bad = {kernel, 1};
    expect(fails_with(syscall(SYS_write, 1, kernel, 1), EFAULT), "write from the kernel");
    expect(fails_with(syscall(SYS_write, 1, kernel, 0), EFAULT), "write of nothing in the kernel");
    expect(fails_with(syscall(SYS_getrandom, kernel, 0, 0), EFAULT), "no randomness to the kernel");
    expect(fails_with(syscall(SYS_write, 1, (void *)8, 1), EFAULT), "write from the null guard");
    expect(fails_with(syscall(SYS_write, 1, (void *)0x800000000000, 1), EFAULT),
           "write from a non-canonical address");
    expect(fails_with(syscall(SYS_writev, 1, &bad, 1), EFAULT), "writev from the kernel");
    expect(fails_with(syscall(SYS_writev, 1, kernel, 1), EFAULT), "writev of the kernel's vector");
    expect(fails_with(syscall(SYS_uname, kernel), EFAULT), "uname to the kernel");
    expect(fails_with(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (void *)8), EFAULT),
           "clock_gettime to the null guard");
}

static void check_descriptors(void) {
    char byte;
    struct winsize size;
    expect(fails_with(write(42, "x", 1), EBADF), "write to a closed descriptor");
    expect(fails_with(syscall(SYS_read, 42, &byte, 1), EBADF), "read from a closed descriptor");
    expect(fails_with(ioctl(42, TIOCGWINSZ, &size), EBADF), "ioctl of a closed descriptor");
    expect(write(1, "x", 0) == 0, "write of nothing");
    expect(fails_with(syscall(SYS_writev, 1, nullptr, -1), EINVAL), "writev of -1 parts");
}

static void check_memory(void) {
    const size_t page = 4096;
    char *memory = map(nullptr, 4 * page, PROT_READ | PROT_WRITE, 0);
    expect(memory != MAP_FAILED, "mmap");
    expect(memory[0] == 0 && memory[4 * page - 1] == 0, "new memory is zero");
    memset(memory, 0x5a, 4 * page);
    expect(munmap(memory + page, page) == 0, "munmap in the middle");
    expect(fails_with(syscall(SYS_write, 1, memory + page, 1), EFAULT), "write from what is gone");
    expect(mprotect(memory + 2 * page, page, PROT_NONE) == 0, "mprotect to none");
    expect(fails_with(syscall(SYS_write, 1, memory + 2 * page, 1), EFAULT), "write from no access");
    expect(mprotect(memory + 2 * page, page, PROT_READ) == 0, "mprotect back");
    expect(memory[2 * page] == 0x5a, "contents survive PROT_NONE");
    expect(fails_with(mprotect(memory, 2 * page, PROT_READ), ENOMEM), "mprotect over a hole");
    expect(map(memory, page, PROT_READ, MAP_FIXED) == memory && memory[0] == 0, "MAP_FIXED");
    expect(fails_with((long)map(memory, page, PROT_READ, MAP_FIXED_NOREPLACE), EEXIST),
           "MAP_FIXED_NOREPLACE over something");
    expect(munmap(memory, 4 * page) == 0, "munmap of all with a hole");
    expect(fails_with((long)map(nullptr, 0, PROT_READ, 0), EINVAL), "mmap of nothing");
    expect(fails_with((long)map(nullptr, 1ul << 62, PROT_READ, 0), ENOMEM), "mmap of too much");
    expect(fails_with((long)map((void *)1, page, PROT_READ, MAP_FIXED), EINVAL), "mmap unaligned");
    expect(fails_with(munmap((void *)1, page), EINVAL), "munmap unaligned");
    expect(fails_with(syscall(SYS_mprotect, 1, page, PROT_READ), EINVAL), "mprotect unaligned");
}

/* Pages come with their first use, whoever uses them. */
static void check_unused_memory(void) {
    const size_t page = 4096;
    char *memory = map(nullptr, 8 * page, PROT_READ | PROT_WRITE, 0);
    expect(syscall(SYS_getrandom, memory + page - 8, 16, 0) == 16, "getrandom to unused pages");
    expect(syscall(SYS_writev, 1, memory + 3 * page - 8, 1) == 0, "writev of an unused vector");
    expect(uname((struct utsname *)(memory + 4 * page - 8)) == 0, "uname to unused pages");
    expect(mprotect(memory + 6 * page, page, PROT_READ) == 0, "mprotect of an unused page");
    expect(fails_with(syscall(SYS_uname, memory + 6 * page), EFAULT), "uname to unused constants");
    expect(memory[6 * page] == 0, "unused constants are zero");
    expect(mprotect(memory + 6 * page, 2 * page, PROT_NONE) == 0, "mprotect to none");
    expect(mprotect(memory + 6 * page, 2 * page, PROT_READ | PROT_WRITE) == 0, "mprotect back");
    memory[6 * page] = 1;
    expect(memory[6 * page] == 1 && memory[6 * page + 1] == 0, "a write after a read");
    expect(memory[8 * page - 1] == 0, "unused memory is zero after PROT_NONE");
    munmap(memory, 8 * page);
}

/* One instruction may need many pages, and faults for each. */
static void check_instructions_that_fault_often(void) {
    const size_t page = 4096;
    char *memory = map(nullptr, 8 * page, PROT_READ | PROT_WRITE, 0);
    char *from = memory + page - 4;
    char *to = memory + 3 * page - 4;
    __asm__ volatile("movsq" : "+S"(from), "+D"(to)::"memory");
    expect(from == memory + page + 4 && to == memory + 3 * page + 4, "movsq over four pages");
    char *code = memory + 4 * page; /* of the first page the last bytes are run: zeroes */
    char *counter = memory + 7 * page - 1;
    code[page] = (char)0xc3; /* ret */
    expect(mprotect(code, 2 * page, PROT_READ | PROT_EXEC) == 0, "mprotect to code");
    __asm__ volatile("movq %0, %%rax\n\tcallq *%1" /* addb %%al, (%%rax) */
                     ::"r"(counter),
                     "r"(code + page - 2)
                     : "rax", "memory", "cc");
    expect(*counter == (char)(uintptr_t)counter, "addb from an unused page to another");
    munmap(memory, 8 * page);
}

/* Where several arguments are wrong, Linux's order decides which error it is. */
static void check_bad_ranges(void) {
    const size_t page = 4096, huge = 1ul << 62;
    const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    void *top = (void *)0x7ffffffff000;
    expect(fails_with(syscall(SYS_mmap, 0, page, 1, anonymous, -1, 1), EINVAL),
           "mmap at an unaligned offset");
    expect(fails_with(syscall(SYS_mmap, 1, huge, 1, anonymous | MAP_FIXED, -1, 0), ENOMEM),
           "mmap of too much, unaligned");
    expect(fails_with(syscall(SYS_mmap, top, 1, 1, anonymous | MAP_FIXED, -1, 0), ENOMEM),
           "mmap of the byte above user memory");
    expect(fails_with(syscall(SYS_mmap, 0, huge, 1, MAP_ANONYMOUS, -1, 0), ENOMEM),
           "mmap of too much, neither private nor shared");
    expect(fails_with(syscall(SYS_mmap, 0, page, 1, MAP_ANONYMOUS, -1, 0), EINVAL),
           "mmap neither private nor shared");
    expect(mprotect(nullptr, 0, 0x80) == 0, "mprotect of nothing to rights that are none");
    expect(fails_with(syscall(SYS_mprotect, page, -page, 0x80), ENOMEM), "mprotect wraps");
    expect(fails_with(syscall(SYS_mprotect, page, -2 * page, 0x80), EINVAL),
           "mprotect to rights that are none");
    expect(fails_with(munmap(nullptr, 0), EINVAL), "munmap of nothing");
    expect(fails_with(syscall(SYS_munmap, page, -page), EINVAL), "munmap wraps");
}

static void check_writev(void) {
    void *kernel = (void *)0xffffffff80000000;
    struct iovec bad_address[2] = {{"x", 1}, {kernel, 1}};
    struct iovec bad_size[2] = {{"x", 1}, {"x", SIZE_MAX}};
    expect(fails_with(syscall(SYS_writev, 1, bad_address, 2), EFAULT),
           "writev of a good part and one of the kernel's");
    expect(fails_with(syscall(SYS_writev, 1, bad_size, 2), EINVAL),
           "writev of a good part and one of a negative size");
}

static void check_brk(void) {
    uintptr_t start = (uintptr_t)syscall(SYS_brk, 0);
    expect((uintptr_t)syscall(SYS_brk, start + 10'000) == start + 10'000, "brk up");
    memset((void *)start, 1, 10'000);
    expect((uintptr_t)syscall(SYS_brk, start) == start, "brk down");
    expect((uintptr_t)syscall(SYS_brk, start + 100) == start + 100, "brk up again");
    expect(*(char *)start == 0, "memory that brk gave back is zero when it comes again");
    expect((uintptr_t)syscall(SYS_brk, 1) == start + 100, "brk below the heap");
    expect((uintptr_t)syscall(SYS_brk, ~0ul) == start + 100, "brk into the kernel");
    expect((uintptr_t)syscall(SYS_brk, start) == start, "brk down again");
}

static void check_rest(void) {
    struct utsname name;
    struct timespec before, after;
    uint64_t random[2] = {};
    expect(uname(&name) == 0 && strcmp(name.machine, "x86_64") == 0, "uname");
    expect(getpid() > 0, "getpid");
    expect(clock_gettime(CLOCK_MONOTONIC, &before) == 0, "clock_gettime");
    expect(clock_gettime(CLOCK_MONOTONIC, &after) == 0 &&
               (after.tv_sec > before.tv_sec ||
                (after.tv_sec == before.tv_sec && after.tv_nsec >= before.tv_nsec)),
           "time does not go back");
    expect(fails_with(syscall(SYS_clock_gettime, 99, &after), EINVAL), "clock 99");
    expect(getrandom(random, sizeof(random), 0) == sizeof(random) && random[0] != random[1],
           "getrandom");
    expect(fails_with(syscall(SYS_getrandom, random, 8, 0x80), EINVAL), "getrandom with bad flags");
    expect(fails_with(syscall(5000), ENOSYS), "a call that no kernel has");
    expect(fails_with(syscall(-1), ENOSYS), "call number -1");
    expect(syscall(1l << 32 | SYS_getpid) == getpid(), "a number is 32 bits");
    expect(syscall(SYS_arch_prctl, 1l << 32 | 0x1003, random) == 0,
           "an arch_prctl code is 32 bits");
    expect(fails_with(syscall(SYS_arch_prctl, 0x1002, 0x0000800000000000), EPERM),
           "arch_prctl to a non-canonical address");
}

int main(void) {
    check_bad_pointers();
    check_descriptors();
    check_memory();
    check_unused_memory();
    check_instructions_that_fault_often();
    check_bad_ranges();
    check_writev();
    check_brk();
    check_rest();
    printf("system_calls: %d checks failed\n", failure_count);
    return failure_count;
}
