#include "kernel/thread/scheduler.h"

#include "drivers/timer.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/cpu_local.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/fpu.h"
#include "lib/check.h"

constexpr unsigned SLEEPER_BUCKETS = 256;
constexpr unsigned LOAD_PERIOD_TICKS = 5 * TIMER_HERTZ;

/* All guarded by interrupts being off. */
static struct list_node ready_queue = {&ready_queue, &ready_queue};
static struct list_node sleepers[SLEEPER_BUCKETS]; /* by the word; empty ones may be all zeroes */
static struct list_node left_alone = {&left_alone, &left_alone}; /* ended, for the reaper */
static uint32_t leaving_count;  /* those announced and not yet gone; a word to sleep on */
static uint32_t has_left_alone; /* a word for the reaper to sleep on */
static struct thread *idle_thread;
static struct thread_statistics statistics;        /* running_count: those in the ready queue */
static unsigned ticks_to_load = LOAD_PERIOD_TICKS; /* until the loads are looked at again */
static struct thread *left_thread; /* whose context the switch in progress has saved */

struct thread *thread_current(void) {
    return cpu_local()->thread;
}

static void make_ready(struct thread *thread) {
    thread->state = THREAD_READY;
    statistics.running_count++;
    list_push_back(&ready_queue, &thread->link);
}

static struct thread *pop_ready(void) {
    struct list_node *node = list_pop_front(&ready_queue);
    statistics.running_count -= node ? 1 : 0;
    return node ? LIST_ENTRY(node, struct thread, link) : idle_thread;
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

/* Wakes the first sleeper on `word`, if any. */
static void wake_one_locked(const uint32_t *word) {
    struct list_node *bucket = bucket_of(word);
    for (struct list_node *node = bucket->next; node != bucket; node = node->next) {
        struct thread *thread = LIST_ENTRY(node, struct thread, link);
        if (thread->sleeps_on == word) {
            list_remove(node);
            make_ready(thread);
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
    interrupts_restore(were_enabled);
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
    count_load();
    if (cpu_local()->preempt_count > 0) {
        cpu_local()->is_reschedule_wanted = true;
        return;
    }
    yield_locked();
}

void thread_preempt_disable(void) {
    cpu_preempt_disable();
}

void thread_preempt_enable(void) {
    cpu_preempt_enable();
    struct cpu_local *local = cpu_local();
    if (local->is_reschedule_wanted && local->preempt_count == 0 && interrupts_are_enabled()) {
        thread_yield();
    }
}
