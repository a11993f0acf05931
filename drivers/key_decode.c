#include "drivers/key_decode.h"

/* IBM PS/2 technical reference, scan code set 1. A released key sends its code with bit 7 set. */
constexpr uint8_t CODE_RELEASED = 0x80;
constexpr uint8_t CODE_EXTENDED = 0xe0;
constexpr uint8_t CODE_PAUSE = 0xe1; /* two more bytes follow */
constexpr uint8_t CODE_CONTROL = 0x1d;
constexpr uint8_t CODE_LEFT_SHIFT = 0x2a;
constexpr uint8_t CODE_RIGHT_SHIFT = 0x36;
constexpr uint8_t CODE_ALT = 0x38;
constexpr uint8_t CODE_CAPS_LOCK = 0x3a;
constexpr uint8_t CODE_F1 = 0x3b;  /* to F10 in a row */
constexpr uint8_t CODE_F11 = 0x57; /* and F12 */
constexpr unsigned SHIFTED_FUNCTION = 12;
constexpr uint8_t DELETE_CHARACTER = 0x7f;
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
    case CODE_ALT:
        decoder->is_alt = is_pressed;
        return true;
    case CODE_CAPS_LOCK:
        decoder->is_caps_locked ^= is_pressed;
        return true;
    default:
        return false;
    }
}

/* The grey keys, whose codes are those of the digits on the keypad. */
static uint16_t extended_key(uint8_t code) {
    static const uint16_t keys[] = {KEY_HOME,      KEY_UP,     KEY_PAGE_UP, KEY_OTHER, KEY_LEFT,
                                    KEY_OTHER,     KEY_RIGHT,  KEY_OTHER,   KEY_END,   KEY_DOWN,
                                    KEY_PAGE_DOWN, KEY_INSERT, KEY_DELETE};
    constexpr uint8_t first = 0x47;
    bool is_one = code >= first && code < first + sizeof(keys) / sizeof(keys[0]);
    return is_one ? keys[code - first] : KEY_OTHER;
}

static uint16_t function_key(const struct key_decoder *decoder, uint8_t code) {
    unsigned shift = decoder->is_shifted ? SHIFTED_FUNCTION : 0;
    if (code >= CODE_F1 && code < CODE_F1 + 10) {
        return (uint16_t)(KEY_F1 + shift + code - CODE_F1);
    }
    if (code == CODE_F11 || code == CODE_F11 + 1) {
        return (uint16_t)(KEY_F1 + shift + 10 + code - CODE_F11);
    }
    return KEY_OTHER;
}

/* With Ctrl: the control characters, those without a letter by the keys that Linux has them on. */
static uint16_t control_key(char plain) {
    static const char keys[] = " 2345678[]\\-/`";
    static const uint8_t characters[] = {0,    0,    0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
                                         0x7f, 0x1b, 0x1d, 0x1c, 0x1f, 0x1f, 0};
    static_assert(sizeof(keys) - 1 == sizeof(characters));
    if (plain >= 'a' && plain <= 'z') {
        return (uint16_t)plain & 0x1f;
    }
    for (size_t i = 0; i < sizeof(characters); i++) {
        if (keys[i] == plain) {
            return characters[i] == 0 ? KEY_NUL : characters[i];
        }
    }
    return (uint8_t)plain;
}

static uint16_t character_of(const struct key_decoder *decoder, uint8_t code) {
    if (code >= sizeof plain_keys || plain_keys[code] == '\0') {
        return function_key(decoder, code);
    }
    char plain = plain_keys[code];
    if (decoder->is_control) {
        return control_key(plain);
    }
    bool is_letter = plain >= 'a' && plain <= 'z';
    bool is_upper = decoder->is_shifted != (is_letter && decoder->is_caps_locked);
    if (plain == '\t' && is_upper) {
        return KEY_BACK_TAB;
    }
    return (uint8_t)(is_upper && !decoder->is_extended ? shifted_keys[code] : plain);
}

static uint16_t pressed_key(const struct key_decoder *decoder, uint8_t code) {
    bool is_grey = decoder->is_extended && code != CODE_ENTER && code != CODE_SLASH;
    uint16_t key = is_grey ? extended_key(code) : character_of(decoder, code);
    return decoder->is_alt && key != KEY_OTHER ? key | KEY_WITH_ALT : key;
}

uint16_t key_decode(struct key_decoder *decoder, uint8_t scan_code) {
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
    uint16_t key = is_modifier || !is_pressed ? KEY_NONE : pressed_key(decoder, code);
    decoder->is_extended = false;
    return key;
}

static size_t put_text(char text[KEY_TEXT_SIZE], const char *sequence) {
    size_t length = 0;
    while (sequence[length] != '\0') {
        text[length] = sequence[length];
        length++;
    }
    return length;
}

static size_t named_key_text(uint16_t key, bool has_cursor_keys, char text[KEY_TEXT_SIZE]) {
    static const char *const sequences[] = {
        "\033[A",   "\033[B",   "\033[C",   "\033[D",   "\033[1~",  "\033[2~",  "\033[3~",
        "\033[4~",  "\033[5~",  "\033[6~",  "\033[Z",   "\033[[A",  "\033[[B",  "\033[[C",
        "\033[[D",  "\033[[E",  "\033[17~", "\033[18~", "\033[19~", "\033[20~", "\033[21~",
        "\033[23~", "\033[24~", "\033[25~", "\033[26~", "\033[28~", "\033[29~", "\033[31~",
        "\033[32~", "\033[33~", "\033[34~", "\033[35~", "\033[36~", "\033[37~", "\033[38~",
    };
    static_assert(sizeof(sequences) / sizeof(sequences[0]) == KEY_F24 - KEY_UP + 1);
    if (key < KEY_UP || key > KEY_F24) {
        return 0;
    }
    size_t length = put_text(text, sequences[key - KEY_UP]);
    if (has_cursor_keys && key <= KEY_LEFT) {
        text[1] = 'O';
    }
    return length;
}

static size_t plain_text(uint16_t key, bool has_cursor_keys, char text[KEY_TEXT_SIZE]) {
    switch (key) {
    case KEY_NONE:
    case KEY_OTHER:
        return 0;
    case KEY_NUL:
        text[0] = '\0';
        return 1;
    case KEY_ENTER:
        text[0] = '\r';
        return 1;
    case KEY_BACKSPACE:
        text[0] = DELETE_CHARACTER;
        return 1;
    default:
        break;
    }
    if (key > KEY_NUL) {
        return named_key_text(key, has_cursor_keys, text);
    }
    text[0] = (char)key;
    return 1;
}

size_t key_text(uint16_t key, bool has_cursor_keys, char text[KEY_TEXT_SIZE]) {
    uint16_t plain = key & (uint16_t)~KEY_WITH_ALT;
    bool is_prefixed = (key & KEY_WITH_ALT) != 0 && plain <= KEY_NUL;
    size_t length = plain_text(plain, has_cursor_keys, text + is_prefixed);
    if (length == 0 || !is_prefixed) {
        return length;
    }
    text[0] = KEY_ESCAPE;
    return length + 1;
}
