#include "kernel/thread/scheduler.h"

#include "drivers/timer.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/cpu_local.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/fpu.h"
#include "lib/check.h"

constexpr unsigned SLEEPER_BUCKETS = 256;
constexpr unsigned REALTIME_TURN_TICKS = TIMER_HERTZ / 10;     /* of man 2 sched_rr_get_interval */
constexpr unsigned REALTIME_TICKS_MAX = TIMER_HERTZ / 20 * 19; /* of a second's */
constexpr unsigned SERVING_TICKS_MAX = TIMER_HERTZ / 2;        /* likewise */
constexpr unsigned LOAD_PERIOD_TICKS = 5 * TIMER_HERTZ;

/* All guarded by interrupts being off. */
static struct list_node ready[THREAD_PRIORITY_MAX + 1]; /* by priority; empty: may be all zeroes */
static uint64_t ready_levels[2];                        /* a bit for each that is not empty */
static unsigned second_ticks, realtime_ticks; /* of this second, and those of real-time threads */
static unsigned serving_ticks;                /* and those of threads that serve others */
static struct list_node sleepers[SLEEPER_BUCKETS]; /* by the word; empty ones may be all zeroes */
static struct list_node left_alone = {&left_alone, &left_alone}; /* ended, for the reaper */
static uint32_t leaving_count;  /* those announced and not yet gone; a word to sleep on */
static uint32_t has_left_alone; /* a word for the reaper to sleep on */
static struct thread *idle_thread;
static struct thread_statistics statistics;        /* running_count: those in the ready queues */
static unsigned ticks_to_load = LOAD_PERIOD_TICKS; /* until the loads are looked at again */
static struct thread *left_thread; /* whose context the switch in progress has saved */

struct thread *thread_current(void) {
    return cpu_local()->thread;
}

static struct list_node *join_level(struct thread *thread) {
    struct list_node *level = &ready[thread->priority];
    if (level->next == nullptr) {
        list_init(level);
    }
    ready_levels[thread->priority / 64] |= 1ull << thread->priority % 64;
    thread->state = THREAD_READY;
    statistics.running_count++;
    return level;
}

static void leave_level(struct thread *thread) {
    list_remove(&thread->link);
    statistics.running_count--;
    if (list_is_empty(&ready[thread->priority])) {
        ready_levels[thread->priority / 64] &= ~(1ull << thread->priority % 64);
    }
}

static void make_ready(struct thread *thread) {
    thread->turn_ticks = 0;
    list_push_back(join_level(thread), &thread->link);
}

static void make_ready_to_go_on(struct thread *thread) {
    list_push_front(join_level(thread), &thread->link);
}

static bool is_realtime(unsigned priority) {
    return priority > 0 && priority <= THREAD_PRIORITY_REALTIME;
}

static bool is_serving(unsigned priority) {
    return priority == THREAD_PRIORITY_MAX;
}

static bool has_had_share(unsigned priority) {
    return (is_realtime(priority) && realtime_ticks >= REALTIME_TICKS_MAX) ||
           (is_serving(priority) && serving_ticks >= SERVING_TICKS_MAX);
}

/* Who has had its share of a second comes last in it. */
static int rank(unsigned priority) {
    return has_had_share(priority) ? -1 : (int)priority;
}

/* Whose turn is next; below 0: nobody is ready. */
static int next_level(void) {
    constexpr uint64_t serving = 1ull << THREAD_PRIORITY_MAX % 64;
    uint64_t high = ready_levels[1], low = ready_levels[0];
    if (has_had_share(THREAD_PRIORITY_MAX) && ((high & ~serving) | low)) {
        high &= ~serving;
    }
    if (high == 0 && low == 0) {
        return -1;
    }
    unsigned level = high ? 127 - (unsigned)__builtin_clzll(high) : 63 - __builtin_clzll(low);
    return rank(level) < 0 && (low & 1) ? 0 : (int)level;
}

static bool is_overtaken(const struct thread *thread) {
    int level = next_level();
    return level >= 0 && (thread == idle_thread || rank((unsigned)level) > rank(thread->priority));
}

static struct thread *pop_ready(void) {
    int level = next_level();
    if (level < 0) {
        return idle_thread;
    }
    struct thread *thread = LIST_ENTRY(ready[level].next, struct thread, link);
    leave_level(thread);
    return thread;
}

static struct list_node *bucket_of(const uint32_t *word) {
    constexpr uint64_t spread = 0x9e3779b97f4a7c15; /* 2^64 over the golden ratio */
    struct list_node *bucket = &sleepers[(uint64_t)word * spread >> 56];
    if (bucket->next == nullptr) {
        list_init(bucket);
    }
    return bucket;
}

static_assert(SLEEPER_BUCKETS == 1 << 8);

/* The current thread gives way as soon as it may. */
static void note_ready(void) {
    if (thread_current() != idle_thread && is_overtaken(thread_current())) {
        cpu_local()->is_reschedule_wanted = true;
    }
}

/* Wakes the first sleeper on `word`, if any. */
static void wake_one_locked(const uint32_t *word) {
    struct list_node *bucket = bucket_of(word);
    for (struct list_node *node = bucket->next; node != bucket; node = node->next) {
        struct thread *thread = LIST_ENTRY(node, struct thread, link);
        if (thread->sleeps_on == word) {
            list_remove(node);
            make_ready(thread);
            note_ready();
            return;
        }
    }
}

static void save_user_state(struct thread *thread) {
    if (thread->fpu_area) {
        fpu_save(thread->fpu_area);
        thread->fs_base = user_fs_base();
        thread->gs_base = user_gs_base();
    }
}

static void load_user_state(struct thread *thread) {
    space_switch(thread->space);
    descriptors_set_kernel_stack(thread->stack_top);
    if (thread->fpu_area) {
        fpu_restore(thread->fpu_area);
        user_set_fs_base(thread->fs_base);
        user_set_gs_base(thread->gs_base);
    }
}

/* Runs on the new thread's stack. Only now may anybody free the old one's. */
static void finish_switch(void) {
    struct thread *left = left_thread;
    if (left->state != THREAD_ENDED) {
        return;
    }
    __atomic_store_n(&left->is_gone, 1, __ATOMIC_RELEASE);
    if (left->on_gone) {
        list_push_back(&left_alone, &left->link);
        __atomic_store_n(&has_left_alone, 1, __ATOMIC_RELEASE);
        wake_one_locked(&has_left_alone);
    } else {
        wake_one_locked(&left->is_gone);
    }
}

static void count_switch(struct thread *left) {
    bool wants_more = left->state == THREAD_READY;
    uint64_t *count = wants_more ? &left->involuntary_switches : &left->voluntary_switches;
    __atomic_store_n(count, *count + 1, __ATOMIC_RELAXED);
    statistics.switch_count++;
}

/* Gives the CPU to the next thread; the caller has queued the current one, or not. With interrupts
 * off. Returns when the current thread has its next turn. */
static void switch_to_next(void) {
    struct thread *current = thread_current();
    struct thread *next = pop_ready();
    cpu_local()->is_reschedule_wanted = false;
    next->state = THREAD_RUNNING;
    if (next == current) {
        return;
    }
    count_switch(current);
    save_user_state(current);
    next->turn_count++;
    cpu_local()->thread = next;
    left_thread = current;
    load_user_state(next);
    context_switch(&current->context, next->context);
    finish_switch();
}

static void yield_locked(void) {
    struct thread *current = thread_current();
    if (current != idle_thread) {
        make_ready(current);
    }
    switch_to_next();
}

static bool is_turn_over(const struct thread *thread) {
    bool is_long = !thread->keeps_turn && thread->turn_ticks >= REALTIME_TURN_TICKS;
    return !is_realtime(thread->priority) || is_long;
}

/* With interrupts off. Who is overtaken goes on first of its priority. */
static void end_turn(void) {
    struct thread *current = thread_current();
    if (current == idle_thread || is_turn_over(current)) {
        yield_locked();
    } else if (is_overtaken(current)) {
        make_ready_to_go_on(current);
        switch_to_next();
    }
}

static void end_turn_if_wanted(void) {
    if (!cpu_local()->is_reschedule_wanted) {
        return;
    }
    bool were_enabled = interrupts_save();
    if (were_enabled && cpu_local()->is_reschedule_wanted && cpu_local()->preempt_count == 0) {
        cpu_local()->is_reschedule_wanted = false;
        end_turn();
    }
    interrupts_restore(were_enabled);
}

void scheduler_begin(struct thread *first, struct thread *idle) {
    first->state = THREAD_RUNNING;
    idle_thread = idle;
    cpu_local()->thread = first;
    descriptors_set_kernel_stack(first->stack_top);
}

[[noreturn]] void scheduler_enter_thread(void *argument) {
    struct thread *thread = argument;
    finish_switch();
    interrupts_enable();
    thread->main(thread->argument);
    thread_end();
}

[[noreturn]] void scheduler_idle(void *unused) {
    (void)unused;
    for (;;) {
        cpu_wait_for_interrupt();
        thread_yield();
    }
}

void thread_start(struct thread *thread) {
    CHECK(thread->state == THREAD_NEW);
    bool were_enabled = interrupts_save();
    make_ready(thread);
    note_ready();
    interrupts_restore(were_enabled);
    end_turn_if_wanted();
}

void thread_set_priority(struct thread *thread, unsigned priority, bool keeps_turn) {
    CHECK(priority <= THREAD_PRIORITY_MAX);
    bool were_enabled = interrupts_save();
    bool was_ready = thread->state == THREAD_READY;
    if (was_ready) {
        leave_level(thread);
    }
    thread->priority = (uint8_t)priority;
    thread->keeps_turn = keeps_turn;
    if (was_ready) {
        make_ready(thread);
    }
    note_ready();
    interrupts_restore(were_enabled);
    end_turn_if_wanted();
}

void thread_yield(void) {
    bool were_enabled = interrupts_save();
    yield_locked();
    interrupts_restore(were_enabled);
}

[[noreturn]] void thread_end(void) {
    interrupts_disable();
    thread_current()->state = THREAD_ENDED;
    switch_to_next();
    __builtin_unreachable();
}

void thread_announce_leave(void) {
    bool were_enabled = interrupts_save();
    leaving_count++;
    interrupts_restore(were_enabled);
}

[[noreturn]] void thread_leave(void (*on_gone)(struct thread *thread)) {
    thread_current()->on_gone = on_gone;
    thread_end();
}

static struct thread *pop_left_alone(void) {
    bool were_enabled = interrupts_save();
    struct list_node *node = list_pop_front(&left_alone);
    interrupts_restore(were_enabled);
    return node ? LIST_ENTRY(node, struct thread, link) : nullptr;
}

static void count_reaped(void) {
    bool were_enabled = interrupts_save();
    leaving_count--;
    wake_one_locked(&leaving_count);
    interrupts_restore(were_enabled);
}

[[noreturn]] void scheduler_reap(void *unused) {
    (void)unused;
    for (;;) {
        __atomic_store_n(&has_left_alone, 0, __ATOMIC_RELEASE);
        struct thread *thread = pop_left_alone();
        if (thread) {
            thread->on_gone(thread);
            count_reaped();
        } else {
            thread_sleep_while(&has_left_alone, 0);
        }
    }
}

void thread_drain(void) {
    uint32_t count;
    while ((count = __atomic_load_n(&leaving_count, __ATOMIC_ACQUIRE)) != 0) {
        thread_sleep_while(&leaving_count, count);
    }
}

void thread_set_space(struct address_space *space) {
    bool were_enabled = interrupts_save();
    thread_current()->space = space;
    space_switch(space);
    interrupts_restore(were_enabled);
}

void thread_copy_user_state(struct thread *thread) {
    CHECK(thread->state == THREAD_NEW);
    fpu_save(thread->fpu_area);
    thread->fs_base = user_fs_base();
    thread->gs_base = user_gs_base();
}

void thread_sleep_while(const uint32_t *word, uint32_t expected) {
    CHECK(cpu_local()->preempt_count == 0);
    bool were_enabled = interrupts_save();
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == expected) {
        struct thread *current = thread_current();
        current->sleeps_on = word;
        current->state = THREAD_SLEEPING;
        list_push_back(bucket_of(word), &current->link);
        switch_to_next();
    }
    interrupts_restore(were_enabled);
}

void thread_wake_one(const uint32_t *word) {
    bool were_enabled = interrupts_save();
    wake_one_locked(word);
    interrupts_restore(were_enabled);
    end_turn_if_wanted();
}

void thread_wait(const struct thread *thread) {
    while (__atomic_load_n(&thread->is_gone, __ATOMIC_ACQUIRE) == 0) {
        thread_sleep_while(&thread->is_gone, 0);
    }
}

static void count_tick(struct thread *thread, bool was_in_user_mode) {
    uint64_t *ticks = was_in_user_mode ? &thread->user_ticks : &thread->kernel_ticks;
    __atomic_store_n(ticks, *ticks + 1, __ATOMIC_RELAXED);
    if (thread == idle_thread) {
        statistics.idle_ticks++;
    } else if (was_in_user_mode) {
        statistics.user_ticks++;
    } else {
        statistics.kernel_ticks++;
    }
}

static void count_realtime(struct thread *thread) {
    thread->turn_ticks++;
    if (++second_ticks >= TIMER_HERTZ) {
        second_ticks = realtime_ticks = serving_ticks = 0;
    }
    realtime_ticks += is_realtime(thread->priority) ? 1 : 0;
    serving_ticks += is_serving(thread->priority) ? 1 : 0;
}

static uint32_t count_running(void) {
    return statistics.running_count + (thread_current() == idle_thread ? 0 : 1);
}

/* The averages decay as Linux's do: by these 2048ths every five seconds (getloadavg(3)). */
static void count_load(void) {
    static const uint64_t kept[3] = {1884, 2014, 2037};
    if (ticks_to_load-- > 0) {
        return;
    }
    ticks_to_load = LOAD_PERIOD_TICKS - 1;
    uint64_t running = count_running() * THREAD_LOAD_ONE;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t sum = statistics.loads[i] * kept[i] + running * (THREAD_LOAD_ONE - kept[i]);
        uint64_t rounding = running >= statistics.loads[i] ? THREAD_LOAD_ONE - 1 : 0;
        statistics.loads[i] = (sum + rounding) / THREAD_LOAD_ONE;
    }
}

struct thread_statistics thread_statistics(void) {
    bool were_enabled = interrupts_save();
    struct thread_statistics copy = statistics;
    copy.running_count = count_running();
    interrupts_restore(were_enabled);
    return copy;
}

void thread_tick(bool was_in_user_mode) {
    if (!thread_current()) {
        return;
    }
    count_tick(thread_current(), was_in_user_mode);
    count_realtime(thread_current());
    count_load();
    if (cpu_local()->preempt_count > 0) {
        cpu_local()->is_reschedule_wanted = true;
        return;
    }
    end_turn();
}

void thread_preempt_disable(void) {
    cpu_preempt_disable();
}

void thread_preempt_enable(void) {
    cpu_preempt_enable();
    end_turn_if_wanted();
}
