#include "kernel/files/node/observer.h"

#include "kernel/files/node/drop.h"
#include "lib/check.h"

struct sleep_lock node_observing;

static void set_marks(struct node *node, uint8_t marks) {
    __atomic_fetch_or(&node->observed, marks, __ATOMIC_RELAXED);
}

static void clear_marks(struct node *node, uint8_t marks) {
    __atomic_fetch_and(&node->observed, (uint8_t)~marks, __ATOMIC_RELAXED);
}

static bool can_mark_children(const struct node *node) {
    return node->kind == NODE_DIRECTORY && node->operations->make != nullptr;
}

void node_observer_begin(struct node_observer *observer, struct node *node) {
    if (list_is_empty(&node->observers)) {
        node_ref(node);
        set_marks(node, OBSERVED | (can_mark_children(node) ? OBSERVED_WITH_CHILDREN : 0));
    }
    observer->node = node;
    list_push_front(&node->observers, &observer->link);
}

void node_mark_child(struct node *child) {
    set_marks(child, OBSERVED_AS_CHILD);
}

/* What comes to the directory from here on is marked by who brings it. */
void node_observe_children(struct node *directory) {
    constexpr uint64_t first_position = 2; /* after "." and ".." */
    struct listed_entry entry = {.next_position = first_position};
    struct node *child;
    if (!can_mark_children(directory)) {
        return;
    }
    sleep_lock_acquire(&directory->system->tree_lock);
    while (directory->operations->next(directory, entry.next_position, &entry) == STATUS_OK) {
        const struct name name = {entry.name, entry.name_length};
        if (directory->operations->find(directory, name, &child) == STATUS_OK) {
            node_mark_child(child);
            node_unref(child);
        }
    }
    sleep_lock_release(&directory->system->tree_lock);
}

/* Returns whether it was the last one. */
static bool take_off(struct node_observer *observer) REQUIRES(node_observing) {
    struct node *node = observer->node;
    list_remove(&observer->link);
    observer->node = nullptr;
    if (!list_is_empty(&node->observers)) {
        return false;
    }
    clear_marks(node, OBSERVED | OBSERVED_WITH_CHILDREN);
    return true;
}

struct node *node_observer_end(struct node_observer *observer) {
    struct node *node = observer->node;
    return node != nullptr && take_off(observer) ? node : nullptr;
}

uint32_t node_take_cookie(void) {
    static uint32_t last; /* atomic */
    uint32_t cookie;
    do {
        cookie = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
    } while (cookie == 0);
    return cookie;
}

void node_tell_itself_event(struct node *node, const struct node_event *event) {
    sleep_lock_acquire(&node_observing);
    for (struct list_node *at = node->observers.next; at != &node->observers;) {
        struct node_observer *observer = LIST_ENTRY(at, struct node_observer, link);
        at = at->next;
        observer->observe(observer, event);
    }
    sleep_lock_release(&node_observing);
}

/* The observed directory that names the node, with a reference, and the name. Null, and the mark is
 * gone, where the directory is not observed; marks come and go under tree_lock. */
static struct node *find_observed_parent(struct node *node, char *name) {
    sleep_lock_acquire(&node->system->tree_lock);
    struct node *parent = node->operations->whereabouts(node, name);
    bool is_observed = parent != nullptr && node_has(parent, OBSERVED_WITH_CHILDREN);
    if (!is_observed) {
        clear_marks(node, OBSERVED_AS_CHILD);
    }
    sleep_lock_release(&node->system->tree_lock);
    if (!is_observed) {
        node_unref(parent);
        return nullptr;
    }
    return parent;
}

static void tell_parent(struct node *node, struct node_event event) {
    char text[NAME_LENGTH_MAX + 1];
    struct node *parent = find_observed_parent(node, text);
    if (parent == nullptr) {
        return;
    }
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    event.name = (struct name){text, length};
    node_tell_itself_event(parent, &event);
    node_unref(parent);
}

/* What is read from and written to a device or a fifo is nothing for the directory's observers: who
 * types at a terminal would be told to all. */
static bool is_for_parent(const struct node *node, uint32_t events) {
    bool has_contents = node->kind == NODE_REGULAR || node->kind == NODE_DIRECTORY;
    return has_contents || !(events & (EVENT_ACCESS | EVENT_MODIFY));
}

void node_tell_all(struct node *node, uint32_t events, bool is_by_file) {
    const struct node_event event = {
        .events = events | kind_event(node),
        .is_of_removed_file = is_by_file && node_link_count(node) == 0,
    };
    if (node_has(node, OBSERVED_AS_CHILD) && is_for_parent(node, events)) {
        tell_parent(node, event);
    }
    if (node_has(node, OBSERVED)) {
        node_tell_itself_event(node, &event);
    }
}

static void lose_all(struct node *node, uint32_t event) REQUIRES(node_observing) {
    bool is_last = false;
    while (!is_last) {
        struct node_observer *first = LIST_ENTRY(node->observers.next, struct node_observer, link);
        is_last = take_off(first);
        first->lose(first, event);
    }
}

/* Once the reference is given back the node is there only while it has observers. */
bool node_drop_observed(struct node *node) {
    sleep_lock_acquire(&node_observing);
    bool is_observed = !list_is_empty(&node->observers);
    uint32_t left = __atomic_sub_fetch(&node->reference_count, 1, __ATOMIC_ACQ_REL);
    CHECK(left < UINT32_MAX);
    if (is_observed && left == 1 && node_link_count(node) == 0) {
        lose_all(node,
                 node->system->is_unmounted ? EVENT_UNMOUNT | kind_event(node) : EVENT_DELETE_SELF);
        left = __atomic_sub_fetch(&node->reference_count, 1, __ATOMIC_ACQ_REL);
    }
    sleep_lock_release(&node_observing);
    return left == 0;
}
