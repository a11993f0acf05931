#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/files/transfer/transfer.h"
#include "kernel/tty/line/modes.h"
#include "lib/decls.h"
#include "lib/untrusted.h"

/*
 * What lies between a terminal and its readers and writers, as Linux's N_TTY has it (man 3
 * termios): bytes that are typed become lines that can be edited, are echoed, or are signals; bytes
 * that are written are changed on their way out. Nothing here waits; guarded by its caller.
 */

BEGIN_C_DECLS

/* Bytes that are typed and not read; a line has one byte fewer, and its end. */
constexpr uint32_t LINE_BUFFER_SIZE = 4096;
constexpr size_t LINE_OUTPUT_SIZE = 256;

/* Signals, in Linux's numbers, that typing can raise. */
enum line_signal : uint8_t {
    LINE_NO_SIGNAL = 0,
    LINE_SIGNAL_INTERRUPT = 2, /* SIGINT */
    LINE_SIGNAL_QUIT = 3,      /* SIGQUIT */
    LINE_SIGNAL_STOP = 20,     /* SIGTSTP */
};

/* Where output goes; called with what is ready, never with nothing. */
typedef void line_output(void *context, const char *bytes, size_t length);

struct line_discipline {
    struct terminal_modes modes; /* changed by line_set_modes alone */
    line_output *output;         /* fixed at creation */
    void *context;               /* fixed at creation; for `output` */

    /* Places in the buffer, never taken modulo its size. */
    uint32_t tail;  /* the next byte to be read */
    uint32_t canon; /* where lines are edited: behind the last complete one */
    uint32_t head;  /* behind the last byte that was typed */
    uint8_t buffer[LINE_BUFFER_SIZE];
    uint64_t ends[LINE_BUFFER_SIZE / 64];         /* bit: a line ends with this byte */
    uint64_t ends_of_file[LINE_BUFFER_SIZE / 64]; /* bit: and the byte is not part of it */

    uint32_t column;            /* of the output */
    uint32_t canon_column;      /* where the line that is edited began */
    bool takes_literally;       /* the next byte, after VLNEXT */
    bool is_stopped;            /* nothing is sent */
    bool is_stopped_by_program; /* then typing does not start it again */
    size_t pending;             /* bytes of the output that are not yet sent */
    char pending_bytes[LINE_OUTPUT_SIZE];
};

void line_init(struct line_discipline *line, const struct terminal_modes *modes,
               line_output *output, void *context);

/*
 * Takes typed bytes, up to one that raises a signal, or until there is no room for more: returns
 * how many, and the signal. In a line that is being typed there is always room, since the last byte
 * is written over. Sends the echo.
 */
size_t line_receive(struct line_discipline *line, UNTRUSTED const char *bytes, size_t length,
                    enum line_signal *signal);

/* Whether line_receive takes anything now. */
bool line_has_room(const struct line_discipline *line);

/* Whether a reader finds something: a complete line, or a byte where lines are not edited. */
bool line_has_input(const struct line_discipline *line);

/* How many bytes can be read (TIOCINQ). */
uint32_t line_input_size(const struct line_discipline *line);

/* Gives what is there: of lines, the first one or as much of it as is wanted. The end of the file
 * is a line of nothing. */
void line_read(struct line_discipline *line, struct transfer *transfer);

/* Sends bytes that a program has written. What is sent while it is stopped is lost. */
void line_write(struct line_discipline *line, UNTRUSTED const char *bytes, size_t length);

/* Takes effect at once; bytes that are typed and not read stay. */
void line_set_modes(struct line_discipline *line, const struct terminal_modes *modes);

/* Forgets what is typed and not read. */
void line_flush_input(struct line_discipline *line);

/* Output stops, whatever is typed; and goes on, with the echo that was held back (man 3 tcflow). */
void line_stop(struct line_discipline *line);
void line_start(struct line_discipline *line);

END_C_DECLS
