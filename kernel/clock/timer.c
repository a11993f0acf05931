#include "kernel/clock/timer.h"

#include "kernel/clock/clock.h"
#include "kernel/thread/thread.h"
#include "lib/spinlock.h"

constexpr uint64_t NEVER = UINT64_MAX;
constexpr uint64_t PATIENCE_NS = NANOSECONDS_PER_SECOND / 10;

static struct spinlock lock;
static struct tree timers;             /* by deadline, then by address; guarded by lock */
static uint64_t next_deadline = NEVER; /* of the first of them; atomic, written under lock */
static uint32_t is_due;                /* atomic; what the thread sleeps on */

static void lock_timers(void) ACQUIRES(lock) {
    thread_preempt_disable();
    spinlock_acquire(&lock);
}

static void unlock_timers(void) RELEASES(lock) {
    spinlock_release(&lock);
    thread_preempt_enable();
}

static struct timer *timer_of(struct tree_node *node) {
    return node ? TREE_ENTRY(node, struct timer, node) : nullptr;
}

static bool is_before(const struct timer *a, const struct timer *b) {
    return a->deadline_ns != b->deadline_ns ? a->deadline_ns < b->deadline_ns : a < b;
}

static void note_first(void) {
    const struct timer *first = timer_of(tree_first(&timers));
    __atomic_store_n(&next_deadline, first ? first->deadline_ns : NEVER, __ATOMIC_RELEASE);
}

static void insert(struct timer *timer) {
    struct tree_node *parent = nullptr;
    enum tree_side side = TREE_LEFT;
    for (struct tree_node *at = timers.root; at != nullptr; at = at->child[side]) {
        parent = at;
        side = is_before(timer, timer_of(at)) ? TREE_LEFT : TREE_RIGHT;
    }
    tree_insert(&timers, &timer->node, parent, side);
    timer->is_armed = true;
    note_first();
}

static void take_out(struct timer *timer) {
    tree_remove(&timers, &timer->node);
    timer->is_armed = false;
    note_first();
}

void timer_arm(struct timer *timer, uint64_t deadline_ns) {
    lock_timers();
    if (timer->is_armed) {
        take_out(timer);
    }
    timer->deadline_ns = deadline_ns < NEVER ? deadline_ns : NEVER - 1;
    insert(timer);
    unlock_timers();
}

bool timer_cancel(struct timer *timer) {
    lock_timers();
    bool was_armed = timer->is_armed;
    if (was_armed) {
        take_out(timer);
    }
    unlock_timers();
    return was_armed;
}

uint64_t timer_deadline(struct timer *timer) {
    lock_timers();
    uint64_t deadline = timer->is_armed ? timer->deadline_ns : 0;
    unlock_timers();
    return deadline;
}

uint64_t timer_pass(uint64_t *deadline_ns, uint64_t period_ns, uint64_t now_ns) {
    if (*deadline_ns == 0 || *deadline_ns > now_ns) {
        return 0;
    }
    if (period_ns == 0) {
        *deadline_ns = 0;
        return 1;
    }
    uint64_t count = 1 + (now_ns - *deadline_ns) / period_ns;
    *deadline_ns += count * period_ns;
    return count;
}

uint64_t timer_with_patience(uint64_t deadline_ns) {
    uint64_t later = clock_now() + PATIENCE_NS;
    return deadline_ns == 0 || deadline_ns > later ? deadline_ns : later;
}

/* The lock is held while it fires, so that a cancelled timer does not run. */
static bool fire_one(uint64_t now_ns) {
    lock_timers();
    struct timer *timer = timer_of(tree_first(&timers));
    bool has_fired = timer != nullptr && timer->deadline_ns <= now_ns;
    if (has_fired) {
        take_out(timer);
        uint64_t again = timer->fire(timer);
        if (again != 0) {
            timer->deadline_ns = again;
            insert(timer);
        }
    }
    unlock_timers();
    return has_fired;
}

static void run(void *unused) {
    (void)unused;
    for (;;) {
        __atomic_store_n(&is_due, 0, __ATOMIC_SEQ_CST);
        /* What arms itself again is for another tick, however short its period is. */
        uint64_t now_ns = clock_now();
        while (fire_one(now_ns)) {
        }
        thread_sleep_while(&is_due, 0);
    }
}

enum status timers_begin(void) {
    struct thread *thread;
    tree_init(&timers, nullptr);
    enum status status = thread_create_kernel("timers", run, nullptr, &thread);
    if (status == STATUS_OK) {
        thread_set_priority(thread, THREAD_PRIORITY_MAX, false);
        thread_start(thread);
    }
    return status;
}

void timers_tick(void) {
    if (__atomic_load_n(&next_deadline, __ATOMIC_ACQUIRE) <= clock_now()) {
        __atomic_store_n(&is_due, 1, __ATOMIC_SEQ_CST);
        thread_wake_one(&is_due);
    }
}
