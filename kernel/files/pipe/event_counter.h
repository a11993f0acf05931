#pragma once

#include <stdint.h>

#include "kernel/files/pipe/poll.h"
#include "kernel/files/transfer/transfer.h"
#include "kernel/files/wait/wait.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "mm/lock/sleep_lock.h"

/* The counter behind an eventfd (man 2 eventfd). */

BEGIN_C_DECLS

struct event_counter {
    struct sleep_lock lock;
    uint64_t count;         /* guarded by lock; at most UINT64_MAX - 1 */
    bool takes_one_at_once; /* EFD_SEMAPHORE; fixed at creation */
    struct wait_queue changed;
};

void event_counter_init(struct event_counter *counter, uint64_t count, bool takes_one_at_once);

/* Takes the count, or 1 of it, once it is not 0. Errors: STATUS_INVALID, room for less than eight
 * bytes; STATUS_TRY_AGAIN; STATUS_INTERRUPTED; STATUS_FAULT. */
enum status event_counter_read(struct event_counter *counter, struct transfer *transfer,
                               bool may_wait);

/* Adds eight bytes' number, once it fits. Errors: the same; STATUS_INVALID also for UINT64_MAX. */
enum status event_counter_write(struct event_counter *counter, struct transfer *transfer,
                                bool may_wait);

/* As pipe_poll. */
uint32_t event_counter_poll(struct event_counter *counter, struct waiter *waiter);

END_C_DECLS
