#include "kernel/files/inotify/inotify.h"

#include "kernel/files/file/open.h"
#include "kernel/files/inotify/instance.h"
#include "mm/heap/heap.h"

struct inotify_limits inotify_limits = {.events = 16'384, .instances = 128, .watches = 8192};

/* Bytes go to a process without the lock: a record is taken off first, and lost where there is no
 * memory to hold it, as on Linux. */
static enum status put_record(const struct inotify_record *record, struct transfer *transfer) {
    size_t size_bytes = inotify_record_size(record);
    size_t moved = transfer_put(transfer, &record->event, sizeof(record->event));
    moved += transfer_put(transfer, record->name, record->name_length);
    moved += transfer_put_zeroes(transfer, record->event.name_size - record->name_length);
    return moved == size_bytes ? STATUS_OK : STATUS_FAULT;
}

static bool is_empty(const struct inotify *instance) {
    return __atomic_load_n(&instance->size_bytes, __ATOMIC_RELAXED) == 0;
}

static enum status wait_for_records(struct inotify *instance) {
    struct sleeper sleeper;
    struct waiter waiter = {.sleeper = &sleeper};
    enum status status = STATUS_OK;
    sleeper_prepare(&sleeper);
    wait_queue_add(&instance->changed, &waiter);
    while (status == STATUS_OK && is_empty(instance)) {
        status = sleeper_sleep(&sleeper);
        sleeper_prepare(&sleeper);
    }
    waiter_remove(&waiter);
    return status;
}

/* Moves the first record. STATUS_TRY_AGAIN: there is none; STATUS_INVALID: it does not fit. */
static enum status move_record(struct inotify *instance, struct transfer *transfer) {
    size_t room_bytes = transfer->left_bytes;
    sleep_lock_acquire(&node_observing);
    struct inotify_record *record = inotify_take(instance, room_bytes);
    bool is_too_large = record != nullptr && inotify_record_size(record) > room_bytes;
    sleep_lock_release(&node_observing);
    if (record == nullptr || is_too_large) {
        return is_too_large ? STATUS_INVALID : STATUS_TRY_AGAIN;
    }
    enum status status = put_record(record, transfer);
    inotify_free_record(instance, record);
    return status;
}

/* Only the first one is waited for. */
static enum status read_events(struct file *file, uint64_t *position, struct transfer *transfer) {
    struct inotify *instance = inotify_of(file);
    enum status status = STATUS_OK;
    (void)position;
    while (status == STATUS_OK) {
        status = move_record(instance, transfer);
        if (status == STATUS_TRY_AGAIN && transfer->done_bytes == 0 && file_may_wait(file)) {
            status = wait_for_records(instance);
        }
    }
    return status == STATUS_FAULT ? status : transfer_result(transfer, status);
}

static uint32_t poll_events_of(struct file *file, struct waiter *waiter) {
    struct inotify *instance = inotify_of(file);
    if (waiter != nullptr) {
        wait_queue_add(&instance->changed, waiter);
    }
    return is_empty(instance) ? 0 : READY_TO_READ;
}

static void drop_records(struct inotify *instance) {
    struct inotify_record *record;
    do {
        sleep_lock_acquire(&node_observing);
        record = inotify_take(instance, SIZE_MAX);
        sleep_lock_release(&node_observing);
        if (record != nullptr) {
            inotify_free_record(instance, record);
        }
    } while (record != nullptr);
}

static void destroy(struct inotify *instance) {
    file_user_add(instance->user, USER_INOTIFY_FILES, -1);
    file_user_leave(instance->user);
    heap_free(instance->overflow);
    heap_free(instance);
}

static void release_events(struct file *file) {
    struct inotify *instance = inotify_of(file);
    inotify_end_watches(instance);
    drop_records(instance);
    destroy(instance);
}

static const struct file_operations inotify_operations = {
    .read = read_events,
    .poll = poll_events_of,
    .release = release_events,
    .show = inotify_show,
    .ignores_seeking = true,
    .name = "anon_inode:inotify",
};

/* Counts one more for its user. */
static enum status make_instance(uint32_t user, struct inotify **instance) {
    struct inotify *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    made->overflow = heap_alloc(sizeof(*made->overflow));
    enum status status =
        made->overflow == nullptr ? STATUS_NO_MEMORY : file_user_enter(user, &made->user);
    if (status != STATUS_OK) {
        heap_free(made->overflow);
        heap_free(made);
        return status;
    }
    list_init(&made->records);
    tree_init(&made->watches, nullptr);
    wait_queue_init(&made->changed);
    made->record_limit = __atomic_load_n(&inotify_limits.events, __ATOMIC_RELAXED);
    int64_t limit = __atomic_load_n(&inotify_limits.instances, __ATOMIC_RELAXED);
    if (file_user_add(made->user, USER_INOTIFY_FILES, 1) > limit) {
        destroy(made);
        return STATUS_TOO_MANY_FILES;
    }
    *instance = made;
    return STATUS_OK;
}

enum status inotify_open(uint32_t user, uint32_t flags, struct file **file) {
    struct inotify *instance;
    enum status status = make_instance(user, &instance);
    if (status != STATUS_OK) {
        return status;
    }
    status = file_open_special_to_read(&inotify_operations, instance, flags, file);
    if (status != STATUS_OK) {
        destroy(instance);
    }
    return status;
}

bool file_is_inotify(const struct file *file) {
    return file->operations == &inotify_operations;
}

uint64_t inotify_size(const struct file *file) {
    return __atomic_load_n(&inotify_of(file)->size_bytes, __ATOMIC_RELAXED);
}
