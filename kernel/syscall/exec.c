#include "kernel/process/exec.h"

#include "kernel/files/file/open.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/call_path.h"
#include "mm/heap/heap.h"

/* man 2 execve, execveat. */

/* As on Linux, a quarter of what the stack may be, within bounds. */
static size_t argument_limit(void) {
    constexpr uint64_t least = ARGUMENT_SIZE_MAX;
    constexpr uint64_t most = 6ull << 20;
    uint64_t limit = process_current()->limits[RESOURCE_STACK].soft / 4;
    limit = limit < most ? limit : most;
    return limit > least ? limit : least;
}

/* As Linux counts: the pointers to all strings, the name of the program, and the strings, those of
 * the environment first. */
static enum status read_strings(struct exec_request *request, uint64_t arguments,
                                uint64_t environment) {
    size_t limit = argument_limit();
    size_t argument_count;
    size_t environment_count;
    enum status status = string_array_count(arguments, &argument_count);
    if (status == STATUS_OK) {
        status = string_array_count(environment, &environment_count);
    }
    if (status != STATUS_OK) {
        return status;
    }
    size_t pointer_count = (argument_count != 0 ? argument_count : 1) + environment_count;
    size_t other_bytes =
        pointer_count * sizeof(uint64_t) + __builtin_strlen(request->shown_path) + 1;
    if (other_bytes > limit) {
        return STATUS_TOO_LONG;
    }
    request->environment.limit_bytes = limit - other_bytes;
    status = string_store_add_user(&request->environment, environment, environment_count);
    if (status == STATUS_OK) {
        request->arguments.limit_bytes =
            request->environment.limit_bytes - request->environment.used_bytes;
        status = string_store_add_user(&request->arguments, arguments, argument_count);
    }
    return status;
}

static int64_t exec_with(struct exec_request *request, uint64_t arguments, uint64_t environment) {
    int64_t status = process_exec_open(request);
    if (status == STATUS_OK) {
        status = read_strings(request, arguments, environment);
    }
    if (status == STATUS_OK) {
        status = process_exec(request, task_current()->frame);
    }
    exec_request_release(request);
    task_current()->has_set_frame = status == STATUS_OK;
    return status;
}

int64_t call_execve(const struct trap_frame *frame) {
    struct call_path path;
    int64_t status =
        call_path_begin(&path, (uint64_t)CURRENT_DIRECTORY, frame->rdi, EMPTY_PATH_IS_NONE);
    if (status == STATUS_OK) {
        struct exec_request request = {
            .view = path.view,
            .path = path.text,
            .shown_path = path.text,
        };
        status = exec_with(&request, frame->rsi, frame->rdx);
    }
    call_path_end(&path);
    return status;
}

/* The name under which the file can be opened again: what lies below a descriptor is shown so. */
static void show_path(const struct call_path *path, int32_t directory, char *shown,
                      size_t size_bytes) {
    if (call_path_is_empty(path)) {
        format_buffer(shown, size_bytes, "/dev/fd/%u", (unsigned)directory);
    } else if (path->text[0] == '/' || directory == CURRENT_DIRECTORY) {
        format_buffer(shown, size_bytes, "%s", path->text);
    } else {
        format_buffer(shown, size_bytes, "/dev/fd/%u/%s", (unsigned)directory, path->text);
    }
}

/* Whether the shown path begins with a descriptor that execve closes. */
static bool loses_path(const struct call_path *path, int32_t directory) {
    bool is_closed = false;
    if (directory == CURRENT_DIRECTORY || path->text[0] == '/') {
        return false;
    }
    enum status status =
        descriptor_closes_on_exec(task_current()->files, (uint32_t)directory, &is_closed);
    return status == STATUS_OK && is_closed;
}

static int64_t exec_at(const struct call_path *path, const struct trap_frame *frame) {
    constexpr size_t prefix_bytes = sizeof("/dev/fd/4294967295/");
    int32_t directory = (int32_t)frame->rdi;
    size_t size_bytes = prefix_bytes + __builtin_strlen(path->text) + 1;
    char *shown = heap_alloc(size_bytes);
    if (!shown) {
        return STATUS_NO_MEMORY;
    }
    show_path(path, directory, shown, size_bytes);
    struct exec_request request = {
        .view = path->view,
        .path = path->text,
        .shown_path = shown,
        .open_flags = (uint32_t)frame->r8 & AT_SYMLINK_NOFOLLOW ? OPEN_NO_FOLLOW : 0,
        .place = call_path_is_empty(path) ? &path->view.start : nullptr,
        .loses_path = loses_path(path, directory),
    };
    int64_t status = exec_with(&request, frame->rdx, frame->r10);
    heap_free(shown);
    return status;
}

int64_t call_execveat(const struct trap_frame *frame) {
    uint32_t flags = (uint32_t)frame->r8;
    struct call_path path;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) {
        return STATUS_INVALID;
    }
    int64_t status = call_path_begin(&path, frame->rdi, frame->rsi, empty_path_of(flags));
    if (status == STATUS_OK) {
        status = exec_at(&path, frame);
    }
    call_path_end(&path);
    return status;
}
