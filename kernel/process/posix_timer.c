#include "kernel/process/posix_timer.h"

#include "drivers/timer.h"
#include "kernel/clock/clock.h"
#include "kernel/process/lifecycle.h"
#include "kernel/process/signals.h"
#include "mm/heap/heap.h"

struct posix_timer {
    struct timer timer;                 /* armed where it is of POSIX_CLOCK_TIME and not silent */
    struct tree_node node;              /* guarded by the tree lock */
    struct list_node of_cpu;            /* likewise: in the process's cpu_posix_timers */
    struct process *process;            /* which it does not outlive */
    struct posix_timer_request request; /* fixed at creation, as the task and the number */
    uint32_t own_task;                  /* whose CPU time POSIX_CLOCK_TASK is */
    int32_t number;

    /* Changed under the tree lock while the timer is not armed; else the timers' thread alone
     * does. */
    uint64_t
        next_ns; /* of its clock: the next expiration that is not counted yet; 0: off; atomic */
    uint64_t period_ns;
    uint32_t overrun;      /* of the signal that is pending; atomic */
    uint32_t last_overrun; /* of the one taken last; guarded by the tree lock */
};

constexpr uint64_t TICK_NS = NANOSECONDS_PER_SECOND / TIMER_HERTZ;

static uint64_t task_ticks(const struct process *process, uint32_t number) REQUIRES(process_tree) {
    const struct id *id = id_find(number);
    if (!id || !id->task || id->task->process != process) {
        return 0;
    }
    const struct thread *thread = id->task->thread;
    return __atomic_load_n(&thread->user_ticks, __ATOMIC_RELAXED) +
           __atomic_load_n(&thread->kernel_ticks, __ATOMIC_RELAXED);
}

static bool has_cpu_clock(const struct posix_timer *timer) {
    return timer->request.clock != POSIX_CLOCK_TIME;
}

/* What the timer's own clock says. */
static uint64_t own_now(const struct posix_timer *timer) REQUIRES(process_tree) {
    switch (timer->request.clock) {
    case POSIX_CLOCK_TIME:
        break;
    case POSIX_CLOCK_PROCESS:
        return __atomic_load_n(&timer->process->cpu_timers.all_ticks, __ATOMIC_RELAXED) * TICK_NS;
    case POSIX_CLOCK_TASK:
        return task_ticks(timer->process, timer->own_task) * TICK_NS;
    }
    return clock_now();
}

/* One signal is pending at a time; the others are counted. */
static void announce(struct posix_timer *timer, uint64_t count) {
    const struct posix_timer_request *request = &timer->request;
    const struct signal_info info = {
        .signal = (int32_t)request->signal,
        .code = CODE_TIMER,
        .timer = {.timer = timer->number, .value = request->value},
    };
    bool is_new = signal_send_from_timer(timer->process, request->task_number, &info);
    __atomic_add_fetch(&timer->overrun, (uint32_t)(is_new ? count - 1 : count), __ATOMIC_RELAXED);
}

static void expire(struct posix_timer *timer, uint64_t now_ns) {
    uint64_t next = timer->next_ns;
    uint64_t count = timer_pass(&next, timer->period_ns, now_ns);
    __atomic_store_n(&timer->next_ns, next, __ATOMIC_RELAXED);
    if (count > 0) {
        announce(timer, count);
    }
}

/* Its signal is pending now; what comes before that is taken is only counted. */
static uint64_t fire(struct timer *timer) {
    struct posix_timer *posix = LIST_ENTRY(timer, struct posix_timer, timer);
    expire(posix, clock_now());
    return timer_with_patience(posix->next_ns);
}

void posix_timers_check_cpu(struct process *process) {
    struct list_node *all = &process->cpu_posix_timers;
    for (struct list_node *at = all->next; at != all; at = at->next) {
        struct posix_timer *timer = LIST_ENTRY(at, struct posix_timer, of_cpu);
        expire(timer, own_now(timer));
    }
}

static struct posix_timer *timer_of(struct tree_node *node) {
    return node ? TREE_ENTRY(node, struct posix_timer, node) : nullptr;
}

static struct posix_timer *find(struct process *process, int32_t number) REQUIRES(process_tree) {
    struct posix_timer *timer = timer_of(process->posix_timers.root);
    while (timer && timer->number != number) {
        timer = timer_of(timer->node.child[number < timer->number ? TREE_LEFT : TREE_RIGHT]);
    }
    return timer;
}

static void insert(struct process *process, struct posix_timer *timer) REQUIRES(process_tree) {
    struct tree_node *parent = nullptr;
    enum tree_side side = TREE_LEFT;
    for (struct tree_node *at = process->posix_timers.root; at != nullptr; at = at->child[side]) {
        parent = at;
        side = timer->number < timer_of(at)->number ? TREE_LEFT : TREE_RIGHT;
    }
    tree_insert(&process->posix_timers, &timer->node, parent, side);
    process->posix_timer_count++;
}

static bool has_task(uint32_t number) REQUIRES(process_tree) {
    const struct id *id = id_find(number);
    return id && id->task && id->task->process == process_current();
}

/* Numbers are not given again while they could be confused, as on Linux. */
static enum status enlist(struct process *process, struct posix_timer *timer)
    REQUIRES(process_tree) {
    if (timer->request.task_number != 0 && !has_task(timer->request.task_number)) {
        return STATUS_INVALID;
    }
    if (process->posix_timer_count >= process->limits[RESOURCE_SIGNALS].soft) {
        return STATUS_TRY_AGAIN;
    }
    do {
        timer->number = process->next_posix_timer;
        process->next_posix_timer = (timer->number + 1) & INT32_MAX;
    } while (find(process, timer->number));
    if (!timer->request.has_value) {
        timer->request.value = (uint64_t)timer->number;
    }
    insert(process, timer);
    if (has_cpu_clock(timer) && !timer->request.is_silent) {
        list_push_back(&process->cpu_posix_timers, &timer->of_cpu);
        cpu_timers_watch(process);
    }
    return STATUS_OK;
}

enum status posix_timer_create(const struct posix_timer_request *request, int32_t *number) {
    struct posix_timer *made = heap_alloc(sizeof(*made));
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    made->timer.fire = fire;
    made->process = process_current();
    made->own_task = task_current()->number;
    made->request = *request;
    tree_lock();
    enum status status = enlist(made->process, made);
    *number = made->number;
    tree_unlock();
    if (status != STATUS_OK) {
        heap_free(made);
    }
    return status;
}

static void take_out(struct posix_timer *timer) REQUIRES(process_tree) {
    (void)timer_cancel(&timer->timer);
    tree_remove(&timer->process->posix_timers, &timer->node);
    timer->process->posix_timer_count--;
    if (has_cpu_clock(timer) && !timer->request.is_silent) {
        list_remove(&timer->of_cpu);
    }
}

enum status posix_timer_delete(int32_t number) {
    tree_lock();
    struct posix_timer *timer = find(process_current(), number);
    if (timer) {
        take_out(timer);
    }
    tree_unlock();
    heap_free(timer);
    return timer ? STATUS_OK : STATUS_INVALID;
}

static struct posix_timer_times times_of(const struct posix_timer *timer) REQUIRES(process_tree) {
    uint64_t now = own_now(timer);
    uint64_t next = __atomic_load_n(&timer->next_ns, __ATOMIC_RELAXED);
    bool will_signal = next != 0 && !timer->request.is_silent;
    if (timer->period_ns != 0) {
        (void)timer_pass(&next, timer->period_ns, now);
    }
    return (struct posix_timer_times){
        .left_ns = next > now ? next - now : will_signal,
        .period_ns = timer->period_ns,
    };
}

enum status posix_timer_read(int32_t number, struct posix_timer_times *times) {
    tree_lock();
    struct posix_timer *timer = find(process_current(), number);
    if (timer) {
        *times = times_of(timer);
    }
    tree_unlock();
    return timer ? STATUS_OK : STATUS_INVALID;
}

static uint64_t add_saturated(uint64_t a, uint64_t b) {
    return a + b < a ? UINT64_MAX - 1 : a + b;
}

/* When it is to fire, of its own clock; at least 1. */
static uint64_t deadline_of(const struct posix_timer *timer, uint64_t time_ns, bool is_absolute)
    REQUIRES(process_tree) {
    if (!is_absolute) {
        return add_saturated(own_now(timer), time_ns);
    }
    uint64_t offset = timer->request.is_real ? (uint64_t)clock_real_offset() : 0;
    return time_ns > offset ? time_ns - offset : 1;
}

static bool is_for_timers_thread(const struct posix_timer *timer) {
    return !has_cpu_clock(timer) && !timer->request.is_silent;
}

static void arm(struct posix_timer *timer, const struct posix_timer_times *next, bool is_absolute)
    REQUIRES(process_tree) {
    timer->period_ns = next->period_ns;
    timer->next_ns = next->left_ns != 0 ? deadline_of(timer, next->left_ns, is_absolute) : 0;
    __atomic_store_n(&timer->overrun, 0, __ATOMIC_RELAXED);
    timer->last_overrun = 0;
    if (timer->next_ns != 0 && is_for_timers_thread(timer)) {
        timer_arm(&timer->timer, timer->next_ns);
    }
}

enum status posix_timer_set(int32_t number, const struct posix_timer_times *next, bool is_absolute,
                            struct posix_timer_times *before) {
    tree_lock();
    struct posix_timer *timer = find(process_current(), number);
    if (timer) {
        *before = times_of(timer);
        (void)timer_cancel(&timer->timer);
        arm(timer, next, is_absolute);
    }
    tree_unlock();
    return timer ? STATUS_OK : STATUS_INVALID;
}

int64_t posix_timer_overrun(int32_t number) {
    tree_lock();
    const struct posix_timer *timer = find(process_current(), number);
    int64_t overrun = timer ? (int64_t)timer->last_overrun : STATUS_INVALID;
    tree_unlock();
    return overrun;
}

/* What has been missed since the signal was sent belongs to it, and the next is not late. */
static uint32_t take_overrun(struct posix_timer *timer) REQUIRES(process_tree) {
    bool was_armed = timer_cancel(&timer->timer);
    uint64_t missed = 0;
    if (timer->period_ns != 0) {
        missed = timer_pass(&timer->next_ns, timer->period_ns, own_now(timer));
    }
    if (was_armed) {
        timer_arm(&timer->timer, timer->next_ns);
    }
    missed += __atomic_exchange_n(&timer->overrun, 0, __ATOMIC_RELAXED);
    return missed < INT32_MAX ? (uint32_t)missed : INT32_MAX;
}

void posix_timer_taken(struct signal_info *info) {
    tree_lock();
    struct posix_timer *timer = find(process_current(), info->timer.timer);
    if (timer) {
        timer->last_overrun = take_overrun(timer);
        info->timer.overrun = (int32_t)timer->last_overrun;
    }
    tree_unlock();
}

static struct posix_timer *take_first(struct process *process) {
    tree_lock();
    struct posix_timer *timer = timer_of(tree_first(&process->posix_timers));
    if (timer) {
        take_out(timer);
    }
    tree_unlock();
    return timer;
}

void posix_timers_end(struct process *process) {
    struct posix_timer *timer;
    while ((timer = take_first(process)) != nullptr) {
        heap_free(timer);
    }
}
