#include "lib/check.h"
#include "mm/platform.h"
#include "mm/space/address_space.h"
#include "mm/space/space_private.h"

/* One copy between a buffer and user memory, a page at a time. */
struct transfer {
    struct address_space *space;
    uint8_t rights; /* what the area and the entries must grant */
    void *read_to;  /* one of the two is null */
    const void *write_from;
};

/* Where the kernel sees the byte at `va`; null where the access is not allowed. */
static void *locate(const struct transfer *transfer, virt_addr_t va) {
    const struct vm_area *area = area_tree_find(&transfer->space->areas, va);
    if (area == nullptr || area->kind != AREA_ANON ||
        (transfer->rights & ~area->attributes.rights) != 0) {
        return nullptr;
    }
    struct page_query entry = page_table_query(&transfer->space->table, va);
    if (entry.kind != PAGE_MAPPED || (transfer->rights & ~entry.effective_rights) != 0) {
        return nullptr;
    }
    return platform_phys_to_virt(entry.pa);
}

/* Copies until the first page that does not allow it; returns how many bytes that were. */
static size_t transfer_pages(const struct transfer *transfer, virt_addr_t va, size_t size_bytes) {
    size_t done = 0;
    while (done < size_bytes) {
        virt_addr_t at = virt_add(va, done);
        size_t in_page = PAGE_SIZE - (at.value & (PAGE_SIZE - 1));
        size_t count = size_bytes - done < in_page ? size_bytes - done : in_page;
        void *memory = locate(transfer, at);
        if (memory == nullptr) {
            break;
        }
        if (transfer->read_to != nullptr) {
            __builtin_memcpy((char *)transfer->read_to + done, memory, count);
        } else {
            __builtin_memcpy(memory, (const char *)transfer->write_from + done, count);
        }
        done += count;
    }
    return done;
}

static enum status transfer_locked(const struct transfer *transfer, virt_addr_t va,
                                   size_t size_bytes, size_t *done_bytes) {
    CHECK(transfer->space->table.half == HALF_USER);
    struct locked_range token;
    space_lock_for_reading(transfer->space, space_whole_range(transfer->space), &token);
    size_t done = transfer_pages(transfer, va, size_bytes);
    space_unlock(&token);
    if (done_bytes != nullptr) {
        *done_bytes = done;
    }
    return done == size_bytes ? STATUS_OK : STATUS_FAULT;
}

enum status space_read(struct address_space *space, virt_addr_t va, void *buffer, size_t size_bytes,
                       size_t *done_bytes) {
    struct transfer transfer = {
        .space = space,
        .rights = RIGHT_READ,
        .read_to = buffer,
    };
    return transfer_locked(&transfer, va, size_bytes, done_bytes);
}

enum status space_write(struct address_space *space, virt_addr_t va, const void *buffer,
                        size_t size_bytes, size_t *done_bytes) {
    struct transfer transfer = {
        .space = space,
        .rights = RIGHT_WRITE,
        .write_from = buffer,
    };
    return transfer_locked(&transfer, va, size_bytes, done_bytes);
}

enum status space_write_initial(struct address_space *space, virt_addr_t va, const void *buffer,
                                size_t size_bytes, size_t *done_bytes) {
    struct transfer transfer = {
        .space = space,
        .rights = RIGHT_NONE,
        .write_from = buffer,
    };
    return transfer_locked(&transfer, va, size_bytes, done_bytes);
}
