/*
 * Takes memory, a MiB at a time, until the kernel has no more, and gives it back; twice, and as
 * much the second time. Exits with status 0 if so. Not for a Linux that overcommits.
 */

#include <stdio.h>
#include <sys/mman.h>

constexpr size_t PIECE = 1 << 20;
constexpr int COUNT_MAX = 1 << 16;

static void *pieces[COUNT_MAX];

static int take_all(void) {
    int count = 0;
    while (count < COUNT_MAX) {
        void *piece =
            mmap(nullptr, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (piece == MAP_FAILED) {
            break;
        }
        *(volatile char *)piece = 1;
        pieces[count++] = piece;
    }
    return count;
}

static void give_back(int count) {
    for (int i = 0; i < count; i++) {
        munmap(pieces[i], PIECE);
    }
}

int main(void) {
    int first = take_all();
    give_back(first);
    int second = take_all();
    give_back(second);
    printf("greedy: %d MiB, then %d MiB\n", first, second);
    return first > 0 && first == second ? 0 : 1;
}
