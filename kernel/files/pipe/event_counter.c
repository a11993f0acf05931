#include "kernel/files/pipe/event_counter.h"

constexpr uint64_t COUNT_MAX = UINT64_MAX - 1;

void event_counter_init(struct event_counter *counter, uint64_t count, bool takes_one_at_once) {
    *counter = (struct event_counter){.count = count, .takes_one_at_once = takes_one_at_once};
    wait_queue_init(&counter->changed);
}

static bool can_take(const struct event_counter *counter, uint64_t value) REQUIRES(counter->lock) {
    (void)value;
    return counter->count > 0;
}

static bool can_add(const struct event_counter *counter, uint64_t value) REQUIRES(counter->lock) {
    return value <= COUNT_MAX - counter->count;
}

/* Waits under the lock until the counter can do it. */
static enum status wait_until(struct event_counter *counter,
                              bool (*is_possible)(const struct event_counter *, uint64_t),
                              uint64_t value, bool may_wait) REQUIRES(counter->lock) {
    struct sleeper sleeper = {};
    struct waiter waiter = {.sleeper = &sleeper};
    enum status status = STATUS_OK;
    wait_queue_add(&counter->changed, &waiter);
    while (status == STATUS_OK && !is_possible(counter, value)) {
        if (!may_wait) {
            status = STATUS_TRY_AGAIN;
            break;
        }
        sleeper_prepare(&sleeper);
        sleep_lock_release(&counter->lock);
        status = sleeper_sleep(&sleeper);
        sleep_lock_acquire(&counter->lock);
    }
    waiter_remove(&waiter);
    return status;
}

enum status event_counter_read(struct event_counter *counter, struct transfer *transfer,
                               bool may_wait) {
    if (transfer->left_bytes < sizeof(uint64_t)) {
        return STATUS_INVALID;
    }
    uint64_t taken = 0;
    sleep_lock_acquire(&counter->lock);
    enum status status = wait_until(counter, can_take, 0, may_wait);
    if (status == STATUS_OK) {
        taken = counter->takes_one_at_once ? 1 : counter->count;
        counter->count -= taken;
    }
    sleep_lock_release(&counter->lock);
    if (status != STATUS_OK) {
        return status;
    }
    wait_queue_wake_for(&counter->changed, READY_TO_WRITE);
    bool is_whole = transfer_put(transfer, &taken, sizeof(taken)) == sizeof(taken);
    return is_whole ? STATUS_OK : STATUS_FAULT;
}

enum status event_counter_write(struct event_counter *counter, struct transfer *transfer,
                                bool may_wait) {
    uint64_t added;
    if (transfer->left_bytes < sizeof(added)) {
        return STATUS_INVALID;
    }
    if (transfer_take(transfer, &added, sizeof(added)) < sizeof(added)) {
        return STATUS_FAULT;
    }
    if (added == UINT64_MAX) {
        return STATUS_INVALID;
    }
    sleep_lock_acquire(&counter->lock);
    enum status status = wait_until(counter, can_add, added, may_wait);
    if (status == STATUS_OK) {
        counter->count += added;
    }
    sleep_lock_release(&counter->lock);
    wait_queue_wake_for(&counter->changed, READY_TO_READ);
    return status;
}

uint32_t event_counter_poll(struct event_counter *counter, struct waiter *waiter) {
    if (waiter != nullptr) {
        wait_queue_add(&counter->changed, waiter);
    }
    sleep_lock_acquire(&counter->lock);
    uint32_t ready = counter->count > 0 ? READY_TO_READ : 0;
    ready |= counter->count < COUNT_MAX ? READY_TO_WRITE : 0;
    sleep_lock_release(&counter->lock);
    return ready;
}
