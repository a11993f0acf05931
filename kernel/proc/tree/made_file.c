#include "kernel/files/file/file.h"
#include "kernel/proc/tree/made_node.h"
#include "kernel/proc/tree/text_buffer.h"
#include "mm/addr/addr.h"
#include "mm/heap/heap.h"

/* Open files of text that is made when it is read. */

struct made_open {
    void *state; /* the entry's; fixed when it is open */
    struct sleep_lock lock;
    struct text_buffer text; /* guarded by lock; of a text in pieces, the one at hand */
    bool is_made;            /* guarded by lock */
    uint64_t text_start;     /* guarded by lock: the position of the piece's first byte */
    uint64_t cursor;         /* guarded by lock: of the next piece */
};

static const struct made_entry *entry_of(const struct file *file) {
    return made_node_of(file->place.node)->entry;
}

static struct made_view view_of(const struct file *file) {
    const struct made_open *open = file->state;
    return (struct made_view){
        .subject = &made_node_of(file->place.node)->subject,
        .data = entry_of(file)->data,
        .state = open->state,
        .opener = file->opener,
    };
}

static enum status open_made(struct file *file) {
    const struct made_entry *entry = entry_of(file);
    struct made_open *open = heap_alloc(sizeof(*open));
    if (open == nullptr) {
        return STATUS_NO_MEMORY;
    }
    if (entry->open != nullptr) {
        enum status status = entry->open(&made_node_of(file->place.node)->subject, &open->state);
        if (status != STATUS_OK) {
            heap_free(open);
            return status;
        }
    }
    file->state = open;
    return STATUS_OK;
}

static void release_made(struct file *file) {
    struct made_open *open = file->state;
    if (entry_of(file)->release != nullptr) {
        entry_of(file)->release(open->state);
    }
    text_buffer_clear(&open->text);
    heap_free(open);
}

static enum status make(const struct file *file, struct made_open *made) REQUIRES(made->lock) {
    text_buffer_clear(&made->text);
    const struct text_sink sink = text_buffer_sink(&made->text);
    const struct made_view view = view_of(file);
    enum status status = entry_of(file)->show(&view, &sink);
    if (status == STATUS_OK && made->text.is_cut) {
        status = STATUS_NO_MEMORY;
    }
    made->is_made = status == STATUS_OK;
    return status;
}

static enum status read_held(const struct file *file, struct made_open *made, uint64_t *position,
                             struct transfer *transfer) REQUIRES(made->lock) {
    if (*position == 0 || !made->is_made) {
        enum status status = make(file, made);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (*position >= made->text.length) {
        return STATUS_OK;
    }
    *position +=
        transfer_put(transfer, made->text.bytes + *position, made->text.length - (size_t)*position);
    return transfer_result(transfer, STATUS_OK);
}

/* Makes the piece that follows; an empty one at the end. */
static enum status make_next(const struct file *file, struct made_open *made) REQUIRES(made->lock) {
    const struct text_sink sink = text_buffer_sink(&made->text);
    const struct made_view view = view_of(file);
    made->text_start += made->text.length;
    made->text.length = 0;
    enum status status = entry_of(file)->show_next(&view, &made->cursor, &sink);
    return status == STATUS_OK && made->text.is_cut ? STATUS_NO_MEMORY : status;
}

static void start_again(struct made_open *made) REQUIRES(made->lock) {
    text_buffer_clear(&made->text);
    made->text_start = made->cursor = 0;
}

static void put_piece(struct made_open *made, uint64_t *position, struct transfer *transfer)
    REQUIRES(made->lock) {
    size_t offset = (size_t)(*position - made->text_start);
    *position += transfer_put(transfer, made->text.bytes + offset, made->text.length - offset);
}

/* Whether the piece at hand goes with what this call has made, `made_bytes`: what is left of a
 * piece always does, and so does the first. */
static bool fits(const struct made_open *made, uint64_t position, size_t *made_bytes)
    REQUIRES(made->lock) {
    if (position != made->text_start) {
        return true;
    }
    bool is_first = *made_bytes == 0;
    *made_bytes += made->text.length;
    return is_first || *made_bytes < PAGE_SIZE;
}

/* Ends before the piece that would fill a page, as it does on Linux: there are programs that take
 * less than they asked for as the end of the text. */
static enum status read_pieces(const struct file *file, struct made_open *made, uint64_t *position,
                               struct transfer *transfer) REQUIRES(made->lock) {
    size_t made_bytes = 0;
    enum status status = STATUS_OK;
    if (*position == 0 || *position < made->text_start) {
        start_again(made);
    }
    while (status == STATUS_OK && transfer->left_bytes > 0 && !transfer->has_fault) {
        if (*position - made->text_start >= made->text.length) {
            status = make_next(file, made);
            if (made->text.length == 0) {
                break;
            }
        } else if (fits(made, *position, &made_bytes)) {
            put_piece(made, position, transfer);
        } else {
            break;
        }
    }
    return transfer_result(transfer, status);
}

static enum status read_made(struct file *file, uint64_t *position, struct transfer *transfer) {
    const struct made_entry *entry = entry_of(file);
    struct made_open *made = file->state;
    const struct made_view view = view_of(file);
    if (entry->read != nullptr) {
        return entry->read(&view, position, transfer);
    }
    if (entry->show == nullptr && entry->show_next == nullptr) {
        return STATUS_INVALID;
    }
    sleep_lock_acquire(&made->lock);
    enum status status = entry->show_next != nullptr ? read_pieces(file, made, position, transfer)
                                                     : read_held(file, made, position, transfer);
    sleep_lock_release(&made->lock);
    return status;
}

static enum status take_text(const struct file *file, char *text, struct transfer *transfer) {
    size_t length = transfer_take(transfer, text, transfer->left_bytes);
    if (transfer->has_fault) {
        transfer->done_bytes = 0;
        return STATUS_FAULT;
    }
    const struct made_view view = view_of(file);
    enum status status = entry_of(file)->accept(&view, text, length);
    transfer->done_bytes = status == STATUS_OK ? transfer->done_bytes : 0;
    return status;
}

static enum status write_made(struct file *file, uint64_t *position, struct transfer *transfer) {
    const struct made_entry *entry = entry_of(file);
    const struct made_view view = view_of(file);
    if (entry->write != nullptr) {
        return entry->write(&view, position, transfer);
    }
    if (entry->accept == nullptr || transfer->left_bytes > ACCEPTED_SIZE_MAX) {
        return STATUS_INVALID;
    }
    char *text = heap_alloc(ACCEPTED_SIZE_MAX);
    if (text == nullptr) {
        return STATUS_NO_MEMORY;
    }
    enum status status = take_text(file, text, transfer);
    *position += transfer->done_bytes;
    heap_free(text);
    return status;
}

const struct file_operations made_file_operations = {
    .read = read_made,
    .write = write_made,
    .open = open_made,
    .release = release_made,
    .is_seekable = true,
};
