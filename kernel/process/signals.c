#include "kernel/process/signals.h"

#include "kernel/process/lifecycle.h"
#include "kernel/process/posix_timer.h"
#include "kernel/process/ptrace.h"
#include "mm/heap/heap.h"

static void spin(struct spinlock *lock) ACQUIRES(lock) {
    thread_preempt_disable();
    spinlock_acquire(lock);
}

static void unspin(struct spinlock *lock) RELEASES(lock) {
    spinlock_release(lock);
    thread_preempt_enable();
}

void signals_lock(struct process *process) {
    spin(&process->signal_lock);
}

void signals_unlock(struct process *process) {
    unspin(&process->signal_lock);
}

enum status signal_actions_create(struct signal_actions **actions) {
    struct signal_actions *made = heap_alloc(sizeof(*made));
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    made->reference_count = 1;
    *actions = made;
    return STATUS_OK;
}

enum status signal_actions_clone(struct signal_actions *actions, struct signal_actions **copy) {
    enum status status = signal_actions_create(copy);
    if (status == STATUS_OK) {
        spin(&actions->lock);
        __builtin_memcpy((*copy)->actions, actions->actions, sizeof(actions->actions));
        unspin(&actions->lock);
    }
    return status;
}

void signal_actions_ref(struct signal_actions *actions) {
    __atomic_add_fetch(&actions->reference_count, 1, __ATOMIC_RELAXED);
}

void signal_actions_unref(struct signal_actions *actions) {
    if (actions && __atomic_sub_fetch(&actions->reference_count, 1, __ATOMIC_ACQ_REL) == 0) {
        heap_free(actions);
    }
}

void signal_actions_own(struct process *process, struct signal_actions *own) {
    struct signal_actions *before = process->actions;
    spin(&before->lock);
    __builtin_memcpy(own->actions, before->actions, sizeof(own->actions));
    unspin(&before->lock);
    signal_actions_reset(own);
    tree_lock();
    signals_lock(process);
    process->actions = own;
    signals_unlock(process);
    tree_unlock();
    signal_actions_unref(before);
}

void signal_actions_reset(struct signal_actions *actions) {
    spin(&actions->lock);
    for (unsigned i = 0; i < SIGNAL_COUNT; i++) {
        uint64_t handler = actions->actions[i].handler;
        uint64_t kept = handler == HANDLER_IGNORE ? HANDLER_IGNORE : HANDLER_DEFAULT;
        actions->actions[i] = (struct signal_action){.handler = kept};
    }
    unspin(&actions->lock);
}

struct signal_action signal_action_get(struct process *process, unsigned signal) {
    struct signal_actions *actions = process->actions;
    spin(&actions->lock);
    struct signal_action action = actions->actions[signal - 1];
    unspin(&actions->lock);
    return action;
}

static bool ignores(const struct signal_action *action, unsigned signal) {
    return action->handler == HANDLER_IGNORE ||
           (action->handler == HANDLER_DEFAULT && signal_default(signal) == SIGNAL_IGNORED);
}

/* Drops the signals of the set from all queues of the process. */
static void drop_everywhere(struct process *process, signal_set set, struct list_node *dropped)
    REQUIRES(process->signal_lock) {
    pending_drop(&process->pending, set, dropped);
    for (struct list_node *at = process->tasks.next; at != &process->tasks; at = at->next) {
        pending_drop(&LIST_ENTRY(at, struct task, link)->pending, set, dropped);
    }
}

void signal_action_set(struct process *process, unsigned signal,
                       const struct signal_action *action) {
    struct list_node dropped;
    list_init(&dropped);
    signals_lock(process);
    spinlock_acquire(&process->actions->lock);
    process->actions->actions[signal - 1] = *action;
    process->actions->actions[signal - 1].mask &= ~SIGNALS_UNBLOCKABLE;
    spinlock_release(&process->actions->lock);
    if (ignores(action, signal)) {
        drop_everywhere(process, signal_bit(signal), &dropped);
    }
    signals_unlock(process);
    signal_free_notes(process, &dropped);
}

void signal_free_notes(struct process *process, struct list_node *notes) {
    struct list_node *node;
    while ((node = list_pop_front(notes)) != nullptr) {
        __atomic_sub_fetch(&process->note_count, 1, __ATOMIC_RELAXED);
        heap_free(LIST_ENTRY(node, struct signal_note, link));
    }
}

/* What the kernel says with a signal that is not queued is not lost to a limit. */
static bool is_limited(const struct signal_info *info) {
    return info->code < 0 || (unsigned)info->signal >= SIGNAL_REALTIME;
}

/* Null where there are too many (RLIMIT_SIGPENDING; Linux counts those of a user, not of a
 * process), or no memory. */
static struct signal_note *make_note(struct process *process, const struct signal_info *info) {
    uint64_t limit = is_limited(info) ? process->limits[RESOURCE_SIGNALS].soft : UINT64_MAX;
    bool is_full = __atomic_add_fetch(&process->note_count, 1, __ATOMIC_RELAXED) > limit;
    struct signal_note *note = is_full ? nullptr : heap_alloc(sizeof(*note));
    if (!note) {
        __atomic_sub_fetch(&process->note_count, 1, __ATOMIC_RELAXED);
        return nullptr;
    }
    note->info = *info;
    return note;
}

struct signal_info signal_info_from_user(unsigned signal, int32_t code) {
    const struct process *process = process_current();
    return (struct signal_info){
        .signal = (int32_t)signal,
        .code = code,
        .sent = {.process = process->number, .user = process->credentials.real_user},
    };
}

struct signal_info signal_info_from_kernel(unsigned signal) {
    return (struct signal_info){.signal = (int32_t)signal, .code = CODE_KERNEL};
}

static bool wants(const struct task *task, unsigned signal) {
    return !(task->blocked & ~task->awaited & signal_bit(signal));
}

/* A task that takes the signal at once; null where all block it. */
static struct task *find_taker(struct process *process, unsigned signal)
    REQUIRES(process->signal_lock) {
    for (struct list_node *at = process->tasks.next; at != &process->tasks; at = at->next) {
        struct task *task = LIST_ENTRY(at, struct task, link);
        if (wants(task, signal)) {
            return task;
        }
    }
    return nullptr;
}

static void end_all(struct process *process, unsigned signal) REQUIRES(process->signal_lock) {
    __atomic_store_n(&process->is_killed, true, __ATOMIC_RELEASE);
    if (!process->is_ending) {
        __atomic_store_n(&process->is_ending, true, __ATOMIC_RELEASE);
        process->end = (struct process_end){.signal = signal};
    }
    process_notify_tasks(process);
}

static void go_on(struct process *process) REQUIRES(process->signal_lock) {
    if (process->state == PROCESS_STOPPED) {
        process->state = PROCESS_LIVES;
        process->has_stop_news = false;
        process->has_continue_news = true;
        process->owes_continue = true;
        process_notify_tasks(process);
    }
}

/* A stop that a task has taken, and not made true yet, is undone too. */
static void undo_taken_stops(struct process *process) REQUIRES(process->signal_lock) {
    for (struct list_node *at = process->tasks.next; at != &process->tasks; at = at->next) {
        struct task *task = LIST_ENTRY(at, struct task, link);
        task->has_taken_stop = false;
        trace_owe_notice(process, task);
    }
}

/* What stopping and continuing do even where the signal itself is blocked or ignored. */
static void undo_opposite(struct process *process, unsigned signal, struct list_node *dropped)
    REQUIRES(process->signal_lock) {
    if (signal_bit(signal) & SIGNALS_OF_STOPPING) {
        drop_everywhere(process, signal_bit(SIGNAL_CONT), dropped);
    } else if (signal == SIGNAL_CONT) {
        drop_everywhere(process, SIGNALS_OF_STOPPING, dropped);
        go_on(process);
        undo_taken_stops(process);
    }
}

/* Whether it is not even to be pending. A blocked one is: it may get a handler yet; and one that a
 * tracer wants to see. */
static bool is_ignored(struct process *process, const struct task *task, unsigned signal)
    REQUIRES(process->signal_lock) {
    if (task == nullptr && !list_is_empty(&process->tasks)) {
        task = LIST_ENTRY(process->tasks.next, struct task, link);
    }
    if (task != nullptr && ((task->blocked & signal_bit(signal)) || task_trace(task))) {
        return false;
    }
    struct signal_action action = signal_action_get(process, signal);
    return ignores(&action, signal);
}

/*
 * man 2 kill: of what other processes send, the first process gets that alone for which it has a
 * handler. What the terminal, a timer or it itself sends does as everywhere: it may be any program.
 */
static bool is_spared(struct process *process, const struct task *task,
                      const struct signal_info *info) REQUIRES(process->signal_lock) {
    unsigned signal = (unsigned)info->signal;
    const struct process *sender = process_current();
    if (process->number != 1 || info->code > CODE_USER || !sender || sender == process) {
        return false;
    }
    task = task ? task : LIST_ENTRY(process->tasks.next, struct task, link);
    bool is_blocked = !list_is_empty(&process->tasks) && (task->blocked & signal_bit(signal));
    struct signal_action action = signal_action_get(process, signal);
    return !is_blocked && action.handler == HANDLER_DEFAULT;
}

/* Whether the note is used. */
static bool post(struct process *process, struct task *task, unsigned signal,
                 struct signal_note *note) REQUIRES(process->signal_lock) {
    struct pending_signals *pending = task ? &task->pending : &process->pending;
    if (signal == SIGNAL_KILL) {
        end_all(process, SIGNAL_KILL);
        return false;
    }
    if (is_ignored(process, task, signal) || !pending_takes(pending, signal)) {
        return false;
    }
    pending_add(pending, signal, note);
    struct task *taker = task && wants(task, signal) ? task : nullptr;
    taker = task ? taker : find_taker(process, signal);
    if (taker) {
        task_notify(process, taker);
    }
    return true;
}

static enum status send(struct process *process, struct task *task,
                        const struct signal_info *info) {
    unsigned signal = (unsigned)info->signal;
    struct list_node unused;
    list_init(&unused);
    struct signal_note *note = make_note(process, info);
    if (!note && signal >= SIGNAL_REALTIME && info->code != CODE_USER) {
        return STATUS_TRY_AGAIN;
    }
    signals_lock(process);
    bool is_used = false;
    if (process->state != PROCESS_ENDED) {
        undo_opposite(process, signal, &unused);
        is_used = !is_spared(process, task, info) && post(process, task, signal, note);
    }
    signals_unlock(process);
    if (note && !is_used) {
        list_push_back(&unused, &note->link);
    }
    signal_free_notes(process, &unused);
    return STATUS_OK;
}

enum status signal_send(struct process *process, const struct signal_info *info) {
    return send(process, nullptr, info);
}

enum status signal_send_to_task(struct task *task, const struct signal_info *info) {
    return send(task->process, task, info);
}

static bool is_from_same_timer(const struct signal_info *a, const struct signal_info *b) {
    return a->code == CODE_TIMER && a->signal == b->signal && a->timer.timer == b->timer.timer;
}

static bool has_from_timer(const struct pending_signals *pending, const struct signal_info *info) {
    for (struct list_node *at = pending->notes.next; at != &pending->notes; at = at->next) {
        if (is_from_same_timer(&LIST_ENTRY(at, struct signal_note, link)->info, info)) {
            return true;
        }
    }
    return false;
}

static struct task *find_own_task(struct process *process, uint32_t number)
    REQUIRES(process->signal_lock) {
    for (struct list_node *at = process->tasks.next; at != &process->tasks; at = at->next) {
        struct task *task = LIST_ENTRY(at, struct task, link);
        if (task->number == number) {
            return task;
        }
    }
    return nullptr;
}

bool signal_send_from_timer(struct process *process, uint32_t task_number,
                            const struct signal_info *info) {
    struct list_node unused;
    list_init(&unused);
    struct signal_note *note = make_note(process, info);
    signals_lock(process);
    struct task *task = task_number != 0 ? find_own_task(process, task_number) : nullptr;
    bool is_pending = has_from_timer(task ? &task->pending : &process->pending, info);
    bool is_gone = process->state == PROCESS_ENDED || (task_number != 0 && !task);
    bool is_used =
        note && !is_pending && !is_gone && post(process, task, (unsigned)info->signal, note);
    signals_unlock(process);
    if (note && !is_used) {
        list_push_back(&unused, &note->link);
    }
    signal_free_notes(process, &unused);
    return !is_pending;
}

void signal_kill(struct process *process) {
    signals_lock(process);
    end_all(process, SIGNAL_KILL);
    signals_unlock(process);
}

/* As Linux does: one that is blocked or ignored would raise the fault for ever, so it gets the
 * default action, which ends the process. */
void signal_force(const struct signal_info *info) {
    struct task *task = task_current();
    struct process *process = task->process;
    unsigned signal = (unsigned)info->signal;
    struct signal_action action = signal_action_get(process, signal);
    signals_lock(process);
    bool is_blocked = (task->blocked & signal_bit(signal)) != 0;
    task->blocked &= ~signal_bit(signal);
    signals_unlock(process);
    if (is_blocked || action.handler == HANDLER_IGNORE) {
        action.handler = HANDLER_DEFAULT;
        signal_action_set(process, signal, &action);
    }
    (void)send(process, task, info);
}

static bool has_any(const struct task *task) REQUIRES(task->process->signal_lock) {
    const struct process *process = task->process;
    signal_set pending = task->pending.set | process->pending.set;
    if (task_is_to_end(task)) {
        return true;
    }
    if (task->sleeps_deeply) {
        return task_has_fatal(task, pending & ~task->blocked);
    }
    return task_is_to_stop(task) || (pending & ~(task->blocked & ~task->awaited));
}

bool signal_is_pending(void) {
    struct task *task = task_current();
    if (!task) {
        return false;
    }
    signals_lock(task->process);
    bool is_pending = has_any(task);
    signals_unlock(task->process);
    return is_pending;
}

signal_set signal_pending_set(void) {
    struct task *task = task_current();
    signals_lock(task->process);
    signal_set set = task->pending.set | task->process->pending.set;
    signals_unlock(task->process);
    return set;
}

/* What was meant for the current task, and is blocked in it now, may be another's. */
static void pass_on(struct process *process, signal_set left) REQUIRES(process->signal_lock) {
    for (unsigned signal = 1; left != 0; signal++) {
        struct task *taker = left & signal_bit(signal) ? find_taker(process, signal) : nullptr;
        if (taker) {
            task_notify(process, taker);
        }
        left &= ~signal_bit(signal);
    }
}

void signal_set_blocked(signal_set blocked) {
    struct task *task = task_current();
    struct process *process = task->process;
    signals_lock(process);
    signal_set before = task->blocked;
    task->blocked = blocked & ~SIGNALS_UNBLOCKABLE;
    if ((task->pending.set | process->pending.set) & ~task->blocked) {
        __atomic_store_n(&task->has_work, true, __ATOMIC_RELEASE);
    }
    pass_on(process, process->pending.set & task->blocked & ~before);
    signals_unlock(process);
}

void signal_restore_blocked_later(signal_set before) {
    struct task *task = task_current();
    task->saved_blocked = before;
    task->restores_blocked = true;
    __atomic_store_n(&task->has_work, true, __ATOMIC_RELEASE);
}

unsigned signal_take(signal_set set, struct signal_info *info) {
    struct task *task = task_current();
    struct process *process = task->process;
    struct list_node taken;
    list_init(&taken);
    signals_lock(process);
    struct pending_signals *pending = &task->pending;
    unsigned signal = pending_first(pending, set);
    if (signal == 0) {
        pending = &process->pending;
        signal = pending_first(pending, set);
    }
    *info = (struct signal_info){.signal = (int32_t)signal};
    task->has_taken_stop = signal != 0 && (signal_bit(signal) & SIGNALS_OF_STOPPING) != 0;
    if (signal != 0) {
        struct signal_note *note = pending_take(pending, signal);
        if (note) {
            *info = note->info;
            list_push_back(&taken, &note->link);
        }
    }
    signals_unlock(process);
    signal_free_notes(process, &taken);
    if (info->code == CODE_TIMER) {
        posix_timer_taken(info);
    }
    if (signal == SIGNAL_ALRM) {
        real_timer_taken(process);
    }
    return signal;
}

void signal_drop_all(struct process *process, struct task *task) {
    struct list_node dropped;
    list_init(&dropped);
    signals_lock(process);
    if (task) {
        pending_drop(&task->pending, ~0ull, &dropped);
    } else {
        pending_drop(&process->pending, ~0ull, &dropped);
    }
    signals_unlock(process);
    signal_free_notes(process, &dropped);
}

static void begin_sleep(struct sleeper *sleeper) {
    struct task *task = task_current();
    if (task) {
        signals_lock(task->process);
        task->sleeper = sleeper;
        signals_unlock(task->process);
    }
}

static void end_sleep(struct sleeper *sleeper) {
    (void)sleeper;
    begin_sleep(nullptr);
}

static bool is_to_end(void) {
    const struct task *task = task_current();
    return task && task_is_to_end(task);
}

void signals_begin(void) {
    static const struct sleep_interruption interruption = {
        .begin = begin_sleep,
        .is_pending = signal_is_pending,
        .is_ending = is_to_end,
        .end = end_sleep,
    };
    sleeper_set_interruption(&interruption);
}
