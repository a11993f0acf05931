#pragma once

#include <stdint.h>

#include "kernel/signal/signal.h"
#include "lib/decls.h"
#include "lib/status.h"

/* How long a call waits, and with which signals blocked. */

BEGIN_C_DECLS

constexpr uint64_t DEADLINE_NOW = 0; /* it does not wait at all */

/*
 * The deadline (of clock_now; NO_DEADLINE: none) that is so far away from the call, also where it
 * is made again after a signal. A duration of 0 is DEADLINE_NOW.
 */
uint64_t deadline_after(uint64_t duration_ns);

/* The same for man 3type timespec at an address; 0: none. Errors: STATUS_FAULT; STATUS_INVALID. */
enum status deadline_of_timespec(uint64_t address, uint64_t *deadline_ns);
enum status deadline_of_timeval(uint64_t address, uint64_t *deadline_ns);

/* What is left of it. */
uint64_t deadline_left(uint64_t deadline_ns);

/* The signals that are blocked while a call waits (man 2 ppoll). */
struct wait_mask {
    signal_set before;
    bool is_set;
};

/* Takes a sigset_t of size_bytes over; none at address 0. Errors: STATUS_INVALID; STATUS_FAULT. */
enum status wait_mask_begin(struct wait_mask *mask, uint64_t address, uint64_t size_bytes);

/* A signal that interrupted the wait is taken before the mask is put back. */
void wait_mask_end(const struct wait_mask *mask, int64_t result);

END_C_DECLS
