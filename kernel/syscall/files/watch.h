#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "kernel/files/pipe/poll.h"
#include "kernel/files/wait/wait.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Waiting for one of several files, as man 2 poll and select do. */

BEGIN_C_DECLS

struct watch {
    struct file *file; /* owned; null: `ready` is what it always is */
    uint32_t wanted;
    uint32_t ready; /* of what is wanted */
    struct waiter waiter;
};

struct watch_list {
    struct watch *watches; /* null where count is 0 */
    size_t count;
    struct sleeper sleeper;
};

/* Watches of nothing. Errors: STATUS_NO_MEMORY. */
enum status watch_list_create(struct watch_list *list, size_t count);
void watch_list_destroy(struct watch_list *list);

/*
 * Waits until a watch is ready, up to the deadline (of clock_now; NO_DEADLINE: for ever; 0: not at
 * all). Returns how many are, or STATUS_INTERRUPTED.
 */
int64_t watch_list_wait(struct watch_list *list, uint64_t deadline_ns);

END_C_DECLS
