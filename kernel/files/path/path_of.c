#include "kernel/files/path/path.h"
#include "lib/memory.h"

/* A path that is written from its end. */
struct backward_text {
    char *buffer;
    size_t start; /* of what is written */
};

static enum status prepend(struct backward_text *text, const char *piece, size_t length) {
    if (length > text->start) {
        return STATUS_OUT_OF_RANGE;
    }
    text->start -= length;
    memcpy(text->buffer + text->start, piece, length);
    return STATUS_OK;
}

/* Replaces an owned place by what stands above it in its file system, and prepends its name. */
static enum status climb(struct location *at, struct backward_text *text, bool *is_at_top) {
    char name[NAME_LENGTH_MAX + 1];
    sleep_lock_acquire(&at->node->system->tree_lock);
    struct node *parent = at->node->operations->whereabouts(at->node, name);
    sleep_lock_release(&at->node->system->tree_lock);
    *is_at_top = parent == nullptr;
    if (parent == nullptr) {
        return STATUS_OK;
    }
    node_unref(at->node);
    at->node = parent;
    enum status status = prepend(text, name, strlen(name));
    return status == STATUS_OK ? prepend(text, "/", 1) : status;
}

enum status path_in_system(const struct location *place, char *buffer, size_t size_bytes,
                           const char **path) {
    struct backward_text text = {buffer, size_bytes};
    enum status status = prepend(&text, "", 1);
    size_t end = text.start;
    bool is_at_top = false;
    struct location at = *place;
    location_ref(&at);
    while (status == STATUS_OK && !is_at_top) {
        status = climb(&at, &text, &is_at_top);
    }
    location_unref(&at);
    if (status == STATUS_OK && text.start == end) {
        status = prepend(&text, "/", 1);
    }
    *path = buffer + text.start;
    return status;
}

/* The place below the mount that the place is the root of; false where there is none. */
static bool leave_mount(struct location *at) {
    struct location below = mount_covered(at->mount);
    if (below.node == nullptr) {
        return false;
    }
    location_ref(&below);
    location_unref(at);
    *at = below;
    return true;
}

static enum status climb_to_root(struct location *at, const struct location *root,
                                 struct backward_text *text, bool *is_reachable) {
    enum status status = STATUS_OK;
    *is_reachable = true;
    while (status == STATUS_OK && *is_reachable && !location_is(at, root)) {
        bool is_at_top = false;
        if (at->node == mount_root(at->mount).node) {
            is_at_top = !leave_mount(at);
        } else {
            status = climb(at, text, &is_at_top);
        }
        *is_reachable = !is_at_top;
    }
    return status;
}

static enum status write_path(const struct location *place, const struct location *root,
                              struct backward_text *text) {
    static const char deleted[] = " (deleted)";
    static const char unreachable[] = "(unreachable)";
    bool is_deleted = node_link_count(place->node) == 0;
    enum status status = prepend(text, is_deleted ? deleted : "", is_deleted ? sizeof(deleted) : 1);
    if (status != STATUS_OK) {
        return status;
    }
    size_t end = text->start;
    bool is_reachable;
    struct location at = *place;
    location_ref(&at);
    status = climb_to_root(&at, root, text, &is_reachable);
    location_unref(&at);
    if (status == STATUS_OK && text->start == end) {
        status = prepend(text, "/", 1);
    }
    if (status == STATUS_OK && !is_reachable && !mount_is_hidden(place->mount)) {
        status = prepend(text, unreachable, sizeof(unreachable) - 1);
    }
    return status;
}

enum status path_of(const struct location *place, const struct location *root, char *buffer,
                    size_t size_bytes, const char **path) {
    struct backward_text text = {buffer, size_bytes};
    enum status status = write_path(place, root, &text);
    *path = buffer + text.start;
    return status;
}
