#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "kernel/signal/signal.h"
#include "lib/decls.h"
#include "lib/status.h"

/*
 * Files that the reader's own signals are read from (man 2 signalfd). Who looks whether one is
 * ready awaits its signals from then on, so that they end a sleep although they are blocked, until
 * signal_file_end_waiting.
 */

BEGIN_C_DECLS

/* Errors: STATUS_NO_MEMORY. */
enum status signal_file_open(signal_set set, uint32_t flags, struct file **file);

bool file_is_signals(const struct file *file);

/* It is for these signals from now on. */
void signal_file_set(struct file *file, signal_set set);

/* The current task awaits no signals any more. */
void signal_file_end_waiting(void);

END_C_DECLS
