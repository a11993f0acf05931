/* Robust lists and futexes with priority inheritance. */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "user/tests/report.h"

constexpr int LOCK_PI = 6, UNLOCK_PI = 7, TRYLOCK_PI = 8, REQUEUE = 3, CMP_REQUEUE = 4;
constexpr uint32_t WAITERS = 0x80000000, OWNER_DIED = 0x40000000, TID = 0x3fffffff;

/* man 2 set_robust_list. */
struct entry {
    struct entry *next;
    uint32_t word;
};

struct head {
    struct entry *first;
    long offset;
    struct entry *pending;
};

static struct head *head;
static struct entry *entries;
static pthread_mutex_t *mutex;
static uint32_t *pi_word;

static void *map_shared(void) {
    return mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void show_word(const char *what, uint32_t word, pid_t owner) {
    say("%s: waiters %d, owner died %d, owner %s", what, (word & WAITERS) != 0,
        (word & OWNER_DIED) != 0,
        (word & TID) == 0                 ? "none"
        : (word & TID) == (uint32_t)owner ? "it"
                                          : "another");
}

static void die_with_locks(void) {
    uint32_t tid = (uint32_t)gettid();
    *head = (struct head){&entries[0], offsetof(struct entry, word), nullptr};
    entries[0] = (struct entry){&entries[1], tid};
    entries[1] = (struct entry){&entries[2], tid | WAITERS};
    entries[2] = (struct entry){(struct entry *)head, 12345};
    entries[3] = (struct entry){nullptr, tid};
    head->pending = &entries[3];
    show("set", call(set_robust_list, head, sizeof(*head)));
}

static void check_list(void) {
    void *seen = nullptr;
    size_t size = 0;
    show("size", call(set_robust_list, head, sizeof(*head) + 1));
    show_child("dies with locks", die_with_locks);
    for (int i = 0; i < 4; i++) {
        show_word("after its death", entries[i].word, -1);
    }
    show("get mine", call(get_robust_list, 0, &seen, &size));
    say("size %zu", size);
    show("get nobody's", call(get_robust_list, 0x7ffffff, &seen, &size));
    show("get to the null page", call(get_robust_list, 0, nullptr, &size));
}

static void die_with_circle(void) {
    *head = (struct head){&entries[0], offsetof(struct entry, word), nullptr};
    entries[0].next = &entries[1];
    entries[1].next = &entries[0];
    call(set_robust_list, head, sizeof(*head));
}

static void die_with_bad_list(void) {
    *head = (struct head){(struct entry *)8, 0, nullptr};
    call(set_robust_list, head, sizeof(*head));
}

static void die_with_mutex(void) {
    pthread_mutex_lock(mutex);
}

static void check_mutex(void) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(mutex, &attributes);
    show_child("dies with a mutex", die_with_mutex);
    say("lock: %s", error_name(pthread_mutex_lock(mutex)));
    say("consistent: %d", pthread_mutex_consistent(mutex));
    say("unlock: %d", pthread_mutex_unlock(mutex));
    say("lock: %d", pthread_mutex_lock(mutex));
    pthread_mutex_unlock(mutex);
    show_child("dies again", die_with_mutex);
    say("lock: %s", error_name(pthread_mutex_lock(mutex)));
    say("unlock: %d", pthread_mutex_unlock(mutex));
    say("lock: %s", error_name(pthread_mutex_lock(mutex)));
}

static long pi(int operation, const struct timespec *time) {
    return call(futex, pi_word, operation, 0, time, nullptr, 0);
}

static void *contend(void *) {
    pi(LOCK_PI, nullptr);
    bool is_mine = (*pi_word & TID) == (uint32_t)gettid();
    pi(UNLOCK_PI, nullptr);
    return (void *)(uintptr_t)is_mine;
}

static void check_pi(void) {
    pthread_t thread;
    struct timespec past = {};
    show("lock", pi(LOCK_PI, nullptr));
    show_word("locked", *pi_word, gettid());
    show("lock again", pi(LOCK_PI, nullptr));
    show("try again", pi(TRYLOCK_PI, nullptr));
    pthread_create(&thread, nullptr, contend, nullptr);
    settle();
    settle();
    show_word("contended", *pi_word, gettid());
    show("unlock", pi(UNLOCK_PI, nullptr));
    void *is_handed_over;
    pthread_join(thread, &is_handed_over);
    say("handed over: %d", is_handed_over != nullptr);
    show_word("free", *pi_word, gettid());
    show("unlock what is free", pi(UNLOCK_PI, nullptr));
    *pi_word = 0x1ffffff;
    show("owned by nobody", pi(LOCK_PI, nullptr));
    *pi_word = 0;
    show("try", pi(TRYLOCK_PI, nullptr));
    show("time has passed", pi(LOCK_PI, &past));
    show("unlock", pi(UNLOCK_PI, nullptr));
}

constexpr int LONG_LIST =
    2000; /* each on a page of its own, so that it takes a while to go along */

static uint32_t *dying_lock, holders;
static bool may_die;

static void *die_slowly(void *pages) {
    struct entry *lock = pages;
    struct entry *last = lock;
    struct head own = {(struct entry *)((uintptr_t)lock | 1), offsetof(struct entry, word),
                       nullptr};
    __atomic_store_n(&lock->word, (uint32_t)gettid(), __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&may_die, __ATOMIC_SEQ_CST)) {
        call(sched_yield);
    }
    for (int i = 1; i < LONG_LIST; i++) {
        last->next = (struct entry *)((char *)pages + (size_t)i * PAGE);
        last = last->next;
    }
    last->next = (struct entry *)&own;
    call(set_robust_list, &own, sizeof(own));
    call(exit, 0);
    return nullptr;
}

static void *inherit(void *) {
    call(futex, dying_lock, LOCK_PI, 0, nullptr, nullptr, 0);
    bool is_alone = __atomic_fetch_add(&holders, 1, __ATOMIC_SEQ_CST) == 0;
    usleep(50'000);
    is_alone &= (__atomic_load_n(dying_lock, __ATOMIC_SEQ_CST) & TID) == (uint32_t)gettid();
    __atomic_fetch_sub(&holders, 1, __ATOMIC_SEQ_CST);
    call(futex, dying_lock, UNLOCK_PI, 0, nullptr, nullptr, 0);
    return (void *)(uintptr_t)is_alone;
}

/* Comes when the kernel has said that the owner is dead, and the first waiter does not have it yet.
 */
static void *push_in(void *) {
    while (__atomic_load_n(dying_lock, __ATOMIC_SEQ_CST) & TID) {
    }
    return inherit(nullptr);
}

static void check_one_heir(void) {
    pthread_t owner, first, second;
    void *first_is_alone, *second_is_alone;
    char *pages =
        mmap(nullptr, LONG_LIST * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    dying_lock = &((struct entry *)pages)->word;
    pthread_create(&owner, nullptr, die_slowly, pages);
    while (__atomic_load_n(dying_lock, __ATOMIC_SEQ_CST) == 0) {
        call(sched_yield);
    }
    pthread_create(&first, nullptr, inherit, nullptr);
    usleep(50'000);
    pthread_create(&second, nullptr, push_in, nullptr);
    __atomic_store_n(&may_die, true, __ATOMIC_SEQ_CST);
    pthread_join(first, &first_is_alone);
    pthread_join(second, &second_is_alone);
    say("each heir is alone: %d %d", first_is_alone != nullptr, second_is_alone != nullptr);
    _exit(0); /* musl waits for a thread that has not said that it ends */
}

static void *want_lock(void *result) {
    const struct timespec end = {.tv_sec = time(nullptr) + 20};
    *(long *)result = call(futex, pi_word, LOCK_PI, 0, &end, nullptr, 0);
    return nullptr;
}

/* Who waits for a lock is not moved by who does not know of locks. */
static void check_requeue(void) {
    pthread_t waiter;
    long result = -1;
    *pi_word = (uint32_t)gettid();
    pthread_create(&waiter, nullptr, want_lock, &result);
    settle();
    show("requeue", call(futex, pi_word, REQUEUE, 0, 9, pi_word + 8, 0));
    show("compare and requeue", call(futex, pi_word, CMP_REQUEUE, 0, 9, pi_word + 8, *pi_word));
    show("unlock", call(futex, pi_word, UNLOCK_PI, 0, nullptr, nullptr, 0));
    pthread_join(waiter, nullptr);
    show("the waiter", result);
    *pi_word = 0;
}

static void exit_with_number(void) {
    call(set_tid_address, pi_word);
}

/* CLONE_CHILD_CLEARTID is for who has the same memory, not for who shares a page of it. */
static void check_number_stays(void) {
    *pi_word = 5;
    show_child("its number is to be cleared", exit_with_number);
    say("the word: %u", *pi_word);
}

int main(void) {
    head = map_shared();
    entries = map_shared();
    mutex = map_shared();
    pi_word = map_shared();
    check_list();
    show_child("a list that is a circle", die_with_circle);
    show_child("a list on the null page", die_with_bad_list);
    check_mutex();
    check_pi();
    check_requeue();
    check_number_stays();
    show_child("a lock of one that dies slowly", check_one_heir);
}
