#pragma once

#include "kernel/process/process.h"
#include "lib/decls.h"

/* What the sources of this room tell each other about a process's life. */

BEGIN_C_DECLS

/* Ends the current task where its process is ending, and sleeps while it or its tracer has it
 * stopped. */
void process_obey(struct trap_frame *frame);

/* Stops the current process by its default action. */
void process_stop(unsigned signal);

/* Whether the task is to end before it goes on in user mode. */
static inline bool task_is_to_end(const struct task *task) {
    const struct process *process = task->process;
    const struct task *ender = __atomic_load_n(&process->ender, __ATOMIC_ACQUIRE);
    return __atomic_load_n(&process->is_ending, __ATOMIC_ACQUIRE) ||
           (ender != nullptr && ender != task);
}

/* Before looking whether to sleep: task_notify wakes the sleeper from here on. */
void task_expect_notice(struct task *task, struct sleeper *sleeper);

/* The same, and nothing but the end of the process ends the sleep. */
void task_expect_end(struct task *task, struct sleeper *sleeper);

/* Ends either. */
void task_expect_nothing(struct task *task);

/* Whether one of the signals ends the process without a core, which ends a deep sleep too, as on
 * Linux. */
bool task_has_fatal(const struct task *task, signal_set pending)
    REQUIRES(task->process->signal_lock);

/* Tells the parent what became of a child: SIGCHLD, and whoever waits. */
void process_tell_parent(struct process *process, int32_t code, int32_t status)
    REQUIRES(process_tree);

/* The same to a process that need not be the parent, about a thread of the child's. */
void process_tell(struct process *to, struct process *child, uint32_t number, int32_t code,
                  int32_t status) REQUIRES(process_tree);

/* The parent hears of an end that was kept from it. Where it does not wait, the process comes into
 * `reaped`. */
void process_show_end(struct process *process, struct list_node *reaped) REQUIRES(process_tree);

/* Lets go of processes that were reaped, which `reaped` lists. */
void processes_unref(struct list_node *reaped);

/* Takes an ended process out of the tree, and its number with it; the caller unlocks and gives the
 * tree's reference back. */
void process_reap_locked(struct process *process) REQUIRES(process_tree);

/* Whoever made a vfork child waits on this. */
struct vfork_wait {
    struct sleeper sleeper;
    uint32_t is_over; /* atomic */
};

/* The task has left the memory that it borrowed. */
void vfork_end(struct task *task);

/* The current task has another table of descriptors, whose reference it takes. */
void task_set_files(struct task *task, struct descriptor_table *files);

/* CLONE_CHILD_SETTID, by the child itself. */
void task_store_own_id(struct task *task);

/* Every process, for process_for_each. */
extern struct list_node all_processes; /* guarded by the tree lock */

/* Whether no member of the group has a parent in another group of the session: nobody would
 * continue what is stopped (POSIX: orphaned process group). */
bool group_is_orphaned(struct id *group, const struct process *without) REQUIRES(process_tree);

/* A process and a task that nobody knows yet; what release gives back. Errors: as task_clone. */
enum status process_make(struct process **process);
enum status task_make(const char *name, struct address_space *space, struct task **task);
void task_free(struct task *task);

/* The last component of a program's path: in it. */
const char *program_name(const char *path);

/* Puts the task into its process, and lets it run. */
void task_publish(struct task *task) REQUIRES(process_tree);

/* man 2 exit: the robust futexes of man 2 set_robust_list, and CLONE_CHILD_CLEARTID. */
void task_release_futexes(struct task *task);

END_C_DECLS
