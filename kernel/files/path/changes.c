#include "kernel/files/path/changes.h"

/* Whether the name is there. */
static enum status check_is_there(const struct path_parent *parent, struct node **node) {
    return directory_find(parent->directory.node, parent->name, node);
}

/* A name that cannot be made anew: it is there, or it asks for a directory. */
static enum status check_can_be_made(const struct path_parent *parent, bool is_directory) {
    enum status is_changeable = mount_check_change(parent->directory.mount);
    if (parent->kind != LAST_NAME) {
        return STATUS_EXISTS;
    }
    bool is_possible = is_directory || !parent->must_be_directory;
    if (is_possible && is_changeable == STATUS_OK) {
        return STATUS_OK;
    }
    struct node *there;
    enum status status = check_is_there(parent, &there);
    if (status == STATUS_OK) {
        node_unref(there);
        return STATUS_EXISTS;
    }
    return status == STATUS_NOT_FOUND && is_possible ? is_changeable : status;
}

static enum status check_target(const struct node_request *request) {
    if (request->kind != NODE_SYMLINK) {
        return STATUS_OK;
    }
    if (request->link_target.length == 0) {
        return STATUS_NOT_FOUND;
    }
    return request->link_target.length < PATH_SIZE_MAX ? STATUS_OK : STATUS_NAME_TOO_LONG;
}

static enum status make_last(const struct path_view *view, const struct path_parent *parent,
                             const struct node_request *request, struct node **made) {
    enum status status = check_can_be_made(parent, request->kind == NODE_DIRECTORY);
    return status == STATUS_OK ? directory_make(parent->directory.node, parent->name, request,
                                                view->credentials, made)
                               : status;
}

enum status path_make_place(const struct path_view *view, const char *path,
                            const struct node_request *request, struct location *place) {
    struct path_parent parent;
    enum status status = check_target(request);
    if (status == STATUS_OK) {
        status = path_find_parent(view, path, &parent);
    }
    if (status != STATUS_OK) {
        return status;
    }
    *place = (struct location){.mount = parent.directory.mount};
    status = make_last(view, &parent, request, &place->node);
    if (status == STATUS_OK) {
        location_ref(place);
        node_unref(place->node);
    }
    location_unref(&parent.directory);
    return status;
}

enum status path_make(const struct path_view *view, const char *path,
                      const struct node_request *request) {
    struct location place;
    enum status status = path_make_place(view, path, request, &place);
    if (status == STATUS_OK) {
        location_unref(&place);
    }
    return status;
}

enum status path_link(const struct location *node, const struct path_view *view, const char *path) {
    struct path_parent parent;
    enum status status = path_find_parent(view, path, &parent);
    if (status != STATUS_OK) {
        return status;
    }
    status = check_can_be_made(&parent, false);
    if (status == STATUS_OK && node->mount != parent.directory.mount) {
        status = STATUS_OTHER_FILE_SYSTEM;
    }
    if (status == STATUS_OK) {
        status = directory_link(parent.directory.node, parent.name, node->node, view->credentials);
    }
    location_unref(&parent.directory);
    return status;
}

/* What has a slash behind it is no file to be removed. */
static enum status refuse_slash(const struct path_parent *parent) {
    struct node *there;
    enum status status = check_is_there(parent, &there);
    if (status != STATUS_OK) {
        return status;
    }
    status = there->kind == NODE_DIRECTORY ? STATUS_IS_A_DIRECTORY : STATUS_NOT_A_DIRECTORY;
    node_unref(there);
    return status;
}

static enum status remove_last(const struct path_view *view, const struct path_parent *parent) {
    if (parent->kind != LAST_NAME) {
        return STATUS_IS_A_DIRECTORY;
    }
    enum status status = mount_check_change(parent->directory.mount);
    if (status != STATUS_OK) {
        return status;
    }
    if (parent->must_be_directory) {
        return refuse_slash(parent);
    }
    return directory_remove(parent->directory.node, parent->name, view->credentials);
}

enum status path_remove(const struct path_view *view, const char *path) {
    struct path_parent parent;
    enum status status = path_find_parent(view, path, &parent);
    if (status == STATUS_OK) {
        status = remove_last(view, &parent);
        location_unref(&parent.directory);
    }
    return status;
}

static enum status remove_last_directory(const struct path_view *view,
                                         const struct path_parent *parent) {
    switch (parent->kind) {
    case LAST_DOT:
        return STATUS_INVALID;
    case LAST_DOT_DOT:
        return STATUS_NOT_EMPTY;
    case LAST_ROOT:
        return STATUS_BUSY;
    case LAST_NAME:
        break;
    }
    enum status status = mount_check_change(parent->directory.mount);
    if (status != STATUS_OK) {
        return status;
    }
    return directory_remove_directory(parent->directory.node, parent->name, view->credentials);
}

enum status path_remove_directory(const struct path_view *view, const char *path) {
    struct path_parent parent;
    enum status status = path_find_parent(view, path, &parent);
    if (status == STATUS_OK) {
        status = remove_last_directory(view, &parent);
        location_unref(&parent.directory);
    }
    return status;
}

static struct rename_end end_of(const struct path_parent *parent) {
    return (struct rename_end){parent->directory.node, parent->name, parent->must_be_directory};
}

static enum status rename_last(const struct path_parent *from, const struct path_parent *to,
                               enum rename_mode mode, const struct credentials *credentials) {
    if (from->directory.mount != to->directory.mount) {
        return STATUS_OTHER_FILE_SYSTEM;
    }
    if (from->kind != LAST_NAME) {
        return STATUS_BUSY;
    }
    if (to->kind != LAST_NAME) {
        bool must_be_new = mode == RENAME_ONLY_NEW || mode == RENAME_ONLY_NEW_LEAVING;
        return must_be_new ? STATUS_EXISTS : STATUS_BUSY;
    }
    enum status status = mount_check_change(from->directory.mount);
    if (status != STATUS_OK) {
        return status;
    }
    struct rename_end from_end = end_of(from);
    struct rename_end to_end = end_of(to);
    return directory_rename(&from_end, &to_end, mode, credentials);
}

enum status path_rename(const struct path_view *from_view, const char *from_path,
                        const struct path_view *to_view, const char *to_path,
                        enum rename_mode mode) {
    struct path_parent from, to;
    enum status status = path_find_parent(from_view, from_path, &from);
    if (status != STATUS_OK) {
        return status;
    }
    status = path_find_parent(to_view, to_path, &to);
    if (status == STATUS_OK) {
        status = rename_last(&from, &to, mode, from_view->credentials);
        location_unref(&to.directory);
    }
    location_unref(&from.directory);
    return status;
}
