#include "kernel/files/locks/locks.h"

#include "kernel/files/wait/wait.h"
#include "lib/check.h"
#include "lib/list.h"
#include "mm/heap/heap.h"
#include "mm/lock/sleep_lock.h"

constexpr unsigned CIRCLE_LENGTH_MAX = 10; /* as on Linux: longer ones are not found out */

struct range_lock {
    struct list_node link;
    struct lock_request is;
};

/* Who waits, and for whom. */
struct lock_wait {
    struct list_node link;
    const void *owner;
    const void *blocker;
};

/* The locks of what has the same hash, and who waits for one of them. */
struct lock_bucket {
    struct list_node locks; /* guarded by locks_lock; not yet made while its links are null */
    uint64_t lock_count;    /* atomic; changed under locks_lock */
    struct wait_queue changed;
};

constexpr unsigned BUCKET_COUNT_SHIFT = 8;

static struct sleep_lock locks_lock;
static struct lock_bucket buckets[1 << BUCKET_COUNT_SHIFT];
static struct list_node waits = {&waits, &waits}; /* guarded by locks_lock */

/* Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4). */
static struct lock_bucket *place_of(const void *what) {
    uint64_t product = (uint64_t)(uintptr_t)what * 0x9e37'79b9'7f4a'7c15;
    return &buckets[product >> (64 - BUCKET_COUNT_SHIFT)];
}

static struct lock_bucket *bucket_of(const void *what) REQUIRES(locks_lock) {
    struct lock_bucket *bucket = place_of(what);
    if (bucket->locks.next == nullptr) {
        list_init(&bucket->locks);
        wait_queue_init(&bucket->changed);
    }
    return bucket;
}

/* Those that a request can meet. */
static struct list_node *locks_near(const struct lock_request *request) REQUIRES(locks_lock) {
    return &bucket_of(request->what)->locks;
}

static struct range_lock *lock_of(struct list_node *node) {
    return LIST_ENTRY(node, struct range_lock, link);
}

static bool is_of_same_thing(const struct lock_request *a, const struct lock_request *b) {
    return a->what == b->what && a->family == b->family;
}

static bool is_own(const struct lock_request *a, const struct lock_request *b) {
    return is_of_same_thing(a, b) && a->owner == b->owner;
}

static bool overlaps(const struct lock_request *a, const struct lock_request *b) {
    return a->start <= b->end && b->start <= a->end;
}

static bool is_in_the_way(const struct lock_request *lock, const struct lock_request *request) {
    return is_of_same_thing(lock, request) && lock->owner != request->owner &&
           overlaps(lock, request) &&
           (lock->type == LOCK_EXCLUSIVE || request->type == LOCK_EXCLUSIVE);
}

static struct range_lock *find_obstacle(const struct lock_request *request) REQUIRES(locks_lock) {
    struct list_node *locks = locks_near(request);
    for (struct list_node *at = locks->next; at != locks; at = at->next) {
        if (request->type != LOCK_NONE && is_in_the_way(&lock_of(at)->is, request)) {
            return lock_of(at);
        }
    }
    return nullptr;
}

/* Whoever gives the range up asks for what they have there themselves. */
static struct range_lock *find_own(const struct lock_request *request) REQUIRES(locks_lock) {
    struct list_node *locks = locks_near(request);
    for (struct list_node *at = locks->next; at != locks; at = at->next) {
        if (is_own(&lock_of(at)->is, request) && overlaps(&lock_of(at)->is, request)) {
            return lock_of(at);
        }
    }
    return nullptr;
}

/* The locks of one owner stand together, those that begin first in front. */
static void add(struct range_lock *lock, const struct lock_request *is) REQUIRES(locks_lock) {
    struct lock_bucket *bucket = bucket_of(is->what);
    struct list_node *locks = &bucket->locks;
    struct list_node *before = locks->prev;
    lock->is = *is;
    for (struct list_node *at = locks->next; at != locks; at = at->next) {
        if (!is_own(&lock_of(at)->is, is)) {
            continue;
        }
        before = lock_of(at)->is.start < is->start ? at : at->prev;
        if (lock_of(at)->is.start >= is->start) {
            break;
        }
    }
    list_insert_after(before, &lock->link);
    __atomic_fetch_add(&bucket->lock_count, 1, __ATOMIC_RELEASE);
}

static void drop(struct range_lock *lock) REQUIRES(locks_lock) {
    list_remove(&lock->link);
    __atomic_fetch_sub(&bucket_of(lock->is.what)->lock_count, 1, __ATOMIC_RELEASE);
    heap_free(lock);
}

/* Takes the range out of an own lock that it overlaps; returns whether `spare` was needed, for the
 * part behind a range in the middle. */
static bool cut(struct range_lock *lock, const struct lock_request *range, struct range_lock *spare)
    REQUIRES(locks_lock) {
    struct lock_request behind = lock->is;
    bool is_left_before = lock->is.start < range->start;
    bool is_left_behind = lock->is.end > range->end;
    if (!is_left_before && !is_left_behind) {
        drop(lock);
        return false;
    }
    if (!is_left_before) {
        lock->is.start = range->end + 1;
        return false;
    }
    lock->is.end = range->start - 1;
    if (is_left_behind) {
        CHECK(spare != nullptr); /* an owner's locks are disjoint: one reaches beyond both ends */
        behind.start = range->end + 1;
        add(spare, &behind);
    }
    return is_left_behind;
}

/* Whether an own lock of the same type touches the range. */
static bool can_join(const struct lock_request *lock, const struct lock_request *range) {
    bool touches =
        lock->end < range->start ? lock->end + 1 == range->start : lock->start <= range->end + 1;
    return is_own(lock, range) && lock->type == range->type && touches;
}

/* Drops what touches the range and is of its type, which grows to hold it. */
static void join(struct lock_request *range) REQUIRES(locks_lock) {
    struct list_node *locks = locks_near(range);
    for (struct list_node *at = locks->next; at != locks;) {
        struct range_lock *lock = lock_of(at);
        at = at->next;
        if (can_join(&lock->is, range)) {
            range->start = lock->is.start < range->start ? lock->is.start : range->start;
            range->end = lock->is.end > range->end ? lock->is.end : range->end;
            drop(lock);
        }
    }
}

/* Returns which of the two was needed. */
static void apply(const struct lock_request *request, struct range_lock **made,
                  struct range_lock **spare) REQUIRES(locks_lock) {
    struct list_node *locks = locks_near(request);
    struct lock_request range = *request;
    if (range.type != LOCK_NONE) {
        join(&range);
    }
    for (struct list_node *at = locks->next; at != locks;) {
        struct range_lock *lock = lock_of(at);
        at = at->next;
        bool is_cut = is_own(&lock->is, &range) && overlaps(&lock->is, &range);
        if (is_cut && cut(lock, &range, *spare)) {
            *spare = nullptr;
        }
    }
    if (range.type != LOCK_NONE) {
        add(*made, &range);
        *made = nullptr;
    }
}

/* Whether who is in the way waits, over others, for this owner. */
static bool is_circle(const void *owner, const void *blocker) REQUIRES(locks_lock) {
    for (unsigned length = 0; length < CIRCLE_LENGTH_MAX && blocker != nullptr; length++) {
        if (blocker == owner) {
            return true;
        }
        const void *next = nullptr;
        for (struct list_node *at = waits.next; at != &waits && next == nullptr; at = at->next) {
            const struct lock_wait *wait = LIST_ENTRY(at, struct lock_wait, link);
            next = wait->owner == blocker ? wait->blocker : nullptr;
        }
        blocker = next;
    }
    return false;
}

/* Sleeps until a lock that the request can meet has changed. */
static enum status wait_for_change(const struct lock_request *request, const void *blocker)
    REQUIRES(locks_lock) {
    struct sleeper sleeper = {};
    struct waiter waiter = {.sleeper = &sleeper};
    struct lock_wait wait = {.owner = request->owner, .blocker = blocker};
    list_push_back(&waits, &wait.link);
    wait_queue_add(&bucket_of(request->what)->changed, &waiter);
    sleep_lock_release(&locks_lock);
    enum status status = sleeper_sleep(&sleeper);
    waiter_remove(&waiter);
    sleep_lock_acquire(&locks_lock);
    list_remove(&wait.link);
    return status;
}

static enum status wait_until_free(const struct lock_request *request, enum lock_patience patience)
    REQUIRES(locks_lock) {
    struct range_lock *obstacle;
    while ((obstacle = find_obstacle(request)) != nullptr) {
        if (patience == LOCK_AT_ONCE) {
            return STATUS_TRY_AGAIN;
        }
        const void *blocker = obstacle->is.owner;
        if (patience == LOCK_WAITS_FOR_PROCESSES && is_circle(request->owner, blocker)) {
            return STATUS_DEADLOCK;
        }
        enum status status = wait_for_change(request, blocker);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status lock_set(const struct lock_request *request, enum lock_patience patience) {
    struct range_lock *made = heap_alloc(sizeof(*made));
    struct range_lock *spare = heap_alloc(sizeof(*spare));
    enum status status = made == nullptr || spare == nullptr ? STATUS_NO_LOCKS : STATUS_OK;
    sleep_lock_acquire(&locks_lock);
    if (status == STATUS_OK) {
        status = wait_until_free(request, patience);
    }
    if (status == STATUS_OK) {
        apply(request, &made, &spare);
        wait_queue_wake(&bucket_of(request->what)->changed);
    }
    sleep_lock_release(&locks_lock);
    heap_free(made);
    heap_free(spare);
    return status;
}

static bool has_same(const struct lock_request *request) {
    bool is_found = false;
    sleep_lock_acquire(&locks_lock);
    struct list_node *locks = locks_near(request);
    for (struct list_node *at = locks->next; at != locks && !is_found; at = at->next) {
        is_found = is_own(&lock_of(at)->is, request) && lock_of(at)->is.type == request->type;
    }
    sleep_lock_release(&locks_lock);
    return is_found;
}

enum status lock_set_whole(const struct lock_request *request, enum lock_patience patience) {
    if (has_same(request)) {
        return STATUS_OK;
    }
    struct lock_request nothing = *request;
    nothing.type = LOCK_NONE;
    enum status status = lock_set(&nothing, LOCK_AT_ONCE);
    return status == STATUS_OK && request->type != LOCK_NONE ? lock_set(request, patience) : status;
}

bool lock_find(const struct lock_request *request, struct lock_request *found) {
    sleep_lock_acquire(&locks_lock);
    const struct range_lock *obstacle =
        request->type == LOCK_NONE ? find_own(request) : find_obstacle(request);
    if (obstacle != nullptr) {
        *found = obstacle->is;
    }
    sleep_lock_release(&locks_lock);
    return obstacle != nullptr;
}

void locks_drop(const void *what, const void *owner) {
    if (__atomic_load_n(&place_of(what)->lock_count, __ATOMIC_ACQUIRE) == 0) {
        return;
    }
    sleep_lock_acquire(&locks_lock);
    struct lock_bucket *bucket = bucket_of(what);
    struct list_node *locks = &bucket->locks;
    for (struct list_node *at = locks->next; at != locks;) {
        struct range_lock *lock = lock_of(at);
        at = at->next;
        if (lock->is.what == what && lock->is.owner == owner) {
            drop(lock);
        }
    }
    wait_queue_wake(&bucket->changed);
    sleep_lock_release(&locks_lock);
}
