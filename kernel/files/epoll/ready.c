#include "kernel/files/epoll/set.h"
#include "lib/check.h"
#include "mm/platform.h"

/* Which items of a set may be ready. */

static void lock_ready(struct epoll_set *set) ACQUIRES(set->ready_lock) {
    platform_preempt_disable();
    spinlock_acquire(&set->ready_lock);
}

static void unlock_ready(struct epoll_set *set) RELEASES(set->ready_lock) {
    spinlock_release(&set->ready_lock);
    platform_preempt_enable();
}

static void list(struct epoll_set *set, struct epoll_item *item) {
    lock_ready(set);
    if (!item->is_listed) {
        list_push_back(&set->ready, &item->of_ready);
        item->is_listed = true;
    }
    unlock_ready(set);
}

void item_is_ready(struct epoll_item *item) {
    list(item->set, item);
    wait_queue_wake_for(&item->set->changed, READY_TO_READ);
}

void set_push_ready(struct epoll_set *set, struct epoll_item *item) {
    list(set, item);
}

struct epoll_item *set_pop_ready(struct epoll_set *set) {
    lock_ready(set);
    struct list_node *first = list_pop_front(&set->ready);
    CHECK(first != nullptr);
    struct epoll_item *item = LIST_ENTRY(first, struct epoll_item, of_ready);
    item->is_listed = false;
    unlock_ready(set);
    return item;
}

void set_drop_ready(struct epoll_set *set, struct epoll_item *item) {
    lock_ready(set);
    if (item->is_listed) {
        list_remove(&item->of_ready);
        item->is_listed = false;
    }
    unlock_ready(set);
}

const struct epoll_item *set_last_ready(struct epoll_set *set) {
    lock_ready(set);
    const struct epoll_item *last = list_is_empty(&set->ready)
                                        ? nullptr
                                        : LIST_ENTRY(set->ready.prev, struct epoll_item, of_ready);
    unlock_ready(set);
    return last;
}

/* What the item's file is ready for, of what is asked for. */
static uint32_t look(const struct epoll_item *item) {
    return poll_events(file_poll(item->file, nullptr)) & item->event.events;
}

/* Looks once at each that may be ready; those that are not go off the list. */
static bool has_ready(struct epoll_set *set) REQUIRES(set->lock) {
    const struct epoll_item *last = set_last_ready(set);
    const struct epoll_item *seen = nullptr;
    bool is_found = false;
    while (seen != last && !is_found) {
        struct epoll_item *item = set_pop_ready(set);
        seen = item;
        is_found = look(item) != 0;
        if (is_found) {
            set_push_ready(set, item);
        }
    }
    return is_found;
}

uint32_t set_poll(struct file *file, struct waiter *waiter) {
    struct epoll_set *set = set_of(file);
    if (waiter != nullptr) {
        wait_queue_add(&set->changed, waiter);
    }
    sleep_lock_acquire(&set->lock);
    bool is_ready = has_ready(set);
    sleep_lock_release(&set->lock);
    return is_ready ? READY_TO_READ : 0;
}

/* Moves one event, for which there is room; false: there is no memory behind it. */
static bool put_event(struct epoll_item *item, uint32_t ready, struct transfer *transfer) {
    const struct epoll_event event = {ready, item->event.data};
    size_t moved = transfer_put(transfer, &event, sizeof(event));
    if (moved == sizeof(event)) {
        return true;
    }
    transfer->done_bytes -= moved;
    return false;
}

/* What is asked for once is not asked for any more; what is not asked for at edges is looked at
 * again the next time. */
static void note_taken(struct epoll_set *set, struct epoll_item *item) REQUIRES(set->lock) {
    constexpr uint32_t kept = EPOLL_EXCLUSIVE | EPOLL_WAKE_UP | EPOLL_ONE_SHOT | EPOLL_EDGE;
    if (item->event.events & EPOLL_ONE_SHOT) {
        item->event.events &= kept;
    } else if (!(item->event.events & EPOLL_EDGE)) {
        set_push_ready(set, item);
    }
}

static void collect_held(struct epoll_set *set, struct transfer *transfer) REQUIRES(set->lock) {
    const struct epoll_item *last = set_last_ready(set);
    const struct epoll_item *seen = nullptr;
    while (seen != last && transfer->left_bytes >= sizeof(struct epoll_event)) {
        struct epoll_item *item = set_pop_ready(set);
        uint32_t ready = look(item);
        seen = item;
        if (ready == 0) {
            continue;
        }
        if (!put_event(item, ready, transfer)) {
            set_push_ready(set, item);
            return;
        }
        note_taken(set, item);
    }
}

enum status epoll_collect(struct file *epoll, struct transfer *transfer) {
    struct epoll_set *set = set_of(epoll);
    sleep_lock_acquire(&set->lock);
    collect_held(set, transfer);
    sleep_lock_release(&set->lock);
    return transfer_result(transfer, STATUS_OK);
}
