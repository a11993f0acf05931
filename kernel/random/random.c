#include "kernel/random/random.h"

#include <stdint.h>

#include "kernel/cpu/cpu.h"

constexpr uint32_t CPUID_RDRAND = 1u << 30; /* CPUID.1:ECX */
constexpr unsigned TRY_COUNT = 10;

static bool read_generator(uint64_t *value) {
    bool is_valid;
    __asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(is_valid));
    return is_valid;
}

static enum status random_word(uint64_t *value) {
    for (unsigned i = 0; i < TRY_COUNT; i++) {
        if (read_generator(value)) {
            return STATUS_OK;
        }
    }
    return STATUS_TRY_AGAIN;
}

static size_t copy_word(uint8_t *to, size_t size_bytes, uint64_t word) {
    size_t length = size_bytes < sizeof(word) ? size_bytes : sizeof(word);
    __builtin_memcpy(to, &word, length);
    return length;
}

enum status random_fill(void *bytes, size_t size_bytes) {
    if (!(cpu_id(1, 0).ecx & CPUID_RDRAND)) {
        return STATUS_NOT_IMPLEMENTED;
    }
    for (size_t done = 0; done < size_bytes;) {
        uint64_t word;
        enum status status = random_word(&word);
        if (status != STATUS_OK) {
            return status;
        }
        done += copy_word((uint8_t *)bytes + done, size_bytes - done, word);
    }
    return STATUS_OK;
}

/* Multiplication spreads the low bits of the time, which differ most, over the word. */
void random_fill_weakly(void *bytes, size_t size_bytes) {
    uint64_t word = cpu_read_tsc();
    for (size_t done = 0; done < size_bytes;) {
        word = (word ^ word >> 29) * 0x9e3779b97f4a7c15;
        done += copy_word((uint8_t *)bytes + done, size_bytes - done, word);
    }
}
