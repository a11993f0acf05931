#pragma once

#include <stdint.h>

#include "kernel/clock/clock.h"
#include "kernel/process/process.h"
#include "lib/status.h"

/* Linux's structures of time (man 3type timespec, timeval, itimerspec). */

struct time_spec {
    int64_t seconds, nanoseconds;
};

struct time_value {
    int64_t seconds, microseconds;
};

/* Whether it is a time that man 2 clock_nanosleep takes. */
static inline bool time_spec_is_valid(const struct time_spec *time) {
    return time->seconds >= 0 && time->nanoseconds >= 0 &&
           time->nanoseconds < (int64_t)NANOSECONDS_PER_SECOND;
}

/* In nanoseconds; what is too long becomes the longest. */
uint64_t time_spec_ns(const struct time_spec *time);
struct time_spec time_spec_of(uint64_t ns);
struct time_value time_value_of(uint64_t ns);

/*
 * When a timeout at a user address ends, of clock_now: NO_DEADLINE for a null address. A call that
 * is made again by itself goes on with the deadline that it had. Errors: STATUS_FAULT;
 * STATUS_INVALID.
 */
enum status deadline_from_user(uint64_t address, uint64_t *deadline_ns);

/* The same for an absolute time of CLOCK_REALTIME or CLOCK_MONOTONIC. */
enum status deadline_at_from_user(uint64_t address, bool is_real, uint64_t *deadline_ns);

/* A time of CLOCK_REALTIME, or one of clock_now as it is; what was before the boot is over at once.
 */
uint64_t clock_to_monotonic(uint64_t ns, bool is_real);

uint64_t add_saturated(uint64_t a, uint64_t b);

/* CPU times, of timer ticks. */
uint64_t ticks_to_ns(uint64_t ticks);
struct time_value ticks_to_value(uint64_t ticks);
