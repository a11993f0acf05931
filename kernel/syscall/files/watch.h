#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "kernel/files/wait/wait.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Waiting for one of several files, as man 2 poll and select do. */

BEGIN_C_DECLS

/* Events of man 2 poll beside those of kernel/files/pipe/poll.h. */
constexpr uint32_t READY_URGENT = 0x002;       /* POLLPRI */
constexpr uint32_t READY_INVALID = 0x020;      /* POLLNVAL */
constexpr uint32_t READY_READ_NORMAL = 0x040;  /* POLLRDNORM */
constexpr uint32_t READY_WRITE_NORMAL = 0x100; /* POLLWRNORM */

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

/* What poll says besides where a file is ready to be read from or written to. */
uint32_t poll_events(uint32_t ready);

/*
 * Waits until a watch is ready, up to the deadline (of clock_now; NO_DEADLINE: for ever; 0: not at
 * all). Returns how many are, or STATUS_INTERRUPTED.
 */
int64_t watch_list_wait(struct watch_list *list, uint64_t deadline_ns);

END_C_DECLS
