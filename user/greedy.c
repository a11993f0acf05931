/*
 * Maps far more memory than there is, and writes to one page after the other until the kernel has
 * no more and ends it. Exits with status 1 or 2 where it is told so instead. Not for a Linux that
 * has something to lose.
 */

#include <sys/mman.h>

constexpr size_t SIZE = (size_t)1 << 40;
constexpr size_t PAGE = 4096;

int main(void) {
    char *memory = mmap(nullptr, SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return 1;
    }
    for (size_t at = 0; at < SIZE; at += PAGE) {
        *(volatile char *)(memory + at) = 1;
    }
    return 2;
}
