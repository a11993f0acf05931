#include "kernel/files/transfer/piece.h"
#include "kernel/files/wait/wait.h"
#include "kernel/proc/subject.h"
#include "kernel/proc/tables.h"
#include "kernel/proc/text/memory_text.h"
#include "kernel/proc/text/walk_text.h"
#include "kernel/proc/tree/text_buffer.h"
#include "lib/least.h"
#include "mm/addr/layout.h"
#include "mm/frame/frame.h"
#include "mm/heap/heap.h"
#include "mm/paging/page_table.h"

/* /proc/PID/mem, cmdline, environ, pagemap and ptwalk. */

constexpr size_t ENTRIES_SIZE = 512;

static enum status memory_result(const struct transfer *transfer, size_t before,
                                 enum status status) {
    if (status != STATUS_OK) {
        return transfer->done_bytes > before ? STATUS_OK : STATUS_IO_ERROR;
    }
    return transfer_result(transfer, STATUS_OK);
}

/* As man 2 process_vm_readv: what cannot be read ends it, and is an error where it comes first. */
static enum status read_memory(struct process_memory *memory, uint64_t *position,
                               struct transfer *transfer) {
    size_t before = transfer->done_bytes;
    enum status status = STATUS_OK;
    struct piece piece;
    piece_begin(&piece, transfer->left_bytes);
    while (status == STATUS_OK && transfer->left_bytes > 0 && !sleeper_is_ending()) {
        size_t done = 0;
        size_t wanted = least(piece.size_bytes, transfer->left_bytes);
        status = space_read(memory->space, virt_addr(*position), piece.bytes, wanted, &done);
        *position += transfer_put(transfer, piece.bytes, done);
    }
    piece_end(&piece);
    return memory_result(transfer, before, status);
}

static enum status write_memory(struct process_memory *memory, uint64_t *position,
                                struct transfer *transfer) {
    size_t before = transfer->done_bytes;
    enum status status = STATUS_OK;
    struct piece piece;
    piece_begin(&piece, transfer->left_bytes);
    while (status == STATUS_OK && transfer->left_bytes > 0 && !sleeper_is_ending()) {
        size_t done = 0;
        size_t taken = transfer_take(transfer, piece.bytes, piece.size_bytes);
        status = process_memory_poke(memory, virt_addr(*position), piece.bytes, taken, &done);
        transfer->done_bytes -= taken - done;
        *position += done;
    }
    piece_end(&piece);
    return memory_result(transfer, before, status);
}

/* Moves what it can between a reader or writer and memory; each is what a call comes down to. */
typedef enum status memory_move(struct process_memory *memory, uint64_t *position,
                                struct transfer *transfer);

static enum status move(const struct made_view *view, uint64_t *position, struct transfer *transfer,
                        memory_move *function) {
    struct process_memory *memory = memory_of_state(view->state);
    if (memory == nullptr) {
        return STATUS_OK;
    }
    enum status status = function(memory, position, transfer);
    process_memory_unref(memory);
    return status;
}

enum status memory_read(const struct made_view *view, uint64_t *position,
                        struct transfer *transfer) {
    return move(view, position, transfer, read_memory);
}

enum status memory_write(const struct made_view *view, uint64_t *position,
                         struct transfer *transfer) {
    return move(view, position, transfer, write_memory);
}

/* What lies there now, up to what can be read: the process itself may have changed it. */
static enum status read_words(struct process_memory *memory, virt_addr_t start, virt_addr_t end,
                              uint64_t *position, struct transfer *transfer) {
    uint64_t size_bytes = end.value > start.value ? end.value - start.value : 0;
    if (*position >= size_bytes) {
        return STATUS_OK;
    }
    uint64_t before = transfer->done_bytes;
    uint64_t at = start.value + *position;
    transfer->left_bytes = least(transfer->left_bytes, size_bytes - *position);
    enum status status = read_memory(memory, &at, transfer);
    *position += transfer->done_bytes - before;
    return status == STATUS_IO_ERROR ? STATUS_OK : status;
}

enum status arguments_read(const struct made_view *view, uint64_t *position,
                           struct transfer *transfer) {
    struct process_memory *memory = subject_memory(view->subject);
    if (memory == nullptr) {
        return STATUS_OK;
    }
    enum status status =
        read_words(memory, memory->arguments_start, memory->arguments_end, position, transfer);
    process_memory_unref(memory);
    return status;
}

static enum status read_environment(struct process_memory *memory, uint64_t *position,
                                    struct transfer *transfer) {
    return read_words(memory, memory->environment_start, memory->environment_end, position,
                      transfer);
}

enum status environment_read(const struct made_view *view, uint64_t *position,
                             struct transfer *transfer) {
    return move(view, position, transfer, read_environment);
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

static enum status read_pages(struct process_memory *memory, uint64_t *position,
                              struct transfer *transfer, bool may_know) {
    constexpr uint64_t end = USER_END >> PAGE_SHIFT;
    constexpr size_t most = ENTRIES_SIZE / sizeof(uint64_t);
    uint64_t entries[most];
    while (transfer->left_bytes > 0 && !sleeper_is_ending()) {
        uint64_t page = *position / sizeof(uint64_t);
        size_t count = least(most, transfer->left_bytes / sizeof(uint64_t));
        if (page >= end) {
            break;
        }
        count = least(count, end - page);
        describe_pages(memory->space, page, count, may_know, entries);
        *position += transfer_put(transfer, entries, count * sizeof(uint64_t));
    }
    return transfer_result(transfer, STATUS_OK);
}

enum status pagemap_read(const struct made_view *view, uint64_t *position,
                         struct transfer *transfer) {
    if (*position % sizeof(uint64_t) != 0 || transfer->left_bytes % sizeof(uint64_t) != 0) {
        return STATUS_INVALID;
    }
    struct process_memory *memory = memory_of_state(view->state);
    if (memory == nullptr) {
        return STATUS_OK;
    }
    enum status status = read_pages(memory, position, transfer, view->opener == 0);
    process_memory_unref(memory);
    return status;
}

/* An open ptwalk. */
struct walker {
    void *memory; /* of memory_open */
    uint64_t end; /* where the text that was read last would go on; atomic */
};

enum status page_walk_open(const struct made_subject *subject, void **state) {
    struct walker *walker = heap_alloc(sizeof(*walker));
    if (walker == nullptr) {
        return STATUS_NO_MEMORY;
    }
    enum status status = memory_open(subject, &walker->memory);
    if (status != STATUS_OK) {
        heap_free(walker);
        return status;
    }
    *state = walker;
    return STATUS_OK;
}

void page_walk_release(void *state) {
    struct walker *walker = state;
    memory_release(walker->memory);
    heap_free(walker);
}

static void find_walk(struct process_memory *memory, uint64_t address, struct page_walk *walk) {
    struct locked_range token;
    space_lock_for_reading(memory->space, space_user_range(), &token);
    page_table_walk(space_page_table(memory->space), virt_addr(address), walk);
    space_unlock(&token);
}

static enum status put_walk(struct process_memory *memory, struct walker *walker,
                            uint64_t *position, struct transfer *transfer) {
    struct page_walk walk;
    struct text_buffer text = {};
    const struct text_sink sink = text_buffer_sink(&text);
    find_walk(memory, *position, &walk);
    walk_write(&sink, &walk);
    *position += transfer_put(transfer, text.bytes, text.length);
    __atomic_store_n(&walker->end, *position, __ATOMIC_RELAXED);
    enum status status = text.is_cut ? STATUS_NO_MEMORY : transfer_result(transfer, STATUS_OK);
    text_buffer_clear(&text);
    return status;
}

/*
 * The position is the address to be looked up, and a text is read at once: what the reader has no
 * room for is cut. Who goes on reading where a text has ended finds nothing more, so that a program
 * which reads files to their end comes to one.
 */
enum status page_walk_read(const struct made_view *view, uint64_t *position,
                           struct transfer *transfer) {
    struct walker *walker = view->state;
    if (view->opener != 0) {
        return STATUS_NOT_PERMITTED;
    }
    struct process_memory *memory = memory_of_state(walker->memory);
    if (memory == nullptr) {
        return STATUS_NO_SUCH_PROCESS;
    }
    uint64_t end = __atomic_load_n(&walker->end, __ATOMIC_RELAXED);
    bool is_at_end = *position >= USER_END || (end != 0 && *position == end);
    enum status status = is_at_end ? STATUS_OK : put_walk(memory, walker, position, transfer);
    process_memory_unref(memory);
    return status;
}
