#include "kernel/syscall/files/deadline.h"

#include "kernel/clock/clock.h"
#include "kernel/clock/sleep.h"
#include "kernel/process/process.h"
#include "kernel/process/signals.h"
#include "kernel/syscall/files/arguments.h"

uint64_t deadline_after(uint64_t duration_ns) {
    struct task *task = task_current();
    if (duration_ns == 0) {
        return DEADLINE_NOW;
    }
    if (task->restart_deadline_ns == 0) {
        uint64_t deadline;
        bool is_too_far = __builtin_add_overflow(clock_now(), duration_ns, &deadline);
        task->restart_deadline_ns = is_too_far ? NO_DEADLINE : deadline;
    }
    return task->restart_deadline_ns;
}

/* Two words at an address: seconds, and parts of one. */
static enum status copy_time(uint64_t address, int64_t time[2]) {
    return copy_argument(time, address, 2 * sizeof(time[0]));
}

static enum status deadline_of(int64_t seconds, int64_t nanoseconds, uint64_t *deadline_ns) {
    if (seconds < 0 || nanoseconds < 0 || nanoseconds >= (int64_t)NANOSECONDS_PER_SECOND) {
        return STATUS_INVALID;
    }
    uint64_t duration;
    bool is_too_long =
        __builtin_mul_overflow((uint64_t)seconds, NANOSECONDS_PER_SECOND, &duration) ||
        __builtin_add_overflow(duration, (uint64_t)nanoseconds, &duration);
    *deadline_ns = deadline_after(is_too_long ? NO_DEADLINE : duration);
    return STATUS_OK;
}

enum status deadline_of_timespec(uint64_t address, uint64_t *deadline_ns) {
    int64_t time[2];
    *deadline_ns = NO_DEADLINE;
    if (address == 0) {
        return STATUS_OK;
    }
    enum status status = copy_time(address, time);
    return status == STATUS_OK ? deadline_of(time[0], time[1], deadline_ns) : status;
}

/* As on Linux, there may be more microseconds than make a second. */
enum status deadline_of_timeval(uint64_t address, uint64_t *deadline_ns) {
    constexpr int64_t second_us = 1'000'000;
    int64_t time[2];
    *deadline_ns = NO_DEADLINE;
    if (address == 0) {
        return STATUS_OK;
    }
    enum status status = copy_time(address, time);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t seconds;
    bool is_too_long = __builtin_add_overflow(time[0], time[1] / second_us, &seconds);
    int64_t rest_ns = time[1] % second_us * 1000;
    return is_too_long ? STATUS_INVALID : deadline_of(seconds, rest_ns, deadline_ns);
}

uint64_t deadline_left(uint64_t deadline_ns) {
    uint64_t now = clock_now();
    return deadline_ns > now ? deadline_ns - now : 0;
}

enum status wait_mask_begin(struct wait_mask *mask, uint64_t address, uint64_t size_bytes) {
    signal_set wanted;
    *mask = (struct wait_mask){};
    if (address == 0) {
        return STATUS_OK;
    }
    if (size_bytes != sizeof(wanted)) {
        return STATUS_INVALID;
    }
    enum status status = copy_argument(&wanted, address, sizeof(wanted));
    if (status == STATUS_OK) {
        *mask = (struct wait_mask){.before = task_current()->blocked, .is_set = true};
        signal_set_blocked(wanted);
    }
    return status;
}

void wait_mask_end(const struct wait_mask *mask, int64_t result) {
    if (!mask->is_set) {
        return;
    }
    if (result == STATUS_INTERRUPTED) {
        signal_restore_blocked_later(mask->before);
    } else {
        signal_set_blocked(mask->before);
    }
}
