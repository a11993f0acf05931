#include "kernel/syscall/memory/nodes.h"

#include "kernel/cpu/user_copy.h"
#include "kernel/syscall/user.h"
#include "mm/addr/addr.h"

constexpr uint64_t WORD_BITS = 64;

/* Of a word of the set, what is below its `bit_count`. */
static uint64_t bits_of_word(uint64_t word, uint64_t index, uint64_t bit_count) {
    uint64_t left = bit_count - index * WORD_BITS;
    return left < WORD_BITS ? word & ((1ull << left) - 1) : word;
}

static enum status note_word(struct node_set *nodes, uint64_t word, uint64_t index,
                             uint64_t bit_count) {
    if (index >= NODE_COUNT_MAX / WORD_BITS) {
        return word != 0 ? STATUS_INVALID : STATUS_OK;
    }
    uint64_t bits = bits_of_word(word, index, bit_count);
    if (index == 0) {
        nodes->first = bits;
    } else {
        nodes->has_more = nodes->has_more || bits != 0;
    }
    return STATUS_OK;
}

enum status node_set_read(uint64_t address, uint64_t bit_count, struct node_set *nodes) {
    uint64_t bits = bit_count - 1;
    enum status status = STATUS_OK;
    *nodes = (struct node_set){};
    if (bits == 0 || address == 0) {
        return STATUS_OK;
    }
    if (bits > PAGE_SIZE * 8) {
        return STATUS_INVALID;
    }
    uint64_t index = (bits + WORD_BITS - 1) / WORD_BITS;
    while (status == STATUS_OK && index-- > 0) {
        uint64_t word;
        bool is_read = copy_in(&word, address + index * sizeof(word), sizeof(word)) == 0;
        status = is_read ? note_word(nodes, word, index, bits) : STATUS_FAULT;
    }
    return status;
}

enum status node_set_write(uint64_t address, uint64_t bit_count, uint64_t first) {
    uint64_t room = align_up(bit_count - 1, WORD_BITS) / 8;
    if (room == 0) {
        return STATUS_OK;
    }
    if (room > PAGE_SIZE) {
        return STATUS_INVALID;
    }
    size_t rest = room - sizeof(first);
    if (rest > 0 && user_copy_zero(virt_addr(address + sizeof(first)), rest) != 0) {
        return STATUS_FAULT;
    }
    return copy_out(address, &first, sizeof(first)) == 0 ? STATUS_OK : STATUS_FAULT;
}
