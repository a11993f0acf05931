#include "kernel/files/wait/wait.h"

#include "mm/platform.h"

static const struct sleep_interruption *interruption;

/* Pre-emption is off while the lock is held (docs/locking.md). */
static void lock_queue(struct wait_queue *queue) ACQUIRES(queue->lock) {
    platform_preempt_disable();
    spinlock_acquire(&queue->lock);
}

static void unlock_queue(struct wait_queue *queue) RELEASES(queue->lock) {
    spinlock_release(&queue->lock);
    platform_preempt_enable();
}

void wait_queue_init(struct wait_queue *queue) {
    *queue = (struct wait_queue){};
    list_init(&queue->waiters);
}

void wait_queue_add(struct wait_queue *queue, struct waiter *waiter) {
    waiter->queue = queue;
    lock_queue(queue);
    list_push_back(&queue->waiters, &waiter->link);
    unlock_queue(queue);
}

void waiter_remove(struct waiter *waiter) {
    struct wait_queue *queue = waiter->queue;
    if (queue == nullptr) {
        return;
    }
    lock_queue(queue);
    list_remove(&waiter->link);
    unlock_queue(queue);
    waiter->queue = nullptr;
}

static void reach(struct waiter *waiter) {
    if (waiter->notify != nullptr) {
        waiter->notify(waiter);
    }
    if (waiter->sleeper != nullptr) {
        sleeper_wake(waiter->sleeper);
    }
}

void wait_queue_wake(struct wait_queue *queue) {
    lock_queue(queue);
    for (struct list_node *at = queue->waiters.next; at != &queue->waiters; at = at->next) {
        reach(LIST_ENTRY(at, struct waiter, link));
    }
    unlock_queue(queue);
}

static bool is_for(const struct waiter *waiter, uint32_t changes) {
    return waiter->interest == 0 || (waiter->interest & changes) != 0;
}

/* Of the exclusive waiters, the one whose turn it is; null: none. */
static struct waiter *find_next(struct wait_queue *queue, uint32_t changes) REQUIRES(queue->lock) {
    for (struct list_node *at = queue->waiters.next; at != &queue->waiters; at = at->next) {
        struct waiter *waiter = LIST_ENTRY(at, struct waiter, link);
        if (waiter->is_exclusive && is_for(waiter, changes) && !sleeper_is_woken(waiter->sleeper)) {
            return waiter;
        }
    }
    return nullptr;
}

void wait_queue_wake_for(struct wait_queue *queue, uint32_t changes) {
    lock_queue(queue);
    const struct waiter *next = find_next(queue, changes);
    for (struct list_node *at = queue->waiters.next; at != &queue->waiters; at = at->next) {
        struct waiter *waiter = LIST_ENTRY(at, struct waiter, link);
        if (waiter == next || (!waiter->is_exclusive && is_for(waiter, changes))) {
            reach(waiter);
        }
    }
    unlock_queue(queue);
}

void wait_queue_wake_next(struct wait_queue *queue, uint32_t changes) {
    lock_queue(queue);
    struct waiter *next = find_next(queue, changes);
    if (next != nullptr) {
        reach(next);
    }
    unlock_queue(queue);
}

void sleeper_prepare(struct sleeper *sleeper) {
    __atomic_store_n(&sleeper->is_woken, 0, __ATOMIC_SEQ_CST);
}

void sleeper_wake(struct sleeper *sleeper) {
    __atomic_store_n(&sleeper->is_woken, 1, __ATOMIC_SEQ_CST);
    platform_wake_one(&sleeper->is_woken);
}

bool sleeper_is_woken(const struct sleeper *sleeper) {
    return __atomic_load_n(&sleeper->is_woken, __ATOMIC_SEQ_CST) != 0;
}

static void sleep_until_woken(struct sleeper *sleeper) {
    while (__atomic_load_n(&sleeper->is_woken, __ATOMIC_ACQUIRE) == 0) {
        platform_sleep_while(&sleeper->is_woken, 0);
    }
}

enum status sleeper_sleep(struct sleeper *sleeper) {
    if (interruption == nullptr) {
        sleep_until_woken(sleeper);
        return STATUS_OK;
    }
    interruption->begin(sleeper);
    bool is_pending = interruption->is_pending();
    if (!is_pending) {
        sleep_until_woken(sleeper);
    }
    interruption->end(sleeper);
    return is_pending ? STATUS_INTERRUPTED : STATUS_OK;
}

void sleeper_set_interruption(const struct sleep_interruption *given) {
    interruption = given;
}

bool sleeper_is_ending(void) {
    return interruption != nullptr && interruption->is_ending != nullptr &&
           interruption->is_ending();
}

bool sleeper_is_interrupted(void) {
    return interruption != nullptr && interruption->is_pending();
}
