#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/cpu/user_copy.h"
#include "lib/status.h"

/* Structures that go to and from user memory. */

/* 0 or STATUS_FAULT. */
static inline int64_t copy_out(uint64_t to, TRUSTED const void *from, size_t size_bytes) {
    return user_copy_out(virt_addr(to), from, size_bytes) == 0 ? 0 : STATUS_FAULT;
}

static inline int64_t copy_in(void *to, uint64_t from, size_t size_bytes) {
    return user_copy_in(to, virt_addr(from), size_bytes) == 0 ? 0 : STATUS_FAULT;
}
