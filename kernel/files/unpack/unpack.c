#include "kernel/files/unpack/unpack.h"

#include "kernel/files/file/open.h"
#include "kernel/files/path/changes.h"
#include "kernel/text/quote.h"
#include "lib/memory.h"
#include "lib/tree.h"
#include "mm/heap/heap.h"

/* What a file is known by in the archive. */
struct archive_key {
    uint64_t device;
    uint32_t inode;
    uint32_t mode;
};

/* A file with several names, so that the next of them becomes a link to it. */
struct shared_file {
    struct tree_node by_key;
    struct archive_key key;
    struct location place; /* owned */
};

struct unpacking {
    struct path_view view;
    struct tree shared_files;
    char path[PATH_SIZE_MAX]; /* of the entry at hand */
};

static struct shared_file *shared_file_of(struct tree_node *node) {
    return TREE_ENTRY(node, struct shared_file, by_key);
}

static struct archive_key key_of(const struct initrd_entry *entry) {
    return (struct archive_key){entry->device, entry->inode, entry->mode};
}

static bool is_before(const struct archive_key *a, const struct archive_key *b) {
    if (a->device != b->device) {
        return a->device < b->device;
    }
    return a->inode != b->inode ? a->inode < b->inode : a->mode < b->mode;
}

/* Where the file is in the tree, or belongs; returns null in the second case. */
static struct shared_file *find_shared(const struct tree *tree, const struct archive_key *key,
                                       struct tree_node **parent, enum tree_side *side) {
    *parent = nullptr;
    *side = TREE_LEFT;
    for (struct tree_node *at = tree->root; at != nullptr; at = at->child[*side]) {
        struct shared_file *shared = shared_file_of(at);
        bool is_left = is_before(key, &shared->key);
        if (!is_left && !is_before(&shared->key, key)) {
            return shared;
        }
        *parent = at;
        *side = is_left ? TREE_LEFT : TREE_RIGHT;
    }
    return nullptr;
}

static enum status remember_shared(struct unpacking *unpacking, const struct archive_key *key) {
    struct tree_node *parent;
    enum tree_side side;
    (void)find_shared(&unpacking->shared_files, key, &parent, &side);
    struct shared_file *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    enum status status =
        path_resolve(&unpacking->view, unpacking->path, LAST_LINK_KEEP, &made->place);
    if (status != STATUS_OK) {
        heap_free(made);
        return status;
    }
    made->key = *key;
    tree_insert(&unpacking->shared_files, &made->by_key, parent, side);
    return STATUS_OK;
}

static void forget_shared(struct tree *tree) {
    struct tree_node *first;
    while ((first = tree_first(tree)) != nullptr) {
        struct shared_file *file = shared_file_of(first);
        tree_remove(tree, first);
        location_unref(&file->place);
        heap_free(file);
    }
}

/* The entry's name as a path, without slashes at its end. */
static enum status write_path(struct unpacking *unpacking, const struct initrd_entry *entry) {
    size_t length = strlen(entry->name); /* a zero inside ends the name */
    while (length > 0 && entry->name[length - 1] == '/') {
        length--;
    }
    if (length >= sizeof(unpacking->path)) {
        return STATUS_NAME_TOO_LONG;
    }
    memcpy(unpacking->path, entry->name, length);
    unpacking->path[length] = '\0';
    return STATUS_OK;
}

static enum status check_is_directory(const struct unpacking *unpacking) {
    struct location place;
    enum status status = path_resolve(&unpacking->view, unpacking->path, LAST_LINK_FOLLOW, &place);
    if (status != STATUS_OK) {
        return status;
    }
    status = place.node->kind == NODE_DIRECTORY ? STATUS_OK : STATUS_NOT_A_DIRECTORY;
    location_unref(&place);
    return status;
}

/* A directory that is there already will do, and so will a link to one. */
static enum status make_directory(const struct unpacking *unpacking, uint32_t permissions) {
    const struct node_request request = {.kind = NODE_DIRECTORY, .permissions = permissions};
    enum status status = path_make(&unpacking->view, unpacking->path, &request);
    return status == STATUS_EXISTS ? check_is_directory(unpacking) : status;
}

/* The path is cut at each slash in turn. */
static enum status make_parents(struct unpacking *unpacking) {
    constexpr uint32_t usual_permissions = 0755;
    enum status status = STATUS_OK;
    for (char *at = unpacking->path; *at != '\0' && status == STATUS_OK; at++) {
        if (*at == '/' && at > unpacking->path) {
            *at = '\0';
            status = make_directory(unpacking, usual_permissions);
            *at = '/';
        }
    }
    return status;
}

static enum status write_content(const struct unpacking *unpacking,
                                 const struct initrd_entry *entry) {
    struct file *file;
    constexpr uint32_t flags = OPEN_WRITE_ONLY | OPEN_TRUNCATE | OPEN_NO_FOLLOW;
    enum status status = file_open(&unpacking->view, unpacking->path, flags, 0, &file);
    if (status != STATUS_OK) {
        return status;
    }
    struct transfer content = transfer_from_memory(entry->content, entry->size_bytes);
    content.keeps_set_bits = true;
    status = file_write(file, &content);
    file_unref(file);
    return content.done_bytes < entry->size_bytes && status == STATUS_OK ? STATUS_NO_SPACE : status;
}

/* A new node at the path, in the place of whatever is no directory there. */
static enum status make_node(const struct unpacking *unpacking, const struct initrd_entry *entry) {
    const struct node_request request = {
        .kind = entry->mode & KIND_MASK,
        .permissions = entry->mode & PERMISSION_MASK,
        .device = entry->special_device,
        .link_target = {(const char *)entry->content, entry->size_bytes},
    };
    enum status status = path_remove(&unpacking->view, unpacking->path);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        status = path_make(&unpacking->view, unpacking->path, &request);
    }
    return status;
}

static enum status make_regular(struct unpacking *unpacking, const struct initrd_entry *entry) {
    struct tree_node *parent;
    enum tree_side side;
    const struct archive_key key = key_of(entry);
    bool is_shared = entry->link_count > 1;
    struct shared_file *first =
        is_shared ? find_shared(&unpacking->shared_files, &key, &parent, &side) : nullptr;
    enum status status;
    if (first != nullptr) {
        status = path_remove(&unpacking->view, unpacking->path);
        status = status == STATUS_OK || status == STATUS_NOT_FOUND
                     ? path_link(&first->place, &unpacking->view, unpacking->path)
                     : status;
    } else {
        status = make_node(unpacking, entry);
        status = status == STATUS_OK && is_shared ? remember_shared(unpacking, &key) : status;
    }
    bool has_content = status == STATUS_OK && entry->size_bytes > 0;
    return has_content ? write_content(unpacking, entry) : status;
}

static enum status make_entry(struct unpacking *unpacking, const struct initrd_entry *entry) {
    switch (entry->mode & KIND_MASK) {
    case NODE_DIRECTORY:
        return make_directory(unpacking, entry->mode & PERMISSION_MASK);
    case NODE_REGULAR:
        return make_regular(unpacking, entry);
    case NODE_SYMLINK:
    case NODE_FIFO:
    case NODE_CHARACTER_DEVICE:
    case NODE_BLOCK_DEVICE:
        return make_node(unpacking, entry);
    default:
        return STATUS_INVALID;
    }
}

/* The owner first: giving a file away takes its set-user bit. */
static enum status set_attributes(const struct unpacking *unpacking,
                                  const struct initrd_entry *entry) {
    const struct credentials *root = unpacking->view.credentials;
    const struct time_request time = {TIME_SET, {.seconds = entry->modified_seconds}};
    struct location place;
    enum status status = path_resolve(&unpacking->view, unpacking->path, LAST_LINK_KEEP, &place);
    if (status != STATUS_OK) {
        return status;
    }
    status = node_change_owner(place.node, root, entry->user, entry->group);
    if (status == STATUS_OK) {
        status = node_change_permissions(place.node, root, entry->mode);
    }
    if (status == STATUS_OK) {
        status = node_change_times(place.node, root, &time, &time);
    }
    location_unref(&place);
    return status;
}

static enum status unpack_entry(struct unpacking *unpacking, const struct initrd_entry *entry) {
    enum status status = write_path(unpacking, entry);
    if (status != STATUS_OK || unpacking->path[0] == '\0') {
        return status; /* only slashes: the root is there */
    }
    status = make_parents(unpacking);
    if (status == STATUS_OK) {
        status = make_entry(unpacking, entry);
    }
    return status == STATUS_OK ? set_attributes(unpacking, entry) : status;
}

static enum status unpack_all(struct unpacking *unpacking, const struct initrd *initrd,
                              const struct text_sink *complaints) {
    size_t offset = 0;
    struct initrd_entry entry;
    enum status status;
    while ((status = initrd_next(initrd, &offset, complaints, &entry)) == STATUS_OK) {
        status = unpack_entry(unpacking, &entry);
        if (status != STATUS_OK) {
            format_to(complaints, "K309: RAM disk: error %d in making ", -status);
            quote_to(complaints, entry.name, entry.name_length);
            format_to(complaints, "\n");
            return status == STATUS_NOT_FOUND ? STATUS_INVALID : status;
        }
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status unpack_initrd(const struct initrd *initrd, const struct path_view *view,
                          const struct text_sink *complaints) {
    struct unpacking *unpacking = heap_alloc(sizeof(*unpacking));
    if (unpacking == nullptr) {
        format_to(complaints, "K310: RAM disk: no memory to unpack it\n");
        return STATUS_NO_MEMORY;
    }
    unpacking->view = *view;
    unpacking->view.start = view->root;
    tree_init(&unpacking->shared_files, nullptr);
    enum status status = unpack_all(unpacking, initrd, complaints);
    forget_shared(&unpacking->shared_files);
    heap_free(unpacking);
    return status;
}
