#include "lib/format.h"

#include <stdint.h>

#include "lib/memory.h"

/* One conversion: what stands between `%` and its letter. */
struct conversion {
    bool is_left;      /* - */
    bool has_zeroes;   /* 0 */
    bool has_prefix;   /* # */
    int width;         /* 0 without one */
    int precision;     /* -1 without one */
    size_t size_bytes; /* of the integer */
    char letter;
};

/* va_list is an array type: inside a structure it can be passed on and keeps its place. */
struct formatter {
    const struct text_sink *sink;
    va_list arguments;
};

constexpr size_t DIGITS_MAX = 20; /* of UINT64_MAX in base ten */

static void put(const struct formatter *out, const char *text, size_t length) {
    if (length > 0) {
        out->sink->write(out->sink->context, text, length);
    }
}

static void put_repeated(const struct formatter *out, char character, int count) {
    for (int i = 0; i < count; i++) {
        put(out, &character, 1);
    }
}

/* `prefix` (a sign or 0x) and `text`, filled up to the width. */
static void put_field(const struct formatter *out, const struct conversion *conversion,
                      const char *prefix, const char *text, size_t length) {
    size_t prefix_length = strlen(prefix);
    int fill = conversion->width - (int)(prefix_length + length);
    bool has_zeroes = conversion->has_zeroes && !conversion->is_left;
    if (!conversion->is_left && !has_zeroes) {
        put_repeated(out, ' ', fill);
    }
    put(out, prefix, prefix_length);
    if (has_zeroes) {
        put_repeated(out, '0', fill);
    }
    put(out, text, length);
    if (conversion->is_left) {
        put_repeated(out, ' ', fill);
    }
}

static void put_number(const struct formatter *out, const struct conversion *conversion,
                       uint64_t value, unsigned base, const char *prefix) {
    const char *symbols = conversion->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char digits[DIGITS_MAX];
    size_t at = DIGITS_MAX;
    do {
        digits[--at] = symbols[value % base];
        value /= base;
    } while (value > 0);
    put_field(out, conversion, prefix, &digits[at], DIGITS_MAX - at);
}

/* Integers narrower than int are passed as int (C23 6.5.3.3). */
static uint64_t take_unsigned(struct formatter *out, const struct conversion *conversion) {
    if (conversion->size_bytes == 8) {
        return va_arg(out->arguments, uint64_t);
    }
    uint32_t value = va_arg(out->arguments, uint32_t);
    return conversion->size_bytes == 4 ? value : value & ((1u << 8 * conversion->size_bytes) - 1);
}

static int64_t take_signed(struct formatter *out, const struct conversion *conversion) {
    unsigned unused_bits = 64 - 8 * (unsigned)conversion->size_bytes;
    return (int64_t)(take_unsigned(out, conversion) << unused_bits) >> unused_bits;
}

static void put_signed(struct formatter *out, const struct conversion *conversion) {
    int64_t value = take_signed(out, conversion);
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    put_number(out, conversion, magnitude, 10, value < 0 ? "-" : "");
}

static void put_hexadecimal(struct formatter *out, const struct conversion *conversion) {
    uint64_t value = take_unsigned(out, conversion);
    const char *prefix = conversion->letter == 'X' ? "0X" : "0x";
    put_number(out, conversion, value, 16, conversion->has_prefix && value != 0 ? prefix : "");
}

static void put_pointer(struct formatter *out, const struct conversion *conversion) {
    put_number(out, conversion, (uint64_t)va_arg(out->arguments, void *), 16, "0x");
}

static void put_string(struct formatter *out, const struct conversion *conversion) {
    const char *text = va_arg(out->arguments, const char *);
    size_t length = 0;
    text = text == nullptr ? "(null)" : text;
    while ((conversion->precision < 0 || length < (size_t)conversion->precision) &&
           text[length] != '\0') {
        length++;
    }
    put_field(out, conversion, "", text, length);
}

static void put_character(struct formatter *out, const struct conversion *conversion) {
    char character = (char)va_arg(out->arguments, int);
    put_field(out, conversion, "", &character, 1);
}

static const char *parse_flags(const char *at, struct conversion *conversion) {
    for (;; at++) {
        switch (*at) {
        case '-':
            conversion->is_left = true;
            break;
        case '0':
            conversion->has_zeroes = true;
            break;
        case '#':
            conversion->has_prefix = true;
            break;
        default:
            return at;
        }
    }
}

/* Digits, or `*` for an argument. */
static const char *parse_count(const char *at, struct formatter *out, int *count) {
    *count = 0;
    if (*at == '*') {
        *count = va_arg(out->arguments, int);
        return at + 1;
    }
    for (; *at >= '0' && *at <= '9'; at++) {
        *count = *count * 10 + (*at - '0');
    }
    return at;
}

static const char *parse_width(const char *at, struct formatter *out,
                               struct conversion *conversion) {
    at = parse_count(at, out, &conversion->width);
    if (conversion->width < 0) {
        conversion->is_left = true;
        conversion->width = -conversion->width;
    }
    conversion->precision = -1;
    return *at == '.' ? parse_count(at + 1, out, &conversion->precision) : at;
}

static const char *parse_length(const char *at, struct conversion *conversion) {
    conversion->size_bytes = sizeof(int);
    if (*at == 'h') {
        conversion->size_bytes = at[1] == 'h' ? sizeof(char) : sizeof(short);
        return at + (at[1] == 'h' ? 2 : 1);
    }
    while (*at == 'l' || *at == 'z' || *at == 'j' || *at == 't') {
        conversion->size_bytes = sizeof(uint64_t);
        at++;
    }
    return at;
}

static void put_conversion(struct formatter *out, const struct conversion *conversion) {
    switch (conversion->letter) {
    case 'c':
        put_character(out, conversion);
        break;
    case 's':
        put_string(out, conversion);
        break;
    case 'd':
    case 'i':
        put_signed(out, conversion);
        break;
    case 'u':
        put_number(out, conversion, take_unsigned(out, conversion), 10, "");
        break;
    case 'x':
    case 'X':
        put_hexadecimal(out, conversion);
        break;
    case 'p':
        put_pointer(out, conversion);
        break;
    default:
        put(out, &conversion->letter, 1);
        break;
    }
}

/* The conversion that begins after `%` at `at`; returns where the text goes on. */
static const char *convert(const char *at, struct formatter *out) {
    struct conversion conversion = {};
    at = parse_flags(at, &conversion);
    at = parse_width(at, out, &conversion);
    at = parse_length(at, &conversion);
    conversion.letter = *at;
    if (*at == '\0') {
        return at;
    }
    put_conversion(out, &conversion);
    return at + 1;
}

void format_to_va(const struct text_sink *sink, const char *format, va_list arguments) {
    struct formatter out = {.sink = sink};
    va_copy(out.arguments, arguments);
    while (*format != '\0') {
        const char *plain = format;
        while (*format != '\0' && *format != '%') {
            format++;
        }
        put(&out, plain, (size_t)(format - plain));
        if (*format == '%') {
            format = convert(format + 1, &out);
        }
    }
    va_end(out.arguments);
}

void format_to(const struct text_sink *sink, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    format_to_va(sink, format, arguments);
    va_end(arguments);
}

struct text_buffer {
    char *text;
    size_t size_bytes;
    size_t length; /* of the whole text, kept or not */
};

static void write_to_buffer(void *context, const char *text, size_t length) {
    struct text_buffer *buffer = context;
    size_t room = buffer->length < buffer->size_bytes ? buffer->size_bytes - buffer->length : 0;
    if (room > 0) {
        memcpy(buffer->text + buffer->length, text, length < room ? length : room);
    }
    buffer->length += length;
}

size_t format_buffer(char *buffer, size_t size_bytes, const char *format, ...) {
    struct text_buffer target = {buffer, size_bytes, 0};
    struct text_sink sink = {write_to_buffer, &target};
    va_list arguments;
    va_start(arguments, format);
    format_to_va(&sink, format, arguments);
    va_end(arguments);
    if (size_bytes > 0) {
        buffer[target.length < size_bytes ? target.length : size_bytes - 1] = '\0';
    }
    return target.length;
}
