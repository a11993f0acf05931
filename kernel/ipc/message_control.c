#include "kernel/ipc/message.h"
#include "kernel/ipc/message_queue.h"

/* man 2 msgctl. */

constexpr uint32_t MODE_TO_READ = 0444;

static struct message_queue_state state_of(const struct message_queue *queue)
    REQUIRES(message_lock) {
    struct message_queue_state state = queue->state;
    state.rights = queue->ipc.rights;
    return state;
}

enum status message_queue_describe(const struct ipc_caller *caller, int32_t queue,
                                   struct message_queue_state *state) {
    struct message_queue *found;
    sleep_lock_acquire(&message_lock);
    enum status status = message_queue_find(caller, queue, MODE_TO_READ, &found);
    if (status == STATUS_OK) {
        *state = state_of(found);
    }
    sleep_lock_release(&message_lock);
    return status;
}

int64_t message_queue_describe_slot(const struct ipc_caller *caller, uint32_t slot, bool is_any,
                                    struct message_queue_state *state) {
    sleep_lock_acquire(&message_lock);
    const struct message_queue *queue = message_queue_of(ipc_find_slot(&message_table, slot));
    int64_t result = STATUS_INVALID;
    if (queue != nullptr) {
        enum status status = is_any ? STATUS_OK : ipc_check(&queue->ipc, MODE_TO_READ, caller);
        *state = state_of(queue);
        result = status == STATUS_OK ? queue->ipc.id : (int64_t)status;
    }
    sleep_lock_release(&message_lock);
    return result;
}

static enum status find_own(const struct ipc_caller *caller, int32_t number,
                            struct message_queue **queue) REQUIRES(message_lock) {
    *queue = message_queue_of(ipc_find(&message_table, number));
    return *queue == nullptr ? STATUS_INVALID : ipc_check_owner(&(*queue)->ipc, caller);
}

static enum status change(const struct ipc_caller *caller, struct message_queue *queue,
                          const struct message_queue_state *next) REQUIRES(message_lock) {
    if (next->size_bytes > MESSAGE_QUEUE_SIZE && caller->user != 0) {
        return STATUS_NOT_PERMITTED;
    }
    enum status status = ipc_give(&queue->ipc.rights, &next->rights);
    if (status != STATUS_OK) {
        return status;
    }
    queue->state.size_bytes = next->size_bytes;
    queue->state.changed_seconds = caller->now_seconds;
    message_queue_look_again(queue);
    return STATUS_OK;
}

enum status message_queue_change(const struct ipc_caller *caller, int32_t queue,
                                 const struct message_queue_state *next) {
    struct message_queue *found;
    sleep_lock_acquire(&message_lock);
    enum status status = find_own(caller, queue, &found);
    if (status == STATUS_OK) {
        status = change(caller, found, next);
    }
    sleep_lock_release(&message_lock);
    return status;
}

enum status message_queue_remove(const struct ipc_caller *caller, int32_t queue) {
    struct message_queue *found;
    sleep_lock_acquire(&message_lock);
    enum status status = find_own(caller, queue, &found);
    if (status == STATUS_OK) {
        ipc_remove(&message_table, &found->ipc);
        message_queue_end_waiters(found, STATUS_REMOVED);
        message_queue_free(found);
    }
    sleep_lock_release(&message_lock);
    return status;
}

struct message_usage message_usage(void) {
    struct message_usage usage = {};
    sleep_lock_acquire(&message_lock);
    usage.queue_count = message_table.count;
    for (uint32_t slot = 0; slot <= message_table.highest; slot++) {
        const struct message_queue *queue = message_queue_of(ipc_find_slot(&message_table, slot));
        if (queue != nullptr) {
            usage.message_count += (uint32_t)queue->state.message_count;
            usage.used_bytes += (uint32_t)queue->state.used_bytes;
            usage.last_slot = slot;
        }
    }
    sleep_lock_release(&message_lock);
    return usage;
}
