#include "kernel/syscall/versioned.h"

#include "kernel/syscall/user.h"

int64_t copy_in_versioned(void *to, size_t known_bytes, uint64_t address, uint64_t size_bytes) {
    uint64_t common = size_bytes < known_bytes ? size_bytes : known_bytes;
    if (copy_in(to, address, common) != 0) {
        return STATUS_FAULT;
    }
    for (uint64_t at = known_bytes; at < size_bytes; at++) {
        uint8_t byte;
        if (copy_in(&byte, address + at, 1) != 0) {
            return STATUS_FAULT;
        }
        if (byte != 0) {
            return STATUS_TOO_LONG;
        }
    }
    return 0;
}
