#include "kernel/ipc/message.h"

#include "kernel/ipc/message_queue.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

constexpr uint32_t MODE_TO_SEND = 0222;
constexpr uint32_t MODE_TO_RECEIVE = 0444;

struct sleep_lock message_lock;
struct ipc_table message_table;

enum status message_queue_find(const struct ipc_caller *caller, int32_t number, uint32_t wanted,
                               struct message_queue **queue) {
    *queue = message_queue_of(ipc_find(&message_table, number));
    return *queue == nullptr ? STATUS_INVALID : ipc_check(&(*queue)->ipc, wanted, caller);
}

static void free_all(struct list_node *messages) {
    struct list_node *node;
    while ((node = list_pop_front(messages)) != nullptr) {
        heap_free(LIST_ENTRY(node, struct ipc_message, link));
    }
}

void message_queue_unref(struct message_queue *queue) {
    if (--queue->reference_count == 0) {
        free_all(&queue->messages);
        heap_free(queue);
    }
}

static int64_t create(const struct ipc_caller *caller, uint32_t key, uint32_t flags)
    REQUIRES(message_lock) {
    struct message_queue *queue = heap_alloc(sizeof(*queue));
    if (queue == nullptr) {
        return STATUS_NO_MEMORY;
    }
    enum status status = ipc_add(&message_table, &queue->ipc, key, flags, caller);
    if (status != STATUS_OK) {
        heap_free(queue);
        return status;
    }
    queue->reference_count = 1;
    queue->state.size_bytes = MESSAGE_QUEUE_SIZE;
    queue->state.changed_seconds = caller->now_seconds;
    wait_queue_init(&queue->changed);
    list_init(&queue->messages);
    return queue->ipc.id;
}

int64_t message_queue_get(const struct ipc_caller *caller, uint32_t key, uint32_t flags) {
    struct ipc_object *object;
    sleep_lock_acquire(&message_lock);
    int64_t result = ipc_get(&message_table, key, flags, caller, &object);
    if (result == STATUS_OK) {
        result = object != nullptr ? object->id : create(caller, key, flags);
    }
    sleep_lock_release(&message_lock);
    return result;
}

/* One try of a call that may wait: STATUS_BUSY, it does. */
struct attempt {
    const struct ipc_caller *caller;
    int32_t number;
    uint32_t wanted_mode;
    enum status (*try)(struct attempt *attempt, struct message_queue *queue);
    enum status otherwise; /* where it may not wait; STATUS_OK: it may */
    const struct message_request *request;
    struct ipc_message *message;
};

static enum status try_again(struct attempt *attempt, struct message_queue *queue)
    REQUIRES(message_lock) {
    if (queue->is_removed) {
        return STATUS_REMOVED;
    }
    enum status status = ipc_check(&queue->ipc, attempt->wanted_mode, attempt->caller);
    return status == STATUS_OK ? attempt->try(attempt, queue) : status;
}

static enum status try_until_done(struct attempt *attempt, struct message_queue *queue)
    REQUIRES(message_lock) {
    struct sleeper sleeper = {};
    struct waiter waiter = {.sleeper = &sleeper};
    wait_queue_add(&queue->changed, &waiter);
    enum status status = try_again(attempt, queue);
    while (status == STATUS_BUSY && attempt->otherwise == STATUS_OK) {
        sleeper_prepare(&sleeper);
        sleep_lock_release(&message_lock);
        status = sleeper_sleep(&sleeper);
        sleep_lock_acquire(&message_lock);
        if (status == STATUS_OK || queue->is_removed) {
            status = try_again(attempt, queue);
        }
    }
    waiter_remove(&waiter);
    return status == STATUS_BUSY ? attempt->otherwise : status;
}

static enum status run(struct attempt *attempt) {
    struct message_queue *queue;
    sleep_lock_acquire(&message_lock);
    enum status status =
        message_queue_find(attempt->caller, attempt->number, attempt->wanted_mode, &queue);
    if (status == STATUS_OK) {
        queue->reference_count++;
        status = try_until_done(attempt, queue);
        message_queue_unref(queue);
    }
    sleep_lock_release(&message_lock);
    return status;
}

static enum status try_to_send(struct attempt *attempt, struct message_queue *queue)
    REQUIRES(message_lock) {
    struct message_queue_state *state = &queue->state;
    size_t size_bytes = attempt->message->size_bytes;
    if (size_bytes + state->used_bytes > state->size_bytes ||
        state->message_count >= state->size_bytes) {
        return STATUS_BUSY;
    }
    list_push_back(&queue->messages, &attempt->message->link);
    state->used_bytes += size_bytes;
    state->message_count++;
    state->last_sender = (int32_t)attempt->caller->process;
    state->sent_seconds = attempt->caller->now_seconds;
    wait_queue_wake(&queue->changed);
    return STATUS_OK;
}

enum status message_send(const struct ipc_caller *caller, int32_t queue,
                         struct ipc_message *message, bool may_wait) {
    struct attempt attempt = {
        .caller = caller,
        .number = queue,
        .wanted_mode = MODE_TO_SEND,
        .try = try_to_send,
        .otherwise = may_wait ? STATUS_OK : STATUS_TRY_AGAIN,
        .message = message,
    };
    return run(&attempt);
}

static bool is_wanted(const struct message_request *request, const struct ipc_message *message,
                      int64_t index) {
    switch (request->search) {
    case MESSAGE_FIRST:
        return true;
    case MESSAGE_OF_TYPE:
        return message->type == request->type;
    case MESSAGE_OF_OTHER_TYPE:
        return message->type != request->type;
    case MESSAGE_LEAST_TYPE:
        return message->type <= request->type;
    case MESSAGE_AT_INDEX:
        return index == request->type;
    }
    return false;
}

static struct ipc_message *find_message(const struct message_queue *queue,
                                        const struct message_request *request)
    REQUIRES(message_lock) {
    struct ipc_message *found = nullptr;
    int64_t index = 0;
    for (struct list_node *at = queue->messages.next; at != &queue->messages; at = at->next) {
        struct ipc_message *message = LIST_ENTRY(at, struct ipc_message, link);
        if (!is_wanted(request, message, index++)) {
            continue;
        }
        if (request->search != MESSAGE_LEAST_TYPE) {
            return message;
        }
        found = found == nullptr || message->type < found->type ? message : found;
    }
    return found;
}

static enum status copy_message(const struct ipc_message *message, struct ipc_message **copy) {
    size_t size_bytes = sizeof(*message) + message->size_bytes;
    *copy = heap_alloc(size_bytes);
    if (*copy == nullptr) {
        return STATUS_NO_MEMORY;
    }
    memcpy(*copy, message, size_bytes);
    return STATUS_OK;
}

static enum status try_to_receive(struct attempt *attempt, struct message_queue *queue)
    REQUIRES(message_lock) {
    const struct message_request *request = attempt->request;
    struct message_queue_state *state = &queue->state;
    struct ipc_message *message = find_message(queue, request);
    if (message == nullptr) {
        return STATUS_BUSY;
    }
    if (message->size_bytes > request->room_bytes && !request->may_be_cut) {
        return STATUS_TOO_LONG;
    }
    if (request->search == MESSAGE_AT_INDEX) {
        return copy_message(message, &attempt->message);
    }
    list_remove(&message->link);
    state->used_bytes -= message->size_bytes;
    state->message_count--;
    state->last_receiver = (int32_t)attempt->caller->process;
    state->received_seconds = attempt->caller->now_seconds;
    wait_queue_wake(&queue->changed);
    attempt->message = message;
    return STATUS_OK;
}

enum status message_receive(const struct ipc_caller *caller, const struct message_request *request,
                            struct ipc_message **message) {
    struct attempt attempt = {
        .caller = caller,
        .number = request->queue,
        .wanted_mode = MODE_TO_RECEIVE,
        .try = try_to_receive,
        .otherwise = request->may_wait ? STATUS_OK : STATUS_NO_MESSAGE,
        .request = request,
    };
    enum status status = run(&attempt);
    *message = attempt.message;
    return status;
}
