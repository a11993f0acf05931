#include "kernel/proc/subject.h"
#include "kernel/proc/tables.h"
#include "kernel/proc/text/memory_text.h"
#include "mm/addr/layout.h"
#include "mm/frame/frame.h"
#include "mm/paging/page_table.h"

/* /proc/PID/mem, pagemap and pagetable. */

constexpr size_t PIECE_SIZE = 512;

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* As man 2 process_vm_readv: what cannot be read ends it, and is an error where it comes first. */
enum status memory_read(const struct made_view *view, uint64_t *position,
                        struct transfer *transfer) {
    struct process_memory *memory = view->state;
    char piece[PIECE_SIZE];
    size_t before = transfer->done_bytes;
    while (memory != nullptr && transfer->left_bytes > 0) {
        size_t done = 0;
        size_t wanted = smaller(sizeof(piece), transfer->left_bytes);
        enum status status = space_read(memory->space, virt_addr(*position), piece, wanted, &done);
        *position += transfer_put(transfer, piece, done);
        if (status != STATUS_OK) {
            return transfer->done_bytes > before ? STATUS_OK : STATUS_IO_ERROR;
        }
    }
    return transfer_result(transfer, STATUS_OK);
}

enum status memory_write(const struct made_view *view, uint64_t *position,
                         struct transfer *transfer) {
    struct process_memory *memory = view->state;
    char piece[PIECE_SIZE];
    size_t before = transfer->done_bytes;
    while (memory != nullptr && transfer->left_bytes > 0) {
        size_t done = 0;
        size_t taken = transfer_take(transfer, piece, sizeof(piece));
        enum status status = space_write(memory->space, virt_addr(*position), piece, taken, &done);
        transfer->done_bytes -= taken - done;
        *position += done;
        if (status != STATUS_OK) {
            return transfer->done_bytes > before ? STATUS_OK : STATUS_IO_ERROR;
        }
    }
    return transfer_result(transfer, STATUS_OK);
}

/* Only root may know where memory lies: it makes rowhammer and its like easier. */
static uint64_t describe_page(const struct address_space *space, uint64_t page, bool may_know) {
    struct page_query query =
        page_table_query(space_page_table(space), virt_addr(page << PAGE_SHIFT));
    if (query.kind == PAGE_ABSENT) {
        return 0;
    }
    bool has_frame = frame_exists(query.pa);
    const struct page_facts facts = {
        .is_present = true,
        .is_shared_or_file = has_frame && frame_state_of(query.pa) == FRAME_FILE,
        .is_exclusive = has_frame && query.is_owned && !query.is_table_shared &&
                        frame_of(query.pa)->map_count == 1,
        .frame = may_know ? query.pa.value >> PAGE_SHIFT : 0,
    };
    return pagemap_entry(&facts);
}

static void describe_pages(struct address_space *space, uint64_t page, size_t count, bool may_know,
                           uint64_t *entries) {
    struct locked_range token;
    space_lock_for_reading(space, space_user_range(), &token);
    for (size_t i = 0; i < count; i++) {
        entries[i] = describe_page(space, page + i, may_know);
    }
    space_unlock(&token);
}

enum status pagemap_read(const struct made_view *view, uint64_t *position,
                         struct transfer *transfer) {
    constexpr uint64_t end = USER_END >> PAGE_SHIFT;
    constexpr size_t most = PIECE_SIZE / sizeof(uint64_t);
    struct process_memory *memory = view->state;
    uint64_t entries[most];
    if (*position % sizeof(uint64_t) != 0 || transfer->left_bytes % sizeof(uint64_t) != 0) {
        return STATUS_INVALID;
    }
    while (memory != nullptr && transfer->left_bytes > 0) {
        uint64_t page = *position / sizeof(uint64_t);
        size_t count = smaller(most, transfer->left_bytes / sizeof(uint64_t));
        if (page >= end) {
            break;
        }
        count = smaller(count, end - page);
        describe_pages(memory->space, page, count, view->opener == 0, entries);
        *position += transfer_put(transfer, entries, count * sizeof(uint64_t));
    }
    return transfer_result(transfer, STATUS_OK);
}

/* A line for each level, from the root to where the walk ends. */
static size_t format_walk(const struct page_walk *walk, char *text, size_t size_bytes) {
    size_t length = 0;
    for (unsigned i = 0; i < walk->step_count; i++) {
        const struct page_walk_step *step = &walk->steps[i];
        size_t wanted = format_buffer(text + length, size_bytes - length,
                                      "level %u table %012llx index %3u entry %016llx %s\n",
                                      step->level, (unsigned long long)step->table.value,
                                      step->index, (unsigned long long)step->raw, step->words);
        length += smaller(wanted, size_bytes - length - 1);
    }
    return length;
}

/* The position is the address to be looked up; every read tells of one. */
enum status page_walk_read(const struct made_view *view, uint64_t *position,
                           struct transfer *transfer) {
    struct process_memory *memory = view->state;
    char text[1024];
    struct page_walk walk;
    struct locked_range token;
    if (memory == nullptr) {
        return STATUS_NO_SUCH_PROCESS;
    }
    if (view->opener != 0) {
        return STATUS_NOT_PERMITTED;
    }
    if (*position >= USER_END) {
        return STATUS_OK;
    }
    space_lock_for_reading(memory->space, space_user_range(), &token);
    page_table_walk(space_page_table(memory->space), virt_addr(*position), &walk);
    space_unlock(&token);
    transfer_put(transfer, text, format_walk(&walk, text, sizeof(text)));
    return transfer_result(transfer, STATUS_OK);
}
