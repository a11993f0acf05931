#include "kernel/proc/facts.h"

#include "drivers/timer.h"
#include "kernel/proc/subject.h"
#include "kernel/proc/usage.h"
#include "kernel/process/groups.h"
#include "kernel/process/ptrace.h"
#include "kernel/process/signals.h"
#include "kernel/tty/tty/tty.h"
#include "lib/memory.h"

static char state_of(const struct process *process, const struct task *task) {
    if (process->state == PROCESS_ENDED || task == nullptr) {
        return 'Z';
    }
    if (trace_is_stopped(task_trace(task))) {
        return 't';
    }
    if (process->state == PROCESS_STOPPED) {
        return 'T';
    }
    if (task->thread->state != THREAD_SLEEPING) {
        return 'R';
    }
    return task->sleeps_deeply ? 'D' : 'S';
}

static void note_kin(const struct process *process, struct process_facts *facts)
    REQUIRES(process_tree) {
    facts->process = process->number;
    facts->parent = process->parent != nullptr ? process->parent->number : 0;
    facts->group = process->group->number;
    facts->session = process->session->number;
    facts->thread_count = process->task_count > 0 ? process->task_count : 1; /* it has ended */
    facts->exit_signal = process->exit_signal;
    facts->nice = process->nice;
    facts->start_ticks = process->start_ns / (1'000'000'000 / USER_HERTZ);
    facts->has_no_new_privileges = process->has_no_new_privileges;
    facts->resident_limit_bytes = process->limits[RESOURCE_RESIDENT].soft;
    facts->queued_signals_limit = process->limits[RESOURCE_SIGNALS].soft;
    if (process->state == PROCESS_ENDED) {
        facts->exit_code =
            (int32_t)(process->end.signal != 0 ? process->end.signal : process->end.exit_code << 8);
    }
}

static void note_credentials(const struct process_credentials *own, struct process_facts *facts) {
    const uint32_t users[] = {own->real_user, own->effective_user, own->saved_user, own->file_user};
    const uint32_t groups[] = {own->real_group, own->effective_group, own->saved_group,
                               own->file_group};
    memcpy(facts->users, users, sizeof(users));
    memcpy(facts->groups, groups, sizeof(groups));
    memcpy(facts->more_groups, own->groups, sizeof(own->groups));
    facts->more_group_count = own->group_count;
}

static_assert(sizeof(((struct process_credentials *)nullptr)->groups) ==
              sizeof(((struct process_facts *)nullptr)->more_groups));

static void note_signals(struct process *process, const struct task *task,
                         struct process_facts *facts) REQUIRES(process_tree) {
    for (unsigned signal = 1; signal <= SIGNAL_COUNT; signal++) {
        uint64_t handler = signal_action_get(process, signal).handler;
        facts->ignored |= handler == HANDLER_IGNORE ? signal_bit(signal) : 0;
        facts->caught |= handler > HANDLER_IGNORE ? signal_bit(signal) : 0;
    }
    signals_lock(process);
    facts->shared_pending = process->pending.set;
    facts->queued_signals = __atomic_load_n(&process->note_count, __ATOMIC_RELAXED);
    if (task != nullptr) {
        facts->pending = task->pending.set;
        facts->blocked = task->blocked;
    }
    signals_unlock(process);
}

/* Of the one task where the subject is one, else of all that there were. */
static void note_times(const struct made_subject *subject, const struct task *task,
                       struct process_facts *facts) REQUIRES(process_tree) {
    struct process *process = subject_process(subject);
    struct process_times times = process_times(process);
    if (subject->task != 0 && task != nullptr) {
        times = task_times(task);
    }
    facts->user_ticks = timer_ticks_to_user(times.user_ticks);
    facts->kernel_ticks = timer_ticks_to_user(times.kernel_ticks);
    facts->minor_faults = times.minor_faults;
    facts->child_user_ticks = timer_ticks_to_user(process->child_times.user_ticks);
    facts->child_kernel_ticks = timer_ticks_to_user(process->child_times.kernel_ticks);
    facts->child_minor_faults = process->child_times.minor_faults;
    if (task != nullptr) {
        facts->voluntary_switches =
            __atomic_load_n(&task->thread->voluntary_switches, __ATOMIC_RELAXED);
        facts->involuntary_switches =
            __atomic_load_n(&task->thread->involuntary_switches, __ATOMIC_RELAXED);
        facts->policy = task->scheduling.policy;
        facts->realtime_priority = task->scheduling.priority;
    }
}

/* Terminals stay for ever. */
static struct tty *find_terminal(const struct made_subject *subject) {
    tree_lock();
    struct tty *terminal = subject_process(subject)->terminal;
    tree_unlock();
    return terminal;
}

static void note_terminal(const struct made_subject *subject, struct process_facts *facts) {
    struct tty *terminal = find_terminal(subject);
    facts->terminal_group = -1;
    if (terminal != nullptr) {
        uint32_t foreground = tty_foreground(terminal);
        facts->terminal_device = tty_device(terminal);
        facts->terminal_group = foreground != 0 ? (int32_t)foreground : -1;
    }
}

static enum status gather_held(const struct made_subject *subject, struct gathered_facts *gathered)
    REQUIRES(process_tree) {
    struct process *process = subject_process(subject);
    struct process_facts *facts = &gathered->facts;
    if (process->id == nullptr) {
        return STATUS_NO_SUCH_PROCESS;
    }
    const struct task *task = subject_task(subject);
    if (subject->task != 0 && subject->task != process->number && task == nullptr) {
        return STATUS_NO_SUCH_PROCESS;
    }
    memcpy(gathered->name, task != nullptr ? task->name : process->last_name,
           sizeof(gathered->name));
    facts->name = gathered->name;
    facts->number = subject->task != 0 ? subject->task : process->number;
    facts->state = state_of(process, task);
    facts->tracer = task != nullptr ? trace_tracer_number(task) : 0;
    note_kin(process, facts);
    note_credentials(&process->credentials, facts);
    note_signals(process, task, facts);
    note_times(subject, task, facts);
    return STATUS_OK;
}

static void note_files(const struct made_subject *subject, struct process_facts *facts) {
    struct descriptor_table *files = subject_files(subject);
    if (files != nullptr) {
        facts->descriptor_size = descriptor_table_size(files);
        descriptor_table_unref(files);
    }
    struct file_context *places = subject_places(subject);
    if (places != nullptr) {
        facts->umask = __atomic_load_n(&places->umask, __ATOMIC_RELAXED);
        file_context_unref(places);
    }
}

/* As man 5 proc has it for who may not look into the process: it runs, somewhere. */
static void hide_places(struct process_facts *facts) {
    struct memory_facts *memory = &facts->memory;
    memory->code_start = memory->code_end = facts->has_memory;
    memory->data_start = memory->data_end = memory->brk_start = memory->stack_start = 0;
    memory->arguments_start = memory->arguments_end = 0;
    memory->environment_start = memory->environment_end = 0;
    facts->exit_code = 0;
}

enum status facts_gather(const struct made_subject *subject, struct gathered_facts *gathered) {
    *gathered = (struct gathered_facts){};
    tree_lock();
    enum status status = gather_held(subject, gathered);
    tree_unlock();
    if (status != STATUS_OK) {
        return status;
    }
    note_files(subject, &gathered->facts);
    note_terminal(subject, &gathered->facts);
    struct process_memory *memory = subject_memory(subject);
    if (memory != nullptr) {
        gathered->facts.has_memory = true;
        usage_of_memory(memory, &gathered->facts.memory);
        process_memory_unref(memory);
    }
    if (!may_inspect(subject)) {
        hide_places(&gathered->facts);
    }
    return STATUS_OK;
}
