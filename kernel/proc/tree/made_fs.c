#include "kernel/proc/tree/made_fs.h"

#include "kernel/proc/text/parse.h"
#include "kernel/proc/tree/made_node.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

constexpr uint64_t FIRST_POSITION = 2;  /* after "." and ".." */
constexpr uint64_t FIRST_NUMBER = 1024; /* where positions of numbers begin: behind all tables */

static const struct node_operations directory_operations, file_operations, link_operations,
    text_link_operations;
static const struct made_entry root_entry = {
    .name = "", .kind = NODE_DIRECTORY, .permissions = 0555};

static struct made_file_system *system_of(const struct node *node) {
    return LIST_ENTRY(node->system, struct made_file_system, base);
}

static const struct made_directory *directory_of(const struct made_node *node) {
    return node->entry == &root_entry ? system_of(&node->base)->root : node->entry->directory;
}

/* So that a file has the same number whenever it is looked up. */
static uint64_t number_below(const struct node *parent, struct name name) {
    constexpr uint64_t prime = 0x100000001b3; /* of the hash FNV-1a */
    uint64_t hash = parent->number * prime;
    for (size_t i = 0; i < name.length; i++) {
        hash = (hash ^ (uint8_t)name.text[i]) * prime;
    }
    return hash >> 1 | 1;
}

static const struct node_operations *operations_for(const struct made_entry *entry) {
    if (entry->kind == NODE_DIRECTORY) {
        return &directory_operations;
    }
    if (entry->kind == NODE_SYMLINK) {
        return entry->follow == nullptr ? &text_link_operations : &link_operations;
    }
    return &file_operations;
}

/* Takes the child's reference to what it is about, and one of its own to the parent. */
static enum status make_node(struct made_file_system *system, struct node *parent,
                             const struct made_child *child, struct made_node **node) {
    struct made_node *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    struct node_request request = {
        .kind = child->entry->kind,
        .permissions = child->permissions != 0 ? child->permissions : child->entry->permissions,
    };
    system->find_owner(&child->subject, &request.user, &request.group);
    node_init(&made->base, &system->base, operations_for(child->entry), &request);
    node_add_links(&made->base, request.kind == NODE_DIRECTORY ? 2 : 1);
    made->entry = child->entry;
    made->subject = child->subject;
    made->parent = parent;
    if (parent != nullptr) {
        node_ref(parent);
    }
    *node = made;
    return STATUS_OK;
}

static struct node *made_release(struct node *base) {
    struct made_node *node = made_node_of(base);
    struct node *parent = node->parent;
    if (node->subject.about != nullptr) {
        system_of(base)->unref(node->subject.about);
    }
    heap_free(node);
    return parent;
}

static bool is_name(const struct made_entry *entry, struct name name) {
    return strlen(entry->name) == name.length && memcmp(entry->name, name.text, name.length) == 0;
}

static const struct made_entry *find_entry(const struct made_directory *directory,
                                           struct name name) {
    for (size_t i = 0; i < directory->entry_count; i++) {
        if (is_name(&directory->entries[i], name)) {
            return &directory->entries[i];
        }
    }
    return nullptr;
}

/* What the name stands for: in the table, with the directory's subject, or as a number. */
static enum status find_child(struct made_node *directory, struct name name,
                              struct made_child *child) {
    const struct made_directory *contents = directory_of(directory);
    struct made_file_system *system = system_of(&directory->base);
    uint32_t number;
    if (!system->is_there(&directory->subject)) {
        return STATUS_NOT_FOUND;
    }
    *child = (struct made_child){find_entry(contents, name), directory->subject, 0};
    if (child->entry != nullptr) {
        if (child->subject.about != nullptr) {
            system->ref(child->subject.about);
        }
        return STATUS_OK;
    }
    if (contents->find == nullptr || !parse_name(name.text, name.length, &number)) {
        return STATUS_NOT_FOUND;
    }
    return contents->find(&directory->subject, number, child);
}

static enum status made_find(struct node *base, struct name name, struct node **child) {
    struct made_node *directory = made_node_of(base);
    struct made_file_system *system = system_of(base);
    struct made_child found;
    struct made_node *node;
    enum status status = find_child(directory, name, &found);
    if (status != STATUS_OK) {
        return status;
    }
    status = make_node(system, base, &found, &node);
    if (status != STATUS_OK) {
        if (found.subject.about != nullptr) {
            system->unref(found.subject.about);
        }
        return status;
    }
    node->base.number = number_below(base, name);
    if (found.entry->name == nullptr) {
        memcpy(node->number, name.text, name.length);
    }
    *child = &node->base;
    return STATUS_OK;
}

static void list(const struct made_node *directory, const char *text, enum node_kind kind,
                 uint64_t position, struct listed_entry *listed) {
    struct name name = {text, strlen(text)};
    *listed = (struct listed_entry){
        .number = number_below(&directory->base, name),
        .next_position = position + 1,
        .kind = kind,
        .name_length = name.length,
    };
    memcpy(listed->name, name.text, name.length + 1);
}

static enum status list_number(struct made_node *directory, uint64_t position,
                               struct listed_entry *listed) {
    const struct made_directory *contents = directory_of(directory);
    uint64_t from = position < FIRST_NUMBER ? 0 : position - FIRST_NUMBER;
    uint32_t number;
    char text[NUMBER_SIZE_MAX];
    if (contents->next == nullptr || from >= UINT32_MAX ||
        !contents->next(&directory->subject, (uint32_t)from, &number)) {
        return STATUS_NOT_FOUND;
    }
    format_buffer(text, sizeof(text), "%u", number);
    list(directory, text, contents->number_kind, FIRST_NUMBER + number, listed);
    return STATUS_OK;
}

static enum status made_next(struct node *base, uint64_t position, struct listed_entry *listed) {
    struct made_node *directory = made_node_of(base);
    const struct made_directory *contents = directory_of(directory);
    if (!system_of(base)->is_there(&directory->subject)) {
        return STATUS_NOT_FOUND;
    }
    uint64_t index = position - FIRST_POSITION;
    if (index < contents->entry_count) {
        const struct made_entry *entry = &contents->entries[index];
        list(directory, entry->name, entry->kind, position, listed);
        return STATUS_OK;
    }
    return list_number(directory, position, listed);
}

static struct node *made_whereabouts(struct node *base, char *name) {
    struct made_node *node = made_node_of(base);
    if (node->parent == nullptr) {
        return nullptr;
    }
    if (name != nullptr) {
        const char *text = node->entry->name == nullptr ? node->number : node->entry->name;
        memcpy(name, text, strlen(text) + 1);
    }
    node_ref(node->parent);
    return node->parent;
}

static enum status made_read_link(struct node *base, char *text, size_t *length) {
    struct made_node *node = made_node_of(base);
    return node->entry->read_link(&node->subject, text, length);
}

static enum status made_follow(struct node *base, struct location *place) {
    struct made_node *node = made_node_of(base);
    return node->entry->follow(&node->subject, place);
}

static uint64_t nothing(struct node *node) {
    (void)node;
    return 0;
}

/* The text is made anew anyway: as on Linux, cutting it succeeds and does nothing. */
static enum status ignore_size(struct node *node, uint64_t size_bytes) {
    (void)node;
    (void)size_bytes;
    return STATUS_OK;
}

static enum status refuse_to_allocate(struct node *node, uint64_t offset, uint64_t size_bytes) {
    (void)node;
    (void)offset;
    (void)size_bytes;
    return STATUS_NOT_SUPPORTED;
}

static enum status ignore_hole(struct node *node, uint64_t offset, uint64_t size_bytes) {
    (void)node;
    (void)offset;
    (void)size_bytes;
    return STATUS_OK;
}

static const struct node_operations directory_operations = {
    .release = made_release,
    .size = nothing,
    .block_count = nothing,
    .find = made_find,
    .next = made_next,
    .whereabouts = made_whereabouts,
};

static const struct node_operations file_operations = {
    .release = made_release,
    .size = nothing,
    .block_count = nothing,
    .whereabouts = made_whereabouts,
    .resize = ignore_size,
    .allocate = refuse_to_allocate,
    .punch = ignore_hole,
    .files = &made_file_operations,
};

static const struct node_operations text_link_operations = {
    .release = made_release,
    .size = nothing,
    .block_count = nothing,
    .whereabouts = made_whereabouts,
    .read_link = made_read_link,
};

static const struct node_operations link_operations = {
    .release = made_release,
    .size = nothing,
    .block_count = nothing,
    .whereabouts = made_whereabouts,
    .read_link = made_read_link,
    .follow = made_follow,
};

static void dismantle(struct node *root) {
    node_unref(root);
}

const struct made_subject *made_directory_subject(struct node *node,
                                                  const struct made_directory *contents) {
    if (node->operations != &directory_operations) {
        return nullptr;
    }
    const struct made_node *directory = made_node_of(node);
    return directory->entry->directory == contents ? &directory->subject : nullptr;
}

enum status made_fs_root(struct made_file_system *system, struct node **root) {
    const struct made_child child = {.entry = &root_entry};
    struct made_node *node;
    system->base.dismantle = dismantle;
    if (system->base.device == 0) {
        system->base.device = file_system_take_device();
    }
    enum status status = make_node(system, nullptr, &child, &node);
    if (status == STATUS_OK) {
        node->base.number = 1;
        *root = &node->base;
    }
    return status;
}
