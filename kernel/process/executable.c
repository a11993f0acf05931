#include "kernel/process/executable.h"

#include "kernel/files/file/open.h"
#include "kernel/files/node/attributes.h"
#include "lib/check.h"

/* Takes an open file; after an error it is closed, and null. */
static enum status check(const struct path_view *view, struct file **file) {
    struct node *node = (*file)->place.node;
    enum status status = STATUS_ACCESS_DENIED;
    bool is_allowed = !(mount_flags((*file)->place.mount) & MOUNT_NO_EXECUTION);
    if (node->kind == NODE_REGULAR && is_allowed) {
        status = node_check_access(node, view->credentials, MAY_EXECUTE);
    }
    if (status == STATUS_OK) {
        status = node_begin_executing(node);
    }
    if (status != STATUS_OK) {
        file_unref(*file);
        *file = nullptr;
    }
    return status;
}

constexpr uint32_t OPEN_TO_EXECUTE = OPEN_READ_ONLY | FILE_NO_WAIT;

enum status executable_open(const struct path_view *view, const char *path, uint32_t flags,
                            struct file **file) {
    enum status status = file_open(view, path, OPEN_TO_EXECUTE | flags, 0, file);
    return status == STATUS_OK ? check(view, file) : status;
}

enum status executable_open_place(const struct path_view *view, const struct location *place,
                                  struct file **file) {
    if (place->node == nullptr) {
        return STATUS_ACCESS_DENIED;
    }
    enum status status = file_open_place(view, place, OPEN_TO_EXECUTE, file);
    return status == STATUS_OK ? check(view, file) : status;
}

void executable_ref(struct file *file) {
    if (file) {
        enum status status = node_begin_executing(file->place.node);
        CHECK(status == STATUS_OK); /* whoever asks executes it already */
        file_ref(file);
    }
}

void executable_unref(struct file *file) {
    if (file) {
        node_end_executing(file->place.node);
        file_unref(file);
    }
}
