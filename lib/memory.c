#include "lib/memory.h"

#include <stdint.h>

/*
 * Words, not bytes: a CPU without fast short string instructions, and QEMU, which counts each
 * iteration as an instruction, take eight times as long over bytes.
 */

static inline void copy_words(void **to, const void **from, size_t word_count) {
    __asm__ volatile("rep movsq" : "+D"(*to), "+S"(*from), "+c"(word_count) : : "memory");
}

static inline void copy_bytes(void *to, const void *from, size_t byte_count) {
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(byte_count) : : "memory");
}

void *memcpy(void *restrict to, const void *restrict from, size_t size_bytes) {
    void *at = to;
    const void *source = from;
    copy_words(&at, &source, size_bytes / 8);
    copy_bytes(at, source, size_bytes % 8);
    return to;
}

/* Downwards, for a target that begins inside the source. `rep` with DF set is slow on every CPU. */
static void copy_backwards(char *to, const char *from, size_t size_bytes) {
    while (size_bytes >= 8) {
        uint64_t word;
        size_bytes -= 8;
        __builtin_memcpy_inline(&word, from + size_bytes, 8);
        __builtin_memcpy_inline(to + size_bytes, &word, 8);
    }
    while (size_bytes > 0) {
        size_bytes--;
        to[size_bytes] = from[size_bytes];
    }
}

void *memmove(void *to, const void *from, size_t size_bytes) {
    if ((uintptr_t)to - (uintptr_t)from >= size_bytes) {
        return memcpy(to, from, size_bytes);
    }
    copy_backwards(to, from, size_bytes);
    return to;
}

void *memset(void *to, int byte, size_t size_bytes) {
    void *at = to;
    uint64_t word = 0x0101010101010101ull * (unsigned char)byte;
    size_t count = size_bytes / 8;
    __asm__ volatile("rep stosq" : "+D"(at), "+c"(count) : "a"(word) : "memory");
    count = size_bytes % 8;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(count) : "a"(word) : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t size_bytes) {
    const unsigned char *left = a;
    const unsigned char *right = b;
    for (size_t i = 0; i < size_bytes; i++) {
        if (left[i] != right[i]) {
            return left[i] - right[i];
        }
    }
    return 0;
}

size_t strlen(const char *text) {
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}

int strncmp(const char *a, const char *b, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; i++) {
        if (a[i] != b[i] || a[i] == '\0') {
            return (unsigned char)a[i] - (unsigned char)b[i];
        }
    }
    return 0;
}

int strcmp(const char *a, const char *b) {
    return strncmp(a, b, SIZE_MAX);
}
