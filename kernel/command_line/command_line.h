#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/format.h"
#include "lib/untrusted.h"

/*
 * The kernel's command line: words separated by blanks. A double quote groups (and is not part of
 * the word), a backslash takes the next character as it is, and \xHH is the byte HH, so every
 * possible argument can be written. docs/command_line.md lists the options.
 */

BEGIN_C_DECLS

/* Where descriptors 0, 1 and 2 of processes go. */
enum terminal_name : uint8_t { TERMINAL_SCREEN, TERMINAL_COM1, TERMINAL_COM2 };

/* A set of these: which consoles show the kernel's log. */
enum log_console : uint8_t {
    LOG_TO_NONE = 0,
    LOG_TO_SCREEN = 1,
    LOG_TO_COM1 = 2,
    LOG_TO_COM2 = 4,
    LOG_TO_ALL = LOG_TO_SCREEN | LOG_TO_COM1 | LOG_TO_COM2,
};

/* Where the operations on page tables are recorded. */
enum trace_device : uint8_t { TRACE_TO_NONE, TRACE_TO_COM2, TRACE_TO_DEBUG_PORT };

/* What the machine does when it has nothing more to do. */
enum final_act : uint8_t { ACT_WAIT_FOR_KEY, ACT_POWER_OFF, ACT_REBOOT, ACT_HALT };

struct command_line {
    const char *init; /* terminated; nullptr: the built-in demonstration */
    enum terminal_name terminal;
    uint8_t log; /* of enum log_console */
    enum final_act on_exit;
    enum final_act on_panic;
    bool has_audit;
    enum trace_device trace; /* to COM2: nothing else goes there */
    const char *selftests;   /* names separated by commas, terminated; nullptr: none */
    const char *arguments;   /* of init, from argv[1]: that many terminated strings in a row */
    size_t argument_count;
};

/*
 * Parses text[0..length) into `*line`, whose strings lie in `storage`, which has room for length +
 * 1 bytes. What is wrong is said by a numbered line on `complaints` and ignored, so there is always
 * a result. docs/messages.md lists the numbers.
 */
void command_line_parse(UNTRUSTED const char *text, size_t length, char *storage,
                        const struct text_sink *complaints, struct command_line *line);

END_C_DECLS
