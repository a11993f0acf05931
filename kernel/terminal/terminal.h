#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/command_line/command_line.h"
#include "lib/decls.h"
#include "lib/untrusted.h"

/*
 * The machine's consoles, who shows the log, and the terminals that processes write to. A terminal
 * and the log may share a console.
 */

BEGIN_C_DECLS

struct boot_info;
struct terminal;

/* Finds the screen and the serial ports. Nothing is shown yet. `info` may be nullptr: where the
 * loader cannot be believed there is still the VGA's text and the serial ports. */
void terminal_begin(TRUSTED const struct boot_info *info);

/* Shows the log, from its beginning, on these consoles (enum log_console). Once. In a panic also
 * before terminal_begin. */
void terminal_show_log(uint8_t log_consoles);

/* Whether the log is shown anywhere yet. */
bool terminal_is_log_shown(void);

/* One of the three, which always exists; what is written to a device that is missing is lost. */
struct terminal *terminal_get(enum terminal_name name);

/* Writes bytes in small pieces, with interrupts off during each; no other thread's come between. */
void terminal_write(struct terminal *terminal, TRUSTED const char *bytes, size_t length);

/* Its size in characters; 0 by 0 where nobody knows, as for a serial line. */
void terminal_size(const struct terminal *terminal, uint16_t *columns, uint16_t *rows);

/* Waits until the serial lines have sent everything. */
void terminal_drain(void);

/* A key or a received byte of any console; 0 where there is none. Never waits. */
uint8_t terminal_poll_key(void);

END_C_DECLS
