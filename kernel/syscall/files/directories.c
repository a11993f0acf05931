#include "kernel/files/node/attributes.h"
#include "kernel/files/path/path.h"
#include "kernel/process/file_context.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/call_path.h"
#include "kernel/syscall/files/read_write.h"
#include "kernel/syscall/files/user_transfer.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

/* One of file_list and file_list_old. */
typedef enum status listing(struct file *file, struct transfer *transfer);

static int64_t list(listing *list_entries, const struct trap_frame *frame) {
    struct file *file;
    enum status status = open_file(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    struct user_buffer buffer;
    struct transfer transfer = {};
    status = user_buffer_single(&buffer, frame->rsi, (uint32_t)frame->rdx);
    if (status == STATUS_OK) {
        transfer = user_transfer(&buffer);
        status = list_entries(file, &transfer);
    }
    file_unref(file);
    return read_result(status, &transfer);
}

int64_t call_getdents(const struct trap_frame *frame) {
    return list(file_list_old, frame);
}

int64_t call_getdents64(const struct trap_frame *frame) {
    return list(file_list, frame);
}

/* The path with its terminator; returns its size. */
static int64_t copy_path_of(const struct location *place, const struct location *root, char *buffer,
                            uint64_t to, uint64_t room) {
    if (node_link_count(place->node) == 0) {
        return STATUS_NOT_FOUND;
    }
    const char *path;
    enum status status = path_of(place, root, buffer, PATH_SIZE_MAX, &path);
    if (status != STATUS_OK) {
        return STATUS_NAME_TOO_LONG;
    }
    size_t size_bytes = strlen(path) + 1;
    if (size_bytes > room) {
        return STATUS_OUT_OF_RANGE;
    }
    status = copy_result(to, path, size_bytes);
    return status == STATUS_OK ? (int64_t)size_bytes : status;
}

int64_t call_getcwd(const struct trap_frame *frame) {
    char *buffer = heap_alloc(PATH_SIZE_MAX);
    if (buffer == nullptr) {
        return STATUS_NO_MEMORY;
    }
    struct location root = file_context_root(task_current()->places);
    struct location place = file_context_current(task_current()->places);
    int64_t result = copy_path_of(&place, &root, buffer, frame->rdi, frame->rsi);
    location_unref(&place);
    location_unref(&root);
    heap_free(buffer);
    return result;
}

/* Whether paths can begin at the place. */
static enum status check_can_enter(const struct location *place) {
    if (place->node == nullptr || place->node->kind != NODE_DIRECTORY) {
        return STATUS_NOT_A_DIRECTORY;
    }
    struct credentials credentials = acting_credentials();
    return node_check_access(place->node, &credentials, MAY_EXECUTE);
}

static enum status find_directory(uint64_t address, struct location *place) {
    enum status status = call_path_find((uint64_t)CURRENT_DIRECTORY, address, EMPTY_PATH_IS_NONE,
                                        LAST_LINK_FOLLOW, place);
    if (status != STATUS_OK) {
        return status;
    }
    status = check_can_enter(place);
    if (status != STATUS_OK) {
        location_unref(place);
    }
    return status;
}

int64_t call_chdir(const struct trap_frame *frame) {
    struct location place;
    enum status status = find_directory(frame->rdi, &place);
    if (status == STATUS_OK) {
        file_context_set_current(task_current()->places, &place);
    }
    return status;
}

int64_t call_fchdir(const struct trap_frame *frame) {
    struct file *file;
    enum status status = any_file(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    status = check_can_enter(&file->place);
    if (status == STATUS_OK) {
        location_ref(&file->place);
        file_context_set_current(task_current()->places, &file->place);
    }
    file_unref(file);
    return status;
}

int64_t call_chroot(const struct trap_frame *frame) {
    struct location place;
    enum status status = find_directory(frame->rdi, &place);
    if (status != STATUS_OK) {
        return status;
    }
    if (!process_has_capabilities()) {
        location_unref(&place);
        return STATUS_NOT_PERMITTED;
    }
    file_context_set_root(task_current()->places, &place);
    return STATUS_OK;
}

int64_t call_umask(const struct trap_frame *frame) {
    constexpr uint32_t permissions = 0777;
    return __atomic_exchange_n(&task_current()->places->umask, (uint32_t)frame->rdi & permissions,
                               __ATOMIC_RELAXED);
}
