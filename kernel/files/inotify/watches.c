#include "kernel/files/inotify/instance.h"
#include "mm/heap/heap.h"

/* What is told of a watch whether it is wanted or not. */
constexpr uint32_t ALWAYS_TOLD = EVENT_UNMOUNT;
constexpr uint32_t WANTED = EVENTS_OF_NODES | WATCH_NOT_UNLINKED | WATCH_ONCE;

static struct inotify_watch *watch_of(struct tree_node *node) {
    return TREE_ENTRY(node, struct inotify_watch, of_instance);
}

static struct inotify_watch *watch_of_observer(struct node_observer *observer) {
    return LIST_ENTRY(observer, struct inotify_watch, observer);
}

static struct inotify_watch *find(const struct inotify *instance, int32_t number) {
    struct tree_node *at = instance->watches.root;
    while (at != nullptr && watch_of(at)->number != number) {
        at = at->child[number < watch_of(at)->number ? TREE_LEFT : TREE_RIGHT];
    }
    return at == nullptr ? nullptr : watch_of(at);
}

static void insert(struct inotify *instance, struct inotify_watch *watch) {
    struct tree_node *parent = nullptr;
    enum tree_side side = TREE_LEFT;
    for (struct tree_node *at = instance->watches.root; at != nullptr; at = at->child[side]) {
        parent = at;
        side = watch->number < watch_of(at)->number ? TREE_LEFT : TREE_RIGHT;
    }
    tree_insert(&instance->watches, &watch->of_instance, parent, side);
}

/* The watch is gone, and the last that is heard of it is queued. */
static void forget(struct inotify_watch *watch) REQUIRES(node_observing) {
    static const struct node_event end = {};
    struct inotify *instance = watch->instance;
    inotify_queue(instance, watch->number, EVENT_IGNORED, &end);
    tree_remove(&instance->watches, &watch->of_instance);
    file_user_add(instance->user, USER_INOTIFY_WATCHES, -1);
    heap_free(watch);
}

/* Whoever tells of the node has a reference of its own: the one that is given back here is not the
 * last. node_observing is held, which the compiler cannot know of a callback. */
static void observe(struct node_observer *observer,
                    const struct node_event *event) NO_CAPABILITY_CHECK {
    constexpr uint32_t of_itself = EVENT_MOVE_SELF | EVENT_DELETE_SELF;
    struct inotify_watch *watch = watch_of_observer(observer);
    if ((event->events & watch->mask & EVENTS_OF_NODES) == 0 ||
        (event->is_of_removed_file && (watch->mask & WATCH_NOT_UNLINKED))) {
        return;
    }
    uint32_t hidden = event->events & of_itself ? EVENT_OF_DIRECTORY : 0;
    inotify_queue(watch->instance, watch->number, event->events & ~hidden, event);
    if (watch->mask & WATCH_ONCE) {
        node_unref(node_observer_end(observer));
        forget(watch);
    }
}

static void lose(struct node_observer *observer, uint32_t event) NO_CAPABILITY_CHECK {
    static const struct node_event end = {};
    struct inotify_watch *watch = watch_of_observer(observer);
    if (event & (watch->mask | ALWAYS_TOLD)) {
        inotify_queue(watch->instance, watch->number, event, &end);
    }
    forget(watch);
}

/* The instance's watch of the node, or null. */
static struct inotify_watch *find_of_node(const struct inotify *instance, const struct node *node)
    REQUIRES(node_observing) {
    for (struct list_node *at = node->observers.next; at != &node->observers; at = at->next) {
        struct node_observer *observer = LIST_ENTRY(at, struct node_observer, link);
        if (observer->observe == observe && watch_of_observer(observer)->instance == instance) {
            return watch_of_observer(observer);
        }
    }
    return nullptr;
}

/* Numbers come again once the largest has been given. */
static int32_t take_number(struct inotify *instance) REQUIRES(node_observing) {
    do {
        instance->last_number = instance->last_number == INT32_MAX ? 1 : instance->last_number + 1;
    } while (find(instance, instance->last_number) != nullptr);
    return instance->last_number;
}

static void begin_watch(struct inotify_watch *watch, struct node *node) REQUIRES(node_observing) {
    watch->number = take_number(watch->instance);
    watch->observer.observe = observe;
    watch->observer.lose = lose;
    insert(watch->instance, watch);
    node_observer_begin(&watch->observer, node);
}

static enum status change_watch(struct inotify_watch *watch, uint32_t mask)
    REQUIRES(node_observing) {
    if (mask & WATCH_CREATE) {
        return STATUS_EXISTS;
    }
    watch->mask = (mask & WANTED) | (mask & WATCH_ADD ? watch->mask : 0);
    return STATUS_OK;
}

/* Counts one more for its user. */
static enum status make_watch(struct inotify *instance, uint32_t mask,
                              struct inotify_watch **watch) {
    int64_t limit = __atomic_load_n(&inotify_limits.watches, __ATOMIC_RELAXED);
    if (file_user_add(instance->user, USER_INOTIFY_WATCHES, 1) > limit) {
        file_user_add(instance->user, USER_INOTIFY_WATCHES, -1);
        return STATUS_NO_SPACE;
    }
    struct inotify_watch *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        file_user_add(instance->user, USER_INOTIFY_WATCHES, -1);
        return STATUS_NO_MEMORY;
    }
    made->instance = instance;
    made->mask = mask & WANTED;
    *watch = made;
    return STATUS_OK;
}

static enum status watch_anew(struct inotify *instance, struct node *node, uint32_t mask,
                              int32_t *number) REQUIRES(node_observing) {
    struct inotify_watch *made;
    enum status status = make_watch(instance, mask, &made);
    if (status == STATUS_OK) {
        begin_watch(made, node);
        *number = made->number;
    }
    return status;
}

enum status inotify_watch(struct file *file, struct node *node, uint32_t mask, int32_t *number) {
    struct inotify *instance = inotify_of(file);
    enum status status;
    sleep_lock_acquire(&node_observing);
    struct inotify_watch *watch = find_of_node(instance, node);
    if (watch == nullptr) {
        status = watch_anew(instance, node, mask, number);
    } else {
        *number = watch->number;
        status = change_watch(watch, mask);
    }
    sleep_lock_release(&node_observing);
    if (status == STATUS_OK && watch == nullptr) {
        node_observe_children(node);
    }
    return status;
}

enum status inotify_end_watch(struct file *file, int32_t number) {
    struct node *node = nullptr;
    sleep_lock_acquire(&node_observing);
    struct inotify_watch *watch = find(inotify_of(file), number);
    if (watch != nullptr) {
        node = node_observer_end(&watch->observer);
        forget(watch);
    }
    sleep_lock_release(&node_observing);
    node_unref(node);
    return watch == nullptr ? STATUS_INVALID : STATUS_OK;
}

static bool end_first_watch(struct inotify *instance) {
    struct node *node = nullptr;
    sleep_lock_acquire(&node_observing);
    struct tree_node *first = instance->watches.root;
    if (first != nullptr) {
        node = node_observer_end(&watch_of(first)->observer);
        forget(watch_of(first));
    }
    sleep_lock_release(&node_observing);
    node_unref(node);
    return first != nullptr;
}

void inotify_end_watches(struct inotify *instance) {
    while (end_first_watch(instance)) {
    }
}

static void show_watch(const struct inotify_watch *watch, const struct text_sink *sink)
    REQUIRES(node_observing) {
    const struct node *node = watch->observer.node;
    format_to(sink, "inotify wd:%x ino:%llx sdev:%x mask:%x ignored_mask:0 \n",
              (unsigned)watch->number, (unsigned long long)node->number, node->system->device,
              watch->mask);
}

void inotify_show(struct file *file, const struct text_sink *sink) {
    sleep_lock_acquire(&node_observing);
    for (struct tree_node *at = tree_last(&inotify_of(file)->watches); at != nullptr;
         at = tree_previous(at)) {
        show_watch(watch_of(at), sink);
    }
    sleep_lock_release(&node_observing);
}
