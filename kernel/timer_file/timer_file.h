#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Files that can be read once a time has come (man 2 timerfd_create). */

BEGIN_C_DECLS

/* A timer's setting, in nanoseconds. */
struct timer_setting {
    uint64_t period_ns; /* 0: it expires once */
    uint64_t left_ns;   /* until it expires next; 0: never */
};

/* A timer that is not set; `is_real` says that it goes by the date (CLOCK_REALTIME). Errors:
 * STATUS_NO_MEMORY. */
enum status timer_file_open(bool is_real, uint32_t flags, struct file **file);

bool file_is_timer(const struct file *file);

/* Whether its absolute times are dates. */
bool timer_file_is_real(const struct file *file);

/* What is left of the setting. */
struct timer_setting timer_file_get(struct file *file);

/* Sets it anew, and forgets that it has expired: at a deadline (of clock_now; 0: never), and each
 * period after it. Returns what was left of the setting before. */
struct timer_setting timer_file_set(struct file *file, uint64_t deadline_ns, uint64_t period_ns);

END_C_DECLS
