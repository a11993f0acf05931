#include "kernel/process/posix_timer.h"

#include "kernel/syscall/calls.h"
#include "kernel/syscall/times.h"
#include "kernel/syscall/user.h"

/* man 2 timer_create and its company. */

/* What struct sigevent of man 7 sigevent says to the kernel. */
struct event {
    uint64_t value;
    int32_t signal;
    int32_t way;
    int32_t thread;
    int32_t reserved[11];
};

static_assert(sizeof(struct event) == 64);

enum event_way : int32_t {
    BY_SIGNAL = 0,
    BY_NOTHING = 1,
    BY_FUNCTION = 2, /* SIGEV_THREAD: a signal, for the C library */
    BY_THREAD_ID = 4,
};

static enum status read_event(const struct event *event, struct posix_timer_request *request) {
    bool is_way = event->way == BY_SIGNAL || event->way == BY_NOTHING ||
                  event->way == BY_FUNCTION || event->way == BY_THREAD_ID;
    bool is_silent = event->way == BY_NOTHING;
    if (!is_way || (!is_silent && !signal_is_valid((unsigned)event->signal)) ||
        (event->way == BY_THREAD_ID && event->thread <= 0)) {
        return STATUS_INVALID;
    }
    request->is_silent = is_silent;
    request->signal = (unsigned)event->signal;
    request->task_number = event->way == BY_THREAD_ID ? (uint32_t)event->thread : 0;
    request->value = event->value;
    request->has_value = true;
    return STATUS_OK;
}

/* Clocks of other processes cannot be had; those that only show a time time nothing. */
static enum status read_clock(uint32_t clock, struct posix_timer_request *request) {
    switch (clock) {
    case 0:  /* CLOCK_REALTIME */
    case 11: /* CLOCK_TAI */
        request->is_real = true;
        return STATUS_OK;
    case 1: /* CLOCK_MONOTONIC */
    case 7: /* CLOCK_BOOTTIME */
        return STATUS_OK;
    case 2: /* CLOCK_PROCESS_CPUTIME_ID */
        request->clock = POSIX_CLOCK_PROCESS;
        return STATUS_OK;
    case 3: /* CLOCK_THREAD_CPUTIME_ID */
        request->clock = POSIX_CLOCK_TASK;
        return STATUS_OK;
    case 8: /* CLOCK_REALTIME_ALARM */
    case 9: /* CLOCK_BOOTTIME_ALARM */
        return process_has_capabilities() ? STATUS_NOT_SUPPORTED : STATUS_NOT_PERMITTED;
    case 4: /* CLOCK_MONOTONIC_RAW */
    case 5: /* CLOCK_REALTIME_COARSE */
    case 6: /* CLOCK_MONOTONIC_COARSE */
        return STATUS_NOT_SUPPORTED;
    default:
        return STATUS_INVALID;
    }
}

int64_t call_timer_create(const struct trap_frame *frame) {
    struct posix_timer_request request = {.signal = SIGNAL_ALRM};
    struct event event;
    if (frame->rsi != 0 && copy_in(&event, frame->rsi, sizeof(event)) != 0) {
        return STATUS_FAULT;
    }
    enum status status = read_clock((uint32_t)frame->rdi, &request);
    if (status == STATUS_OK && frame->rsi != 0) {
        status = read_event(&event, &request);
    }
    int32_t number;
    if (status == STATUS_OK) {
        status = posix_timer_create(&request, &number);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (copy_out(frame->rdx, &number, sizeof(number)) == 0) {
        return 0;
    }
    status = posix_timer_delete(number);
    return status == STATUS_OK ? STATUS_FAULT : status;
}

/* struct itimerspec of man 3type itimerspec. */
struct timer_times {
    struct time_spec period, left;
};

static int64_t store(uint64_t address, const struct posix_timer_times *times) {
    const struct timer_times result = {time_spec_of(times->period_ns),
                                       time_spec_of(times->left_ns)};
    return copy_out(address, &result, sizeof(result));
}

int64_t call_timer_settime(const struct trap_frame *frame) {
    constexpr uint32_t absolute = 1; /* TIMER_ABSTIME */
    struct timer_times next;
    struct posix_timer_times before;
    if (frame->rdx == 0) {
        return STATUS_INVALID;
    }
    if (copy_in(&next, frame->rdx, sizeof(next)) != 0) {
        return STATUS_FAULT;
    }
    if (!time_spec_is_valid(&next.period) || !time_spec_is_valid(&next.left)) {
        return STATUS_INVALID;
    }
    const struct posix_timer_times times = {time_spec_ns(&next.left), time_spec_ns(&next.period)};
    enum status status = posix_timer_set((int32_t)frame->rdi, &times,
                                         ((uint32_t)frame->rsi & absolute) != 0, &before);
    return status == STATUS_OK && frame->r10 != 0 ? store(frame->r10, &before) : status;
}

int64_t call_timer_gettime(const struct trap_frame *frame) {
    struct posix_timer_times times;
    enum status status = posix_timer_read((int32_t)frame->rdi, &times);
    return status == STATUS_OK ? store(frame->rsi, &times) : status;
}

int64_t call_timer_getoverrun(const struct trap_frame *frame) {
    return posix_timer_overrun((int32_t)frame->rdi);
}

int64_t call_timer_delete(const struct trap_frame *frame) {
    return posix_timer_delete((int32_t)frame->rdi);
}
