#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/command_line/command_line.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/*
 * The machine's consoles, who shows the log, and the terminals that processes write to. A terminal
 * and the log may share a console.
 */

BEGIN_C_DECLS

struct boot_info;
struct terminal;
struct tty;

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

/*
 * Makes /dev/tty1 of the screen and the keyboard, ttyS0 and ttyS1 of COM1 and COM2, and
 * /dev/console of the one that is named; where that is the screen, COM1 shows the same, and what
 * comes in there counts as typed. From now on interrupts bring input. Once, in a thread. Errors:
 * STATUS_NO_MEMORY; STATUS_EXISTS.
 */
enum status terminal_begin_ttys(enum terminal_name console);

/* The one that a terminal is a file by. */
struct tty *terminal_tty(enum terminal_name name);

/* Called by the handler of each interrupt line, with interrupts off. */
void terminal_interrupt(uint8_t line);

/* Waits until the serial lines have sent everything. */
void terminal_drain(void);

/* From now on what is typed comes to no program, but to who polls. */
void terminal_end_input(void);

/* A key or a received byte of any console; 0 where there is none. Never waits. */
uint8_t terminal_poll_key(void);

END_C_DECLS
