#include "kernel/cpu/user_copy.h"

#include "kernel/cpu/exception_table.h"
#include "mm/addr/layout.h"

/* user_copy.asm */
size_t user_move(void *to, const void *from, size_t size_bytes);
size_t user_clear(void *to, size_t size_bytes);
ptrdiff_t user_move_string(char *to, const char *from, size_t size_bytes);

bool user_read_word(const uint32_t *from, uint32_t *value);
bool user_exchange_word(uint32_t *at, uint32_t *expected, uint32_t next);

/* kernel.ld */
extern const struct exception_entry kernel_exception_table_start[], kernel_exception_table_end[];

bool is_user_memory(virt_addr_t start, size_t size_bytes) {
    return start.value <= USER_END && size_bytes <= USER_END - start.value;
}

size_t user_copy_in(void *to, virt_addr_t from, size_t size_bytes) {
    if (!is_user_memory(from, size_bytes)) {
        return size_bytes;
    }
    return user_move(to, (const void *)from.value, size_bytes);
}

size_t user_copy_out(virt_addr_t to, const void *from, size_t size_bytes) {
    if (!is_user_memory(to, size_bytes)) {
        return size_bytes;
    }
    return user_move((void *)to.value, from, size_bytes);
}

size_t user_copy_zero(virt_addr_t to, size_t size_bytes) {
    if (!is_user_memory(to, size_bytes)) {
        return size_bytes;
    }
    return user_clear((void *)to.value, size_bytes);
}

enum status user_copy_string(char *to, virt_addr_t from, size_t size_bytes, size_t *length) {
    if (from.value >= USER_END) {
        return STATUS_FAULT;
    }
    uint64_t reachable = USER_END - from.value;
    size_t limit = size_bytes < reachable ? size_bytes : reachable;
    ptrdiff_t moved = user_move_string(to, (const char *)from.value, limit);
    if (moved < 0) {
        return STATUS_FAULT;
    }
    if (moved == 0 || to[moved - 1] != '\0') {
        return limit == size_bytes ? STATUS_TOO_LONG : STATUS_FAULT;
    }
    *length = (size_t)moved - 1;
    return STATUS_OK;
}

bool user_copy_word(uint32_t *value, virt_addr_t from) {
    return is_user_memory(from, sizeof(*value)) &&
           user_read_word((const uint32_t *)from.value, value);
}

bool user_compare_exchange(virt_addr_t at, uint32_t *expected, uint32_t next) {
    return is_user_memory(at, sizeof(next)) &&
           user_exchange_word((uint32_t *)at.value, expected, next);
}

static uint64_t find_recovery(const struct trap_frame *frame) {
    size_t count = (size_t)(kernel_exception_table_end - kernel_exception_table_start);
    return exception_table_find(kernel_exception_table_start, count, frame->rip);
}

bool user_copy_is_at(const struct trap_frame *frame) {
    return find_recovery(frame) != 0;
}

bool user_copy_recover(struct trap_frame *frame) {
    uint64_t recovery = find_recovery(frame);
    if (recovery == 0) {
        return false;
    }
    frame->rip = recovery;
    return true;
}
