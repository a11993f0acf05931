#include "drivers/timer.h"
#include "kernel/clock/clock.h"
#include "kernel/clock/sleep.h"
#include "kernel/process/process.h"
#include "kernel/process/signals.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/times.h"
#include "kernel/syscall/user.h"
#include "kernel/thread/thread.h"

/* What time it is, and sleeping. */

enum clock : uint32_t {
    CLOCK_REALTIME = 0,
    CLOCK_MONOTONIC = 1,
    CLOCK_PROCESS_CPU = 2,
    CLOCK_THREAD_CPU = 3,
    CLOCK_MONOTONIC_RAW = 4,
    CLOCK_REALTIME_COARSE = 5,
    CLOCK_MONOTONIC_COARSE = 6,
    CLOCK_BOOTTIME = 7,
    CLOCK_REALTIME_ALARM = 8,
    CLOCK_BOOTTIME_ALARM = 9,
    CLOCK_TAI = 11,
};

constexpr uint32_t TIMER_ABSOLUTE = 1; /* TIMER_ABSTIME */
constexpr uint64_t TICK_NS = NANOSECONDS_PER_SECOND / TIMER_HERTZ;
constexpr uint64_t NS_MAX = INT64_MAX;

uint64_t time_spec_ns(const struct time_spec *time) {
    constexpr uint64_t most = NS_MAX / NANOSECONDS_PER_SECOND;
    if ((uint64_t)time->seconds >= most) {
        return NS_MAX;
    }
    return (uint64_t)time->seconds * NANOSECONDS_PER_SECOND + (uint64_t)time->nanoseconds;
}

struct time_spec time_spec_of(uint64_t ns) {
    return (struct time_spec){
        .seconds = (int64_t)(ns / NANOSECONDS_PER_SECOND),
        .nanoseconds = (int64_t)(ns % NANOSECONDS_PER_SECOND),
    };
}

struct time_value time_value_of(uint64_t ns) {
    return (struct time_value){
        .seconds = (int64_t)(ns / NANOSECONDS_PER_SECOND),
        .microseconds = (int64_t)(ns % NANOSECONDS_PER_SECOND / 1000),
    };
}

uint64_t ticks_to_ns(uint64_t ticks) {
    return ticks * TICK_NS;
}

struct time_value ticks_to_value(uint64_t ticks) {
    return time_value_of(ticks_to_ns(ticks));
}

uint64_t add_saturated(uint64_t a, uint64_t b) {
    return a + b < a ? NO_DEADLINE - 1 : a + b;
}

static enum status read_time(uint64_t address, struct time_spec *time) {
    if (copy_in(time, address, sizeof(*time)) != 0) {
        return STATUS_FAULT;
    }
    return time_spec_is_valid(time) ? STATUS_OK : STATUS_INVALID;
}

/* The deadline of a call that is made for the first time, or the one that it had. */
static uint64_t keep_deadline(uint64_t deadline_ns) {
    struct task *task = task_current();
    if (task->restart_deadline_ns == 0) {
        task->restart_deadline_ns = deadline_ns;
    }
    return task->restart_deadline_ns;
}

enum status deadline_from_user(uint64_t address, uint64_t *deadline_ns) {
    *deadline_ns = NO_DEADLINE;
    if (address == 0) {
        return STATUS_OK;
    }
    struct time_spec time;
    enum status status = read_time(address, &time);
    if (status == STATUS_OK) {
        *deadline_ns = keep_deadline(add_saturated(clock_now(), time_spec_ns(&time)));
    }
    return status;
}

uint64_t clock_to_monotonic(uint64_t ns, bool is_real) {
    uint64_t offset = is_real ? (uint64_t)clock_real_offset() : 0;
    return ns > offset ? ns - offset : 1;
}

enum status deadline_at_from_user(uint64_t address, bool is_real, uint64_t *deadline_ns) {
    *deadline_ns = NO_DEADLINE;
    if (address == 0) {
        return STATUS_OK;
    }
    struct time_spec time;
    enum status status = read_time(address, &time);
    if (status == STATUS_OK) {
        *deadline_ns = clock_to_monotonic(time_spec_ns(&time), is_real);
    }
    return status;
}

static uint64_t process_cpu_ns(void) {
    tree_lock();
    struct process_times times = process_times(process_current());
    tree_unlock();
    return ticks_to_ns(times.user_ticks + times.kernel_ticks);
}

static uint64_t thread_cpu_ns(void) {
    const struct thread *thread = thread_current();
    return ticks_to_ns(thread->user_ticks + thread->kernel_ticks);
}

static bool is_real_clock(uint32_t clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
           clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

/* A negative number names the CPU time of a process or thread (man 3 clock_getcpuclockid). */
static bool is_cpu_clock(uint32_t clock) {
    return (int32_t)clock < 0 && (clock & 3) == 2;
}

static uint32_t cpu_clock_number(uint32_t clock) {
    return ~(clock >> 3) & 0x1fffffff;
}

/* Of any process, or of a thread of its own. */
static enum status cpu_clock_ns(uint32_t clock, uint64_t *ns) {
    uint32_t number = cpu_clock_number(clock);
    bool is_thread = (clock & 4) != 0;
    const struct process *process = process_current();
    struct process_times times = {};
    tree_lock();
    const struct id *id = is_thread ? task_current()->id : process->id;
    id = number != 0 ? id_find(number) : id;
    bool has_thread = id && id->task && id->task->process == process;
    bool is_found = is_thread ? has_thread : id && id->process;
    if (is_found) {
        times = is_thread ? task_times(id->task) : process_times(id->process);
    }
    tree_unlock();
    *ns = is_found ? ticks_to_ns(times.user_ticks + times.kernel_ticks) : 0;
    return is_found ? STATUS_OK : STATUS_INVALID;
}

static enum status read_clock(uint32_t clock, uint64_t *ns) {
    if (is_cpu_clock(clock)) {
        return cpu_clock_ns(clock, ns);
    }
    if (is_real_clock(clock)) {
        *ns = (uint64_t)clock_real_now();
        return STATUS_OK;
    }
    switch (clock) {
    case CLOCK_PROCESS_CPU:
        *ns = process_cpu_ns();
        return STATUS_OK;
    case CLOCK_THREAD_CPU:
        *ns = thread_cpu_ns();
        return STATUS_OK;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
        *ns = clock_now();
        return STATUS_OK;
    default:
        return STATUS_INVALID;
    }
}

int64_t call_clock_gettime(const struct trap_frame *frame) {
    uint64_t ns;
    enum status status = read_clock((uint32_t)frame->rdi, &ns);
    if (status != STATUS_OK) {
        return status;
    }
    const struct time_spec time = time_spec_of(ns);
    return copy_out(frame->rsi, &time, sizeof(time));
}

int64_t call_clock_getres(const struct trap_frame *frame) {
    uint64_t ns;
    uint32_t clock = (uint32_t)frame->rdi;
    enum status status = read_clock(clock, &ns);
    if (status != STATUS_OK || frame->rsi == 0) {
        return status;
    }
    bool is_coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
    const struct time_spec time = {.nanoseconds = is_coarse ? (int64_t)TICK_NS : 1};
    return copy_out(frame->rsi, &time, sizeof(time));
}

/* So late that it would overflow while the machine runs, which is 30 years as on Linux. */
static bool is_too_late(int64_t seconds) {
    constexpr int64_t uptime_most = 30ll * 365 * 24 * 3600;
    return seconds >= (int64_t)(NS_MAX / NANOSECONDS_PER_SECOND) - uptime_most;
}

/* Errors: STATUS_INVALID, too late, or before the machine began; STATUS_NOT_PERMITTED. */
static int64_t set_real_time(const struct time_spec *time) {
    if (is_too_late(time->seconds)) {
        return STATUS_INVALID;
    }
    if (!process_has_capabilities()) {
        return STATUS_NOT_PERMITTED;
    }
    if (time_spec_ns(time) < clock_now()) {
        return STATUS_INVALID;
    }
    clock_set_real_offset((int64_t)time_spec_ns(time) - (int64_t)clock_now());
    return 0;
}

int64_t call_clock_settime(const struct trap_frame *frame) {
    struct time_spec time;
    if ((uint32_t)frame->rdi != CLOCK_REALTIME) {
        return STATUS_INVALID;
    }
    enum status status = read_time(frame->rsi, &time);
    return status == STATUS_OK ? set_real_time(&time) : status;
}

int64_t call_gettimeofday(const struct trap_frame *frame) {
    uint64_t ns = (uint64_t)clock_real_now();
    const struct time_value time = time_value_of(ns);
    const uint32_t zone[2] = {};
    if (frame->rdi != 0 && copy_out(frame->rdi, &time, sizeof(time)) != 0) {
        return STATUS_FAULT;
    }
    return frame->rsi != 0 ? copy_out(frame->rsi, zone, sizeof(zone)) : 0;
}

int64_t call_settimeofday(const struct trap_frame *frame) {
    struct time_value value = {};
    int32_t zone[2] = {};
    if (frame->rdi != 0 && copy_in(&value, frame->rdi, sizeof(value)) != 0) {
        return STATUS_FAULT;
    }
    if (frame->rdi != 0 && (value.microseconds < 0 || value.microseconds >= 1'000'000 ||
                            value.seconds < 0 || is_too_late(value.seconds))) {
        return STATUS_INVALID;
    }
    if (frame->rsi != 0 && copy_in(zone, frame->rsi, sizeof(zone)) != 0) {
        return STATUS_FAULT;
    }
    if (!process_has_capabilities()) {
        return STATUS_NOT_PERMITTED;
    }
    constexpr int32_t minutes_most = 15 * 60;
    if (zone[0] < -minutes_most || zone[0] > minutes_most) {
        return STATUS_INVALID;
    }
    const struct time_spec time = {value.seconds, value.microseconds * 1000};
    return frame->rdi != 0 ? set_real_time(&time) : 0;
}

int64_t call_time(const struct trap_frame *frame) {
    int64_t seconds = clock_real_seconds();
    if (frame->rdi != 0 && copy_out(frame->rdi, &seconds, sizeof(seconds)) != 0) {
        return STATUS_FAULT;
    }
    return seconds;
}

static enum status sleep_until(uint64_t deadline_ns) {
    struct sleeper sleeper;
    struct alarm alarm;
    enum status status = STATUS_OK;
    sleeper_prepare(&sleeper);
    alarm_begin(&alarm, &sleeper, deadline_ns);
    while (status == STATUS_OK && !alarm_has_rung(&alarm)) {
        status = sleeper_sleep(&sleeper);
        sleeper_prepare(&sleeper);
    }
    alarm_end(&alarm);
    return alarm_has_rung(&alarm) ? STATUS_OK : status;
}

/* What was left, for a call that a signal ended. */
static int64_t end_sleep(enum status status, uint64_t deadline_ns, uint64_t now_ns,
                         uint64_t left_address) {
    if (status != STATUS_INTERRUPTED || left_address == 0) {
        return status;
    }
    const struct time_spec left = time_spec_of(deadline_ns > now_ns ? deadline_ns - now_ns : 0);
    return copy_out(left_address, &left, sizeof(left)) == 0 ? (int64_t)status : STATUS_FAULT;
}

static int64_t sleep_for(uint64_t address, uint64_t left_address) {
    struct time_spec time;
    enum status status = read_time(address, &time);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t deadline = keep_deadline(add_saturated(clock_now(), time_spec_ns(&time)));
    status = sleep_until(deadline);
    return end_sleep(status, deadline, clock_now(), left_address);
}

int64_t call_nanosleep(const struct trap_frame *frame) {
    return sleep_for(frame->rdi, frame->rsi);
}

/* CPU time passes no faster than time: what is left of it must at least pass. */
static int64_t sleep_by_cpu(uint32_t clock, uint64_t deadline_ns, uint64_t left_address) {
    uint64_t now;
    enum status status = read_clock(clock, &now);
    while (status == STATUS_OK && now < deadline_ns) {
        status = sleep_until(add_saturated(clock_now(), deadline_ns - now));
        if (read_clock(clock, &now) != STATUS_OK) {
            return STATUS_OK; /* whose time it is has ended */
        }
    }
    return end_sleep(status, deadline_ns, now, left_address);
}

static bool is_slept_by_cpu(uint32_t clock) {
    return clock == CLOCK_PROCESS_CPU || is_cpu_clock(clock);
}

static bool is_own_thread_clock(uint32_t clock) {
    uint32_t number = cpu_clock_number(clock);
    return (clock & 4) != 0 && (number == 0 || number == task_current()->number);
}

/* man 2 clock_nanosleep: nobody can sleep until it has itself run for a while. */
static enum status check_sleep_clock(uint32_t clock, uint64_t *now_ns) {
    if (read_clock(clock, now_ns) != STATUS_OK ||
        (is_cpu_clock(clock) && is_own_thread_clock(clock))) {
        return STATUS_INVALID;
    }
    bool is_refused = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE ||
                      clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_THREAD_CPU;
    return is_refused ? STATUS_NOT_SUPPORTED : STATUS_OK;
}

int64_t call_clock_nanosleep(const struct trap_frame *frame) {
    uint32_t clock = (uint32_t)frame->rdi;
    bool is_absolute = ((uint32_t)frame->rsi & TIMER_ABSOLUTE) != 0;
    uint64_t now;
    enum status status = check_sleep_clock(clock, &now);
    if (status == STATUS_OK && !is_absolute && !is_slept_by_cpu(clock)) {
        return sleep_for(frame->rdx, frame->r10);
    }
    struct time_spec time;
    if (status == STATUS_OK) {
        status = read_time(frame->rdx, &time);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t ns = time_spec_ns(&time);
    if (is_slept_by_cpu(clock)) {
        uint64_t deadline = is_absolute ? ns : keep_deadline(add_saturated(now, ns));
        return sleep_by_cpu(clock, deadline, is_absolute ? 0 : frame->r10);
    }
    return sleep_until(clock_to_monotonic(ns, is_real_clock(clock)));
}

int64_t call_times(const struct trap_frame *frame) {
    struct process *process = process_current();
    tree_lock();
    struct process_times own = process_times(process);
    struct process_times children = process->child_times;
    tree_unlock();
    const int64_t times[4] = {
        (int64_t)timer_ticks_to_user(own.user_ticks),
        (int64_t)timer_ticks_to_user(own.kernel_ticks),
        (int64_t)timer_ticks_to_user(children.user_ticks),
        (int64_t)timer_ticks_to_user(children.kernel_ticks),
    };
    if (frame->rdi != 0 && copy_out(frame->rdi, times, sizeof(times)) != 0) {
        return STATUS_FAULT;
    }
    return (int64_t)(clock_now() / (NANOSECONDS_PER_SECOND / USER_HERTZ));
}
