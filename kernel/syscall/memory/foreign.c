#include "kernel/syscall/memory/foreign.h"

#include "kernel/process/process.h"
#include "kernel/process/rights.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/user_transfer.h"
#include "kernel/syscall/user.h"
#include "lib/status.h"
#include "mm/heap/heap.h"

/* man 2 process_vm_readv, process_vm_writev: memory of another process. */

static enum status take_memory(const struct process *process, struct process_memory **memory)
    REQUIRES(process_tree) {
    if (process->memory == nullptr) {
        return STATUS_NO_SUCH_PROCESS;
    }
    if (!may_trace(process)) {
        return STATUS_NOT_PERMITTED;
    }
    *memory = process->memory;
    process_memory_ref(*memory);
    return STATUS_OK;
}

enum status foreign_memory(const struct process *process, struct process_memory **memory) {
    tree_lock();
    enum status status = take_memory(process, memory);
    tree_unlock();
    return status;
}

enum status foreign_memory_find(uint32_t number, struct process_memory **memory) {
    enum status status = STATUS_NO_SUCH_PROCESS;
    tree_lock();
    struct id *id = id_find(number);
    if (id && id->task) {
        status = take_memory(id->task->process, memory);
    }
    tree_unlock();
    return status;
}

/* One direction of copying, through a page. */
struct exchange {
    struct address_space *space;
    struct transfer *local;
    bool is_writing;
    char page[PAGE_SIZE];
};

/* Up to a page; false: a byte was missing on either side. */
static bool move_piece(struct exchange *exchange, uint64_t address, size_t size_bytes,
                       size_t *done_bytes) {
    size_t there;
    if (exchange->is_writing) {
        size_t taken = transfer_take(exchange->local, exchange->page, size_bytes);
        enum status status =
            space_write(exchange->space, virt_addr(address), exchange->page, taken, done_bytes);
        return status == STATUS_OK && taken == size_bytes;
    }
    enum status status =
        space_read(exchange->space, virt_addr(address), exchange->page, size_bytes, &there);
    *done_bytes = transfer_put(exchange->local, exchange->page, there);
    return status == STATUS_OK && *done_bytes == size_bytes;
}

/* One piece of the other's memory; false: it could not be moved as a whole. */
static bool move_vector(struct exchange *exchange, const struct user_vector *vector,
                        uint64_t *total) {
    uint64_t done = 0;
    while (done < vector->size_bytes && exchange->local->left_bytes > 0) {
        uint64_t at = vector->start + done;
        uint64_t left = vector->size_bytes - done;
        uint64_t to_boundary = PAGE_SIZE - at % PAGE_SIZE;
        size_t size_bytes = left < to_boundary ? left : to_boundary;
        size_bytes =
            size_bytes < exchange->local->left_bytes ? size_bytes : exchange->local->left_bytes;
        size_t moved = 0;
        bool is_whole = move_piece(exchange, at, size_bytes, &moved);
        done += moved;
        *total += moved;
        if (!is_whole) {
            return false;
        }
    }
    return true;
}

static int64_t move_all(struct exchange *exchange, const struct user_buffer *remote) {
    uint64_t total = 0;
    for (size_t i = 0; i < remote->count; i++) {
        if (!move_vector(exchange, &remote->vectors[i], &total)) {
            return total > 0 ? (int64_t)total : STATUS_FAULT;
        }
    }
    return (int64_t)total;
}

static int64_t exchange_with(uint32_t number, struct user_buffer *local,
                             const struct user_buffer *remote, bool is_writing) {
    struct process_memory *memory;
    enum status status = foreign_memory_find(number, &memory);
    if (status != STATUS_OK) {
        return status;
    }
    struct exchange *exchange = heap_alloc(sizeof(*exchange));
    int64_t result = STATUS_NO_MEMORY;
    if (exchange) {
        struct transfer transfer = user_transfer(local);
        exchange->space = memory->space;
        exchange->local = &transfer;
        exchange->is_writing = is_writing;
        result = move_all(exchange, remote);
        heap_free(exchange);
    }
    process_memory_unref(memory);
    return result;
}

static int64_t move(const struct trap_frame *frame, bool is_writing) {
    struct user_buffer local;
    struct user_buffer remote;
    if (frame->r9 != 0) {
        return STATUS_INVALID;
    }
    enum status status = user_buffer_gather(&local, frame->rsi, frame->rdx);
    if (status != STATUS_OK) {
        return status;
    }
    status = user_buffer_gather_foreign(&remote, frame->r10, frame->r8);
    int64_t result = status;
    if (status == STATUS_OK) {
        bool is_nothing = local.size_bytes == 0 || remote.size_bytes == 0;
        result = is_nothing ? 0 : exchange_with((uint32_t)frame->rdi, &local, &remote, is_writing);
        user_buffer_release(&remote);
    }
    user_buffer_release(&local);
    return result;
}

int64_t call_process_vm_readv(const struct trap_frame *frame) {
    return move(frame, false);
}

int64_t call_process_vm_writev(const struct trap_frame *frame) {
    return move(frame, true);
}
