#include "kernel/process/script.h"

#include "mm/heap/heap.h"

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

enum status script_read_line(struct file *file, struct script_line *line) {
    char bytes[SCRIPT_LINE_SIZE - 1];
    struct transfer transfer = transfer_to_memory(bytes, sizeof(bytes));
    enum status status = file_read_at(file, 0, &transfer);
    if (status != STATUS_OK) {
        return status;
    }
    return script_parse_line(bytes, transfer.done_bytes, line);
}

/* All but the first of the old arguments. */
static enum status add_rest(struct string_store *to, const struct string_store *from) {
    enum status status = STATUS_OK;
    const char *at = from->bytes;
    for (size_t i = 0; i < from->count && status == STATUS_OK; i++) {
        if (i > 0) {
            status = string_store_add(to, at);
        }
        at += __builtin_strlen(at) + 1;
    }
    return status;
}

enum status script_rewrite(struct exec_request *request, const struct script_line *line) {
    struct string_store store = {.limit_bytes = request->arguments.limit_bytes};
    enum status status = string_store_add(&store, line->interpreter);
    if (status == STATUS_OK && line->argument[0] != '\0') {
        status = string_store_add(&store, line->argument);
    }
    if (status == STATUS_OK) {
        const char *script = request->interpreter[0] ? request->interpreter : request->path;
        status = string_store_add(&store, script);
    }
    if (status == STATUS_OK) {
        status = add_rest(&store, &request->arguments);
    }
    if (status != STATUS_OK) {
        string_store_free(&store);
        return status;
    }
    string_store_free(&request->arguments);
    request->arguments = store;
    __builtin_memcpy(request->interpreter, line->interpreter, sizeof(request->interpreter));
    return STATUS_OK;
}
