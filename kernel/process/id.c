#include "kernel/process/id.h"

#include "kernel/process/number_set.h"
#include "kernel/thread/thread.h"
#include "mm/heap/heap.h"

constexpr uint32_t BUCKET_COUNT = 1024;

struct spinlock process_tree;

static struct list_node buckets[BUCKET_COUNT]; /* ids by number; guarded by the tree lock */
static struct number_set numbers;              /* likewise */

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

enum status id_create(struct id **id) {
    struct id *made = heap_alloc(sizeof(*made));
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    list_init(&made->groupers);
    list_init(&made->sitters);
    tree_lock();
    made->number = number_set_take(&numbers);
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
    number_set_give_back(&numbers, id->number);
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
        uint64_t used = numbers.is_given[word] & ~below;
        if (used != 0) {
            return id_find(word * 64 + (uint32_t)__builtin_ctzll(used));
        }
        below = 0;
    }
    return nullptr;
}

uint32_t id_last_number(void) {
    return __atomic_load_n(&numbers.last, __ATOMIC_RELAXED);
}
