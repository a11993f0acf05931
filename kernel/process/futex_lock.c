#include "kernel/cpu/user_copy.h"
#include "kernel/process/futex.h"
#include "kernel/process/futex_queue.h"
#include "kernel/process/lifecycle.h"
#include "kernel/process/signals.h"
#include "kernel/process/tree_lock.h"

/* Locks that are handed over (man 2 futex, "Priority-inheritance futexes"). All threads have the
 * same priority here, so none is to be inherited. */

static uint32_t waiting_count; /* who waits for any lock, or may be about to; atomic */

/* Before it is looked whether the owner lives: an owner that has not been seen to leave by then
 * sees that somebody may wait. */
static void begin_waiting(void) {
    __atomic_add_fetch(&waiting_count, 1, __ATOMIC_SEQ_CST);
}

static void end_waiting(void) {
    __atomic_sub_fetch(&waiting_count, 1, __ATOMIC_RELAXED);
}

static struct futex_waiter *first_for_lock(struct futex_bucket *bucket, const struct futex_key *key)
    REQUIRES(bucket->lock) {
    for (struct list_node *at = bucket->waiters.next; at != &bucket->waiters; at = at->next) {
        struct futex_waiter *waiter = LIST_ENTRY(at, struct futex_waiter, link);
        if (waiter->kind == FUTEX_WANTS_LOCK && futex_key_is_same(&waiter->key, key)) {
            return waiter;
        }
    }
    return nullptr;
}

/* Everybody who waits for the lock waits for another owner from here on. */
static void set_owner(struct futex_bucket *bucket, const struct futex_key *key, uint32_t owner)
    REQUIRES(bucket->lock) {
    for (struct list_node *at = bucket->waiters.next; at != &bucket->waiters; at = at->next) {
        struct futex_waiter *waiter = LIST_ENTRY(at, struct futex_waiter, link);
        if (waiter->kind == FUTEX_WANTS_LOCK && futex_key_is_same(&waiter->key, key)) {
            waiter->owner = owner;
        }
    }
}

/* STATUS_OK: the word was `*value`, and is `next`. STATUS_TRY_AGAIN: `*value` is what it is. */
static enum status exchange(uint64_t address, uint32_t *value, uint32_t next) {
    uint32_t seen = *value;
    if (!user_compare_exchange(virt_addr(address), &seen, next)) {
        return STATUS_FAULT;
    }
    bool is_done = seen == *value;
    *value = seen;
    return is_done ? STATUS_OK : STATUS_TRY_AGAIN;
}

enum owner_state : uint8_t { OWNER_NONE, OWNER_LIVES, OWNER_LEAVES, OWNER_UNKNOWN };

static enum owner_state state_of(uint32_t number) {
    if (number == 0) {
        return OWNER_NONE;
    }
    tree_lock();
    const struct id *id = id_find(number);
    const struct task *task = id ? id->task : nullptr;
    enum owner_state state = task ? OWNER_LIVES : OWNER_UNKNOWN;
    if (task && __atomic_load_n(&task->has_left_futexes, __ATOMIC_SEQ_CST)) {
        state = OWNER_LEAVES;
    }
    tree_unlock();
    return state;
}

/* What the word is to become where it is `value`; errors as of `take`. Where its owner is gone and
 * somebody waits, the lock is, or will be, the first waiter's: it is not free for others. */
static enum status plan(const struct futex_waiter *first, uint32_t value, uint32_t *owner,
                        uint32_t number, uint32_t *next) {
    *owner = value & FUTEX_OWNER;
    *next = value;
    if (*owner == number) {
        return STATUS_DEADLOCK;
    }
    enum owner_state state = state_of(*owner);
    if (state != OWNER_LIVES && first) {
        *owner = first->owner;
        return STATUS_TRY_AGAIN;
    }
    switch (state) {
    case OWNER_NONE:
        *next = number | (value & FUTEX_OWNER_DIED);
        return STATUS_OK;
    case OWNER_LIVES:
        *next = value | FUTEX_HAS_WAITERS;
        return STATUS_TRY_AGAIN;
    case OWNER_LEAVES:
        return STATUS_BUSY;
    case OWNER_UNKNOWN:
        return STATUS_NO_SUCH_PROCESS;
    }
    return STATUS_NO_SUCH_PROCESS;
}

/*
 * Takes the lock for `number` where it is free, else says in the word that somebody waits and whose
 * it is. What is said of an owner holds for the word that named it, so that must still be there.
 * Errors: STATUS_TRY_AGAIN, it is another's, `*owner`; STATUS_DEADLOCK, it is its own;
 * STATUS_NO_SUCH_PROCESS; STATUS_BUSY, its owner is about to leave it; STATUS_FAULT.
 */
static enum status take(struct futex_bucket *bucket, const struct futex_key *key, uint64_t address,
                        uint32_t number, uint32_t *owner) REQUIRES(bucket->lock) {
    const struct futex_waiter *first = first_for_lock(bucket, key);
    uint32_t value;
    if (!user_copy_word(&value, virt_addr(address))) {
        return STATUS_FAULT;
    }
    for (;;) {
        uint32_t next;
        enum status planned = plan(first, value, owner, number, &next);
        enum status status = exchange(address, &value, next);
        if (status != STATUS_TRY_AGAIN) {
            return status == STATUS_OK ? planned : status;
        }
    }
}

/* The lock is the heir's already: only the word does not know it yet. */
static enum status write_heir(const struct futex_waiter *waiter, uint64_t address) {
    uint32_t value;
    if (!user_copy_word(&value, virt_addr(address))) {
        return STATUS_FAULT;
    }
    enum status status = STATUS_TRY_AGAIN;
    while (status == STATUS_TRY_AGAIN) {
        uint32_t next = waiter->task_number | FUTEX_OWNER_DIED | (value & FUTEX_HAS_WAITERS);
        status = exchange(address, &value, next);
    }
    return status;
}

/* An heir stays in its bucket, before all others, until the word says whose the lock is. */
static enum status settle_heir(struct futex_waiter *waiter, uint64_t address) NO_CAPABILITY_CHECK {
    struct futex_bucket *bucket = futex_lock_bucket_with(waiter);
    enum status status = STATUS_OK;
    if (!waiter->is_woken) {
        status = write_heir(waiter, address);
        list_remove(&waiter->link);
    }
    futex_unlock_bucket(bucket);
    return status;
}

static enum status wait_for_lock(struct futex_waiter *waiter, uint64_t address,
                                 uint64_t deadline_ns) {
    enum status status = futex_sleep(waiter, deadline_ns);
    if (waiter->is_heir) {
        status = settle_heir(waiter, address);
    }
    end_waiting();
    return status;
}

static enum status take_or_enqueue(struct futex_waiter *waiter, uint64_t address, bool is_patient) {
    struct futex_bucket *bucket = futex_bucket_of(&waiter->key);
    waiter->bucket = bucket;
    if (!futex_touch_word(address)) {
        return STATUS_FAULT;
    }
    begin_waiting();
    futex_lock_bucket(bucket);
    enum status status = take(bucket, &waiter->key, address, waiter->task_number, &waiter->owner);
    bool waits = status == STATUS_TRY_AGAIN && is_patient;
    if (waits) {
        list_push_back(&bucket->waiters, &waiter->link);
    }
    futex_unlock_bucket(bucket);
    if (!waits) {
        end_waiting();
    }
    return status;
}

static struct futex_waiter waiter_for_lock(const struct futex_key *key, struct sleeper *sleeper) {
    return (struct futex_waiter){
        .key = *key,
        .bits = FUTEX_ANY,
        .sleeper = sleeper,
        .kind = FUTEX_WANTS_LOCK,
        .task_number = task_current()->number,
    };
}

enum status futex_lock(const struct futex_key *key, uint64_t address, uint64_t deadline_ns) {
    struct sleeper sleeper = {};
    struct futex_waiter waiter = waiter_for_lock(key, &sleeper);
    enum status status = take_or_enqueue(&waiter, address, true);
    while (status == STATUS_BUSY && !signal_is_pending()) {
        thread_yield();
        status = take_or_enqueue(&waiter, address, true);
    }
    if (status == STATUS_BUSY) {
        return STATUS_INTERRUPTED;
    }
    return status == STATUS_TRY_AGAIN ? wait_for_lock(&waiter, address, deadline_ns) : status;
}

enum status futex_try_lock(const struct futex_key *key, uint64_t address) {
    struct futex_waiter waiter = waiter_for_lock(key, nullptr);
    enum status status = take_or_enqueue(&waiter, address, false);
    return status == STATUS_BUSY ? STATUS_TRY_AGAIN : status;
}

/* Whose turn it is next is in the word before anybody can see it free. */
static enum status hand_over(struct futex_bucket *bucket, const struct futex_key *key,
                             uint64_t address) REQUIRES(bucket->lock) {
    uint32_t value;
    if (!user_copy_word(&value, virt_addr(address))) {
        return STATUS_FAULT;
    }
    enum status status = STATUS_TRY_AGAIN;
    while (status == STATUS_TRY_AGAIN) {
        if ((value & FUTEX_OWNER) != task_current()->number) {
            return STATUS_NOT_PERMITTED;
        }
        struct futex_waiter *next = first_for_lock(bucket, key);
        status = exchange(address, &value, next ? next->task_number | FUTEX_HAS_WAITERS : 0);
        if (status == STATUS_OK && next) {
            futex_wake_waiter(next);
            set_owner(bucket, key, next->task_number);
        }
    }
    return status;
}

enum status futex_unlock(const struct futex_key *key, uint64_t address) {
    struct futex_bucket *bucket = futex_bucket_of(key);
    if (!futex_touch_word(address)) {
        return STATUS_FAULT;
    }
    futex_lock_bucket(bucket);
    enum status status = hand_over(bucket, key, address);
    futex_unlock_bucket(bucket);
    return status;
}

static void pass_on_in(struct futex_bucket *bucket, uint32_t dead) REQUIRES(bucket->lock) {
    struct list_node *next;
    for (struct list_node *at = bucket->waiters.next; at != &bucket->waiters; at = next) {
        struct futex_waiter *waiter = LIST_ENTRY(at, struct futex_waiter, link);
        next = at->next;
        if (waiter->kind == FUTEX_WANTS_LOCK && waiter->owner == dead) {
            set_owner(bucket, &waiter->key, waiter->task_number);
            __atomic_store_n(&waiter->is_heir, true, __ATOMIC_RELEASE);
            sleeper_wake(waiter->sleeper);
        }
    }
}

void futex_pass_locks_on(uint32_t task_number) {
    if (__atomic_load_n(&waiting_count, __ATOMIC_SEQ_CST) == 0) {
        return;
    }
    for (struct futex_bucket *bucket = futex_bucket_after(nullptr); bucket != nullptr;
         bucket = futex_bucket_after(bucket)) {
        futex_lock_bucket(bucket);
        pass_on_in(bucket, task_number);
        futex_unlock_bucket(bucket);
    }
}

enum status futex_wait_for_lock(const struct futex_lock_wait *wait) {
    struct sleeper sleeper = {};
    struct futex_waiter waiter = waiter_for_lock(&wait->key, &sleeper);
    waiter.kind = FUTEX_WILL_WANT;
    waiter.lock_key = wait->lock_key;
    if (futex_key_is_same(&wait->key, &wait->lock_key)) {
        return STATUS_INVALID;
    }
    begin_waiting();
    enum status status = futex_enqueue(&waiter, wait->address, wait->expected);
    if (status != STATUS_OK) {
        end_waiting();
        return status;
    }
    status = wait_for_lock(&waiter, wait->lock_address, wait->deadline_ns);
    /* One that was not moved yet starts over by itself: Linux tells it that it must look again. */
    return status == STATUS_INTERRUPTED && waiter.kind == FUTEX_WILL_WANT ? STATUS_TRY_AGAIN
                                                                          : status;
}

/* One waiter gets the lock, or waits for it. */
static enum status move_to_lock(struct futex_waiter *waiter, const struct futex_requeue *request,
                                uint64_t lock_address, struct futex_bucket *to) REQUIRES(to->lock) {
    enum status status = take(to, &request->to, lock_address, waiter->task_number, &waiter->owner);
    if (status == STATUS_OK) {
        waiter->kind = FUTEX_WANTS_LOCK;
        futex_wake_waiter(waiter);
        return STATUS_OK;
    }
    if (status != STATUS_TRY_AGAIN) {
        return status;
    }
    list_remove(&waiter->link);
    waiter->kind = FUTEX_WANTS_LOCK;
    futex_move(waiter, &request->to, to);
    list_push_back(&to->waiters, &waiter->link);
    return STATUS_OK;
}

static int64_t move_all(const struct futex_requeue *request, uint64_t lock_address,
                        struct futex_bucket *from, struct futex_bucket *to) NO_CAPABILITY_CHECK {
    int64_t done = 0;
    struct list_node *next;
    for (struct list_node *at = from->waiters.next;
         at != &from->waiters && done <= request->move_count; at = next) {
        struct futex_waiter *waiter = LIST_ENTRY(at, struct futex_waiter, link);
        next = at->next;
        if (!futex_key_is_same(&waiter->key, &request->from)) {
            continue;
        }
        if (waiter->kind != FUTEX_WILL_WANT ||
            !futex_key_is_same(&waiter->lock_key, &request->to)) {
            return STATUS_INVALID;
        }
        enum status status = move_to_lock(waiter, request, lock_address, to);
        if (status != STATUS_OK) {
            return done > 0 ? done : status;
        }
        done++;
    }
    return done;
}

int64_t futex_requeue_to_lock(const struct futex_requeue *request, uint64_t lock_address) {
    struct futex_bucket *from = futex_bucket_of(&request->from);
    struct futex_bucket *to = futex_bucket_of(&request->to);
    if (request->wake_count != 1 || futex_key_is_same(&request->from, &request->to)) {
        return STATUS_INVALID;
    }
    if (!futex_touch_word(request->address) || !futex_touch_word(lock_address)) {
        return STATUS_FAULT;
    }
    futex_lock_both(from, to);
    int64_t result = futex_check_word(request->address, *request->expected);
    if (result == STATUS_OK) {
        result = move_all(request, lock_address, from, to);
    }
    futex_unlock_both(from, to);
    return result;
}
