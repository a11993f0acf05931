#include "kernel/files/file/file.h"
#include "kernel/process/pidfd.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/user_transfer.h"
#include "kernel/syscall/memory/advice.h"
#include "kernel/syscall/memory/foreign.h"
#include "lib/status.h"

/* man 2 process_madvise. */

static enum status find_memory(uint64_t descriptor, struct process_memory **memory) {
    struct file *file;
    enum status status = open_file(descriptor, &file);
    if (status != STATUS_OK) {
        return status;
    }
    const struct process *process = pidfd_process(file);
    status = process ? foreign_memory(process, memory) : STATUS_BAD_DESCRIPTOR;
    file_unref(file);
    return status;
}

/* Of another's memory only what changes nothing but its speed, and by root alone. */
static enum status check_advice(const struct process_memory *memory, uint32_t advice) {
    if (memory == process_current()->memory) {
        return STATUS_OK;
    }
    if (!advice_is_for_others(advice)) {
        return STATUS_INVALID;
    }
    return process_has_capabilities() ? STATUS_OK : STATUS_NOT_PERMITTED;
}

/* How many bytes were advised on; an error only where the first piece has one. */
static int64_t advise_pieces(struct address_space *space, const struct user_buffer *pieces,
                             uint32_t advice) {
    int64_t total = 0;
    uint64_t left = pieces->size_bytes;
    for (size_t i = 0; i < pieces->count && left > 0; i++) {
        const struct user_vector *piece = &pieces->vectors[i];
        uint64_t size_bytes = piece->size_bytes < left ? piece->size_bytes : left;
        int64_t status = size_bytes == 0 ? 0 : advise(space, piece->start, size_bytes, advice);
        if (status != STATUS_OK) {
            return total > 0 ? total : status;
        }
        total += (int64_t)size_bytes;
        left -= size_bytes;
    }
    return total;
}

int64_t call_process_madvise(const struct trap_frame *frame) {
    uint32_t advice = (uint32_t)frame->r10;
    struct user_buffer pieces;
    struct process_memory *memory;
    if ((uint32_t)frame->r8 != 0) {
        return STATUS_INVALID;
    }
    enum status status = user_buffer_gather(&pieces, frame->rsi, frame->rdx);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = find_memory(frame->rdi, &memory);
    if (result == STATUS_OK) {
        result = check_advice(memory, advice);
        result = result == STATUS_OK ? advise_pieces(memory->space, &pieces, advice) : result;
        process_memory_unref(memory);
    }
    user_buffer_release(&pieces);
    return result;
}
