#include "kernel/files/directory/check.h"

#include "kernel/files/node/attributes.h"
#include "kernel/files/node/observer.h"

enum status find_held(struct node *directory, struct name name, struct node **child) {
    if (directory->kind != NODE_DIRECTORY) {
        return STATUS_NOT_A_DIRECTORY;
    }
    if (name.length > NAME_LENGTH_MAX) {
        return STATUS_NAME_TOO_LONG;
    }
    enum status status = directory->operations->find(directory, name, child);
    if (status == STATUS_OK) {
        directory_mark(directory, *child);
    }
    return status;
}

enum status check_may_add(struct node *directory, const struct credentials *credentials) {
    if (node_link_count(directory) == 0) {
        return STATUS_NOT_FOUND;
    }
    return node_check_access(directory, credentials, MAY_WRITE | MAY_EXECUTE);
}

static bool is_sticky(struct node *directory) {
    sleep_lock_acquire(&directory->lock);
    bool is_set = (directory->permissions & PERMISSION_STICKY) != 0;
    sleep_lock_release(&directory->lock);
    return is_set;
}

enum status check_may_remove(struct node *directory, struct node *child, bool as_directory,
                             const struct credentials *credentials) {
    enum status status = node_check_access(directory, credentials, MAY_WRITE | MAY_EXECUTE);
    if (status != STATUS_OK) {
        return status;
    }
    if (is_sticky(directory) && !node_is_owned(child, credentials) &&
        !node_is_owned(directory, credentials)) {
        return STATUS_NOT_PERMITTED;
    }
    bool is_directory = child->kind == NODE_DIRECTORY;
    if (as_directory != is_directory) {
        return is_directory ? STATUS_IS_A_DIRECTORY : STATUS_NOT_A_DIRECTORY;
    }
    return directory->operations->remove == nullptr ? STATUS_NOT_PERMITTED : STATUS_OK;
}
