#include "kernel/files/path/walk.h"

#include "kernel/files/node/attributes.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

/* Whether the walk may be where it is, coming from the mount. */
static enum status check_mount(const struct path_walk *walk, const struct mount *from) {
    return walk->view->stays_in_mount && walk->at.mount != from ? STATUS_OTHER_FILE_SYSTEM
                                                                : STATUS_OK;
}

enum status walk_begin(struct path_walk *walk, const struct path_view *view, const char *path) {
    *walk = (struct path_walk){.view = view, .rest = path};
    if (path[0] == '\0') {
        return STATUS_NOT_FOUND;
    }
    if (strlen(path) >= PATH_SIZE_MAX) {
        return STATUS_NAME_TOO_LONG;
    }
    if (view->stays_below && path[0] == '/') {
        return STATUS_OTHER_FILE_SYSTEM;
    }
    walk->at = path[0] == '/' ? view->root : view->start;
    location_ref(&walk->at);
    return STATUS_OK;
}

static void pop_link(struct path_walk *walk) {
    struct walk_link *top = &walk->links[--walk->depth];
    walk->rest = top->rest;
    heap_free(top->text);
}

void walk_end(struct path_walk *walk) {
    while (walk->depth > 0) {
        pop_link(walk);
    }
    location_unref(&walk->at);
    walk->at = (struct location){};
}

static const char *skip_slashes(const char *text) {
    while (*text == '/') {
        text++;
    }
    return text;
}

static size_t component_length(const char *text) {
    size_t length = 0;
    while (text[length] != '\0' && text[length] != '/') {
        length++;
    }
    return length;
}

/* Whether something is to be walked when the text on top is at its end. */
static bool is_more_below(const struct path_walk *walk) {
    bool is_more = false;
    for (unsigned i = 0; i < walk->depth; i++) {
        is_more |= *skip_slashes(walk->links[i].rest) != '\0';
    }
    return is_more;
}

static enum last_kind kind_of(const char *text, size_t length) {
    if (length == 1 && text[0] == '.') {
        return LAST_DOT;
    }
    return length == 2 && text[0] == '.' && text[1] == '.' ? LAST_DOT_DOT : LAST_NAME;
}

/* Takes the next component off the text. It is LAST_ROOT where there is none; returns whether it is
 * the last one. */
static bool take_component(struct path_walk *walk, struct walk_last *component) {
    const char *text = skip_slashes(walk->rest);
    while (*text == '\0' && walk->depth > 0) {
        pop_link(walk);
        text = skip_slashes(walk->rest);
    }
    size_t length = component_length(text);
    *component = (struct walk_last){
        .kind = length == 0 ? LAST_ROOT : kind_of(text, length),
        .must_be_directory = text[length] == '/',
        .name = {text, length},
    };
    walk->rest = skip_slashes(text + length);
    return *walk->rest == '\0' && !is_more_below(walk);
}

/* Whether names can be looked up here. */
static enum status check_search(const struct path_walk *walk) {
    if (walk->at.node->kind != NODE_DIRECTORY) {
        return STATUS_NOT_A_DIRECTORY;
    }
    return node_check_access(walk->at.node, walk->view->credentials, MAY_EXECUTE);
}

/* Of a place that is the root of its mount, what that mount covers; and so on. */
static void leave_mounts(struct location *at, const struct location *root) {
    while (!location_is(at, root) && at->node == mount_root(at->mount).node) {
        struct location below = mount_covered(at->mount);
        if (below.node == nullptr) {
            return;
        }
        location_ref(&below);
        location_unref(at);
        *at = below;
    }
}

static enum status walk_up(struct path_walk *walk) {
    if (walk->view->stays_below && location_is(&walk->at, &walk->view->start)) {
        return STATUS_OTHER_FILE_SYSTEM;
    }
    const struct mount *from = walk->at.mount;
    leave_mounts(&walk->at, &walk->view->root);
    if (!location_is(&walk->at, &walk->view->root)) {
        struct node *parent = directory_parent(walk->at.node);
        node_unref(walk->at.node);
        walk->at.node = parent;
    }
    mount_cross(&walk->at);
    return check_mount(walk, from);
}

enum status walk_find(struct path_walk *walk, struct name name, struct location *child) {
    struct node *node;
    enum status status = directory_find(walk->at.node, name, &node);
    if (status != STATUS_OK) {
        return status;
    }
    *child = (struct location){walk->at.mount, node};
    location_ref(child);
    node_unref(node);
    mount_cross(child);
    if (walk->view->stays_in_mount && child->mount != walk->at.mount) {
        location_unref(child);
        return STATUS_OTHER_FILE_SYSTEM;
    }
    return STATUS_OK;
}

/* Where the text of the link on top is meant from. */
static enum status restart(struct path_walk *walk, const char *text) {
    if (text[0] != '/') {
        return STATUS_OK;
    }
    if (walk->view->stays_below) {
        return STATUS_OTHER_FILE_SYSTEM;
    }
    const struct mount *from = walk->at.mount;
    location_unref(&walk->at);
    walk->at = walk->view->root;
    location_ref(&walk->at);
    return check_mount(walk, from);
}

static enum status push_link(struct path_walk *walk, struct node *link) {
    char *text = heap_alloc(PATH_SIZE_MAX);
    if (text == nullptr) {
        return STATUS_NO_MEMORY;
    }
    size_t length;
    enum status status = link->operations->read_link(link, text, &length);
    if (status != STATUS_OK) {
        heap_free(text);
        return status;
    }
    text[length] = '\0';
    walk->links[walk->depth++] = (struct walk_link){text, walk->rest};
    walk->rest = text;
    return restart(walk, text);
}

static enum status jump(struct path_walk *walk, struct node *link) {
    struct location place;
    const struct mount *from = walk->at.mount;
    enum status status = link->operations->follow(link, &place);
    if (status != STATUS_OK) {
        return status;
    }
    location_unref(&walk->at);
    walk->at = place;
    return check_mount(walk, from);
}

enum status walk_follow(struct path_walk *walk, struct node *link) {
    if (walk->follow_count++ >= LINK_FOLLOW_MAX) {
        return STATUS_LINK_LOOP;
    }
    bool is_jump = link->operations->follow != nullptr;
    if (walk->view->refuses_links || (is_jump && walk->view->refuses_jumps)) {
        return STATUS_LINK_LOOP;
    }
    if (is_jump && walk->view->stays_below) {
        return STATUS_OTHER_FILE_SYSTEM;
    }
    return !is_jump ? push_link(walk, link) : jump(walk, link);
}

/* Steps to the child, or into the link that it is. */
static enum status enter(struct path_walk *walk, const struct location *child, bool follows) {
    if (child->node->kind == NODE_SYMLINK && follows) {
        enum status status = walk_follow(walk, child->node);
        location_unref(child);
        return status;
    }
    location_unref(&walk->at);
    walk->at = *child;
    return STATUS_OK;
}

static enum status step(struct path_walk *walk, const struct walk_last *component, bool follows) {
    switch (component->kind) {
    case LAST_ROOT:
    case LAST_DOT:
        return STATUS_OK;
    case LAST_DOT_DOT:
        return walk_up(walk);
    case LAST_NAME:
        break;
    }
    struct location child;
    enum status status = walk_find(walk, component->name, &child);
    return status == STATUS_OK ? enter(walk, &child, follows) : status;
}

enum status walk_to_last(struct path_walk *walk, struct walk_last *last) {
    while (true) {
        bool is_last = take_component(walk, last);
        enum status status = last->kind == LAST_ROOT ? STATUS_OK : check_search(walk);
        if (status != STATUS_OK || is_last) {
            return status;
        }
        status = step(walk, last, true);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

enum status walk_last(struct path_walk *walk, struct walk_last *last, enum last_link last_link) {
    bool must_be_directory = false;
    while (true) {
        enum status status = walk_to_last(walk, last);
        if (status != STATUS_OK) {
            return status;
        }
        must_be_directory |= last->must_be_directory;
        bool follows = last_link == LAST_LINK_FOLLOW || must_be_directory;
        unsigned follow_count = walk->follow_count;
        status = step(walk, last, follows);
        if (status != STATUS_OK) {
            return status;
        }
        if (walk->follow_count == follow_count) {
            bool is_wrong = must_be_directory && walk->at.node->kind != NODE_DIRECTORY;
            return is_wrong ? STATUS_NOT_A_DIRECTORY : STATUS_OK;
        }
    }
}
