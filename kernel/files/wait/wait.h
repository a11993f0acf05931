#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "lib/status.h"

/*
 * Waiting until something has changed. Who waits comes onto the queue first, then looks whether it
 * must wait at all, and then sleeps: a change after the look finds it on the queue, so none is
 * lost.
 *
 *     sleeper_prepare(&sleeper);
 *     wait_queue_add(&queue, &waiter);
 *     while (nothing is there yet && sleeper_sleep(&sleeper) == STATUS_OK) {
 *         sleeper_prepare(&sleeper);
 *     }
 *     waiter_remove(&waiter);
 */

BEGIN_C_DECLS

/* A thread that waits for one queue or for several. */
struct sleeper {
    uint32_t is_woken; /* atomic */
};

struct wait_queue {
    struct spinlock lock;
    struct list_node waiters; /* guarded by lock */
};

/* A place on one queue. */
struct waiter {
    struct list_node link;    /* guarded by the queue's lock */
    struct wait_queue *queue; /* null: on none; changed by the waiter's owner alone */
    struct sleeper *sleeper;  /* who is woken; null: nobody */
    uint32_t interest;        /* changes that reach it, by the caller's bits; 0: all. Fixed while it
                                 is on a queue */
    bool is_exclusive;        /* has a sleeper, and takes what it is woken for; fixed likewise */

    /* Called at each change as well, if not null, under the queue's lock: it must not sleep, nor
     * come to this queue. */
    void (*notify)(struct waiter *waiter);
};

void wait_queue_init(struct wait_queue *queue);

/* Every wakening from here on reaches the waiter, which lives until it is removed. */
void wait_queue_add(struct wait_queue *queue, struct waiter *waiter);

/* From here on nothing reaches it. One that is on no queue stays so. */
void waiter_remove(struct waiter *waiter);

/* Something has changed: reaches every waiter; or those that one of these changes is to reach, but
 * of the exclusive ones among them only the first that has not been woken since it was prepared. */
void wait_queue_wake(struct wait_queue *queue);
void wait_queue_wake_for(struct wait_queue *queue, uint32_t changes);

/* Reaches that exclusive one alone: nothing has changed, but another one has left it its turn. */
void wait_queue_wake_next(struct wait_queue *queue, uint32_t changes);

/* Before looking whether to wait: what happens from here on ends the next sleep. */
void sleeper_prepare(struct sleeper *sleeper);

/* Sleeps until the sleeper is woken, at once if it was since it was prepared. Errors:
 * STATUS_INTERRUPTED, a signal is pending. */
enum status sleeper_sleep(struct sleeper *sleeper);
void sleeper_wake(struct sleeper *sleeper);

/* Whether it was woken since it was prepared. An exclusive waiter that leaves after that, without
 * having looked once more, owes its wakening to the next one. */
bool sleeper_is_woken(const struct sleeper *sleeper);

/*
 * How signals end a sleep: the thread that is between `begin` and `end` is woken by sleeper_wake
 * when one comes, and `is_pending` says whether it has one. Set once, at boot; before, none comes.
 */
struct sleep_interruption {
    void (*begin)(struct sleeper *sleeper);
    bool (*is_pending)(void);
    bool (*is_ending)(void); /* it does not come back to its program at all; null: never so */
    void (*end)(struct sleeper *sleeper);
};

void sleeper_set_interruption(const struct sleep_interruption *given);

/* For what takes long without a sleep: whether one would end at once; and whether nobody is left
 * who wants the result, which also ends what signals else do not. */
bool sleeper_is_interrupted(void);
bool sleeper_is_ending(void);

END_C_DECLS
