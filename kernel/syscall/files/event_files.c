#include "kernel/clock/clock.h"
#include "kernel/files/file/open.h"
#include "kernel/signal_file/signal_file.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/timer_file/timer_file.h"

constexpr uint32_t EVENT_SEMAPHORE = 1; /* EFD_SEMAPHORE */

static int64_t make_event(uint32_t count, uint32_t flags) {
    struct file *file;
    if (flags & ~(EVENT_SEMAPHORE | FILE_NO_WAIT | OPEN_CLOSE_ON_EXEC)) {
        return STATUS_INVALID;
    }
    enum status status =
        file_open_event(count, flags & EVENT_SEMAPHORE, flags & FILE_NO_WAIT, &file);
    return status == STATUS_OK ? install_file(file, 0, flags & OPEN_CLOSE_ON_EXEC) : status;
}

int64_t call_eventfd(const struct trap_frame *frame) {
    return make_event((uint32_t)frame->rdi, 0);
}

int64_t call_eventfd2(const struct trap_frame *frame) {
    return make_event((uint32_t)frame->rdi, (uint32_t)frame->rsi);
}

constexpr uint32_t FLAGS_OF_OPENING = FILE_NO_WAIT | OPEN_CLOSE_ON_EXEC;

/* man 2 signalfd: another set for a descriptor, or a new one for -1. */
static int64_t make_signals(uint32_t descriptor, signal_set set, uint32_t flags) {
    constexpr uint32_t none = UINT32_MAX;
    struct file *file;
    if (descriptor == none) {
        enum status status = signal_file_open(set, flags & FILE_NO_WAIT, &file);
        return status == STATUS_OK ? install_file(file, 0, flags & OPEN_CLOSE_ON_EXEC) : status;
    }
    enum status status = open_file(descriptor, &file);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_right = file_is_signals(file);
    if (is_right) {
        signal_file_set(file, set);
    }
    file_unref(file);
    return is_right ? (int64_t)descriptor : STATUS_INVALID;
}

static int64_t signals(const struct trap_frame *frame, uint32_t flags) {
    signal_set set;
    if (frame->rdx != sizeof(set)) {
        return STATUS_INVALID;
    }
    enum status status = copy_argument(&set, frame->rsi, sizeof(set));
    if (status != STATUS_OK) {
        return status;
    }
    if (flags & ~FLAGS_OF_OPENING) {
        return STATUS_INVALID;
    }
    return make_signals((uint32_t)frame->rdi, set & ~SIGNALS_UNBLOCKABLE, flags);
}

int64_t call_signalfd(const struct trap_frame *frame) {
    return signals(frame, 0);
}

int64_t call_signalfd4(const struct trap_frame *frame) {
    return signals(frame, (uint32_t)frame->r10);
}

/* Clocks of man 2 timerfd_create. The machine cannot be woken, but it does not sleep either. */
enum timer_clock : uint32_t {
    CLOCK_REAL = 0,
    CLOCK_MONOTONIC = 1,
    CLOCK_BOOT = 7,
    CLOCK_REAL_ALARM = 8,
    CLOCK_BOOT_ALARM = 9,
};

static enum status find_clock(uint32_t clock, bool *is_real) {
    *is_real = clock == CLOCK_REAL || clock == CLOCK_REAL_ALARM;
    switch (clock) {
    case CLOCK_REAL:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOT:
        return STATUS_OK;
    case CLOCK_REAL_ALARM:
    case CLOCK_BOOT_ALARM:
        return process_has_capabilities() ? STATUS_OK : STATUS_NOT_PERMITTED;
    }
    return STATUS_INVALID;
}

int64_t call_timerfd_create(const struct trap_frame *frame) {
    uint32_t flags = (uint32_t)frame->rsi;
    bool is_real;
    struct file *file;
    if (flags & ~FLAGS_OF_OPENING) {
        return STATUS_INVALID;
    }
    enum status status = find_clock((uint32_t)frame->rdi, &is_real);
    if (status == STATUS_OK) {
        status = timer_file_open(is_real, flags & FILE_NO_WAIT, &file);
    }
    return status == STATUS_OK ? install_file(file, 0, flags & OPEN_CLOSE_ON_EXEC) : status;
}

/* struct itimerspec of man 3type itimerspec. */
struct timer_times {
    int64_t period[2]; /* seconds, nanoseconds */
    int64_t first[2];
};

constexpr int64_t SECOND_NS = 1'000'000'000;

static bool is_time(const int64_t time[2]) {
    return time[0] >= 0 && time[1] >= 0 && time[1] < SECOND_NS;
}

/* What is too far away is as far as can be. */
static uint64_t nanoseconds_of(const int64_t time[2]) {
    uint64_t sum;
    bool is_too_far = __builtin_mul_overflow((uint64_t)time[0], (uint64_t)SECOND_NS, &sum) ||
                      __builtin_add_overflow(sum, (uint64_t)time[1], &sum);
    return is_too_far || sum > INT64_MAX ? INT64_MAX : sum;
}

static enum status tell_setting(uint64_t address, struct timer_setting setting) {
    constexpr uint64_t second = (uint64_t)SECOND_NS;
    const struct timer_times times = {
        {(int64_t)(setting.period_ns / second), (int64_t)(setting.period_ns % second)},
        {(int64_t)(setting.left_ns / second), (int64_t)(setting.left_ns % second)},
    };
    return copy_result(address, &times, sizeof(times));
}

/* A date that is past is a deadline that is past. */
static uint64_t deadline_of(const struct file *file, const int64_t first[2], bool is_absolute) {
    uint64_t time = nanoseconds_of(first);
    if (time == 0) {
        return 0;
    }
    if (!is_absolute) {
        return clock_now() + time;
    }
    int64_t offset = timer_file_is_real(file) ? clock_real_offset() : 0;
    int64_t deadline = (int64_t)time - offset;
    return deadline > 0 ? (uint64_t)deadline : 1;
}

static enum status timer_of_descriptor(uint64_t descriptor, struct file **file) {
    enum status status = open_file(descriptor, file);
    if (status == STATUS_OK && !file_is_timer(*file)) {
        file_unref(*file);
        return STATUS_INVALID;
    }
    return status;
}

static enum status copy_times(const struct trap_frame *frame, struct timer_times *times) {
    constexpr uint32_t known = 3; /* TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET */
    enum status status = copy_argument(times, frame->rdx, sizeof(*times));
    if (status != STATUS_OK) {
        return status;
    }
    bool is_valid = is_time(times->first) && is_time(times->period);
    return ((uint32_t)frame->rsi & ~known) || !is_valid ? STATUS_INVALID : STATUS_OK;
}

int64_t call_timerfd_settime(const struct trap_frame *frame) {
    constexpr uint64_t is_absolute = 1;
    struct timer_times times;
    struct file *file;
    enum status status = copy_times(frame, &times);
    if (status == STATUS_OK) {
        status = timer_of_descriptor(frame->rdi, &file);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t deadline = deadline_of(file, times.first, frame->rsi & is_absolute);
    struct timer_setting before = timer_file_set(file, deadline, nanoseconds_of(times.period));
    file_unref(file);
    return frame->r10 == 0 ? STATUS_OK : tell_setting(frame->r10, before);
}

int64_t call_timerfd_gettime(const struct trap_frame *frame) {
    struct file *file;
    enum status status = timer_of_descriptor(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    struct timer_setting setting = timer_file_get(file);
    file_unref(file);
    return tell_setting(frame->rsi, setting);
}
