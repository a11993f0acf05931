#include "drivers/key_decode.h"

#include <stddef.h>

/* IBM PS/2 technical reference, scan code set 1. A released key sends its code with bit 7 set. */
constexpr uint8_t CODE_RELEASED = 0x80;
constexpr uint8_t CODE_EXTENDED = 0xe0;
constexpr uint8_t CODE_PAUSE = 0xe1; /* two more bytes follow */
constexpr uint8_t CODE_CONTROL = 0x1d;
constexpr uint8_t CODE_LEFT_SHIFT = 0x2a;
constexpr uint8_t CODE_RIGHT_SHIFT = 0x36;
constexpr uint8_t CODE_CAPS_LOCK = 0x3a;
constexpr uint8_t CODE_ENTER = 0x1c;
constexpr uint8_t CODE_SLASH = 0x35;

/* By scan code; 0: no character. */
static const char plain_keys[] =
    "\0\0331234567890-=\b\tqwertyuiop[]\n\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 "
    "\0\0\0\0\0\0\0\0\0\0\0\0\000789-456+1230.";
static const char shifted_keys[] =
    "\0\033!@#$%^&*()_+\b\tQWERTYUIOP{}\n\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 "
    "\0\0\0\0\0\0\0\0\0\0\0\0\000789-456+1230.";

static_assert(sizeof plain_keys == sizeof shifted_keys);

/* Whether the code is of a modifier key, which is then noted. */
static bool note_modifier(struct key_decoder *decoder, uint8_t code, bool is_pressed) {
    switch (code) {
    case CODE_LEFT_SHIFT:
    case CODE_RIGHT_SHIFT:
        /* Extended, it is a shift that the keyboard makes up around the grey keys. */
        decoder->is_shifted = decoder->is_extended ? decoder->is_shifted : is_pressed;
        return true;
    case CODE_CONTROL:
        decoder->is_control = is_pressed;
        return true;
    case CODE_CAPS_LOCK:
        decoder->is_caps_locked ^= is_pressed;
        return true;
    default:
        return false;
    }
}

static uint8_t character_of(const struct key_decoder *decoder, uint8_t code) {
    if (decoder->is_extended && code != CODE_ENTER && code != CODE_SLASH) {
        return KEY_OTHER;
    }
    if (code >= sizeof plain_keys || plain_keys[code] == '\0') {
        return KEY_OTHER;
    }
    char plain = plain_keys[code];
    bool is_letter = plain >= 'a' && plain <= 'z';
    if (is_letter && decoder->is_control) {
        return (uint8_t)plain & 0x1f;
    }
    bool is_upper = decoder->is_shifted != (is_letter && decoder->is_caps_locked);
    return (uint8_t)(is_upper && !decoder->is_extended ? shifted_keys[code] : plain);
}

uint8_t key_decode(struct key_decoder *decoder, uint8_t scan_code) {
    if (decoder->prefix_left > 0) {
        decoder->prefix_left--;
        return KEY_NONE;
    }
    if (scan_code == CODE_PAUSE) {
        decoder->prefix_left = 2;
        return KEY_NONE;
    }
    if (scan_code == CODE_EXTENDED) {
        decoder->is_extended = true;
        return KEY_NONE;
    }
    bool is_pressed = (scan_code & CODE_RELEASED) == 0;
    uint8_t code = scan_code & (uint8_t)~CODE_RELEASED;
    bool is_modifier = note_modifier(decoder, code, is_pressed);
    uint8_t key = is_modifier || !is_pressed ? KEY_NONE : character_of(decoder, code);
    decoder->is_extended = false;
    return key;
}
