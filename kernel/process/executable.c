#include "kernel/process/executable.h"

#include "kernel/files/file/open.h"
#include "kernel/files/node/attributes.h"
#include "lib/check.h"

static enum status check(const struct path_view *view, const struct location *place) {
    if (place->node->kind == NODE_SYMLINK) {
        return STATUS_LINK_LOOP;
    }
    bool is_allowed = !(mount_flags(place->mount) & MOUNT_NO_EXECUTION);
    return place->node->kind == NODE_REGULAR && is_allowed
               ? node_check_access(place->node, view->credentials, MAY_EXECUTE)
               : STATUS_ACCESS_DENIED;
}

enum status executable_open(const struct path_view *view, const char *path, uint32_t flags,
                            struct file **file) {
    struct location place;
    enum last_link last_link = flags & OPEN_NO_FOLLOW ? LAST_LINK_KEEP : LAST_LINK_FOLLOW;
    enum status status = path_resolve(view, path, last_link, &place);
    if (status == STATUS_OK) {
        status = executable_open_place(view, &place, file);
        location_unref(&place);
    }
    return status;
}

enum status executable_open_place(const struct path_view *view, const struct location *place,
                                  struct file **file) {
    if (place->node == nullptr) {
        return STATUS_ACCESS_DENIED;
    }
    enum status status = check(view, place);
    if (status == STATUS_OK) {
        status = node_begin_executing(place->node);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = file_open_program(view, place, file);
    if (status != STATUS_OK) {
        node_end_executing(place->node);
    }
    return status;
}

bool executable_is_readable(const struct path_view *view, const struct file *file) {
    return node_check_access(file->place.node, view->credentials, MAY_READ) == STATUS_OK;
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
