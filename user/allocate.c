/*
 * Uses the heap as programs do: small and large blocks from malloc (brk and mmap), grown by realloc
 * and freed, each filled with a pattern that is checked. Exits with status 0 if all of it held.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t SIZES[] = {1, 24, 1000, 5000, 100'000, 300'000, 1'000'000};
constexpr int COUNT = sizeof(SIZES) / sizeof(SIZES[0]);

static bool holds(const unsigned char *block, size_t size, unsigned char pattern) {
    for (size_t i = 0; i < size; i++) {
        if (block[i] != pattern) {
            return false;
        }
    }
    return true;
}

int main(void) {
    unsigned char *blocks[COUNT];
    for (int i = 0; i < COUNT; i++) {
        blocks[i] = malloc(SIZES[i]);
        if (!blocks[i]) {
            printf("allocate: no %zu bytes\n", SIZES[i]);
            return 1;
        }
        memset(blocks[i], i + 1, SIZES[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        unsigned char *grown = realloc(blocks[i], 2 * SIZES[i]);
        if (!grown || !holds(grown, SIZES[i], (unsigned char)(i + 1))) {
            printf("allocate: %zu bytes did not survive realloc\n", SIZES[i]);
            return 2;
        }
        free(grown);
    }
    printf("allocate: %d blocks held their contents\n", COUNT);
    return 0;
}
