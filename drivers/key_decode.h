#pragma once

#include <stdint.h>

#include "lib/decls.h"

BEGIN_C_DECLS

/* Keys without a character; the others are their ASCII character. */
enum key : uint8_t {
    KEY_NONE = 0,
    KEY_BACKSPACE = 8,
    KEY_TAB = 9,
    KEY_ENTER = 10,
    KEY_ESCAPE = 27,
    KEY_OTHER = 255, /* a key that this layout gives no character */
};

/* Turns PS/2 scan codes, set 1, into keys of the US layout. */
struct key_decoder {
    bool is_shifted;
    bool is_control;
    bool is_caps_locked;
    uint8_t prefix_left; /* bytes of a prefixed sequence still to come */
    bool is_extended;    /* the last byte was E0 */
};

/* The key that `scan_code` completes when pressed, or KEY_NONE. Total over all byte sequences. */
uint8_t key_decode(struct key_decoder *decoder, uint8_t scan_code);

END_C_DECLS
