#pragma once

#include <stddef.h>

/*
 * A circular doubly linked list whose nodes are members of what they link. A `struct list_node` is
 * either a head or a member; an empty list's head points at itself.
 */
struct list_node {
    struct list_node *next;
    struct list_node *prev;
};

/* The structure that holds `node` as its member. */
#define LIST_ENTRY(node, type, member) ((type *)((char *)(node) - offsetof(type, member)))

static inline void list_init(struct list_node *head) {
    head->next = head;
    head->prev = head;
}

static inline bool list_is_empty(const struct list_node *head) {
    return head->next == head;
}

static inline void list_insert_after(struct list_node *position, struct list_node *node) {
    node->next = position->next;
    node->prev = position;
    position->next->prev = node;
    position->next = node;
}

static inline void list_push_front(struct list_node *head, struct list_node *node) {
    list_insert_after(head, node);
}

static inline void list_push_back(struct list_node *head, struct list_node *node) {
    list_insert_after(head->prev, node);
}

static inline void list_remove(struct list_node *node) {
    node->prev->next = node->next;
    node->next->prev = node->prev;
}

/* The first node, unlinked; nullptr where the list is empty. */
static inline struct list_node *list_pop_front(struct list_node *head) {
    struct list_node *node = head->next;
    if (node == head) {
        return nullptr;
    }
    list_remove(node);
    return node;
}
