#include "kernel/text/quote.h"

static bool is_plain(char byte) {
    return byte >= ' ' && byte <= '~' && byte != '\'' && byte != '\\';
}

void quote_to(const struct text_sink *sink, const char *bytes, size_t length) {
    size_t shown = length < QUOTE_LENGTH_MAX ? length : QUOTE_LENGTH_MAX;
    format_to(sink, "'");
    for (size_t i = 0; i < shown; i++) {
        format_to(sink, is_plain(bytes[i]) ? "%c" : "\\x%02x", (unsigned char)bytes[i]);
    }
    format_to(sink, shown < length ? "...'" : "'");
}
