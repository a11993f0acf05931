#pragma once

#include <stddef.h>
#include <stdint.h>

#include "drivers/text_grid.h"
#include "lib/decls.h"
#include "lib/untrusted.h"

/*
 * What programs send to a screen, as Linux's console understands it (man 4 console_codes, ECMA-48,
 * DEC VT102): text in UTF-8 and control sequences. Guarded by its caller.
 */

BEGIN_C_DECLS

constexpr unsigned EMULATOR_PARAMETERS_MAX = 16;
constexpr size_t EMULATOR_REPLY_SIZE = 32;

/* Where the reader of a sequence stands. */
enum emulator_state : uint8_t {
    EMULATOR_TEXT,
    EMULATOR_ESCAPE,  /* ESC */
    EMULATOR_CONTROL, /* ESC [ */
    EMULATOR_CHARSET, /* ESC ( or ESC ): what is selected follows */
    EMULATOR_HASH,    /* ESC # */
    EMULATOR_SKIP,    /* a byte that says nothing to us */
    EMULATOR_STRING,  /* of an operating system's command, or the like: skipped up to its end */
    EMULATOR_STRING_ESCAPE,
};

/* How the cells that are written look (SGR). */
struct emulator_look {
    uint8_t ink, paper; /* of the sixteen colours of the VGA */
    bool is_bold, is_dim, is_underlined, is_inverse, is_concealed;
};

/* What DECSC keeps. */
struct emulator_place {
    unsigned row, column;
    struct emulator_look look;
    bool has_graphics[2];
    uint8_t charset;
    bool is_relative;
};

struct terminal_emulator {
    struct text_grid *grid; /* fixed at creation; its cursor is the one */
    struct emulator_place saved;
    struct emulator_look look;
    unsigned top, bottom; /* rows that scroll: from the one up to, without the other */
    bool has_graphics[2]; /* G0 and G1: the VT100's special graphics */
    uint8_t charset;      /* which of them is in use */
    bool wraps;           /* DECAWM */
    bool inserts;         /* IRM */
    bool is_relative;     /* DECOM: rows count from the first that scrolls */
    bool has_line_feeds;  /* LNM: a line feed also returns */
    bool has_cursor_keys; /* DECCKM: what a keyboard's arrows send is the program's own */

    enum emulator_state state;
    uint8_t charset_selected; /* in EMULATOR_CHARSET */
    uint8_t prefix;           /* of a control sequence: '?' or the like; 0: none */
    bool is_unknown;          /* the sequence is skipped */
    unsigned parameter_count;
    unsigned parameters[EMULATOR_PARAMETERS_MAX];

    uint32_t character; /* of UTF-8: what is known of it */
    uint8_t continuation_left;

    size_t reply_length; /* to the program's questions; taken by the caller */
    char reply[EMULATOR_REPLY_SIZE];
};

/* Begins with the grid's cursor where it is. */
void terminal_emulator_init(struct terminal_emulator *emulator, struct text_grid *grid);

/*
 * Takes bytes, up to and including one that ends a question: then `reply` has what to answer, as if
 * it were typed. Returns how many. The cursor is shown once terminal_emulator_end is called.
 */
size_t terminal_emulator_put(struct terminal_emulator *emulator, UNTRUSTED const char *bytes,
                             size_t length);
void terminal_emulator_end(struct terminal_emulator *emulator);

END_C_DECLS
