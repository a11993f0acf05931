#include "kernel/process/futex.h"

#include "kernel/clock/sleep.h"
#include "kernel/cpu/user_copy.h"
#include "kernel/process/futex_queue.h"
#include "kernel/process/lifecycle.h"
#include "mm/object/memory_object.h"

constexpr unsigned BUCKET_COUNT = 256;
constexpr uint64_t KEY_OF_SHARED = 1; /* as on Linux, no waiter of FUTEX_PRIVATE_FLAG hears of it */

static struct futex_bucket buckets[BUCKET_COUNT];

struct futex_bucket *futex_bucket_of(const struct futex_key *key) {
    constexpr uint64_t spread = 0x9e3779b97f4a7c15; /* 2^64 over the golden ratio */
    uint64_t mixed = (key->memory ^ key->offset * 31) * spread;
    return &buckets[mixed >> 56];
}

static_assert(BUCKET_COUNT == 1 << 8);

void futex_lock_bucket(struct futex_bucket *bucket) {
    sleep_lock_acquire(&bucket->lock);
    if (bucket->waiters.next == nullptr) {
        list_init(&bucket->waiters);
    }
}

void futex_unlock_bucket(struct futex_bucket *bucket) {
    sleep_lock_release(&bucket->lock);
}

void futex_lock_both(struct futex_bucket *a, struct futex_bucket *b) {
    futex_lock_bucket(a < b ? a : b);
    if (a != b) {
        futex_lock_bucket(a < b ? b : a);
    }
}

void futex_unlock_both(struct futex_bucket *a, struct futex_bucket *b) {
    futex_unlock_bucket(a);
    if (a != b) {
        futex_unlock_bucket(b);
    }
}

struct futex_bucket *futex_bucket_after(struct futex_bucket *bucket) {
    struct futex_bucket *next = bucket ? bucket + 1 : buckets;
    return next < buckets + BUCKET_COUNT ? next : nullptr;
}

/* With the space locked, so that what the area shows cannot go. */
static enum status find_shared_key(const struct address_space *space, uint64_t address,
                                   struct futex_key *key) {
    struct vm_area area;
    if (!space_find_area_unlocked(space, virt_addr(address), &area) ||
        !(area.attributes.rights & RIGHT_READ)) {
        return STATUS_FAULT;
    }
    if (!area.source && !(area.attributes.rights & RIGHT_WRITE)) {
        return STATUS_FAULT; /* as on Linux, for memory that nobody else can write to either */
    }
    if (area.is_shared && area.source) {
        key->memory = memory_object_number(area.source->object);
        key->offset += (area.source_page << PAGE_SHIFT) - area.range.start.value;
    }
    key->offset |= KEY_OF_SHARED;
    return STATUS_OK;
}

enum status futex_find_key(uint64_t address, bool is_private, struct futex_key *key) {
    struct process_memory *memory = process_current()->memory;
    if (!is_aligned(address, sizeof(uint32_t))) {
        return STATUS_INVALID;
    }
    if (!is_user_memory(virt_addr(address), sizeof(uint32_t))) {
        return STATUS_FAULT;
    }
    *key = (struct futex_key){(uint64_t)memory, address};
    if (is_private) {
        return STATUS_OK;
    }
    struct locked_range token;
    space_lock_for_reading(memory->space, space_user_range(), &token);
    enum status status = find_shared_key(memory->space, address, key);
    space_unlock(&token);
    return status;
}

void futex_wake_waiter(struct futex_waiter *waiter) {
    list_remove(&waiter->link);
    __atomic_store_n(&waiter->is_woken, true, __ATOMIC_RELEASE);
    sleeper_wake(waiter->sleeper);
}

bool futex_touch_word(uint64_t address) {
    uint32_t value;
    return user_copy_word(&value, virt_addr(address));
}

enum status futex_check_word(uint64_t address, uint32_t expected) {
    uint32_t value;
    if (!user_copy_word(&value, virt_addr(address))) {
        return STATUS_FAULT;
    }
    return value == expected ? STATUS_OK : STATUS_TRY_AGAIN;
}

enum status futex_enqueue(struct futex_waiter *waiter, uint64_t address, uint32_t expected) {
    struct futex_bucket *bucket = futex_bucket_of(&waiter->key);
    waiter->bucket = bucket;
    if (!futex_touch_word(address)) {
        return STATUS_FAULT;
    }
    futex_lock_bucket(bucket);
    enum status status = futex_check_word(address, expected);
    if (status == STATUS_OK) {
        list_push_back(&bucket->waiters, &waiter->link);
    }
    futex_unlock_bucket(bucket);
    return status;
}

struct futex_bucket *futex_lock_bucket_with(struct futex_waiter *waiter) NO_CAPABILITY_CHECK {
    for (;;) {
        struct futex_bucket *bucket = __atomic_load_n(&waiter->bucket, __ATOMIC_ACQUIRE);
        futex_lock_bucket(bucket);
        if (__atomic_load_n(&waiter->bucket, __ATOMIC_RELAXED) == bucket) {
            return bucket;
        }
        futex_unlock_bucket(bucket);
    }
}

bool futex_give_up(struct futex_waiter *waiter) NO_CAPABILITY_CHECK {
    struct futex_bucket *bucket = futex_lock_bucket_with(waiter);
    bool is_waiting = !waiter->is_woken && !waiter->is_heir;
    if (is_waiting) {
        list_remove(&waiter->link);
    }
    futex_unlock_bucket(bucket);
    return is_waiting;
}

static bool has_what_it_wants(const struct futex_waiter *waiter) {
    return __atomic_load_n(&waiter->is_woken, __ATOMIC_ACQUIRE) ||
           __atomic_load_n(&waiter->is_heir, __ATOMIC_ACQUIRE);
}

enum status futex_sleep(struct futex_waiter *waiter, uint64_t deadline_ns) {
    struct alarm alarm;
    enum status status = STATUS_OK;
    alarm_begin(&alarm, waiter->sleeper, deadline_ns);
    while (!has_what_it_wants(waiter) && status == STATUS_OK) {
        if (alarm_has_rung(&alarm)) {
            status = STATUS_TIMED_OUT;
        } else {
            status = sleeper_sleep(waiter->sleeper);
            sleeper_prepare(waiter->sleeper);
        }
    }
    alarm_end(&alarm);
    return futex_give_up(waiter) ? status : STATUS_OK;
}

enum status futex_wait(const struct futex_key *key, uint64_t address, uint32_t expected,
                       uint32_t bits, uint64_t deadline_ns) {
    struct sleeper sleeper = {};
    struct futex_waiter waiter = {.key = *key, .bits = bits, .sleeper = &sleeper};
    enum status status = futex_enqueue(&waiter, address, expected);
    return status == STATUS_OK ? futex_sleep(&waiter, deadline_ns) : status;
}

static int64_t wake_in(struct futex_bucket *bucket, const struct futex_key *key, uint32_t count,
                       uint32_t bits) {
    int64_t done = 0;
    struct list_node *next;
    for (struct list_node *at = bucket->waiters.next; at != &bucket->waiters && done < count;
         at = next) {
        struct futex_waiter *waiter = LIST_ENTRY(at, struct futex_waiter, link);
        next = at->next;
        if (!futex_key_is_same(&waiter->key, key)) {
            continue;
        }
        if (waiter->kind != FUTEX_WAITS) {
            return STATUS_INVALID;
        }
        if (waiter->bits & bits) {
            futex_wake_waiter(waiter);
            done++;
        }
    }
    return done;
}

int64_t futex_wake(const struct futex_key *key, uint32_t count, uint32_t bits) {
    struct futex_bucket *bucket = futex_bucket_of(key);
    futex_lock_bucket(bucket);
    int64_t done = wake_in(bucket, key, count, bits);
    futex_unlock_bucket(bucket);
    return done;
}

/* Who waits for a lock that is handed over is not moved so: STATUS_INVALID. */
static int64_t move(const struct futex_requeue *request, struct futex_bucket *from,
                    struct futex_bucket *to) {
    int64_t done = 0;
    enum status status = STATUS_OK;
    struct list_node moved;
    list_init(&moved);
    struct list_node *next;
    for (struct list_node *at = from->waiters.next;
         at != &from->waiters && done < request->move_count && status == STATUS_OK; at = next) {
        struct futex_waiter *waiter = LIST_ENTRY(at, struct futex_waiter, link);
        next = at->next;
        if (!futex_key_is_same(&waiter->key, &request->from)) {
            continue;
        }
        if (waiter->kind != FUTEX_WAITS) {
            status = STATUS_INVALID;
            continue;
        }
        list_remove(at);
        list_push_back(&moved, at);
        futex_move(waiter, &request->to, to);
        done++;
    }
    struct list_node *node;
    while ((node = list_pop_front(&moved)) != nullptr) {
        list_push_back(&to->waiters, node);
    }
    return status == STATUS_OK ? done : status;
}

void futex_move(struct futex_waiter *waiter, const struct futex_key *key,
                struct futex_bucket *bucket) {
    waiter->key = *key;
    __atomic_store_n(&waiter->bucket, bucket, __ATOMIC_RELEASE);
}

int64_t futex_requeue(const struct futex_requeue *request) {
    struct futex_bucket *from = futex_bucket_of(&request->from);
    struct futex_bucket *to = futex_bucket_of(&request->to);
    int64_t result = 0;
    if (request->expected && !futex_touch_word(request->address)) {
        return STATUS_FAULT;
    }
    futex_lock_both(from, to);
    if (request->expected) {
        result = futex_check_word(request->address, *request->expected);
    }
    if (result == STATUS_OK) {
        result = wake_in(from, &request->from, request->wake_count, FUTEX_ANY);
    }
    if (result >= 0) {
        int64_t moved = move(request, from, to);
        result = moved >= 0 ? result + moved : moved;
    }
    futex_unlock_both(from, to);
    return result;
}
