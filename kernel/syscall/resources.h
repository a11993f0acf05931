#pragma once

#include <stdint.h>

#include "kernel/process/process.h"
#include "kernel/syscall/times.h"

/* struct rusage of man 2 getrusage. */
struct resource_usage {
    struct time_value user, kernel;
    int64_t resident_max_kib;
    int64_t shared, unshared_data, unshared_stack; /* not counted on Linux either */
    int64_t minor_faults, major_faults, swaps;
    int64_t blocks_in, blocks_out, messages_sent, messages_received, signals;
    int64_t voluntary_switches, involuntary_switches;
};

struct resource_usage resource_usage_of(const struct process_times *times);
