#include "kernel/process/oom.h"

#include "kernel/clock/clock.h"
#include "kernel/clock/sleep.h"
#include "kernel/log.h"
#include "kernel/process/lifecycle.h"
#include "kernel/process/process.h"
#include "kernel/process/signals.h"
#include "mm/frame/frame.h"
#include "mm/space/space_usage.h"

constexpr int64_t ADJUSTMENT_NEVER = -1000; /* OOM_SCORE_ADJ_MIN */
constexpr int64_t ADJUSTMENT_WHOLE = 1000;
constexpr uint32_t FIRST_NUMBER = 1;
constexpr uint64_t PATIENCE_NS = 100'000'000;
constexpr uint32_t WAIT_COUNT_MAX = 10; /* then it is taken for one that cannot end */

struct choice {
    struct process *process; /* a reference */
    int64_t badness;
    uint64_t page_count;
};

/* The process with the lowest number from `from` on that has memory, both with a reference; null:
 * there is none. A walk by number is not lost when a process ends meanwhile. */
static struct process *next_process(uint32_t from, struct process_memory **memory) {
    tree_lock();
    struct id *id = id_next(from);
    while (id && !(id->process && id->process->memory)) {
        id = id_next(id->number + 1);
    }
    struct process *next = id ? id->process : nullptr;
    if (next) {
        process_ref(next);
        *memory = next->memory;
        process_memory_ref(*memory);
    }
    tree_unlock();
    return next;
}

static uint64_t resident_pages(const struct process_memory *memory) {
    struct space_usage usage;
    space_usage(memory->space, &usage);
    return usage.resident_anonymous + usage.resident_file + usage.resident_shared +
           usage.table_pages;
}

/* Its pages, and so many thousandths of all memory more or less. The first process, which all
 * others need, goes only where there is no other. */
static void weigh(struct process *process, const struct process_memory *memory,
                  struct choice *choice) {
    int64_t adjustment = __atomic_load_n(&process->oom_score_adjustment, __ATOMIC_RELAXED);
    uint32_t wait_count = __atomic_load_n(&process->oom_wait_count, __ATOMIC_RELAXED);
    if (adjustment <= ADJUSTMENT_NEVER || wait_count >= WAIT_COUNT_MAX) {
        return;
    }
    uint64_t page_count = resident_pages(memory);
    int64_t total = (int64_t)frame_count().total;
    int64_t badness = (int64_t)page_count + adjustment * total / ADJUSTMENT_WHOLE;
    badness = process->number == FIRST_NUMBER ? INT64_MIN : badness;
    if (choice->process && badness <= choice->badness) {
        return;
    }
    if (choice->process) {
        process_unref(choice->process);
    }
    process_ref(process);
    *choice = (struct choice){process, badness, page_count};
}

static struct choice choose(void) {
    struct choice choice = {};
    struct process_memory *memory;
    struct process *process = next_process(0, &memory);
    while (process) {
        uint32_t number = process->number;
        weigh(process, memory, &choice);
        process_memory_unref_later(memory);
        process_unref(process);
        process = next_process(number + 1, &memory);
    }
    return choice;
}

static void say(const struct choice *choice) {
    char name[TASK_NAME_SIZE_BYTES] = "";
    tree_lock();
    struct list_node *first = choice->process->tasks.next;
    if (first != &choice->process->tasks) {
        const struct task *task = LIST_ENTRY(first, struct task, link);
        __builtin_memcpy(name, task->name, sizeof(name));
    }
    tree_unlock();
    log_line(LOG_WARNING, "out of memory: process %u (%s) with %llu KiB is ended",
             choice->process->number, name, (unsigned long long)choice->page_count << 2);
}

/* Sleeps until the process has ended, or a moment; it may wait for what the current task holds. */
static void wait_for_end(struct process *process) {
    struct sleeper sleeper;
    struct alarm alarm;
    uint64_t deadline = clock_now() + PATIENCE_NS;
    struct task *task = task_current();
    while (!__atomic_load_n(&process->has_ended, __ATOMIC_ACQUIRE) && clock_now() < deadline &&
           !task_is_to_end(task)) {
        sleeper_prepare(&sleeper);
        alarm_begin(&alarm, &sleeper, clock_now() + PATIENCE_NS / 20);
        task_sleep_deeply(task);
        enum status status = sleeper_sleep(&sleeper);
        task_expect_nothing(task);
        alarm_end(&alarm);
        if (status != STATUS_OK) {
            break;
        }
    }
    __atomic_add_fetch(&process->oom_wait_count, 1, __ATOMIC_RELAXED);
}

/* Ends whoever has the process's memory: as long as one of them lives none of it is given back. */
static void kill_sharers(struct process *process) {
    signal_kill(process);
    tree_lock();
    const struct process_memory *memory = process->memory;
    for (struct list_node *at = all_processes.next; memory && at != &all_processes; at = at->next) {
        struct process *other = LIST_ENTRY(at, struct process, link);
        if (other->memory == memory && other != process) {
            signal_kill(other);
        }
    }
    tree_unlock();
}

bool oom_end_somebody(void) {
    struct choice choice = choose();
    if (!choice.process) {
        signal_kill(process_current());
        return false;
    }
    if (!__atomic_load_n(&choice.process->is_ending, __ATOMIC_ACQUIRE)) {
        say(&choice);
    }
    kill_sharers(choice.process);
    if (choice.process != process_current()) {
        wait_for_end(choice.process);
    }
    process_unref(choice.process);
    return !task_is_to_end(task_current());
}
