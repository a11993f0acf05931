#include "kernel/files/epoll/epoll.h"

#include "kernel/files/epoll/set.h"
#include "kernel/files/file/open.h"
#include "mm/heap/heap.h"

constexpr uint32_t ALWAYS_ASKED = READY_ERROR | READY_HANG_UP;

/* Where an item stands in the order of a set. */
static bool is_before(const struct file *file, uint32_t number, const struct epoll_item *item) {
    return file != item->file ? file < item->file : number < item->number;
}

static struct epoll_item *find(const struct epoll_set *set, const struct file *file,
                               uint32_t number) {
    struct tree_node *at = set->items.root;
    while (at != nullptr) {
        const struct epoll_item *item = item_of(at);
        if (item->file == file && item->number == number) {
            return item_of(at);
        }
        at = at->child[is_before(file, number, item) ? TREE_LEFT : TREE_RIGHT];
    }
    return nullptr;
}

static void insert(struct epoll_set *set, struct epoll_item *item) {
    struct tree_node *parent = nullptr;
    enum tree_side side = TREE_LEFT;
    for (struct tree_node *at = set->items.root; at != nullptr; at = at->child[side]) {
        parent = at;
        side = is_before(item->file, item->number, item_of(at)) ? TREE_LEFT : TREE_RIGHT;
    }
    tree_insert(&set->items, &item->of_set, parent, side);
}

/* First nothing makes it ready any more, then it goes off the lists. */
static void destroy_item(struct epoll_item *item) REQUIRES(file_watches) {
    struct epoll_set *set = item->set;
    waiter_remove(&item->waiter);
    file_watch_remove(&item->watch);
    sleep_lock_acquire(&set->lock);
    tree_remove(&set->items, &item->of_set);
    set_drop_ready(set, item);
    sleep_lock_release(&set->lock);
    heap_free(item);
}

/* The file is closed: file_watches is held, which the compiler cannot know. */
static void forget(struct file_watch *watch) NO_CAPABILITY_CHECK {
    destroy_item(item_of_watch(watch));
}

static void notify(struct waiter *waiter) {
    item_is_ready((struct epoll_item *)((char *)waiter - offsetof(struct epoll_item, waiter)));
}

static void release(struct file *file) {
    struct epoll_set *set = set_of(file);
    sleep_lock_acquire(&file_watches);
    while (set->items.root != nullptr) {
        destroy_item(item_of(set->items.root));
    }
    sleep_lock_release(&file_watches);
    heap_free(set);
}

static const struct file_operations epoll_operations = {
    .poll = set_poll,
    .release = release,
    .ignores_seeking = true,
    .name = "anon_inode:[eventpoll]",
};

bool file_is_epoll(const struct file *file) {
    return file->operations == &epoll_operations;
}

enum status epoll_open(struct file **file) {
    struct epoll_set *set = heap_alloc(sizeof(*set));
    if (set == nullptr) {
        return STATUS_NO_MEMORY;
    }
    tree_init(&set->items, nullptr);
    wait_queue_init(&set->changed);
    list_init(&set->ready);
    enum status status = file_open_special(&epoll_operations, set, 0, file);
    if (status != STATUS_OK) {
        heap_free(set);
        return status;
    }
    set->file = *file;
    return STATUS_OK;
}

static enum status check_watchable(const struct file *epoll, const struct file *file) {
    if (file->operations->poll == nullptr) {
        return STATUS_NOT_PERMITTED;
    }
    return file == epoll ? STATUS_INVALID : STATUS_OK;
}

static enum status check_exclusive(const struct file *file, uint32_t events) {
    constexpr uint32_t allowed = READY_TO_READ | READY_TO_WRITE | ALWAYS_ASKED | EPOLL_WAKE_UP |
                                 EPOLL_EDGE | EPOLL_EXCLUSIVE;
    bool is_wrong = (events & EPOLL_EXCLUSIVE) && ((events & ~allowed) || file_is_epoll(file));
    return is_wrong ? STATUS_INVALID : STATUS_OK;
}

static void link_item(struct epoll_item *item) REQUIRES(file_watches) {
    struct epoll_set *set = item->set;
    file_watch_add(item->file, &item->watch);
    sleep_lock_acquire(&set->lock);
    insert(set, item);
    sleep_lock_release(&set->lock);
}

/* Its first look also puts it onto the file's queue. */
static void begin_watching(struct epoll_item *item, uint32_t wanted) REQUIRES(file_watches) {
    if (poll_events(file_poll(item->file, &item->waiter)) & wanted) {
        item_is_ready(item);
    }
}

/* Which changes of a file's can make it ready. */
static uint32_t interest_of(uint32_t events) {
    constexpr uint32_t other_reading = 0x0c0; /* EPOLLRDNORM, EPOLLRDBAND */
    constexpr uint32_t other_writing = 0x300; /* EPOLLWRNORM, EPOLLWRBAND */
    uint32_t interest = events | ALWAYS_ASKED;
    interest |= events & other_reading ? READY_TO_READ : 0;
    interest |= events & other_writing ? READY_TO_WRITE : 0;
    return interest;
}

static enum status add_held(struct file *epoll, struct file *file, uint32_t number,
                            const struct epoll_event *event) REQUIRES(file_watches) {
    if (!set_may_watch(epoll, file)) {
        return STATUS_LINK_LOOP;
    }
    if (find(set_of(epoll), file, number) != nullptr) {
        return STATUS_EXISTS;
    }
    struct epoll_item *item = heap_alloc(sizeof(*item));
    if (item == nullptr) {
        return STATUS_NO_MEMORY;
    }
    *item = (struct epoll_item){
        .set = set_of(epoll),
        .file = file,
        .number = number,
        .event = {event->events | ALWAYS_ASKED, event->data},
        .watch.forget = forget,
        .waiter = {.notify = notify, .interest = interest_of(event->events)},
    };
    uint32_t wanted = item->event.events; /* nobody else knows the item yet */
    link_item(item);
    if (!set_paths_are_few(epoll, file)) {
        destroy_item(item);
        return STATUS_INVALID;
    }
    begin_watching(item, wanted);
    return STATUS_OK;
}

enum status epoll_add(struct file *epoll, struct file *file, uint32_t number,
                      const struct epoll_event *event) {
    enum status status = check_watchable(epoll, file);
    if (status == STATUS_OK) {
        status = check_exclusive(file, event->events);
    }
    if (status != STATUS_OK) {
        return status;
    }
    sleep_lock_acquire(&file_watches);
    status = add_held(epoll, file, number, event);
    sleep_lock_release(&file_watches);
    return status;
}

/* It is looked at anew, whether anything has happened since or not. */
static enum status change_held(struct file *epoll, struct file *file, uint32_t number,
                               const struct epoll_event *event) REQUIRES(file_watches) {
    struct epoll_item *item = find(set_of(epoll), file, number);
    if (item == nullptr) {
        return STATUS_NOT_FOUND;
    }
    if (item->event.events & EPOLL_EXCLUSIVE) {
        return STATUS_INVALID;
    }
    uint32_t wanted = event->events | ALWAYS_ASKED;
    waiter_remove(&item->waiter);
    sleep_lock_acquire(&item->set->lock);
    item->event = (struct epoll_event){wanted, event->data};
    sleep_lock_release(&item->set->lock);
    item->waiter.interest = interest_of(event->events);
    if (poll_events(file_poll(file, &item->waiter)) & wanted) {
        item_is_ready(item);
    }
    return STATUS_OK;
}

enum status epoll_change(struct file *epoll, struct file *file, uint32_t number,
                         const struct epoll_event *event) {
    enum status status = check_watchable(epoll, file);
    if (status == STATUS_OK && (event->events & EPOLL_EXCLUSIVE)) {
        status = STATUS_INVALID;
    }
    if (status != STATUS_OK) {
        return status;
    }
    sleep_lock_acquire(&file_watches);
    status = change_held(epoll, file, number, event);
    sleep_lock_release(&file_watches);
    return status;
}

enum status epoll_remove(struct file *epoll, struct file *file, uint32_t number) {
    enum status status = check_watchable(epoll, file);
    if (status != STATUS_OK) {
        return status;
    }
    sleep_lock_acquire(&file_watches);
    struct epoll_item *item = find(set_of(epoll), file, number);
    if (item != nullptr) {
        destroy_item(item);
    }
    sleep_lock_release(&file_watches);
    return item == nullptr ? STATUS_NOT_FOUND : STATUS_OK;
}
