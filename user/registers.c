/*
 * Fills the floating-point and vector registers with values of its own and computes without a
 * system call while other processes do the same; exits with status 0 if the values are still there.
 */

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

constexpr unsigned ROUNDS = 20'000'000;
constexpr unsigned COUNT = 16;

/* Loads XMM0 to XMM15, counts down, and stores them again. */
static void run(const uint64_t (*values)[2], uint64_t (*results)[2]) {
    __asm__ volatile("movups 0x00(%0), %%xmm0\n\tmovups 0x10(%0), %%xmm1\n\t"
                     "movups 0x20(%0), %%xmm2\n\tmovups 0x30(%0), %%xmm3\n\t"
                     "movups 0x40(%0), %%xmm4\n\tmovups 0x50(%0), %%xmm5\n\t"
                     "movups 0x60(%0), %%xmm6\n\tmovups 0x70(%0), %%xmm7\n\t"
                     "movups 0x80(%0), %%xmm8\n\tmovups 0x90(%0), %%xmm9\n\t"
                     "movups 0xa0(%0), %%xmm10\n\tmovups 0xb0(%0), %%xmm11\n\t"
                     "movups 0xc0(%0), %%xmm12\n\tmovups 0xd0(%0), %%xmm13\n\t"
                     "movups 0xe0(%0), %%xmm14\n\tmovups 0xf0(%0), %%xmm15\n\t"
                     "movl %2, %%ecx\n"
                     "1:\tdecl %%ecx\n\tjnz 1b\n\t"
                     "movups %%xmm0, 0x00(%1)\n\tmovups %%xmm1, 0x10(%1)\n\t"
                     "movups %%xmm2, 0x20(%1)\n\tmovups %%xmm3, 0x30(%1)\n\t"
                     "movups %%xmm4, 0x40(%1)\n\tmovups %%xmm5, 0x50(%1)\n\t"
                     "movups %%xmm6, 0x60(%1)\n\tmovups %%xmm7, 0x70(%1)\n\t"
                     "movups %%xmm8, 0x80(%1)\n\tmovups %%xmm9, 0x90(%1)\n\t"
                     "movups %%xmm10, 0xa0(%1)\n\tmovups %%xmm11, 0xb0(%1)\n\t"
                     "movups %%xmm12, 0xc0(%1)\n\tmovups %%xmm13, 0xd0(%1)\n\t"
                     "movups %%xmm14, 0xe0(%1)\n\tmovups %%xmm15, 0xf0(%1)\n\t" ::"r"(values),
                     "r"(results), "i"(ROUNDS)
                     : "rcx", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                       "xmm15");
}

int main(void) {
    uint64_t values[COUNT][2];
    uint64_t results[COUNT][2] = {};
    for (unsigned i = 0; i < COUNT; i++) {
        values[i][0] = (uint64_t)getpid() << 32 | i;
        values[i][1] = ~values[i][0];
    }
    run(values, results);
    bool is_same = memcmp(values, results, sizeof(values)) == 0;
    printf("registers of %d: %s\n", getpid(), is_same ? "kept" : "lost");
    return is_same ? 0 : 1;
}
