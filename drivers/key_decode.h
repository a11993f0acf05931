#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"

BEGIN_C_DECLS

/* Keys without a character; the others are their ASCII character. */
enum key : uint16_t {
    KEY_NONE = 0,
    KEY_BACKSPACE = 8,
    KEY_TAB = 9,
    KEY_ENTER = 10,
    KEY_ESCAPE = 27,
    KEY_OTHER = 255, /* a key that this layout gives no character */

    KEY_NUL = 256, /* the character 0, by Ctrl and a blank */
    KEY_UP,
    KEY_DOWN,
    KEY_RIGHT,
    KEY_LEFT,
    KEY_HOME,
    KEY_INSERT,
    KEY_DELETE,
    KEY_END,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_BACK_TAB, /* Shift and Tab */
    KEY_F1,       /* F1 to F12 in a row; with Shift they are F13 to F24 */
    KEY_F24 = KEY_F1 + 23,

    KEY_WITH_ALT = 0x8000, /* a flag of a key that is pressed together with Alt */
};

/* Turns PS/2 scan codes, set 1, into keys of the US layout. */
struct key_decoder {
    bool is_shifted;
    bool is_control;
    bool is_alt;
    bool is_caps_locked;
    uint8_t prefix_left; /* bytes of a prefixed sequence still to come */
    bool is_extended;    /* the last byte was E0 */
};

/* The key that `scan_code` completes when pressed, or KEY_NONE; a number of enum key or with its
 * flag. Total over all byte sequences. */
uint16_t key_decode(struct key_decoder *decoder, uint8_t scan_code);

constexpr size_t KEY_TEXT_SIZE = 8;

/*
 * What the key sends to a program, as on Linux's console (man 4 console_codes, loadkeys): returns
 * how many bytes; 0 for KEY_NONE and KEY_OTHER. Where it has_cursor_keys (DECCKM), arrows send what
 * a VT100 sends then.
 */
size_t key_text(uint16_t key, bool has_cursor_keys, char text[KEY_TEXT_SIZE]);

END_C_DECLS
