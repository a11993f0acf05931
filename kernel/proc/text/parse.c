#include "kernel/proc/text/parse.h"

#include "lib/memory.h"

static bool is_blank(char byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r') || byte == '\0';
}

static void trim(const char **text, size_t *length) {
    while (*length > 0 && is_blank(**text)) {
        (*text)++;
        (*length)--;
    }
    while (*length > 0 && is_blank((*text)[*length - 1])) {
        (*length)--;
    }
}

/* Takes what says that a number is not decimal. */
static unsigned take_base(const char **text, size_t *length) {
    if (*length < 2 || **text != '0') {
        return 10;
    }
    bool is_hexadecimal = ((*text)[1] | 0x20) == 'x';
    size_t taken = is_hexadecimal ? 2 : 1;
    *text += taken;
    *length -= taken;
    return is_hexadecimal ? 16 : 8;
}

static unsigned digit_of(char byte) {
    if (byte >= '0' && byte <= '9') {
        return (unsigned)(byte - '0');
    }
    char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10 : UINT32_MAX;
}

static enum status parse_digits(const char *text, size_t length, bool is_negative,
                                int64_t *number) {
    unsigned base = take_base(&text, &length);
    int64_t value = 0;
    if (length == 0) {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i < length; i++) {
        int64_t digit = digit_of(text[i]);
        if (digit >= (int64_t)base) {
            return STATUS_INVALID;
        }
        if (__builtin_mul_overflow(value, (int64_t)base, &value) ||
            __builtin_add_overflow(value, is_negative ? -digit : digit, &value)) {
            return STATUS_OUT_OF_RANGE;
        }
    }
    *number = value;
    return STATUS_OK;
}

enum status parse_number(const char *text, size_t length, int64_t least, int64_t most,
                         int64_t *number) {
    int64_t value;
    trim(&text, &length);
    bool is_negative = length > 0 && *text == '-';
    enum status status =
        parse_digits(text + is_negative, length - is_negative, is_negative, &value);
    if (status != STATUS_OK) {
        return status;
    }
    if (value < least || value > most) {
        return STATUS_INVALID;
    }
    *number = value;
    return STATUS_OK;
}

void parse_line(const char *text, size_t length, char *line, size_t size_bytes) {
    size_t count = 0;
    while (count < length && count < size_bytes - 1 && text[count] != '\n' && text[count] != '\0') {
        count++;
    }
    memcpy(line, text, count);
    line[count] = '\0';
}

bool parse_name(const char *text, size_t length, uint32_t *number) {
    constexpr size_t digits_max = 10; /* of 2^32 - 1 */
    uint64_t value = 0;
    if (length == 0 || length > digits_max || (text[0] == '0' && length > 1)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *number = (uint32_t)value;
    return value < UINT32_MAX;
}
