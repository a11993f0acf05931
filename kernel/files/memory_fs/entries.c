#include "kernel/files/memory_fs/entries.h"

#include "lib/memory.h"
#include "mm/heap/heap.h"

#define BY_NAME(tree_node)     TREE_ENTRY(tree_node, struct memory_entry, by_name)
#define BY_POSITION(tree_node) TREE_ENTRY(tree_node, struct memory_entry, by_position)

enum status entry_create(struct name name, struct memory_entry **entry) {
    struct memory_entry *made = heap_alloc(sizeof(*made) + name.length);
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    memcpy(made->text, name.text, name.length);
    made->name = (struct name){made->text, name.length};
    *entry = made;
    return STATUS_OK;
}

/* Any order will do: shorter names first, which spares most comparisons of bytes. */
static int compare_names(struct name a, struct name b) {
    if (a.length != b.length) {
        return a.length < b.length ? -1 : 1;
    }
    return memcmp(a.text, b.text, a.length);
}

struct memory_entry *entry_find(const struct memory_node *directory, struct name name) {
    struct tree_node *at = directory->by_name.root;
    while (at != nullptr) {
        int order = compare_names(name, BY_NAME(at)->name);
        if (order == 0) {
            return BY_NAME(at);
        }
        at = at->child[order < 0 ? TREE_LEFT : TREE_RIGHT];
    }
    return nullptr;
}

struct memory_entry *entry_from_position(const struct memory_node *directory, uint64_t position) {
    struct memory_entry *found = nullptr;
    struct tree_node *at = directory->by_position.root;
    while (at != nullptr) {
        bool is_candidate = BY_POSITION(at)->position >= position;
        found = is_candidate ? BY_POSITION(at) : found;
        at = at->child[is_candidate ? TREE_LEFT : TREE_RIGHT];
    }
    return found;
}

static void insert_by_name(struct memory_node *directory, struct memory_entry *entry) {
    struct tree_node *parent = nullptr;
    enum tree_side side = TREE_LEFT;
    for (struct tree_node *at = directory->by_name.root; at != nullptr; at = at->child[side]) {
        parent = at;
        side = compare_names(entry->name, BY_NAME(at)->name) < 0 ? TREE_LEFT : TREE_RIGHT;
    }
    tree_insert(&directory->by_name, &entry->by_name, parent, side);
}

/* A directory's ".." is a link to the one above it. */
static void count_parent_link(struct memory_node *directory, const struct memory_node *node,
                              int change) {
    if (node->base.kind == NODE_DIRECTORY) {
        node_add_links(&directory->base, change);
    }
}

/* A node's own: each name, and a directory's ".". */
static int own_links(const struct memory_node *node) {
    return node->base.kind == NODE_DIRECTORY ? 2 : 1;
}

static void forget_last_name(struct memory_node *node) {
    struct memory_entry *last = node->last_name;
    node->last_name = nullptr;
    if (last != nullptr) {
        node_unref(&last->directory->base);
        heap_free(last);
    }
}

void entry_insert(struct memory_node *directory, struct memory_entry *entry,
                  struct memory_node *node) {
    entry->directory = directory;
    entry->node = node;
    entry->position = directory->next_position++;
    insert_by_name(directory, entry);
    tree_insert(&directory->by_position, &entry->by_position, tree_last(&directory->by_position),
                TREE_RIGHT);
    directory->entry_count++;
    forget_last_name(node);
    list_push_front(&node->names, &entry->of_node);
    node_ref(&node->base);
    node_add_links(&node->base, own_links(node));
    count_parent_link(directory, node, 1);
}

void entry_show(struct memory_node *directory, struct memory_entry *entry,
                struct memory_node *node) {
    entry->directory = directory;
    entry->node = node;
    node_ref(&directory->base);
    node->last_name = entry;
}

void entry_remove(struct memory_entry *entry) {
    struct memory_node *directory = entry->directory;
    struct memory_node *node = entry->node;
    tree_remove(&directory->by_name, &entry->by_name);
    tree_remove(&directory->by_position, &entry->by_position);
    directory->entry_count--;
    list_remove(&entry->of_node);
    count_parent_link(directory, node, -1);
    node_add_links(&node->base, -own_links(node));
    if (list_is_empty(&node->names)) {
        node_ref(&directory->base);
        node->last_name = entry;
    } else {
        heap_free(entry);
    }
    node_unref(&node->base);
}

void entry_exchange(struct memory_entry *a, struct memory_entry *b) {
    struct memory_node *node = a->node;
    count_parent_link(a->directory, a->node, -1);
    count_parent_link(b->directory, b->node, -1);
    list_remove(&a->of_node);
    list_remove(&b->of_node);
    a->node = b->node;
    b->node = node;
    list_push_front(&a->node->names, &a->of_node);
    list_push_front(&b->node->names, &b->of_node);
    count_parent_link(a->directory, a->node, 1);
    count_parent_link(b->directory, b->node, 1);
}
