#include "kernel/clock/clock.h"

#include "drivers/cmos.h"
#include "drivers/timer.h"
#include "kernel/cpu/cpu.h"
#include "kernel/log.h"

constexpr uint32_t MEASURED_US = 20'000;
constexpr unsigned SCALE_SHIFT = 32;

static uint64_t first_count;   /* of the time-stamp counter; fixed by clock_begin */
static uint64_t counter_hertz; /* likewise */
static uint64_t scale;         /* nanoseconds for a count, times 2^SCALE_SHIFT; likewise */
static int64_t real_offset_ns; /* atomic */

static uint64_t measure_hertz(void) {
    uint64_t before = cpu_read_tsc();
    timer_wait_us(MEASURED_US);
    return (cpu_read_tsc() - before) * (1'000'000 / MEASURED_US);
}

void clock_begin(void) {
    uint64_t hertz = measure_hertz();
    hertz = hertz > 0 ? hertz : 1;
    counter_hertz = hertz;
    scale = (uint64_t)(((unsigned __int128)NANOSECONDS_PER_SECOND << SCALE_SHIFT) / hertz);
    first_count = cpu_read_tsc();
    real_offset_ns = cmos_read_seconds() * (int64_t)NANOSECONDS_PER_SECOND;
    log_line(LOG_INFO, "boot: the time-stamp counter runs at %llu MHz",
             (unsigned long long)(hertz / 1'000'000));
}

uint64_t clock_counter_hertz(void) {
    return counter_hertz;
}

uint64_t clock_now(void) {
    unsigned __int128 count = cpu_read_tsc() - first_count;
    return (uint64_t)(count * scale >> SCALE_SHIFT);
}

int64_t clock_real_offset(void) {
    return __atomic_load_n(&real_offset_ns, __ATOMIC_RELAXED);
}

void clock_set_real_offset(int64_t offset) {
    __atomic_store_n(&real_offset_ns, offset, __ATOMIC_RELAXED);
}

int64_t clock_real_now(void) {
    return (int64_t)clock_now() + clock_real_offset();
}

int64_t clock_real_seconds(void) {
    return clock_real_now() / (int64_t)NANOSECONDS_PER_SECOND;
}
