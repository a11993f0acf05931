#include "kernel/process/id.h"

#include "kernel/thread/thread.h"
#include "mm/heap/heap.h"

constexpr uint32_t BUCKET_COUNT = 1024;
constexpr uint32_t FIRST_AGAIN = 300; /* where numbers start over, as on Linux */

struct spinlock process_tree;

static struct list_node buckets[BUCKET_COUNT]; /* ids by number; guarded by the tree lock */
static uint64_t is_used[ID_MAX / 64];          /* likewise */
static uint32_t last_number;                   /* likewise */

void tree_lock(void) {
    thread_preempt_disable();
    spinlock_acquire(&process_tree);
}

void tree_unlock(void) {
    spinlock_release(&process_tree);
    thread_preempt_enable();
}

static struct list_node *bucket_of(uint32_t number) {
    struct list_node *bucket = &buckets[number % BUCKET_COUNT];
    if (bucket->next == nullptr) {
        list_init(bucket);
    }
    return bucket;
}

/* The lowest unused number in [from, ID_MAX); 0: there is none. */
static uint32_t find_unused(uint32_t from) REQUIRES(process_tree) {
    uint64_t below = (1ull << from % 64) - 1; /* of the first word, not to be looked at */
    for (uint32_t word = from / 64; word < ID_MAX / 64; word++) {
        uint64_t unused = ~is_used[word] & ~below;
        if (unused != 0) {
            return word * 64 + (uint32_t)__builtin_ctzll(unused);
        }
        below = 0;
    }
    return 0;
}

static uint32_t take_number(void) REQUIRES(process_tree) {
    uint32_t number = find_unused(last_number + 1);
    if (number == 0) {
        number = find_unused(FIRST_AGAIN);
    }
    if (number != 0) {
        is_used[number / 64] |= 1ull << number % 64;
        last_number = number;
    }
    return number;
}

enum status id_create(struct id **id) {
    struct id *made = heap_alloc(sizeof(*made));
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    list_init(&made->groupers);
    list_init(&made->sitters);
    tree_lock();
    made->number = take_number();
    made->holder_count = 1;
    if (made->number != 0) {
        list_push_back(bucket_of(made->number), &made->link);
    }
    tree_unlock();
    if (made->number == 0) {
        heap_free(made);
        return STATUS_TRY_AGAIN;
    }
    *id = made;
    return STATUS_OK;
}

void id_hold(struct id *id) {
    id->holder_count++;
}

void id_release(struct id *id) {
    if (--id->holder_count > 0) {
        return;
    }
    is_used[id->number / 64] &= ~(1ull << id->number % 64);
    list_remove(&id->link);
    heap_free(id);
}

struct id *id_find(uint32_t number) {
    struct list_node *bucket = bucket_of(number);
    for (struct list_node *at = bucket->next; at != bucket; at = at->next) {
        struct id *id = LIST_ENTRY(at, struct id, link);
        if (id->number == number) {
            return id;
        }
    }
    return nullptr;
}

struct id *id_next(uint32_t from) {
    uint64_t below = (1ull << from % 64) - 1; /* of the first word, not to be looked at */
    for (uint32_t word = from / 64; word < ID_MAX / 64; word++) {
        uint64_t used = is_used[word] & ~below;
        if (used != 0) {
            return id_find(word * 64 + (uint32_t)__builtin_ctzll(used));
        }
        below = 0;
    }
    return nullptr;
}

uint32_t id_last_number(void) {
    return __atomic_load_n(&last_number, __ATOMIC_RELAXED);
}
