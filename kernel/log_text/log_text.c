#include "kernel/log_text/log_text.h"

static void append(struct log_text *text, char c) {
    if (c == '\n') {
        log_line(text->level, "%.*s", (int)text->length, text->line);
        text->length = 0;
    } else if (text->length < sizeof(text->line)) {
        text->line[text->length++] = c;
    }
}

static void write(void *context, const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        append(context, bytes[i]);
    }
}

const struct text_sink *log_text_begin(struct log_text *text, enum log_level level) {
    text->sink.write = write;
    text->sink.context = text;
    text->level = level;
    text->length = 0;
    return &text->sink;
}
