#include "kernel/files/path/path.h"

#include "kernel/files/path/walk.h"

/* The walk's place becomes the caller's. */
static void hand_over(struct path_walk *walk, struct location *found) {
    *found = walk->at;
    location_ref(found);
}

enum status path_resolve(const struct path_view *view, const char *path, enum last_link last_link,
                         struct location *found) {
    struct path_walk walk;
    struct walk_last last;
    enum status status = walk_begin(&walk, view, path);
    if (status == STATUS_OK) {
        status = walk_last(&walk, &last, last_link);
    }
    if (status == STATUS_OK) {
        hand_over(&walk, found);
    }
    walk_end(&walk);
    return status;
}

enum status path_resolve_or_start(const struct path_view *view, const char *path,
                                  enum last_link last_link, struct location *found) {
    if (path[0] != '\0') {
        return path_resolve(view, path, last_link, found);
    }
    *found = view->start;
    location_ref(found);
    return STATUS_OK;
}

enum status path_find_parent(const struct path_view *view, const char *path,
                             struct path_parent *parent) {
    struct path_walk walk;
    struct walk_last last;
    enum status status = walk_begin(&walk, view, path);
    if (status == STATUS_OK) {
        status = walk_to_last(&walk, &last);
    }
    if (status == STATUS_OK) {
        *parent = (struct path_parent){
            .kind = last.kind,
            .must_be_directory = last.must_be_directory,
            .name = last.name, /* every link on the way is at its end: this lies in `path` */
        };
        hand_over(&walk, &parent->directory);
    }
    walk_end(&walk);
    return status;
}

/* What cannot be made at the end of a path is there already. */
static enum status refuse_to_make(enum path_creation creation) {
    return creation == CREATE_ALONE ? STATUS_EXISTS : STATUS_IS_A_DIRECTORY;
}

static enum status find_or_make(struct path_walk *walk, struct name name,
                                const struct node_request *request, struct location *found,
                                bool *is_made) {
    enum status status = walk_find(walk, name, found);
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    struct node *made;
    status = mount_check_change(walk->at.mount);
    if (status != STATUS_OK) {
        return status;
    }
    status = directory_make(walk->at.node, name, request, walk->view->credentials, &made);
    if (status != STATUS_OK) {
        return status;
    }
    *found = (struct location){walk->at.mount, made};
    location_ref(found);
    node_unref(made);
    *is_made = true;
    return STATUS_OK;
}

/* What the last component of the text at hand names, made if it is not there. */
static enum status create_at_end(struct path_walk *walk, const struct node_request *request,
                                 enum path_creation creation, struct location *found,
                                 bool *is_made) {
    struct walk_last last;
    enum status status = walk_to_last(walk, &last);
    if (status != STATUS_OK) {
        return status;
    }
    if (last.kind != LAST_NAME) {
        return refuse_to_make(creation);
    }
    if (last.must_be_directory) {
        return STATUS_IS_A_DIRECTORY;
    }
    status = find_or_make(walk, last.name, request, found, is_made);
    if (status == STATUS_EXISTS && creation == CREATE_OR_FIND) {
        status = walk_find(walk, last.name, found); /* somebody else has just made it */
    }
    if (status == STATUS_OK && creation == CREATE_ALONE && !*is_made) {
        location_unref(found);
        return STATUS_EXISTS;
    }
    return status;
}

/* Where the link at the end leads, which leads to a place. */
static enum status jump_at_end(struct path_walk *walk, struct location *found) {
    enum status status = walk_follow(walk, found->node);
    location_unref(found);
    if (status == STATUS_OK) {
        hand_over(walk, found);
    }
    return status;
}

/* A link at the end leads to another text. */
static enum status create_last(struct path_walk *walk, const struct node_request *request,
                               enum last_link last_link, enum path_creation creation,
                               struct location *found, bool *is_made) {
    while (true) {
        enum status status = create_at_end(walk, request, creation, found, is_made);
        if (status != STATUS_OK || found->node->kind != NODE_SYMLINK ||
            last_link == LAST_LINK_KEEP) {
            return status;
        }
        if (found->node->operations->follow != nullptr) {
            return jump_at_end(walk, found);
        }
        status = walk_follow(walk, found->node);
        location_unref(found);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

enum status path_create(const struct path_view *view, const char *path,
                        const struct node_request *request, enum last_link last_link,
                        enum path_creation creation, struct location *found, bool *is_made) {
    struct path_walk walk;
    *is_made = false;
    enum status status = walk_begin(&walk, view, path);
    if (status == STATUS_OK) {
        status = create_last(&walk, request, last_link, creation, found, is_made);
    }
    walk_end(&walk);
    return status;
}
