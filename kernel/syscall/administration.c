#include "kernel/clock/clock.h"
#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/times.h"
#include "kernel/syscall/user.h"

/*
 * What only an administrator may ask for, and this kernel has not: others are refused as on Linux,
 * and root is told that it is not there, as by a Linux that was built without it.
 */

int64_t call_for_administrators(const struct trap_frame *frame) {
    (void)frame;
    return process_has_capabilities() ? STATUS_NOT_IMPLEMENTED : STATUS_NOT_PERMITTED;
}

/* Level 0 is what every program has. */
int64_t call_iopl(const struct trap_frame *frame) {
    constexpr uint32_t level_max = 3;
    uint32_t level = (uint32_t)frame->rdi;
    if (level > level_max) {
        return STATUS_INVALID;
    }
    return level == 0 ? 0 : call_for_administrators(frame);
}

/* Giving up what nobody has works. */
int64_t call_ioperm(const struct trap_frame *frame) {
    constexpr uint64_t ports = 65536;
    uint64_t end = frame->rdi + frame->rsi;
    if (end <= frame->rdi || end > ports) {
        return STATUS_INVALID;
    }
    return (uint32_t)frame->rdx == 0 ? 0 : call_for_administrators(frame);
}

/* struct timex of man 2 adjtimex. */
struct clock_state {
    uint32_t modes, padding;
    int64_t offset, frequency, error_max, error_estimate;
    int32_t status, padding_2;
    int64_t constant, precision, tolerance;
    struct time_value time;
    int64_t tick;
    int64_t pulses[3];
    int32_t shift, padding_3;
    int64_t pulse_counts[4];
    int32_t tai;
    int32_t reserved[11];
};

static_assert(sizeof(struct clock_state) == 208);

constexpr int32_t UNSYNCHRONISED = 0x40; /* STA_UNSYNC */
constexpr int64_t CLOCK_IS_OFF = 5;      /* TIME_ERROR: nothing keeps it right */
constexpr int64_t ERROR_MAX_US = 16'000'000;
constexpr int64_t TICK_US = 10'000;
constexpr int64_t TOLERANCE = 32'768'000; /* 500 parts in a million, times 2^16 */

/* Modes of man 3 adjtime, which are no bits of man 2 adjtimex. */
constexpr uint32_t ADJUST_SLOWLY = 0x8000, ADJUST_SLOWLY_ONCE = 1, ADJUST_SLOWLY_READS = 0x2000;

/* Whether what is asked for may be, which is that nothing is changed. */
static enum status check_modes(uint32_t modes) {
    if ((modes & ADJUST_SLOWLY) && !(modes & ADJUST_SLOWLY_ONCE)) {
        return STATUS_INVALID;
    }
    if (modes == 0 || (modes & ADJUST_SLOWLY && modes & ADJUST_SLOWLY_READS)) {
        return STATUS_OK;
    }
    return process_has_capabilities() ? STATUS_NOT_SUPPORTED : STATUS_NOT_PERMITTED;
}

/* A clock that nobody corrects: it can be read, and only man 2 clock_settime changes it. */
static int64_t adjust(uint64_t address) {
    struct clock_state state;
    if (copy_in(&state, address, sizeof(state)) != 0) {
        return STATUS_FAULT;
    }
    enum status status = check_modes(state.modes);
    if (status != STATUS_OK) {
        return status;
    }
    state = (struct clock_state){
        .modes = state.modes,
        .error_max = ERROR_MAX_US,
        .error_estimate = ERROR_MAX_US,
        .status = UNSYNCHRONISED,
        .constant = 2,
        .precision = 1,
        .tolerance = TOLERANCE,
        .time = time_value_of((uint64_t)clock_real_now()),
        .tick = TICK_US,
    };
    return copy_out(address, &state, sizeof(state)) == 0 ? CLOCK_IS_OFF : STATUS_FAULT;
}

int64_t call_adjtimex(const struct trap_frame *frame) {
    return adjust(frame->rdi);
}

int64_t call_clock_adjtime(const struct trap_frame *frame) {
    constexpr uint32_t real_time = 0;
    constexpr uint32_t clock_last = 11;
    uint32_t clock = (uint32_t)frame->rdi;
    if (clock > clock_last) {
        return STATUS_INVALID;
    }
    return clock == real_time ? adjust(frame->rsi) : STATUS_NOT_SUPPORTED;
}
