#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/format.h"

/* What /proc/PID says of a process, as text: from plain facts to what man 5 proc describes. */

BEGIN_C_DECLS

constexpr size_t FACTS_GROUP_MAX = 32;

/* Pages of its memory; all zeroes where it has none any more. */
struct memory_facts {
    uint64_t total, peak, data, stack, code, library, locked, table;
    uint64_t resident_anonymous, resident_file, resident_shared, peak_resident;
    uint64_t code_start, code_end, data_start, data_end, brk_start, stack_start;
    uint64_t arguments_start, arguments_end, environment_start, environment_end;
};

struct process_facts {
    const char *name; /* of the task */
    char state;       /* R S D T Z */
    uint32_t number;  /* of the task */
    uint32_t process; /* of its process */
    uint32_t parent, group, session;
    uint32_t tracer;          /* the thread that traces it; 0: none */
    int32_t terminal_group;   /* in its terminal's foreground; -1: it has no terminal */
    uint32_t terminal_device; /* st_rdev; 0: none */
    uint32_t thread_count;
    uint32_t descriptor_size;
    uint32_t umask;
    uint32_t users[4], groups[4]; /* real, effective, saved, of files */
    uint32_t more_groups[FACTS_GROUP_MAX];
    uint32_t more_group_count;
    uint64_t minor_faults, child_minor_faults;
    uint64_t user_ticks, kernel_ticks, child_user_ticks, child_kernel_ticks; /* a 100th second */
    uint64_t start_ticks;                                                    /* likewise */
    int32_t nice;
    int32_t policy, realtime_priority; /* man 7 sched */
    uint64_t resident_limit_bytes;
    uint64_t pending, shared_pending, blocked, ignored, caught;
    uint32_t queued_signals;
    uint64_t queued_signals_limit;
    uint64_t voluntary_switches, involuntary_switches;
    uint32_t exit_signal;
    int32_t exit_code; /* as wait4 reports it */
    bool has_memory;
    bool has_no_new_privileges;
    struct memory_facts memory;
};

/* /proc/PID/stat, status, statm, schedstat, sched. */
void stat_write(const struct text_sink *to, const struct process_facts *facts);
void status_write(const struct text_sink *to, const struct process_facts *facts);
void statm_write(const struct text_sink *to, const struct memory_facts *memory);
void schedule_statistics_write(const struct text_sink *to, const struct process_facts *facts);
void schedule_write(const struct text_sink *to, const struct process_facts *facts);

struct limit_facts {
    uint64_t soft, hard; /* UINT64_MAX: none */
};

constexpr unsigned LIMIT_COUNT = 16;

/* /proc/PID/limits: of all RLIMIT_ in the order of their numbers. */
void limits_write(const struct text_sink *to, const struct limit_facts limits[LIMIT_COUNT]);

END_C_DECLS
