#include "kernel/process/script_line.h"

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static void copy_range(char *to, const char *from, size_t length) {
    __builtin_memcpy(to, from, length);
    to[length] = '\0';
}

/* The end of the line, without blanks before it; size_bytes where it does not end. */
static size_t line_end(const char *bytes, size_t size_bytes) {
    size_t end = 0;
    while (end < size_bytes && bytes[end] != '\n' && bytes[end] != '\0') {
        end++;
    }
    return end;
}

enum status script_parse_line(const char *bytes, size_t size_bytes, struct script_line *line) {
    *line = (struct script_line){};
    if (size_bytes < 2 || bytes[0] != '#' || bytes[1] != '!') {
        return STATUS_OK;
    }
    size_t end = line_end(bytes, size_bytes);
    bool is_cut = end == size_bytes && size_bytes >= SCRIPT_LINE_SIZE - 1;
    size_t at = 2;
    while (at < end && is_blank(bytes[at])) {
        at++;
    }
    size_t name_end = at;
    while (name_end < end && !is_blank(bytes[name_end])) {
        name_end++;
    }
    if (name_end == at || (is_cut && name_end == end)) {
        return STATUS_NOT_EXECUTABLE;
    }
    copy_range(line->interpreter, bytes + at, name_end - at);
    at = name_end;
    while (at < end && is_blank(bytes[at])) {
        at++;
    }
    while (end > at && is_blank(bytes[end - 1])) {
        end--;
    }
    copy_range(line->argument, bytes + at, end - at);
    return STATUS_OK;
}
