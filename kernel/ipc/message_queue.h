#pragma once

#include "kernel/ipc/message.h"
#include "mm/lock/sleep_lock.h"

/* What the sources on message queues tell each other. */

/* Guards every queue; held around nothing that waits or copies to or from a process. */
extern struct sleep_lock message_lock;
extern struct ipc_table message_table; /* guarded by message_lock */

/* All but what says otherwise is guarded by message_lock. */
struct message_queue {
    struct ipc_object ipc;
    uint32_t reference_count; /* the table's and those of who waits */
    bool is_removed;
    struct wait_queue changed;
    struct list_node messages;
    struct message_queue_state state; /* all but its rights */
};

static inline struct message_queue *message_queue_of(struct ipc_object *object) {
    return object != nullptr ? LIST_ENTRY(object, struct message_queue, ipc) : nullptr;
}

/* The queue of a number, which the caller may use so. Errors: STATUS_INVALID;
 * STATUS_ACCESS_DENIED. */
enum status message_queue_find(const struct ipc_caller *caller, int32_t number, uint32_t wanted,
                               struct message_queue **queue) REQUIRES(message_lock);

/* One reference less; the last one frees the queue, which is removed. */
void message_queue_unref(struct message_queue *queue) REQUIRES(message_lock);
