#pragma once

#include "kernel/ipc/message.h"
#include "mm/lock/sleep_lock.h"

/* What the sources on message queues tell each other. */

/* Guards every queue; held around nothing that waits or copies to or from a process. */
extern struct sleep_lock message_lock;
extern struct ipc_table message_table; /* guarded by message_lock */

/* All is guarded by message_lock. */
struct message_queue {
    struct ipc_object ipc;
    struct list_node receivers, senders; /* message_attempts, in the order in which they came */
    struct list_node messages;
    struct message_queue_state state; /* all but its rights */
};

/* A call that may have to wait, on its caller's stack. While it waits it is guarded by
 * message_lock, but for what says otherwise. */
struct message_attempt {
    struct list_node link; /* in one of the queue's lists, while it waits */
    struct sleeper sleeper;
    bool is_waiting;     /* atomic */
    enum status outcome; /* once it waits no more */
    const struct ipc_caller *caller;
    int32_t number; /* of the queue */
    uint32_t wanted_mode;
    enum status (*try)(struct message_attempt *attempt,
                       struct message_queue *queue); /* BUSY: not yet */
    enum status otherwise;                           /* where it may not wait; STATUS_OK: it may */
    const struct message_request *request;           /* null: it sends */
    struct ipc_message *message;
};

static inline struct message_queue *message_queue_of(struct ipc_object *object) {
    return object != nullptr ? LIST_ENTRY(object, struct message_queue, ipc) : nullptr;
}

/* The queue of a number, which the caller may use so. Errors: STATUS_INVALID;
 * STATUS_ACCESS_DENIED. */
enum status message_queue_find(const struct ipc_caller *caller, int32_t number, uint32_t wanted,
                               struct message_queue **queue) REQUIRES(message_lock);

/* Rights, or the room, are others now: for some the wait is over. */
void message_queue_look_again(struct message_queue *queue) REQUIRES(message_lock);
void message_queue_end_waiters(struct message_queue *queue, enum status outcome)
    REQUIRES(message_lock);

/* One that is in no table, and that nobody waits for. */
void message_queue_free(struct message_queue *queue) REQUIRES(message_lock);
