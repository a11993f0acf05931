#include "kernel/files/memory_fs/memory_fs.h"

#include "kernel/files/extended/extended.h"
#include "kernel/files/memory_fs/entries.h"
#include "lib/check.h"
#include "lib/memory.h"
#include "mm/frame/frame.h"
#include "mm/heap/heap.h"
#include "mm/object/memory_object.h"

constexpr uint64_t FIRST_POSITION = 2;    /* after "." and ".." */
constexpr uint64_t ENTRY_SIZE_SHOWN = 20; /* what Linux says that an entry adds to a directory */
constexpr uint64_t NODE_SPACE = 1024;     /* what it counts for one with its name, or one more */

static const struct node_operations directory_operations, regular_operations, link_operations,
    special_operations;

static struct memory_file_system *system_of(struct memory_node *node) {
    return LIST_ENTRY(node->base.system, struct memory_file_system, base);
}

static enum status take_space(struct memory_file_system *system, uint64_t size_bytes) {
    uint64_t left = __atomic_load_n(&system->free_space, __ATOMIC_RELAXED);
    if (system->node_limit == MEMORY_FS_UNLIMITED) {
        return STATUS_OK;
    }
    do {
        if (left < size_bytes) {
            return STATUS_NO_SPACE;
        }
    } while (!__atomic_compare_exchange_n(&system->free_space, &left, left - size_bytes, true,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return STATUS_OK;
}

static void give_space(struct memory_file_system *system, uint64_t size_bytes) {
    if (system->node_limit != MEMORY_FS_UNLIMITED) {
        __atomic_fetch_add(&system->free_space, size_bytes, __ATOMIC_RELAXED);
    }
}

static enum status memory_take_space(struct node *node, uint64_t size_bytes) {
    return take_space(system_of(memory_node_of(node)), size_bytes);
}

static void memory_give_space(struct node *node, uint64_t size_bytes) {
    give_space(system_of(memory_node_of(node)), size_bytes);
}

static const struct node_operations *operations_for(enum node_kind kind) {
    switch (kind) {
    case NODE_DIRECTORY:
        return &directory_operations;
    case NODE_REGULAR:
        return &regular_operations;
    case NODE_SYMLINK:
        return &link_operations;
    case NODE_FIFO:
    case NODE_CHARACTER_DEVICE:
    case NODE_BLOCK_DEVICE:
    case NODE_SOCKET:
        break;
    }
    return &special_operations;
}

static enum status copy_target(struct memory_node *node, struct name target) {
    char *text = heap_alloc(target.length);
    if (text == nullptr) {
        return STATUS_NO_MEMORY;
    }
    memcpy(text, target.text, target.length);
    node->link_target = (struct name){text, target.length};
    return STATUS_OK;
}

static enum status make_object(struct memory_file_system *system, struct memory_object **object) {
    enum status status = memory_object_create(0, object);
    if (status == STATUS_OK) {
        memory_object_set_budget(*object, &system->budget);
    }
    return status;
}

static enum status make_contents(struct memory_file_system *system, struct memory_node *node,
                                 const struct node_request *request) {
    switch (request->kind) {
    case NODE_REGULAR:
        return make_object(system, &node->object);
    case NODE_SYMLINK:
        return copy_target(node, request->link_target);
    case NODE_DIRECTORY:
        tree_init(&node->by_name, nullptr);
        tree_init(&node->by_position, nullptr);
        node->next_position = FIRST_POSITION;
        return STATUS_OK;
    case NODE_FIFO:
    case NODE_CHARACTER_DEVICE:
    case NODE_BLOCK_DEVICE:
    case NODE_SOCKET:
        break;
    }
    return STATUS_OK;
}

static enum status allocate_node(struct memory_file_system *system,
                                 const struct node_request *request, struct memory_node **node) {
    struct memory_node *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    enum status status = make_contents(system, made, request);
    if (status != STATUS_OK) {
        heap_free(made);
        return status;
    }
    *node = made;
    return STATUS_OK;
}

static enum status node_create(struct memory_file_system *system,
                               const struct node_request *request, struct memory_node **node) {
    struct memory_node *made;
    enum status status = take_space(system, NODE_SPACE);
    if (status != STATUS_OK) {
        return status;
    }
    status = allocate_node(system, request, &made);
    if (status != STATUS_OK) {
        give_space(system, NODE_SPACE);
        return status;
    }
    list_init(&made->names);
    list_init(&made->extended);
    node_init(&made->base, &system->base, operations_for(request->kind), request);
    __atomic_fetch_add(&system->node_count, 1, __ATOMIC_RELAXED);
    *node = made;
    return STATUS_OK;
}

static struct node *memory_release(struct node *base) {
    struct memory_node *node = memory_node_of(base);
    struct memory_file_system *system = system_of(node);
    struct node *above = node->last_name == nullptr ? nullptr : &node->last_name->directory->base;
    CHECK(list_is_empty(&node->names) && node->entry_count == 0);
    heap_free(node->last_name);
    heap_free((void *)node->link_target.text);
    give_space(system, NODE_SPACE + extended_free(&node->extended));
    if (node->object != nullptr) {
        memory_object_unref(node->object);
    }
    heap_free(node);
    if (__atomic_sub_fetch(&system->node_count, 1, __ATOMIC_ACQ_REL) == 0) {
        heap_free(system);
    }
    return above;
}

static enum status memory_find(struct node *directory, struct name name, struct node **child) {
    struct memory_entry *entry = entry_find(memory_node_of(directory), name);
    if (entry == nullptr) {
        return STATUS_NOT_FOUND;
    }
    node_ref(&entry->node->base);
    *child = &entry->node->base;
    return STATUS_OK;
}

/* A node and an entry for it, which are not yet of one another. */
static enum status make_pair(struct node *directory, struct name name,
                             const struct node_request *request, struct memory_entry **entry,
                             struct memory_node **node) {
    enum status status = entry_create(name, entry);
    if (status != STATUS_OK) {
        return status;
    }
    status = node_create(system_of(memory_node_of(directory)), request, node);
    if (status != STATUS_OK) {
        heap_free(*entry);
    }
    return status;
}

static enum status memory_make(struct node *directory, struct name name,
                               const struct node_request *request, struct node **child) {
    struct memory_entry *entry;
    struct memory_node *node;
    enum status status = make_pair(directory, name, request, &entry, &node);
    if (status == STATUS_OK) {
        entry_insert(memory_node_of(directory), entry, node);
        *child = &node->base;
    }
    return status;
}

static enum status memory_make_nameless(struct node *directory, struct name shown,
                                        const struct node_request *request, struct node **child) {
    struct memory_entry *entry;
    struct memory_node *node;
    enum status status = make_pair(directory, shown, request, &entry, &node);
    if (status == STATUS_OK) {
        entry_show(memory_node_of(directory), entry, node);
        *child = &node->base;
    }
    return status;
}

/* The first name counts with its node. */
static enum status memory_link(struct node *directory, struct name name, struct node *child) {
    struct memory_node *node = memory_node_of(child);
    struct memory_entry *entry;
    uint64_t space = list_is_empty(&node->names) ? 0 : NODE_SPACE;
    enum status status = take_space(system_of(node), space);
    if (status != STATUS_OK) {
        return status;
    }
    status = entry_create(name, &entry);
    if (status == STATUS_OK) {
        entry_insert(memory_node_of(directory), entry, node);
    } else {
        give_space(system_of(node), space);
    }
    return status;
}

/* As memory_link has taken it. */
static void remove_counted(struct memory_entry *entry) {
    const struct list_node *names = &entry->node->names;
    if (names->next != names->prev) {
        give_space(system_of(entry->node), NODE_SPACE);
    }
    entry_remove(entry);
}

static void memory_remove(struct node *directory, struct name name) {
    remove_counted(entry_find(memory_node_of(directory), name));
}

static enum status memory_move(struct node *from, struct name from_name, struct node *to,
                               struct name to_name) {
    struct memory_entry *added;
    enum status status = entry_create(to_name, &added);
    if (status != STATUS_OK) {
        return status;
    }
    struct memory_entry *replaced = entry_find(memory_node_of(to), to_name);
    if (replaced != nullptr) {
        remove_counted(replaced);
    }
    struct memory_entry *moved = entry_find(memory_node_of(from), from_name);
    entry_insert(memory_node_of(to), added, moved->node);
    entry_remove(moved);
    return STATUS_OK;
}

static enum status memory_move_leaving(struct node *from, struct name from_name, struct node *to,
                                       struct name to_name, const struct node_request *left) {
    struct memory_entry *entry;
    struct memory_node *node;
    enum status status = make_pair(from, from_name, left, &entry, &node);
    if (status != STATUS_OK) {
        return status;
    }
    status = memory_move(from, from_name, to, to_name);
    if (status == STATUS_OK) {
        entry_insert(memory_node_of(from), entry, node);
    } else {
        heap_free(entry);
    }
    node_unref(&node->base);
    return status;
}

static void memory_exchange(struct node *from, struct name from_name, struct node *to,
                            struct name to_name) {
    entry_exchange(entry_find(memory_node_of(from), from_name),
                   entry_find(memory_node_of(to), to_name));
}

static bool memory_is_empty(struct node *directory) {
    return memory_node_of(directory)->entry_count == 0;
}

static void copy_name(char *to, struct name name) {
    memcpy(to, name.text, name.length);
    to[name.length] = '\0';
}

static enum status memory_next(struct node *directory, uint64_t position,
                               struct listed_entry *listed) {
    struct memory_entry *entry = entry_from_position(memory_node_of(directory), position);
    if (entry == nullptr) {
        return STATUS_NOT_FOUND;
    }
    listed->number = entry->node->base.number;
    listed->next_position = entry->position + 1;
    listed->kind = entry->node->base.kind;
    listed->name_length = entry->name.length;
    copy_name(listed->name, entry->name);
    return STATUS_OK;
}

static struct node *memory_whereabouts(struct node *base, char *name) {
    struct memory_node *node = memory_node_of(base);
    struct memory_entry *entry = node->last_name;
    if (!list_is_empty(&node->names)) {
        entry = LIST_ENTRY(node->names.next, struct memory_entry, of_node);
    }
    if (entry == nullptr) {
        return nullptr;
    }
    if (name != nullptr) {
        copy_name(name, entry->name);
    }
    node_ref(&entry->directory->base);
    return &entry->directory->base;
}

static enum status memory_read_link(struct node *node, char *text, size_t *length) {
    struct name target = memory_node_of(node)->link_target;
    memcpy(text, target.text, target.length);
    *length = target.length;
    return STATUS_OK;
}

static struct list_node *memory_extended(struct node *node) {
    return &memory_node_of(node)->extended;
}

static uint64_t directory_size(struct node *node) {
    sleep_lock_acquire(&node->system->tree_lock);
    uint64_t entry_count = memory_node_of(node)->entry_count;
    sleep_lock_release(&node->system->tree_lock);
    return entry_count * ENTRY_SIZE_SHOWN;
}

static uint64_t link_size(struct node *node) {
    return memory_node_of(node)->link_target.length;
}

static uint64_t nothing(struct node *node) {
    (void)node;
    return 0;
}

/* What is deepest goes first, so that each is empty when its turn comes. */
static void remove_all_below(struct memory_node *root) {
    struct memory_node *at = root;
    while (at != root || root->entry_count > 0) {
        if (at->entry_count == 0) {
            struct memory_entry *own = LIST_ENTRY(at->names.next, struct memory_entry, of_node);
            at = own->directory;
            remove_counted(own);
            continue;
        }
        struct memory_entry *first = entry_from_position(at, 0);
        if (first->node->entry_count > 0) {
            at = first->node;
        } else {
            remove_counted(first);
        }
    }
}

static void memory_dismantle(struct node *root) {
    sleep_lock_acquire(&root->system->tree_lock);
    root->system->is_unmounted = true;
    remove_all_below(memory_node_of(root));
    node_add_links(root, -2);
    sleep_lock_release(&root->system->tree_lock);
    node_unref(root);
}

uint64_t memory_fs_default_limit(void) {
    return frame_count().total / 2;
}

struct memory_fs_usage memory_fs_usage(const struct file_system *system) {
    const struct memory_file_system *own = LIST_ENTRY(system, struct memory_file_system, base);
    return (struct memory_fs_usage){
        .page_count = __atomic_load_n(&own->budget.used, __ATOMIC_RELAXED),
        .page_limit = own->budget.limit,
        .node_limit = own->node_limit,
        .free_nodes = __atomic_load_n(&own->free_space, __ATOMIC_RELAXED) / NODE_SPACE,
    };
}

enum status memory_fs_create(uint32_t root_permissions, struct node **root) {
    const struct memory_fs_request request = {
        .root_permissions = root_permissions,
        .page_limit = memory_fs_default_limit(),
        .node_limit = memory_fs_default_limit(),
    };
    return memory_fs_create_as(&request, root);
}

enum status memory_fs_create_as(const struct memory_fs_request *wanted, struct node **root) {
    struct memory_file_system *system = heap_alloc(sizeof(*system));
    if (system == nullptr) {
        return STATUS_NO_MEMORY;
    }
    system->budget.limit = wanted->page_limit;
    system->node_limit = wanted->node_limit;
    system->free_space =
        wanted->node_limit == MEMORY_FS_UNLIMITED ? 0 : wanted->node_limit * NODE_SPACE;
    const struct node_request request = {
        .kind = NODE_DIRECTORY,
        .permissions = wanted->root_permissions,
    };
    struct memory_node *node;
    enum status status = node_create(system, &request, &node);
    if (status != STATUS_OK) {
        heap_free(system);
        return status;
    }
    system->base.name = "tmpfs";
    system->base.device = file_system_take_device();
    system->base.type = MEMORY_FS_TYPE;
    system->base.dismantle = memory_dismantle;
    node_add_links(&node->base, 2);
    *root = &node->base;
    return STATUS_OK;
}

static const struct node_operations directory_operations = {
    .release = memory_release,
    .size = directory_size,
    .block_count = nothing,
    .find = memory_find,
    .make = memory_make,
    .link = memory_link,
    .make_nameless = memory_make_nameless,
    .remove = memory_remove,
    .move = memory_move,
    .move_leaving = memory_move_leaving,
    .exchange = memory_exchange,
    .is_empty = memory_is_empty,
    .next = memory_next,
    .whereabouts = memory_whereabouts,
    .extended = memory_extended,
    .take_space = memory_take_space,
    .give_space = memory_give_space,
};

static const struct node_operations regular_operations = {
    .release = memory_release,
    .size = memory_regular_size,
    .block_count = memory_regular_block_count,
    .whereabouts = memory_whereabouts,
    .extended = memory_extended,
    .take_space = memory_take_space,
    .give_space = memory_give_space,
    .next_data = memory_regular_next_data,
    .next_hole = memory_regular_next_hole,
    .read = memory_regular_read,
    .write = memory_regular_write,
    .resize = memory_regular_resize,
    .allocate = memory_regular_allocate,
    .punch = memory_regular_punch,
    .memory = memory_regular_memory,
};

static const struct node_operations link_operations = {
    .release = memory_release,
    .size = link_size,
    .block_count = nothing,
    .whereabouts = memory_whereabouts,
    .extended = memory_extended,
    .take_space = memory_take_space,
    .give_space = memory_give_space,
    .read_link = memory_read_link,
};

static const struct node_operations special_operations = {
    .release = memory_release,
    .size = nothing,
    .block_count = nothing,
    .whereabouts = memory_whereabouts,
    .extended = memory_extended,
    .take_space = memory_take_space,
    .give_space = memory_give_space,
};
