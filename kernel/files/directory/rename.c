#include "kernel/files/directory/check.h"
#include "kernel/files/directory/directory.h"
#include "kernel/files/node/attributes.h"
#include "kernel/files/node/observer.h"

/* Two names and what stands there, with references; `target` may be null. */
struct renaming {
    const struct rename_end *from, *to;
    enum rename_mode mode;
    const struct credentials *credentials;
    struct node *source, *target;
};

/* Whether `node` is `directory` or one above it. */
static bool is_at_or_above(const struct node *node, struct node *directory) {
    struct node *at = directory;
    node_ref(at);
    while (at != nullptr && at != node) {
        struct node *parent = at->operations->whereabouts(at, nullptr);
        node_unref(at);
        at = parent;
    }
    bool is_found = at != nullptr;
    node_unref(at);
    return is_found;
}

/* Both ends lie in the one system whose tree_lock is held, which the compiler cannot know. */
static enum status find_both(struct renaming *renaming) NO_CAPABILITY_CHECK {
    enum status status =
        find_held(renaming->from->directory, renaming->from->name, &renaming->source);
    if (status != STATUS_OK) {
        return status;
    }
    status = find_held(renaming->to->directory, renaming->to->name, &renaming->target);
    if (status == STATUS_NOT_FOUND && renaming->mode != RENAME_SWAP) {
        return STATUS_OK;
    }
    bool must_be_new =
        renaming->mode == RENAME_ONLY_NEW || renaming->mode == RENAME_ONLY_NEW_LEAVING;
    if (status == STATUS_OK && must_be_new) {
        return STATUS_EXISTS;
    }
    return status;
}

static bool leaves(enum rename_mode mode) {
    return mode == RENAME_OVER_LEAVING || mode == RENAME_ONLY_NEW_LEAVING;
}

static bool is_directory(const struct node *node) {
    return node->kind == NODE_DIRECTORY;
}

/* What the shape of the tree forbids, whoever asks. */
static enum status check_shape(const struct renaming *renaming) {
    const struct node *exchanged = renaming->mode == RENAME_SWAP ? renaming->target : nullptr;
    if (exchanged != nullptr && renaming->to->must_be_directory && !is_directory(exchanged)) {
        return STATUS_NOT_A_DIRECTORY;
    }
    bool need_directory = renaming->from->must_be_directory ||
                          (exchanged == nullptr && renaming->to->must_be_directory);
    if (need_directory && !is_directory(renaming->source)) {
        return STATUS_NOT_A_DIRECTORY;
    }
    if (is_at_or_above(renaming->source, renaming->to->directory)) {
        return STATUS_INVALID;
    }
    if (renaming->target != nullptr &&
        is_at_or_above(renaming->target, renaming->from->directory)) {
        return exchanged != nullptr ? STATUS_INVALID : STATUS_NOT_EMPTY;
    }
    return STATUS_OK;
}

/* A directory that gets another parent has its ".." written (man 2 rename, EACCES). */
static enum status check_may_move(const struct renaming *renaming, struct node *node) {
    bool is_moved = is_directory(node) && renaming->from->directory != renaming->to->directory;
    return is_moved ? node_check_access(node, renaming->credentials, MAY_WRITE) : STATUS_OK;
}

static enum status check_target(const struct renaming *renaming) {
    struct node *directory = renaming->to->directory;
    if (renaming->target == nullptr) {
        return check_may_add(directory, renaming->credentials);
    }
    bool is_exchange = renaming->mode == RENAME_SWAP;
    bool as_directory = is_directory(is_exchange ? renaming->target : renaming->source);
    enum status status =
        check_may_remove(directory, renaming->target, as_directory, renaming->credentials);
    return status == STATUS_OK && is_exchange ? check_may_move(renaming, renaming->target) : status;
}

static enum status check_rights(const struct renaming *renaming) {
    enum status status = check_may_remove(renaming->from->directory, renaming->source,
                                          is_directory(renaming->source), renaming->credentials);
    if (status == STATUS_OK) {
        status = check_target(renaming);
    }
    return status == STATUS_OK ? check_may_move(renaming, renaming->source) : status;
}

static bool makes_too_many_links(const struct renaming *renaming) {
    const struct node *target = renaming->target;
    return is_directory(renaming->source) && renaming->from->directory != renaming->to->directory &&
           (target == nullptr || !is_directory(target)) &&
           node_link_count(renaming->to->directory) >= LINK_COUNT_MAX;
}

/* What is in the way. */
static enum status check_obstacles(const struct renaming *renaming) {
    struct node *target = renaming->target;
    if (is_mount_point(renaming->source) || (target != nullptr && is_mount_point(target))) {
        return STATUS_BUSY;
    }
    if (makes_too_many_links(renaming)) {
        return STATUS_TOO_MANY_LINKS;
    }
    bool is_full = target != nullptr && renaming->mode != RENAME_SWAP && is_directory(target) &&
                   !target->operations->is_empty(target);
    return is_full ? STATUS_NOT_EMPTY : STATUS_OK;
}

static enum status change_names(const struct renaming *renaming) {
    struct node *from = renaming->from->directory;
    struct node *to = renaming->to->directory;
    if (renaming->mode == RENAME_SWAP) {
        from->operations->exchange(from, renaming->from->name, to, renaming->to->name);
        return STATUS_OK;
    }
    if (!leaves(renaming->mode)) {
        return from->operations->move(from, renaming->from->name, to, renaming->to->name);
    }
    if (from->operations->move_leaving == nullptr) {
        return STATUS_INVALID;
    }
    const struct node_request left = {
        .kind = NODE_CHARACTER_DEVICE,
        .user = renaming->credentials->user,
        .group = renaming->credentials->group,
    };
    return from->operations->move_leaving(from, renaming->from->name, to, renaming->to->name,
                                          &left);
}

static enum status commit(const struct renaming *renaming) {
    struct node *from = renaming->from->directory;
    struct node *to = renaming->to->directory;
    enum status status = change_names(renaming);
    if (status != STATUS_OK) {
        return status;
    }
    node_note_write(from);
    node_note_write(to);
    node_note_change(renaming->source);
    directory_mark(to, renaming->source);
    if (renaming->target != nullptr) {
        node_note_change(renaming->target);
    }
    if (renaming->mode == RENAME_SWAP) {
        directory_mark(from, renaming->target);
    }
    return STATUS_OK;
}

/* One node's way from one name to the other. */
static void tell_move(const struct rename_end *from, const struct rename_end *to,
                      struct node *moved, struct node *replaced) {
    uint32_t cookie = node_take_cookie();
    uint32_t kind = kind_event(moved);
    directory_tell(from->directory, from->name, EVENT_MOVED_FROM | kind, cookie);
    directory_tell(to->directory, to->name, EVENT_MOVED_TO | kind, cookie);
    if (replaced != nullptr) {
        node_tell_itself(replaced, EVENT_ATTRIBUTES | kind_event(replaced));
    }
    node_tell_itself(moved, EVENT_MOVE_SELF);
}

static void tell_observers(const struct renaming *renaming) {
    bool is_exchange = renaming->mode == RENAME_SWAP;
    tell_move(renaming->from, renaming->to, renaming->source,
              is_exchange ? nullptr : renaming->target);
    if (is_exchange) {
        tell_move(renaming->to, renaming->from, renaming->target, nullptr);
    }
}

static enum status rename_held(const struct renaming *renaming) {
    enum status status = check_shape(renaming);
    if (status != STATUS_OK || renaming->source == renaming->target) {
        return status; /* two names of one node: both stay (man 2 rename) */
    }
    status = check_rights(renaming);
    if (status == STATUS_OK) {
        status = check_obstacles(renaming);
    }
    return status == STATUS_OK ? commit(renaming) : status;
}

enum status directory_rename(const struct rename_end *from, const struct rename_end *to,
                             enum rename_mode mode, const struct credentials *credentials) {
    struct renaming renaming = {from, to, mode, credentials, nullptr, nullptr};
    struct file_system *system = from->directory->system;
    if (system != to->directory->system) {
        return STATUS_OTHER_FILE_SYSTEM;
    }
    sleep_lock_acquire(&system->tree_lock);
    enum status status = find_both(&renaming);
    if (status == STATUS_OK) {
        status = rename_held(&renaming);
    }
    sleep_lock_release(&system->tree_lock);
    if (status == STATUS_OK && renaming.source != renaming.target) {
        tell_observers(&renaming);
    }
    node_unref(renaming.source);
    node_unref(renaming.target);
    return status;
}
