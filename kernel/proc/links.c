#include "kernel/files/path/path.h"
#include "kernel/proc/subject.h"
#include "kernel/proc/tables.h"
#include "lib/memory.h"

/* The links of a process that lead to places: exe, cwd, root. */

/* Finds a place, owned by the caller. */
typedef enum status place_find(const struct made_subject *subject, struct location *place);

static enum status read_place(const struct made_subject *subject, place_find *find, char *text,
                              size_t *length) {
    struct location place;
    enum status status = find(subject, &place);
    if (status == STATUS_OK) {
        const char *path = shown_path(&place, text);
        *length = strlen(path);
        memmove(text, path, *length);
        location_unref(&place);
    }
    return status;
}

enum status executable_follow(const struct made_subject *subject, struct location *place) {
    if (!may_inspect(subject)) {
        return STATUS_ACCESS_DENIED;
    }
    struct process_memory *memory = subject_memory(subject);
    if (memory == nullptr) {
        return STATUS_NOT_FOUND;
    }
    enum status status = memory->executable != nullptr ? STATUS_OK : STATUS_NOT_FOUND;
    if (status == STATUS_OK) {
        *place = memory->executable->place;
        location_ref(place);
    }
    process_memory_unref(memory);
    return status;
}

static enum status find_own(const struct made_subject *subject,
                            struct location (*get)(struct file_context *places),
                            struct location *place) {
    if (!may_inspect(subject)) {
        return STATUS_ACCESS_DENIED;
    }
    struct file_context *places = subject_places(subject);
    if (places == nullptr) {
        return STATUS_NOT_FOUND;
    }
    *place = get(places);
    file_context_unref(places);
    return STATUS_OK;
}

enum status current_follow(const struct made_subject *subject, struct location *place) {
    return find_own(subject, file_context_current, place);
}

enum status top_follow(const struct made_subject *subject, struct location *place) {
    return find_own(subject, file_context_root, place);
}

enum status executable_read_link(const struct made_subject *subject, char *text, size_t *length) {
    return read_place(subject, executable_follow, text, length);
}

enum status current_read_link(const struct made_subject *subject, char *text, size_t *length) {
    return read_place(subject, current_follow, text, length);
}

enum status top_read_link(const struct made_subject *subject, char *text, size_t *length) {
    return read_place(subject, top_follow, text, length);
}
