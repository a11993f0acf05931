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

void message_queue_free(struct message_queue *queue) {
    free_all(&queue->messages);
    heap_free(queue);
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
    queue->state.size_bytes = MESSAGE_QUEUE_SIZE;
    queue->state.changed_seconds = caller->now_seconds;
    list_init(&queue->receivers);
    list_init(&queue->senders);
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

static void end_waiting(struct message_attempt *attempt, enum status outcome)
    REQUIRES(message_lock) {
    list_remove(&attempt->link);
    attempt->outcome = outcome;
    __atomic_store_n(&attempt->is_waiting, false, __ATOMIC_RELEASE);
    sleeper_wake(&attempt->sleeper);
}

static enum status try_again(struct message_attempt *attempt, struct message_queue *queue)
    REQUIRES(message_lock) {
    enum status status = ipc_check(&queue->ipc, attempt->wanted_mode, attempt->caller);
    return status == STATUS_OK ? attempt->try(attempt, queue) : status;
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

/* Gives a message of the queue to the first that waits for such a one; false: nobody does. */
static bool pass_on(struct message_queue *queue, const struct ipc_message *message)
    REQUIRES(message_lock) {
    struct list_node *next;
    for (struct list_node *at = queue->receivers.next; at != &queue->receivers; at = next) {
        struct message_attempt *attempt = LIST_ENTRY(at, struct message_attempt, link);
        next = at->next;
        if (!is_wanted(attempt->request, message, 0)) {
            continue;
        }
        enum status status = try_again(attempt, queue);
        if (status != STATUS_BUSY) {
            end_waiting(attempt, status);
        }
        if (status == STATUS_OK) {
            return true;
        }
    }
    return false;
}

/* There is room: for whoever came first and whose message fits. */
static void serve_senders(struct message_queue *queue) REQUIRES(message_lock) {
    struct list_node *next;
    for (struct list_node *at = queue->senders.next; at != &queue->senders; at = next) {
        struct message_attempt *attempt = LIST_ENTRY(at, struct message_attempt, link);
        const struct ipc_message *message = attempt->message;
        next = at->next;
        enum status status = try_again(attempt, queue);
        if (status == STATUS_BUSY) {
            continue;
        }
        end_waiting(attempt, status);
        if (status == STATUS_OK && pass_on(queue, message)) {
            next = queue->senders.next;
        }
    }
}

static void end_all(struct list_node *attempts, enum status outcome) REQUIRES(message_lock) {
    while (!list_is_empty(attempts)) {
        end_waiting(LIST_ENTRY(attempts->next, struct message_attempt, link), outcome);
    }
}

void message_queue_end_waiters(struct message_queue *queue, enum status outcome) {
    end_all(&queue->receivers, outcome);
    end_all(&queue->senders, outcome);
}

void message_queue_look_again(struct message_queue *queue) {
    struct list_node *next;
    for (struct list_node *at = queue->receivers.next; at != &queue->receivers; at = next) {
        struct message_attempt *attempt = LIST_ENTRY(at, struct message_attempt, link);
        next = at->next;
        enum status status = try_again(attempt, queue);
        if (status != STATUS_BUSY) {
            end_waiting(attempt, status);
        }
    }
    serve_senders(queue);
}

/* STATUS_BUSY: it waits now. */
static enum status try_first(struct message_attempt *attempt, struct message_queue *queue)
    REQUIRES(message_lock) {
    enum status status = attempt->try(attempt, queue);
    bool is_sender = attempt->request == nullptr;
    if (status == STATUS_OK && is_sender) {
        (void)pass_on(queue, attempt->message);
    }
    if (status == STATUS_OK) {
        serve_senders(queue);
    }
    if (status != STATUS_BUSY || attempt->otherwise != STATUS_OK) {
        return status == STATUS_BUSY ? attempt->otherwise : status;
    }
    attempt->is_waiting = true;
    list_push_back(is_sender ? &queue->senders : &queue->receivers, &attempt->link);
    return STATUS_BUSY;
}

static enum status wait(struct message_attempt *attempt) {
    enum status status = STATUS_OK;
    while (status == STATUS_OK && __atomic_load_n(&attempt->is_waiting, __ATOMIC_ACQUIRE)) {
        status = sleeper_sleep(&attempt->sleeper);
        sleeper_prepare(&attempt->sleeper);
    }
    sleep_lock_acquire(&message_lock);
    if (attempt->is_waiting) {
        list_remove(&attempt->link);
        attempt->outcome = status;
    }
    sleep_lock_release(&message_lock);
    return attempt->outcome;
}

static enum status run(struct message_attempt *attempt) {
    struct message_queue *queue;
    sleep_lock_acquire(&message_lock);
    enum status status =
        message_queue_find(attempt->caller, attempt->number, attempt->wanted_mode, &queue);
    if (status == STATUS_OK) {
        status = try_first(attempt, queue);
    }
    sleep_lock_release(&message_lock);
    return status == STATUS_BUSY ? wait(attempt) : status;
}

static enum status try_to_send(struct message_attempt *attempt, struct message_queue *queue)
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
    return STATUS_OK;
}

enum status message_send(const struct ipc_caller *caller, int32_t queue,
                         struct ipc_message *message, bool may_wait) {
    struct message_attempt attempt = {
        .caller = caller,
        .number = queue,
        .wanted_mode = MODE_TO_SEND,
        .try = try_to_send,
        .otherwise = may_wait ? STATUS_OK : STATUS_TRY_AGAIN,
        .message = message,
    };
    return run(&attempt);
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

static enum status try_to_receive(struct message_attempt *attempt, struct message_queue *queue)
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
    attempt->message = message;
    return STATUS_OK;
}

enum status message_receive(const struct ipc_caller *caller, const struct message_request *request,
                            struct ipc_message **message) {
    struct message_attempt attempt = {
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
