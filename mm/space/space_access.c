#include "lib/check.h"
#include "mm/platform.h"
#include "mm/space/address_space.h"
#include "mm/space/fault_resolve.h"
#include "mm/space/space_private.h"

enum transfer_kind : uint8_t { TRANSFER_READ, TRANSFER_WRITE, TRANSFER_LOAD };

/* One copy between a buffer and user memory, a page at a time. */
struct transfer {
    enum transfer_kind kind;
    virt_addr_t va;
    void *read_to; /* one of the two is null */
    const void *write_from;
    size_t size_bytes;
    size_t done_bytes;
};

static enum status resolve(struct locked_range *token, const struct transfer *transfer,
                           virt_addr_t va) REQUIRES(token) {
    switch (transfer->kind) {
    case TRANSFER_READ:
        return fault_resolve(token, va, ACCESS_READ);
    case TRANSFER_WRITE:
        return fault_resolve(token, va, ACCESS_WRITE);
    case TRANSFER_LOAD:
        return fault_resolve_load(token, va);
    }
    __builtin_unreachable();
}

/* What of the transfer is left of the page that it has come to. */
static size_t left_in_page(const struct transfer *transfer, virt_addr_t va) {
    size_t in_page = PAGE_SIZE - (va.value & (PAGE_SIZE - 1));
    size_t left = transfer->size_bytes - transfer->done_bytes;
    return left < in_page ? left : in_page;
}

static enum status transfer_page(struct locked_range *token, struct transfer *transfer)
    REQUIRES(token) {
    virt_addr_t va = virt_add(transfer->va, transfer->done_bytes);
    enum status status = resolve(token, transfer, va);
    if (status != STATUS_OK) {
        bool is_out_of_memory = status == STATUS_NO_MEMORY;
        return is_out_of_memory ? status : STATUS_FAULT;
    }
    void *memory = platform_phys_to_virt(page_table_query(&token->space->table, va).pa);
    size_t count = left_in_page(transfer, va);
    if (transfer->kind == TRANSFER_READ) {
        __builtin_memcpy((char *)transfer->read_to + transfer->done_bytes, memory, count);
    } else {
        __builtin_memcpy(memory, (const char *)transfer->write_from + transfer->done_bytes, count);
    }
    transfer->done_bytes += count;
    return STATUS_OK;
}

/* Goes on until the first page that does not allow it. */
static enum status run_transfer(struct address_space *space, struct transfer *transfer,
                                size_t *done_bytes) {
    CHECK(space->table.half == HALF_USER);
    struct locked_range token;
    enum status status = STATUS_OK;
    space_lock_for_writing(space, space_whole_range(space), &token);
    while (status == STATUS_OK && transfer->done_bytes < transfer->size_bytes) {
        status = transfer_page(&token, transfer);
    }
    space_unlock(&token);
    if (done_bytes != nullptr) {
        *done_bytes = transfer->done_bytes;
    }
    return status;
}

enum status space_read(struct address_space *space, virt_addr_t va, void *buffer, size_t size_bytes,
                       size_t *done_bytes) {
    struct transfer transfer = {
        .kind = TRANSFER_READ,
        .va = va,
        .read_to = buffer,
        .size_bytes = size_bytes,
    };
    return run_transfer(space, &transfer, done_bytes);
}

enum status space_write(struct address_space *space, virt_addr_t va, const void *buffer,
                        size_t size_bytes, size_t *done_bytes) {
    struct transfer transfer = {
        .kind = TRANSFER_WRITE,
        .va = va,
        .write_from = buffer,
        .size_bytes = size_bytes,
    };
    return run_transfer(space, &transfer, done_bytes);
}

enum status space_write_initial(struct address_space *space, virt_addr_t va, const void *buffer,
                                size_t size_bytes, size_t *done_bytes) {
    struct transfer transfer = {
        .kind = TRANSFER_LOAD,
        .va = va,
        .write_from = buffer,
        .size_bytes = size_bytes,
    };
    return run_transfer(space, &transfer, done_bytes);
}
