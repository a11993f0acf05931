#include "kernel/process/futex.h"

#include "kernel/clock/sleep.h"
#include "kernel/cpu/user_copy.h"
#include "kernel/process/lifecycle.h"
#include "mm/lock/sleep_lock.h"

constexpr unsigned BUCKET_COUNT = 256;
constexpr uint64_t KEY_OF_SHARED = 1; /* as on Linux, no waiter of FUTEX_PRIVATE_FLAG hears of it */

/* Its lock is held while the word is read, which may fault: so it sleeps, and comes before a
 * space's. */
struct bucket {
    struct sleep_lock lock;
    struct list_node waiters; /* guarded by lock */
};

struct futex_waiter {
    struct list_node link; /* guarded by the bucket's lock, as all but the bucket itself */
    struct bucket *bucket; /* atomic; changed with both buckets locked */
    struct futex_key key;
    uint32_t bits;
    struct sleeper sleeper;
    bool is_woken; /* and in no bucket any more */
};

static struct bucket buckets[BUCKET_COUNT];

static struct bucket *bucket_of(const struct futex_key *key) {
    constexpr uint64_t spread = 0x9e3779b97f4a7c15; /* 2^64 over the golden ratio */
    uint64_t mixed = ((uint64_t)key->memory ^ key->offset * 31) * spread;
    return &buckets[mixed >> 56];
}

static_assert(BUCKET_COUNT == 1 << 8);

static void lock(struct bucket *bucket) ACQUIRES(bucket->lock) {
    sleep_lock_acquire(&bucket->lock);
    if (bucket->waiters.next == nullptr) {
        list_init(&bucket->waiters);
    }
}

static void unlock(struct bucket *bucket) RELEASES(bucket->lock) {
    sleep_lock_release(&bucket->lock);
}

/* Two at once, in the order of their addresses; they may be one. */
static void lock_both(struct bucket *a, struct bucket *b) NO_CAPABILITY_CHECK {
    lock(a < b ? a : b);
    if (a != b) {
        lock(a < b ? b : a);
    }
}

static void unlock_both(struct bucket *a, struct bucket *b) NO_CAPABILITY_CHECK {
    unlock(a);
    if (a != b) {
        unlock(b);
    }
}

enum status futex_find_key(uint64_t address, bool is_private, struct futex_key *key) {
    struct process_memory *memory = process_current()->memory;
    if (!is_aligned(address, sizeof(uint32_t))) {
        return STATUS_INVALID;
    }
    if (!is_user_memory(virt_addr(address), sizeof(uint32_t))) {
        return STATUS_FAULT;
    }
    *key = (struct futex_key){memory, address};
    if (is_private) {
        return STATUS_OK;
    }
    struct vm_area area;
    if (!space_find_area(memory->space, virt_addr(address), &area) ||
        !(area.attributes.rights & RIGHT_READ)) {
        return STATUS_FAULT;
    }
    key->offset |= KEY_OF_SHARED;
    return STATUS_OK;
}

static bool is_same(const struct futex_key *a, const struct futex_key *b) {
    return a->memory == b->memory && a->offset == b->offset;
}

static void wake(struct futex_waiter *waiter) {
    list_remove(&waiter->link);
    __atomic_store_n(&waiter->is_woken, true, __ATOMIC_RELEASE);
    sleeper_wake(&waiter->sleeper);
}

/* Whether the word still is what the caller saw. */
static enum status check_word(uint64_t address, uint32_t expected) {
    uint32_t value;
    if (!user_copy_word(&value, virt_addr(address))) {
        return STATUS_FAULT;
    }
    return value == expected ? STATUS_OK : STATUS_TRY_AGAIN;
}

static enum status enqueue(struct futex_waiter *waiter, uint64_t address, uint32_t expected) {
    struct bucket *bucket = bucket_of(&waiter->key);
    waiter->bucket = bucket;
    lock(bucket);
    enum status status = check_word(address, expected);
    if (status == STATUS_OK) {
        list_push_back(&bucket->waiters, &waiter->link);
    }
    unlock(bucket);
    return status;
}

/* Takes a waiter out that may have been moved meanwhile; false: it was woken. */
static bool give_up(struct futex_waiter *waiter) {
    for (;;) {
        struct bucket *bucket = __atomic_load_n(&waiter->bucket, __ATOMIC_ACQUIRE);
        lock(bucket);
        bool is_there = __atomic_load_n(&waiter->bucket, __ATOMIC_RELAXED) == bucket;
        bool is_waiting = is_there && !waiter->is_woken;
        if (is_waiting) {
            list_remove(&waiter->link);
        }
        unlock(bucket);
        if (is_there) {
            return is_waiting;
        }
    }
}

static bool is_woken(const struct futex_waiter *waiter) {
    return __atomic_load_n(&waiter->is_woken, __ATOMIC_ACQUIRE);
}

static enum status sleep(struct futex_waiter *waiter, uint64_t deadline_ns) {
    struct alarm alarm;
    enum status status = STATUS_OK;
    alarm_begin(&alarm, &waiter->sleeper, deadline_ns);
    while (!is_woken(waiter) && status == STATUS_OK) {
        if (alarm_has_rung(&alarm)) {
            status = STATUS_TIMED_OUT;
        } else {
            status = sleeper_sleep(&waiter->sleeper);
            sleeper_prepare(&waiter->sleeper);
        }
    }
    alarm_end(&alarm);
    return give_up(waiter) ? status : STATUS_OK;
}

enum status futex_wait(const struct futex_key *key, uint64_t address, uint32_t expected,
                       uint32_t bits, uint64_t deadline_ns) {
    struct futex_waiter waiter = {.key = *key, .bits = bits};
    enum status status = enqueue(&waiter, address, expected);
    return status == STATUS_OK ? sleep(&waiter, deadline_ns) : status;
}

/* Wakes up to `count` in a bucket that is locked. */
static uint32_t wake_in(struct bucket *bucket, const struct futex_key *key, uint32_t count,
                        uint32_t bits) {
    uint32_t done = 0;
    struct list_node *next;
    for (struct list_node *at = bucket->waiters.next; at != &bucket->waiters && done < count;
         at = next) {
        struct futex_waiter *waiter = LIST_ENTRY(at, struct futex_waiter, link);
        next = at->next;
        if (is_same(&waiter->key, key) && (waiter->bits & bits)) {
            wake(waiter);
            done++;
        }
    }
    return done;
}

int64_t futex_wake(const struct futex_key *key, uint32_t count, uint32_t bits) {
    struct bucket *bucket = bucket_of(key);
    lock(bucket);
    uint32_t done = wake_in(bucket, key, count, bits);
    unlock(bucket);
    return done;
}

static uint32_t move(const struct futex_requeue *request, struct bucket *from, struct bucket *to) {
    uint32_t done = 0;
    struct list_node moved;
    list_init(&moved);
    struct list_node *next;
    for (struct list_node *at = from->waiters.next;
         at != &from->waiters && done < request->move_count; at = next) {
        struct futex_waiter *waiter = LIST_ENTRY(at, struct futex_waiter, link);
        next = at->next;
        if (is_same(&waiter->key, &request->from)) {
            list_remove(at);
            list_push_back(&moved, at);
            waiter->key = request->to;
            __atomic_store_n(&waiter->bucket, to, __ATOMIC_RELEASE);
            done++;
        }
    }
    struct list_node *node;
    while ((node = list_pop_front(&moved)) != nullptr) {
        list_push_back(&to->waiters, node);
    }
    return done;
}

int64_t futex_requeue(const struct futex_requeue *request) {
    struct bucket *from = bucket_of(&request->from);
    struct bucket *to = bucket_of(&request->to);
    int64_t result = 0;
    lock_both(from, to);
    if (request->expected) {
        result = check_word(request->address, *request->expected);
    }
    if (result == STATUS_OK) {
        result = wake_in(from, &request->from, request->wake_count, FUTEX_ANY);
        result += move(request, from, to);
    }
    unlock_both(from, to);
    return result;
}

/* struct robust_list_head of Linux's <linux/futex.h>. */
struct robust_head {
    uint64_t next;
    int64_t word_offset;
    uint64_t pending;
};

constexpr unsigned ROBUST_MAX = 2048; /* entries that are followed, as on Linux */
constexpr uint32_t WORD_OWNER = 0x3fffffff;
constexpr uint32_t WORD_OWNER_DIED = 0x40000000;
constexpr uint32_t WORD_HAS_WAITERS = 0x80000000;

static void wake_one_at(uint64_t address) {
    struct futex_key key;
    if (futex_find_key(address, false, &key) == STATUS_OK) {
        (void)futex_wake(&key, 1, FUTEX_ANY);
    }
}

/* Says in a lock that the task held it and has died. */
static void release_robust(const struct task *task, uint64_t address) {
    uint32_t value;
    if (!is_aligned(address, sizeof(value)) || !user_copy_word(&value, virt_addr(address))) {
        return;
    }
    while ((value & WORD_OWNER) == task->number) {
        uint32_t seen = value;
        uint32_t next = (value & WORD_HAS_WAITERS) | WORD_OWNER_DIED;
        if (!user_compare_exchange(virt_addr(address), &seen, next)) {
            return;
        }
        if (seen == value) {
            if (value & WORD_HAS_WAITERS) {
                wake_one_at(address);
            }
            return;
        }
        value = seen;
    }
}

static void release_robust_list(const struct task *task) {
    struct robust_head head;
    if (task->robust_list == 0 ||
        user_copy_in(&head, virt_addr(task->robust_list), sizeof(head)) != 0) {
        return;
    }
    uint64_t at = head.next & ~1ull;
    for (unsigned i = 0; i < ROBUST_MAX && at != task->robust_list; i++) {
        uint64_t next;
        bool has_next = user_copy_in(&next, virt_addr(at), sizeof(next)) == 0;
        if (at != (head.pending & ~1ull)) {
            release_robust(task, at + (uint64_t)head.word_offset);
        }
        if (!has_next) {
            return;
        }
        at = next & ~1ull;
    }
    if (head.pending != 0) {
        release_robust(task, (head.pending & ~1ull) + (uint64_t)head.word_offset);
    }
}

void task_release_futexes(struct task *task) {
    release_robust_list(task);
    task->robust_list = 0;
    uint64_t address = task->clear_id_address;
    task->clear_id_address = 0;
    if (address != 0) {
        const uint32_t none = 0;
        if (user_copy_out(virt_addr(address), &none, sizeof(none)) == 0) {
            wake_one_at(address);
        }
    }
}
