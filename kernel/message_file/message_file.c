#include "kernel/message_file/message_file.h"

#include "kernel/clock/sleep.h"
#include "kernel/files/file/open.h"
#include "kernel/message_file/queue.h"
#include "kernel/process/process.h"

constexpr uint32_t ACCESS_MODE_MASK = 3;

static struct posix_queue *queue_of(const struct file *file) {
    return file->state;
}

static bool is_full(const struct posix_queue *queue) REQUIRES(posix_queue_lock) {
    return queue->attributes.message_count >= queue->attributes.message_max;
}

static uint32_t poll_queue(struct file *file, struct waiter *waiter) {
    struct posix_queue *queue = queue_of(file);
    if (waiter != nullptr) {
        wait_queue_add(&queue->changed, waiter);
    }
    sleep_lock_acquire(&posix_queue_lock);
    uint32_t ready = queue->attributes.message_count > 0 ? READY_TO_READ : 0;
    ready |= is_full(queue) ? 0 : READY_TO_WRITE;
    sleep_lock_release(&posix_queue_lock);
    return ready;
}

static void release_queue(struct file *file) {
    struct posix_queue *queue = queue_of(file);
    if (queue == nullptr) {
        return;
    }
    sleep_lock_acquire(&posix_queue_lock);
    posix_queue_unref(queue);
    sleep_lock_release(&posix_queue_lock);
}

/* man 3 mq_close: any descriptor of the queue that the process closes, this one or another. */
static void close_queue(struct file *file) {
    sleep_lock_acquire(&posix_queue_lock);
    posix_queue_forget(queue_of(file));
    sleep_lock_release(&posix_queue_lock);
}

constexpr size_t STATE_TEXT_SIZE = 80;

/* What can be read of a queue itself (man 7 mq_overview). */
static enum status read_state(struct file *file, uint64_t *position, struct transfer *transfer) {
    char text[STATE_TEXT_SIZE];
    size_t length = posix_queue_write_state(queue_of(file), text, sizeof(text));
    if (*position < length) {
        *position += transfer_put(transfer, text + *position, length - (size_t)*position);
    }
    return transfer_result(transfer, STATUS_OK);
}

static const struct file_operations queue_operations = {
    .read = read_state,
    .poll = poll_queue,
    .release = release_queue,
    .closed = close_queue,
    .is_seekable = true,
    .size_bytes = STATE_TEXT_SIZE,
    .mode = NODE_REGULAR,
    .name = "mqueue:[queue]",
};

bool file_is_posix_queue(const struct file *file) {
    return file->operations == &queue_operations;
}

static enum status check_access(const struct posix_queue *queue, uint32_t flags) {
    static const uint32_t wanted[] = {IPC_MAY_READ, IPC_MAY_CHANGE, IPC_MAY_READ | IPC_MAY_CHANGE};
    const struct ipc_caller caller = process_ipc_caller();
    uint32_t mode = flags & ACCESS_MODE_MASK;
    if ((flags & OPEN_CREATE) && (flags & OPEN_EXCLUSIVE)) {
        return STATUS_EXISTS;
    }
    if (mode == ACCESS_MODE_MASK) {
        return STATUS_INVALID;
    }
    return ipc_may(&caller, &queue->rights, wanted[mode]) ? STATUS_OK : STATUS_ACCESS_DENIED;
}

static enum status find_or_create(const struct posix_queue_request *request,
                                  struct posix_queue **queue) REQUIRES(posix_queue_lock) {
    *queue = posix_queue_find(request->name);
    if (*queue != nullptr) {
        return check_access(*queue, request->flags);
    }
    return request->flags & OPEN_CREATE ? posix_queue_create(request, queue) : STATUS_NOT_FOUND;
}

enum status posix_queue_open(const struct posix_queue_request *request, struct file **file) {
    static const uint8_t access[] = {ACCESS_OF_READING, ACCESS_OF_WRITING,
                                     ACCESS_OF_READING | ACCESS_OF_WRITING, 0};
    uint32_t mode = request->flags & ACCESS_MODE_MASK;
    struct posix_queue *queue;
    if (request->name.length > NAME_LENGTH_MAX) {
        return STATUS_NAME_TOO_LONG;
    }
    struct file *made;
    enum status status =
        file_open_special(&queue_operations, nullptr, request->flags & FILE_NO_WAIT, &made);
    if (status != STATUS_OK) {
        return status;
    }
    sleep_lock_acquire(&posix_queue_lock);
    status = find_or_create(request, &queue);
    if (status == STATUS_OK) {
        queue->reference_count++;
    }
    sleep_lock_release(&posix_queue_lock);
    if (status != STATUS_OK) {
        file_unref(made);
        return status;
    }
    made->state = queue;
    made->access = access[mode];
    made->open_flags = (made->open_flags & ~ACCESS_MODE_MASK) | mode;
    *file = made;
    return STATUS_OK;
}

struct posix_queue_attributes posix_queue_attributes(const struct file *file) {
    sleep_lock_acquire(&posix_queue_lock);
    struct posix_queue_attributes attributes = queue_of(file)->attributes;
    sleep_lock_release(&posix_queue_lock);
    attributes.flags = file_flags(file) & FILE_NO_WAIT;
    return attributes;
}

/* Waiting for a queue to change, up to a deadline. */
struct queue_wait {
    struct sleeper sleeper;
    struct waiter waiter;
    struct alarm alarm;
    bool may_wait;
};

static void begin_waiting(struct queue_wait *wait, const struct file *file, uint64_t deadline_ns) {
    *wait = (struct queue_wait){
        .waiter = {.sleeper = &wait->sleeper},
        .may_wait = file_may_wait(file),
    };
    wait_queue_add(&queue_of(file)->changed, &wait->waiter);
    alarm_begin(&wait->alarm, &wait->sleeper, deadline_ns);
}

static enum status wait_more(struct queue_wait *wait) REQUIRES(posix_queue_lock) {
    if (!wait->may_wait) {
        return STATUS_TRY_AGAIN;
    }
    if (alarm_has_rung(&wait->alarm)) {
        return STATUS_TIMED_OUT;
    }
    sleep_lock_release(&posix_queue_lock);
    enum status status = sleeper_sleep(&wait->sleeper);
    sleeper_prepare(&wait->sleeper);
    sleep_lock_acquire(&posix_queue_lock);
    return status;
}

static void end_waiting(struct queue_wait *wait) {
    alarm_end(&wait->alarm);
    waiter_remove(&wait->waiter);
}

/* Behind all of its priority and above. */
static void insert(struct posix_queue *queue, struct posix_message *message)
    REQUIRES(posix_queue_lock) {
    struct list_node *at = queue->messages.prev;
    while (at != &queue->messages &&
           LIST_ENTRY(at, struct posix_message, link)->priority < message->priority) {
        at = at->prev;
    }
    list_insert_after(at, &message->link);
    queue->attributes.message_count++;
    queue->message_bytes += message->size_bytes;
}

static enum status put_when_there_is_room(struct posix_queue *queue, struct posix_message *message,
                                          struct queue_wait *wait) REQUIRES(posix_queue_lock) {
    enum status status = STATUS_OK;
    while (status == STATUS_OK && is_full(queue)) {
        status = wait_more(wait);
    }
    if (status == STATUS_OK) {
        insert(queue, message);
        if (queue->attributes.message_count == 1) {
            posix_queue_tell(queue);
        }
        wait_queue_wake(&queue->changed);
    }
    return status;
}

enum status posix_queue_send(struct file *file, struct posix_message *message,
                             uint64_t deadline_ns) {
    struct queue_wait wait;
    begin_waiting(&wait, file, deadline_ns);
    sleep_lock_acquire(&posix_queue_lock);
    enum status status = put_when_there_is_room(queue_of(file), message, &wait);
    sleep_lock_release(&posix_queue_lock);
    end_waiting(&wait);
    return status;
}

static enum status take_first(struct posix_queue *queue, struct queue_wait *wait,
                              struct posix_message **message) REQUIRES(posix_queue_lock) {
    enum status status = STATUS_OK;
    queue->receiver_count++;
    while (status == STATUS_OK && queue->attributes.message_count == 0) {
        status = wait_more(wait);
    }
    queue->receiver_count--;
    if (status == STATUS_OK) {
        *message = LIST_ENTRY(list_pop_front(&queue->messages), struct posix_message, link);
        queue->attributes.message_count--;
        queue->message_bytes -= (*message)->size_bytes;
        wait_queue_wake(&queue->changed);
    }
    return status;
}

enum status posix_queue_receive(struct file *file, size_t room_bytes, uint64_t deadline_ns,
                                struct posix_message **message) {
    struct queue_wait wait;
    struct posix_queue *queue = queue_of(file);
    begin_waiting(&wait, file, deadline_ns);
    sleep_lock_acquire(&posix_queue_lock);
    bool is_too_little = room_bytes < (size_t)queue->attributes.size_max;
    enum status status =
        is_too_little ? STATUS_MESSAGE_TOO_LONG : take_first(queue, &wait, message);
    sleep_lock_release(&posix_queue_lock);
    end_waiting(&wait);
    return status;
}
