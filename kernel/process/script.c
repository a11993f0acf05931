#include "kernel/process/script.h"

#include "mm/heap/heap.h"

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
        const char *script = request->interpreter[0] ? request->interpreter : request->shown_path;
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
