#include "kernel/files/file/file.h"

#include "kernel/files/file/kinds.h"
#include "kernel/files/locks/locks.h"
#include "kernel/files/node/observer.h"
#include "lib/check.h"
#include "mm/heap/heap.h"

enum status file_create(const struct file_operations *operations, const struct location *place,
                        uint8_t access, uint32_t flags, struct file **file) {
    struct file *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    made->operations = operations;
    made->place = *place;
    made->access = access;
    made->open_flags = flags & ~FILE_SETTABLE;
    made->status_flags = flags & FILE_SETTABLE;
    made->reference_count = 1;
    list_init(&made->watches);
    location_ref(place);
    *file = made;
    return STATUS_OK;
}

void file_ref(struct file *file) {
    uint32_t before = __atomic_fetch_add(&file->reference_count, 1, __ATOMIC_RELAXED);
    CHECK(before > 0 && before < UINT32_MAX);
}

void file_discard(struct file *file) {
    if (file->is_writer) {
        node_end_writing(file->place.node);
        mount_end_writing(file->place.mount);
    }
    location_unref(&file->place);
    heap_free(file);
}

struct sleep_lock file_watches;

void file_watch_add(struct file *file, struct file_watch *watch) {
    list_push_back(&file->watches, &watch->link);
    __atomic_store_n(&file->is_watched, true, __ATOMIC_RELEASE);
}

void file_watch_remove(struct file_watch *watch) {
    list_remove(&watch->link);
}

static void end_watches(struct file *file) {
    if (!__atomic_load_n(&file->is_watched, __ATOMIC_ACQUIRE)) {
        return;
    }
    sleep_lock_acquire(&file_watches);
    while (!list_is_empty(&file->watches)) {
        struct file_watch *watch = LIST_ENTRY(file->watches.next, struct file_watch, link);
        watch->forget(watch);
    }
    sleep_lock_release(&file_watches);
}

uint32_t file_drop_reference(struct file *file) {
    uint32_t before = __atomic_fetch_sub(&file->reference_count, 1, __ATOMIC_SEQ_CST);
    CHECK(before > 0);
    return before - 1;
}

static bool is_last_reference(struct file *file) {
    return file->operations->unreference != nullptr ? file->operations->unreference(file)
                                                    : file_drop_reference(file) == 0;
}

static void tell_close(const struct file *file) {
    if (file->access & ACCESS_OF_WRITING) {
        node_tell_use(file->place.node, EVENT_CLOSE_WRITTEN);
    } else if (file->access != 0) {
        node_tell_use(file->place.node, EVENT_CLOSE);
    }
}

static void close_last(struct file *file) {
    tell_close(file);
    end_watches(file);
    locks_drop(file_lock_key(file), file);
    if (file->operations->release != nullptr) {
        file->operations->release(file);
    }
    file_discard(file);
}

void file_unref(struct file *file) {
    if (file != nullptr && is_last_reference(file)) {
        close_last(file);
    }
}

static struct file *left; /* atomic; only taken as a whole */

void file_leave(struct file *file) {
    if (!is_last_reference(file)) {
        return;
    }
    file->next_left = __atomic_load_n(&left, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&left, &file->next_left, file, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED)) {
    }
}

void file_close_left(void) {
    if (__atomic_load_n(&left, __ATOMIC_RELAXED) == nullptr) {
        return;
    }
    struct file *file = __atomic_exchange_n(&left, nullptr, __ATOMIC_ACQUIRE);
    while (file != nullptr) {
        struct file *next = file->next_left;
        close_last(file);
        file = next;
    }
}

uint32_t file_flags(const struct file *file) {
    return file->open_flags | __atomic_load_n(&file->status_flags, __ATOMIC_RELAXED);
}

void file_set_flags(struct file *file, uint32_t flags) {
    __atomic_store_n(&file->status_flags, flags & FILE_SETTABLE, __ATOMIC_RELAXED);
}

bool file_can_be_direct(const struct file *file) {
    const struct node *node = file->place.node;
    bool is_pipe = node != nullptr && node->kind == NODE_FIFO;
    return is_pipe ||
           (node != nullptr && node->kind == NODE_REGULAR && node->operations->memory != nullptr);
}

struct file_owner file_owner(const struct file *file) {
    uint64_t owner = __atomic_load_n(&file->owner, __ATOMIC_RELAXED);
    return (struct file_owner){(enum file_owner_kind)(owner >> 32), (uint32_t)owner};
}

void file_set_owner(struct file *file, const struct file_owner *owner) {
    __atomic_store_n(&file->owner, (uint64_t)owner->kind << 32 | owner->number, __ATOMIC_RELAXED);
}

/* One of the two operations that move bytes. */
typedef enum status moving(struct file *file, uint64_t *position, struct transfer *transfer);

/* Whether the last byte would be one that no offset reaches, whether it is there or not. */
static bool is_too_far(uint64_t position, const struct transfer *transfer) {
    return transfer->left_bytes > INT64_MAX - position;
}

static enum status move_at_position(struct file *file, moving *move, struct transfer *transfer) {
    uint64_t none = 0;
    if (move == nullptr) {
        return STATUS_INVALID;
    }
    if (!file->operations->is_seekable) {
        return move(file, &none, transfer);
    }
    sleep_lock_acquire(&file->position_lock);
    enum status status = is_too_far(file->position, transfer)
                             ? STATUS_INVALID
                             : move(file, &file->position, transfer);
    sleep_lock_release(&file->position_lock);
    return status;
}

static enum status move_at(struct file *file, moving *move, int64_t offset,
                           struct transfer *transfer) {
    if (offset < 0) {
        return STATUS_INVALID;
    }
    if (!file->operations->is_seekable) {
        return STATUS_NOT_SEEKABLE;
    }
    uint64_t position = (uint64_t)offset;
    if (move == nullptr || is_too_far(position, transfer)) {
        return STATUS_INVALID;
    }
    return move(file, &position, transfer);
}

/* Whoever observes the file hears of bytes that have been moved. */
static enum status tell_move(const struct file *file, enum status status,
                             const struct transfer *transfer, uint32_t event) {
    if (status == STATUS_OK && transfer->done_bytes > 0 && !transfer->is_silent) {
        node_tell_use(file->place.node, event);
    }
    return status;
}

enum status file_read(struct file *file, struct transfer *transfer) {
    if (!(file->access & ACCESS_OF_READING)) {
        return STATUS_BAD_DESCRIPTOR;
    }
    enum status status = move_at_position(file, file->operations->read, transfer);
    return tell_move(file, status, transfer, EVENT_ACCESS);
}

enum status file_write(struct file *file, struct transfer *transfer) {
    if (!(file->access & ACCESS_OF_WRITING)) {
        return STATUS_BAD_DESCRIPTOR;
    }
    enum status status = move_at_position(file, file->operations->write, transfer);
    return tell_move(file, status, transfer, EVENT_MODIFY);
}

enum status file_read_at(struct file *file, int64_t offset, struct transfer *transfer) {
    if (!(file->access & ACCESS_OF_READING)) {
        return STATUS_BAD_DESCRIPTOR;
    }
    enum status status = move_at(file, file->operations->read, offset, transfer);
    return tell_move(file, status, transfer, EVENT_ACCESS);
}

enum status file_write_at(struct file *file, int64_t offset, struct transfer *transfer) {
    if (!(file->access & ACCESS_OF_WRITING)) {
        return STATUS_BAD_DESCRIPTOR;
    }
    enum status status = move_at(file, file->operations->write, offset, transfer);
    return tell_move(file, status, transfer, EVENT_MODIFY);
}

/* Whether the file has an end to seek from. */
static bool has_size(const struct file *file) {
    const struct node *node = file->place.node;
    return node != nullptr ? node->kind == NODE_REGULAR : file->operations->size_bytes > 0;
}

static int64_t size_of(const struct file *file) {
    struct node *node = file->place.node;
    return node != nullptr ? (int64_t)node->operations->size(node) : file->operations->size_bytes;
}

/* Of a file of `size_bytes`, the data or the hole that is asked for; `node`: null, it has none. */
static enum status find_content(struct node *node, int64_t size_bytes, int64_t offset,
                                enum seek_origin origin, int64_t *target) {
    if (offset < 0 || offset >= size_bytes) {
        return STATUS_NO_DEVICE;
    }
    *target = origin == TO_DATA ? offset : size_bytes;
    if (node != nullptr && node->operations->next_data != nullptr) {
        const struct node_operations *operations = node->operations;
        *target = (int64_t)(origin == TO_DATA ? operations->next_data(node, (uint64_t)offset)
                                              : operations->next_hole(node, (uint64_t)offset));
    }
    return origin == TO_DATA && *target >= size_bytes ? STATUS_NO_DEVICE : STATUS_OK;
}

/* The offset from the start that is asked for. */
static enum status find_target(struct file *file, int64_t offset, enum seek_origin origin,
                               int64_t *target) REQUIRES(file->position_lock) {
    int64_t size_bytes = has_size(file) ? size_of(file) : 0;
    int64_t base = 0;
    switch (origin) {
    case FROM_START:
        break;
    case FROM_POSITION:
        base = (int64_t)file->position;
        break;
    case FROM_END:
        base = size_bytes;
        break;
    case TO_DATA:
    case TO_HOLE:
        return find_content(file->place.node, size_bytes, offset, origin, target);
    }
    bool is_too_far = __builtin_add_overflow(base, offset, target);
    return is_too_far || *target < 0 ? STATUS_INVALID : STATUS_OK;
}

enum status file_seek(struct file *file, int64_t offset, enum seek_origin origin,
                      int64_t *position) {
    if (file->access == 0) {
        return STATUS_BAD_DESCRIPTOR;
    }
    *position = 0;
    if (file->operations->ignores_seeking) {
        return STATUS_OK;
    }
    if (!file->operations->is_seekable) {
        return STATUS_NOT_SEEKABLE;
    }
    if (!has_size(file) && origin != FROM_START && origin != FROM_POSITION) {
        return STATUS_INVALID;
    }
    sleep_lock_acquire(&file->position_lock);
    enum status status = find_target(file, offset, origin, position);
    if (status == STATUS_OK) {
        file->position = (uint64_t)*position;
    }
    sleep_lock_release(&file->position_lock);
    return status;
}

void file_inspect(struct file *file, struct file_stat *stat) {
    if (file->place.node != nullptr) {
        node_stat(file->place.node, stat);
        return;
    }
    static struct file_system anonymous = {.name = "anon_inodefs"};
    constexpr uint32_t permissions = 0600;
    *stat = (struct file_stat){
        .device = nameless_device(&anonymous),
        .number = 1,
        .link_count = 1,
        .mode = file->operations->mode | permissions,
        .size_bytes = file->operations->size_bytes,
        .user = file->opener,
        .preferred_size_bytes = 4096,
    };
}

uint32_t file_poll(struct file *file, struct waiter *waiter) {
    if (file->operations->poll == nullptr) {
        return READY_TO_READ | READY_TO_WRITE;
    }
    return file->operations->poll(file, waiter);
}

enum status file_control(struct file *file, uint32_t request, uint64_t argument) {
    if (file->access == 0) {
        return STATUS_BAD_DESCRIPTOR;
    }
    return file->operations->control == nullptr
               ? STATUS_NOT_A_TERMINAL
               : file->operations->control(file, request, argument);
}
