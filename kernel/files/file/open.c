#include "kernel/files/file/open.h"

#include "kernel/files/file/device.h"
#include "kernel/files/file/kinds.h"
#include "kernel/files/node/observer.h"

constexpr uint32_t ACCESS_MODE_MASK = 3;
constexpr uint32_t KEPT_BY_PATH = OPEN_DIRECTORY | OPEN_NO_FOLLOW | OPEN_CLOSE_ON_EXEC | OPEN_PATH;

/* O_PATH ignores all but a few (man 2 open). */
static enum status check_flags(uint32_t *flags) {
    if (*flags & OPEN_PATH) {
        *flags &= KEPT_BY_PATH;
    }
    bool is_contradiction = (*flags & OPEN_CREATE) && (*flags & OPEN_DIRECTORY);
    bool is_half = (*flags & OPEN_NAMELESS) &&
                   (!(*flags & OPEN_DIRECTORY) || (*flags & ACCESS_MODE_MASK) == OPEN_READ_ONLY);
    return is_contradiction || is_half ? STATUS_INVALID : STATUS_OK;
}

/* 3 means neither, but asks for the right to both. */
static unsigned wanted_rights(uint32_t flags) {
    static const unsigned rights[] = {MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
                                      MAY_READ | MAY_WRITE};
    unsigned truncating = flags & OPEN_TRUNCATE ? MAY_WRITE : 0;
    return rights[flags & ACCESS_MODE_MASK] | truncating;
}

static uint8_t access_of(uint32_t flags) {
    static const uint8_t access[] = {ACCESS_OF_READING, ACCESS_OF_WRITING,
                                     ACCESS_OF_READING | ACCESS_OF_WRITING, 0};
    return flags & OPEN_PATH ? 0 : access[flags & ACCESS_MODE_MASK];
}

static enum last_link last_link_for(uint32_t flags) {
    return flags & OPEN_NO_FOLLOW ? LAST_LINK_KEEP : LAST_LINK_FOLLOW;
}

/* A file in the directory that the path names, without a name of its own. */
static enum status make_nameless(const struct path_view *view, const char *path, uint32_t flags,
                                 uint32_t permissions, struct location *place) {
    static const struct name shown = {"#", 1};
    const struct node_request request = {.kind = NODE_REGULAR, .permissions = permissions};
    bool is_linkable = !(flags & OPEN_EXCLUSIVE);
    struct location directory;
    struct node *made;
    enum status status = path_resolve(view, path, last_link_for(flags), &directory);
    if (status != STATUS_OK) {
        return status;
    }
    status = mount_check_change(directory.mount);
    if (status == STATUS_OK) {
        status = directory_make_nameless(directory.node, shown, &request, is_linkable,
                                         view->credentials, &made);
    }
    if (status == STATUS_OK) {
        *place = (struct location){directory.mount, made};
        location_ref(place);
        node_unref(made);
    }
    location_unref(&directory);
    return status;
}

static enum status find_place(const struct path_view *view, const char *path, uint32_t flags,
                              uint32_t permissions, struct location *place, bool *is_made) {
    *is_made = (flags & OPEN_NAMELESS) != 0;
    if (flags & OPEN_NAMELESS) {
        return make_nameless(view, path, flags, permissions, place);
    }
    if (!(flags & OPEN_CREATE)) {
        return path_resolve(view, path, last_link_for(flags), place);
    }
    const struct node_request request = {.kind = NODE_REGULAR, .permissions = permissions};
    enum path_creation creation = flags & OPEN_EXCLUSIVE ? CREATE_ALONE : CREATE_OR_FIND;
    return path_create(view, path, &request, last_link_for(flags), creation, place, is_made);
}

/* What the node's kind forbids. */
static enum status check_kind(const struct node *node, uint32_t flags) {
    bool is_directory = node->kind == NODE_DIRECTORY;
    if ((flags & OPEN_DIRECTORY) && !(flags & OPEN_NAMELESS) && !is_directory) {
        return STATUS_NOT_A_DIRECTORY;
    }
    if (flags & OPEN_PATH) {
        return STATUS_OK;
    }
    if (node->kind == NODE_SYMLINK) {
        return STATUS_LINK_LOOP;
    }
    bool needs_no_directory = (flags & OPEN_CREATE) || (wanted_rights(flags) & MAY_WRITE);
    return is_directory && needs_no_directory ? STATUS_IS_A_DIRECTORY : STATUS_OK;
}

static enum status check_rights(const struct path_view *view, struct node *node, uint32_t flags,
                                bool is_made) {
    if (is_made || (flags & OPEN_PATH)) {
        return STATUS_OK;
    }
    enum status status = node_check_access(node, view->credentials, wanted_rights(flags));
    if (status == STATUS_OK && (flags & OPEN_NO_ACCESS_TIME) &&
        !node_is_owned(node, view->credentials)) {
        return STATUS_NOT_PERMITTED;
    }
    return status;
}

/* What the mount forbids: devices, and what would write. */
static enum status check_mount(const struct location *place, uint32_t flags) {
    enum node_kind kind = place->node->kind;
    bool is_device = kind == NODE_CHARACTER_DEVICE || kind == NODE_BLOCK_DEVICE;
    if (flags & OPEN_PATH) {
        return STATUS_OK;
    }
    if (is_device && (mount_flags(place->mount) & MOUNT_NO_DEVICES)) {
        return STATUS_ACCESS_DENIED;
    }
    bool truncates = kind == NODE_REGULAR && (flags & OPEN_TRUNCATE);
    return truncates ? mount_check_change(place->mount) : STATUS_OK;
}

/* Whoever opens a regular file to write is counted, by the mount and by the node. */
static enum status begin_writing(struct file *file) {
    enum status status = mount_begin_writing(file->place.mount);
    if (status != STATUS_OK) {
        return status;
    }
    status = node_begin_writing(file->place.node);
    if (status != STATUS_OK) {
        mount_end_writing(file->place.mount);
    }
    file->is_writer = status == STATUS_OK;
    return status;
}

/* Null where no device has the number. */
static const struct file_operations *operations_for(const struct node *node, uint32_t flags) {
    if (flags & OPEN_PATH) {
        return &path_file_operations;
    }
    switch (node->kind) {
    case NODE_REGULAR:
        return node->operations->files == nullptr ? &regular_file_operations
                                                  : node->operations->files;
    case NODE_DIRECTORY:
        return &directory_file_operations;
    case NODE_FIFO:
        return &pipe_file_operations;
    case NODE_CHARACTER_DEVICE:
        return device_find(node->device);
    case NODE_BLOCK_DEVICE:
    case NODE_SYMLINK:
    case NODE_SOCKET:
        break;
    }
    return nullptr;
}

/* What opening does beyond making a description. */
static enum status begin(struct file *file) {
    if (file->operations == &pipe_file_operations) {
        return fifo_file_open(file);
    }
    return file->operations->open != nullptr ? file->operations->open(file) : STATUS_OK;
}

/* What open does once the file is open, which its observers hear first. */
static enum status finish(const struct path_view *view, struct file *file, bool is_made) {
    struct node *node = file->place.node;
    if (file->access != 0) {
        node_tell_use(node, EVENT_OPEN);
    }
    bool truncates = node->kind == NODE_REGULAR && file->operations->open == nullptr &&
                     (file->open_flags & OPEN_TRUNCATE) && !is_made;
    return truncates ? node_resize(node, view->credentials, 0) : STATUS_OK;
}

/* Makes a description of the place, which becomes the file's. */
static enum status settle(const struct path_view *view, const struct location *place, bool is_made,
                          struct file *file) {
    uint32_t flags = file_flags(file);
    file->place = *place;
    enum status status = check_kind(place->node, flags);
    if (status == STATUS_OK) {
        status = check_rights(view, place->node, flags, is_made);
    }
    if (status == STATUS_OK) {
        status = check_mount(place, flags);
    }
    if (status != STATUS_OK) {
        return status;
    }
    file->operations = operations_for(place->node, flags);
    if (file->operations == nullptr) {
        return STATUS_NO_DEVICE;
    }
    if (place->node->kind == NODE_REGULAR && (file->access & ACCESS_OF_WRITING)) {
        status = begin_writing(file);
        if (status != STATUS_OK) {
            return status;
        }
    }
    file->opener = view->credentials->user;
    status = begin(file);
    if (status == STATUS_OK) {
        status = finish(view, file, is_made);
    }
    file->open_flags &=
        ~(OPEN_CREATE | OPEN_EXCLUSIVE | OPEN_NO_TERMINAL | OPEN_TRUNCATE | OPEN_CLOSE_ON_EXEC);
    return status;
}

enum status file_open_place(const struct path_view *view, const struct location *place,
                            uint32_t flags, struct file **file) {
    const struct location nowhere = {};
    struct file *made;
    enum status status =
        file_create(&path_file_operations, &nowhere, access_of(flags), flags, &made);
    if (status != STATUS_OK) {
        return status;
    }
    location_ref(place);
    status = settle(view, place, false, made);
    if (status != STATUS_OK) {
        file_discard(made);
        return status;
    }
    *file = made;
    return STATUS_OK;
}

enum status file_open(const struct path_view *view, const char *path, uint32_t flags,
                      uint32_t permissions, struct file **file) {
    const struct location nowhere = {};
    enum status status = check_flags(&flags);
    if (status != STATUS_OK) {
        return status;
    }
    struct file *made; /* before anything is made at the path */
    status = file_create(&path_file_operations, &nowhere, access_of(flags), flags, &made);
    if (status != STATUS_OK) {
        return status;
    }
    struct location place;
    bool is_made;
    status = find_place(view, path, flags, permissions, &place, &is_made);
    if (status == STATUS_OK) {
        status = settle(view, &place, is_made, made);
    }
    if (status != STATUS_OK) {
        file_discard(made);
        return status;
    }
    *file = made;
    return STATUS_OK;
}

enum status file_open_regular(const struct location *place, uint32_t flags, uint32_t opener,
                              struct file **file) {
    enum status status =
        file_create(&regular_file_operations, place, ACCESS_OF_READING | ACCESS_OF_WRITING,
                    flags | OPEN_READ_WRITE, file);
    if (status == STATUS_OK) {
        (*file)->opener = opener;
    }
    return status;
}

enum status file_open_program(const struct path_view *view, const struct location *place,
                              struct file **file) {
    const struct file_operations *operations = operations_for(place->node, OPEN_READ_ONLY);
    struct file *made;
    enum status status = file_create(operations, place, ACCESS_OF_READING, OPEN_READ_ONLY, &made);
    if (status != STATUS_OK) {
        return status;
    }
    made->opener = view->credentials->user;
    status = begin(made);
    if (status == STATUS_OK) {
        status = finish(view, made, false);
    }
    if (status != STATUS_OK) {
        file_discard(made);
        return status;
    }
    *file = made;
    return STATUS_OK;
}
