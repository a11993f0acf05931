#pragma once

#include <stdint.h>

#include "kernel/clock/timer.h"
#include "kernel/process/process.h"
#include "kernel/signal/signal.h"
#include "lib/decls.h"
#include "lib/status.h"

/* POSIX timers (man 2 timer_create) of the current process. A number that names none is
 * STATUS_INVALID everywhere. */

BEGIN_C_DECLS

enum posix_clock : uint8_t { POSIX_CLOCK_TIME, POSIX_CLOCK_PROCESS, POSIX_CLOCK_TASK };

struct posix_timer_request {
    enum posix_clock clock; /* POSIX_CLOCK_TIME: of clock_now */
    bool is_real;           /* absolute times are since 1970 */
    bool is_silent;         /* SIGEV_NONE */
    unsigned signal;
    uint32_t task_number; /* SIGEV_THREAD_ID; 0: the process */
    uint64_t value;
    bool has_value; /* false: the timer's number is the value */
};

/* Errors: STATUS_NO_MEMORY; STATUS_TRY_AGAIN, more than RLIMIT_SIGPENDING; STATUS_INVALID, no such
 * thread in the process. */
enum status posix_timer_create(const struct posix_timer_request *request, int32_t *number);
enum status posix_timer_delete(int32_t number);

/* Nanoseconds; 0: off, and once. */
struct posix_timer_times {
    uint64_t left_ns, period_ns;
};

enum status posix_timer_read(int32_t number, struct posix_timer_times *times);

/* `next->left_ns` is from now on, or, if is_absolute, the time of the timer's clock. */
enum status posix_timer_set(int32_t number, const struct posix_timer_times *next, bool is_absolute,
                            struct posix_timer_times *before);

/* How many more expirations the signal stood for that was taken last. */
int64_t posix_timer_overrun(int32_t number);

/* A timer's signal is being taken: says in it how many expirations it stands for. */
void posix_timer_taken(struct signal_info *info);

/* Sends what is due by CPU time: before a task of the process goes on in user mode. */
void posix_timers_check_cpu(struct process *process) REQUIRES(process_tree);

/* Deletes all of them: execve, and the end of the process. */
void posix_timers_end(struct process *process);

END_C_DECLS
