/*
 * Calls the kernel with arguments chosen by chance, most of them wrong, and exits with status 0.
 * Whatever the kernel answers is right, as long as it lives and its tables are in order afterwards.
 * Its own code, data and stack lie outside what it plays with.
 */

#include <stdint.h>

constexpr uint64_t ROUNDS = 200'000;
constexpr uint64_t PAGE = 4096;
constexpr uint64_t WINDOW = 0x10000000; /* where it plays */
constexpr uint64_t WINDOW_PAGES = 64;

enum call : uint64_t {
    CALL_READ = 0,
    CALL_WRITE = 1,
    CALL_MMAP = 9,
    CALL_MPROTECT = 10,
    CALL_MUNMAP = 11,
    CALL_BRK = 12,
    CALL_IOCTL = 16,
    CALL_WRITEV = 20,
    CALL_SCHED_YIELD = 24,
    CALL_GETPID = 39,
    CALL_UNAME = 63,
    CALL_ARCH_PRCTL = 158,
    CALL_CLOCK_GETTIME = 228,
    CALL_EXIT_GROUP = 231,
    CALL_PRLIMIT64 = 302,
    CALL_GETRANDOM = 318,
};

static const uint64_t CALLS[] = {
    CALL_READ,       CALL_WRITE,     CALL_MMAP,        CALL_MMAP,          CALL_MMAP,
    CALL_MPROTECT,   CALL_MPROTECT,  CALL_MUNMAP,      CALL_MUNMAP,        CALL_BRK,
    CALL_IOCTL,      CALL_WRITEV,    CALL_SCHED_YIELD, CALL_GETPID,        CALL_UNAME,
    CALL_ARCH_PRCTL, CALL_PRLIMIT64, CALL_GETRANDOM,   CALL_CLOCK_GETTIME, 500,
};

/* Edges of user memory, of the canonical hole, of the kernel's half and of 64 bits. */
static const uint64_t EDGES[] = {
    0,
    1,
    0xffff,
    0x10000,
    0x00007fffffffefff,
    0x00007ffffffff000,
    0x00007fffffffffff,
    0x0000800000000000,
    0xffff7fffffffffff,
    0xffff800000000000,
    0xffffc00000000000,
    0xffffffff80000000,
    0xfffffffffffff000,
    0xffffffffffffffff,
};

static uint64_t state = 0x9e3779b97f4a7c15;

/* xorshift64 */
static uint64_t chance(uint64_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static uint64_t any_address(void) {
    if (chance(4) == 0) {
        return EDGES[chance(sizeof(EDGES) / sizeof(EDGES[0]))];
    }
    uint64_t offset = chance(4) == 0 ? chance(PAGE) : 0;
    return WINDOW + chance(WINDOW_PAGES) * PAGE + offset;
}

/* Nothing that reaches from below the window to the program, or from the window to the stack. */
static uint64_t any_size(uint64_t address) {
    if (address < WINDOW) {
        return chance(16 * PAGE);
    }
    switch (chance(8)) {
    case 0:
        return chance(2) * ~0ull;
    case 1:
        return 1ull << (12 + chance(34));
    case 2:
        return 1ull << 63;
    default:
        return chance(16 * PAGE);
    }
}

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    int64_t result;
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = chance(2) * ~0ull;
    register uint64_t r9 __asm__("r9") = chance(4);
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static void call_by_chance(void) {
    uint64_t number = CALLS[chance(sizeof(CALLS) / sizeof(CALLS[0]))];
    uint64_t address = any_address();
    uint64_t size = any_size(address);
    switch (number) {
    case CALL_MMAP: /* anonymous most of the time, fixed half of it */
        call(number, address, size, chance(9), chance(8) ? 0x22 | chance(2) << 4 : chance(64));
        return;
    case CALL_READ:
    case CALL_WRITE:
    case CALL_WRITEV: /* to descriptors that are closed, or of what cannot be read */
        call(number, chance(8), EDGES[chance(sizeof(EDGES) / sizeof(EDGES[0]))], size, 0);
        return;
    case CALL_IOCTL:
        call(number, chance(4), chance(2) ? 0x5413 : chance(1 << 16), address, 0);
        return;
    case CALL_ARCH_PRCTL:
        call(number, 0x1000 + chance(6), address, 0, 0);
        return;
    default:
        call(number, address, size, chance(9), any_address());
        return;
    }
}

/* The stack is not as a function expects it: nothing called this one. */
[[noreturn, gnu::force_align_arg_pointer]] void _start(void) {
    state += (uint64_t)call(CALL_GETPID, 0, 0, 0, 0);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        call_by_chance();
    }
    for (;;) {
        call(CALL_EXIT_GROUP, 0, 0, 0, 0);
    }
}
