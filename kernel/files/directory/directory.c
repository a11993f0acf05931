#include "kernel/files/directory/directory.h"

#include "kernel/files/directory/check.h"
#include "kernel/files/node/attributes.h"
#include "kernel/files/node/observer.h"

constexpr uint64_t FIRST_POSITION = 2; /* after "." and ".." */

enum status directory_find(struct node *directory, struct name name, struct node **child) {
    sleep_lock_acquire(&directory->system->tree_lock);
    enum status status = find_held(directory, name, child);
    sleep_lock_release(&directory->system->tree_lock);
    return status;
}

struct node *directory_parent(struct node *directory) {
    sleep_lock_acquire(&directory->system->tree_lock);
    struct node *parent = directory->operations->whereabouts(directory, nullptr);
    sleep_lock_release(&directory->system->tree_lock);
    if (parent == nullptr) {
        node_ref(directory);
        return directory;
    }
    return parent;
}

static enum status check_is_free(struct node *directory, struct name name)
    REQUIRES(directory->system->tree_lock) {
    struct node *there;
    enum status status = find_held(directory, name, &there);
    if (status == STATUS_OK) {
        node_unref(there);
        return STATUS_EXISTS;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Its group and set-group bit come from a directory that hands them on (man 7 inode). */
static struct node_request make_theirs(struct node *directory, const struct node_request *request,
                                       const struct credentials *credentials) {
    struct node_request theirs = *request;
    theirs.user = credentials->user;
    theirs.group = credentials->group;
    sleep_lock_acquire(&directory->lock);
    if (directory->permissions & PERMISSION_SET_GROUP) {
        theirs.group = directory->group;
        theirs.permissions |= request->kind == NODE_DIRECTORY ? PERMISSION_SET_GROUP : 0;
    }
    sleep_lock_release(&directory->lock);
    return theirs;
}

static enum status make_held(struct node *directory, struct name name,
                             const struct node_request *request,
                             const struct credentials *credentials, struct node **child)
    REQUIRES(directory->system->tree_lock) {
    enum status status = check_is_free(directory, name);
    if (status == STATUS_OK && directory->operations->make == nullptr) {
        return STATUS_NOT_FOUND; /* as in Linux's /proc: what is not there cannot come to be */
    }
    if (status == STATUS_OK) {
        status = check_may_add(directory, credentials);
    }
    if (status != STATUS_OK) {
        return status;
    }
    bool is_device = request->kind == NODE_CHARACTER_DEVICE || request->kind == NODE_BLOCK_DEVICE;
    if (is_device && !credentials_are_root(credentials)) {
        return STATUS_NOT_PERMITTED;
    }
    if (request->kind == NODE_DIRECTORY && node_link_count(directory) >= LINK_COUNT_MAX) {
        return STATUS_TOO_MANY_LINKS;
    }
    struct node_request theirs = make_theirs(directory, request, credentials);
    status = directory->operations->make(directory, name, &theirs, child);
    if (status == STATUS_OK) {
        directory_mark(directory, *child);
    }
    return status;
}

enum status directory_make(struct node *directory, struct name name,
                           const struct node_request *request,
                           const struct credentials *credentials, struct node **child) {
    sleep_lock_acquire(&directory->system->tree_lock);
    enum status status = make_held(directory, name, request, credentials, child);
    sleep_lock_release(&directory->system->tree_lock);
    if (status == STATUS_OK) {
        node_note_write(directory);
        directory_tell(directory, name, EVENT_CREATE | kind_event(*child), 0);
    }
    return status;
}

static enum status make_nameless_held(struct node *directory, struct name shown,
                                      const struct node_request *request,
                                      const struct credentials *credentials, struct node **child)
    REQUIRES(directory->system->tree_lock) {
    enum status status = check_may_add(directory, credentials);
    if (status != STATUS_OK) {
        return status;
    }
    if (directory->operations->make_nameless == nullptr) {
        return STATUS_NOT_SUPPORTED;
    }
    struct node_request theirs = make_theirs(directory, request, credentials);
    status = directory->operations->make_nameless(directory, shown, &theirs, child);
    if (status == STATUS_OK) {
        directory_mark(directory, *child);
    }
    return status;
}

enum status directory_make_nameless(struct node *directory, struct name shown,
                                    const struct node_request *request, bool is_linkable,
                                    const struct credentials *credentials, struct node **child) {
    if (directory->kind != NODE_DIRECTORY) {
        return STATUS_NOT_A_DIRECTORY;
    }
    sleep_lock_acquire(&directory->system->tree_lock);
    enum status status = make_nameless_held(directory, shown, request, credentials, child);
    if (status == STATUS_OK) {
        (*child)->is_linkable = is_linkable;
    }
    sleep_lock_release(&directory->system->tree_lock);
    return status;
}

static enum status check_may_link(struct node *directory, const struct node *node) {
    if (node->kind == NODE_DIRECTORY || directory->operations->link == nullptr) {
        return STATUS_NOT_PERMITTED;
    }
    if (node_link_count(node) == 0 && !node->is_linkable) {
        return STATUS_NOT_FOUND;
    }
    return node_link_count(node) >= LINK_COUNT_MAX ? STATUS_TOO_MANY_LINKS : STATUS_OK;
}

static enum status link_held(struct node *directory, struct name name, struct node *node,
                             const struct credentials *credentials)
    REQUIRES(directory->system->tree_lock) {
    enum status status = check_is_free(directory, name);
    if (status == STATUS_OK && directory->system != node->system) {
        status = STATUS_OTHER_FILE_SYSTEM;
    }
    if (status == STATUS_OK) {
        status = check_may_add(directory, credentials);
    }
    if (status == STATUS_OK) {
        status = check_may_link(directory, node);
    }
    if (status == STATUS_OK) {
        status = directory->operations->link(directory, name, node);
    }
    if (status == STATUS_OK) {
        node->is_linkable = false;
        directory_mark(directory, node);
    }
    return status;
}

enum status directory_link(struct node *directory, struct name name, struct node *node,
                           const struct credentials *credentials) {
    sleep_lock_acquire(&directory->system->tree_lock);
    enum status status = link_held(directory, name, node, credentials);
    sleep_lock_release(&directory->system->tree_lock);
    if (status == STATUS_OK) {
        node_note_change(node);
        node_note_write(directory);
        node_tell_itself(node, EVENT_ATTRIBUTES);
        directory_tell(directory, name, EVENT_CREATE, 0);
    }
    return status;
}

static enum status check_is_removable(struct node *directory, struct node *child, bool as_directory,
                                      const struct credentials *credentials)
    REQUIRES(directory->system->tree_lock) {
    enum status status = check_may_remove(directory, child, as_directory, credentials);
    if (status != STATUS_OK) {
        return status;
    }
    if (is_mount_point(child)) {
        return STATUS_BUSY;
    }
    return as_directory && !child->operations->is_empty(child) ? STATUS_NOT_EMPTY : STATUS_OK;
}

static enum status remove_checked(struct node *directory, struct name name, bool as_directory,
                                  const struct credentials *credentials) {
    struct node *child;
    sleep_lock_acquire(&directory->system->tree_lock);
    enum status status = find_held(directory, name, &child);
    if (status != STATUS_OK) {
        sleep_lock_release(&directory->system->tree_lock);
        return status;
    }
    status = check_is_removable(directory, child, as_directory, credentials);
    if (status == STATUS_OK) {
        directory->operations->remove(directory, name);
        node_note_change(child);
        node_note_write(directory);
    }
    sleep_lock_release(&directory->system->tree_lock);
    uint32_t event = EVENT_DELETE | kind_event(child);
    if (status == STATUS_OK && !as_directory) {
        node_tell_itself(child, EVENT_ATTRIBUTES); /* it has a link less */
    }
    node_unref(child);
    if (status == STATUS_OK) {
        directory_tell(directory, name, event, 0);
    }
    return status;
}

enum status directory_remove(struct node *directory, struct name name,
                             const struct credentials *credentials) {
    return remove_checked(directory, name, false, credentials);
}

enum status directory_remove_directory(struct node *directory, struct name name,
                                       const struct credentials *credentials) {
    return remove_checked(directory, name, true, credentials);
}

static void list_dots(struct node *directory, uint64_t position, struct listed_entry *entry) {
    struct node *shown = directory;
    if (position == 1) {
        shown = directory_parent(directory);
    } else {
        node_ref(shown);
    }
    *entry = (struct listed_entry){
        .number = shown->number,
        .next_position = position + 1,
        .kind = NODE_DIRECTORY,
        .name_length = position + 1,
        .name = "..",
    };
    entry->name[entry->name_length] = '\0';
    node_unref(shown);
}

enum status directory_next(struct node *directory, uint64_t position, struct listed_entry *entry) {
    if (directory->kind != NODE_DIRECTORY) {
        return STATUS_NOT_A_DIRECTORY;
    }
    if (node_link_count(directory) == 0) {
        return STATUS_NOT_FOUND;
    }
    if (position < FIRST_POSITION) {
        list_dots(directory, position, entry);
        return STATUS_OK;
    }
    sleep_lock_acquire(&directory->system->tree_lock);
    enum status status = directory->operations->next(directory, position, entry);
    sleep_lock_release(&directory->system->tree_lock);
    return status;
}
