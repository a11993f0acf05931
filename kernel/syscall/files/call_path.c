#include "kernel/syscall/files/call_path.h"

#include "kernel/cpu/user_copy.h"
#include "kernel/process/file_context.h"
#include "kernel/syscall/files/arguments.h"
#include "mm/heap/heap.h"

enum status copy_path_text(uint64_t address, char **text) {
    char *copy = heap_alloc(PATH_SIZE_MAX);
    if (copy == nullptr) {
        return STATUS_NO_MEMORY;
    }
    size_t length;
    enum status status = user_copy_string(copy, virt_addr(address), PATH_SIZE_MAX, &length);
    if (status != STATUS_OK) {
        heap_free(copy);
        return status == STATUS_TOO_LONG ? STATUS_NAME_TOO_LONG : status;
    }
    *text = copy;
    return STATUS_OK;
}

/* The place that a descriptor stands for. */
static enum status start_at_descriptor(struct call_path *path, uint64_t descriptor) {
    struct file *file;
    enum status status = any_file(descriptor, &file);
    if (status != STATUS_OK) {
        return status;
    }
    path->view.start = file->place;
    location_ref(&path->view.start);
    if (call_path_is_empty(path)) {
        path->file = file;
        return STATUS_OK;
    }
    bool is_directory = file->place.node != nullptr && file->place.node->kind == NODE_DIRECTORY;
    file_unref(file);
    return is_directory ? STATUS_OK : STATUS_NOT_A_DIRECTORY;
}

static enum status find_start(struct call_path *path, uint64_t directory) {
    if ((int32_t)directory == CURRENT_DIRECTORY) {
        path->view.start = file_context_current(task_current()->places);
        return STATUS_OK;
    }
    return start_at_descriptor(path, directory);
}

static void begin_empty(struct call_path *path) {
    *path = (struct call_path){.credentials = acting_credentials()};
    path->view.credentials = &path->credentials;
}

/* Takes the text over, and the root. */
static enum status begin(struct call_path *path, uint64_t address, enum empty_path empty) {
    begin_empty(path);
    enum status status = copy_path_text(address, &path->text);
    if (status != STATUS_OK) {
        return status;
    }
    if (call_path_is_empty(path) && empty == EMPTY_PATH_IS_NONE) {
        return STATUS_NOT_FOUND;
    }
    path->view.root = file_context_root(task_current()->places);
    return STATUS_OK;
}

enum status call_path_begin(struct call_path *path, uint64_t directory, uint64_t address,
                            enum empty_path empty) {
    enum status status = begin(path, address, empty);
    if (status != STATUS_OK) {
        return status;
    }
    if (path->text[0] != '/') {
        return find_start(path, directory);
    }
    path->view.start = path->view.root;
    location_ref(&path->view.start);
    return STATUS_OK;
}

enum status call_path_begin_relative(struct call_path *path, uint64_t directory, uint64_t address) {
    enum status status = begin(path, address, EMPTY_PATH_IS_NONE);
    return status == STATUS_OK ? find_start(path, directory) : status;
}

enum status call_path_begin_empty(struct call_path *path, uint64_t directory) {
    begin_empty(path);
    path->text = heap_alloc(1);
    if (path->text == nullptr) {
        return STATUS_NO_MEMORY;
    }
    path->text[0] = '\0';
    path->view.root = file_context_root(task_current()->places);
    return find_start(path, directory);
}

void call_path_end(struct call_path *path) {
    location_unref(&path->view.start);
    location_unref(&path->view.root);
    file_unref(path->file);
    heap_free(path->text);
}

void call_path_use_real_ids(struct call_path *path) {
    path->credentials = real_credentials();
}

enum status call_path_resolve(const struct call_path *path, enum last_link last_link,
                              struct location *found) {
    if (path->view.start.node == nullptr) {
        return STATUS_NOT_SUPPORTED;
    }
    return path_resolve_or_start(&path->view, path->text, last_link, found);
}

enum status call_path_find(uint64_t directory, uint64_t address, enum empty_path empty,
                           enum last_link last_link, struct location *found) {
    struct call_path path;
    enum status status = call_path_begin(&path, directory, address, empty);
    if (status == STATUS_OK) {
        status = call_path_resolve(&path, last_link, found);
    }
    call_path_end(&path);
    return status;
}
