#include "kernel/files/file/kinds.h"
#include "kernel/files/file/open.h"
#include "kernel/files/pipe/event_counter.h"
#include "mm/heap/heap.h"

static enum status read_event(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)position;
    return event_counter_read(file->state, transfer, file_may_wait(file));
}

static enum status write_event(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)position;
    return event_counter_write(file->state, transfer, file_may_wait(file));
}

static uint32_t poll_event(struct file *file, struct waiter *waiter) {
    return event_counter_poll(file->state, waiter);
}

static void release_event(struct file *file) {
    heap_free(file->state);
}

static enum status open_special(const struct file_operations *operations, void *state,
                                uint8_t access, uint32_t flags, struct file **file) {
    const struct location nowhere = {};
    enum status status = file_create(operations, &nowhere, access, flags, file);
    if (status == STATUS_OK) {
        (*file)->state = state;
    }
    return status;
}

enum status file_open_special(const struct file_operations *operations, void *state, uint32_t flags,
                              struct file **file) {
    return open_special(operations, state, ACCESS_OF_READING | ACCESS_OF_WRITING,
                        flags | OPEN_READ_WRITE, file);
}

enum status file_open_special_to_read(const struct file_operations *operations, void *state,
                                      uint32_t flags, struct file **file) {
    return open_special(operations, state, ACCESS_OF_READING, flags | OPEN_READ_ONLY, file);
}

enum status file_open_event(uint32_t count, bool takes_one_at_once, uint32_t flags,
                            struct file **file) {
    static const struct file_operations operations = {
        .read = read_event,
        .write = write_event,
        .poll = poll_event,
        .release = release_event,
        .ignores_seeking = true,
        .name = "anon_inode:[eventfd]",
    };
    struct event_counter *counter = heap_alloc(sizeof(*counter));
    if (counter == nullptr) {
        return STATUS_NO_MEMORY;
    }
    event_counter_init(counter, count, takes_one_at_once);
    enum status status = file_open_special(&operations, counter, flags, file);
    if (status != STATUS_OK) {
        heap_free(counter);
    }
    return status;
}
