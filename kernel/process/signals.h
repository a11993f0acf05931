#pragma once

#include "kernel/process/process.h"
#include "kernel/signal/signal.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/*
 * Sending signals and saying what they do. Whoever names a process or a task holds a reference or
 * the tree lock.
 */

BEGIN_C_DECLS

/* Guards what a process knows of its signals. Comes after the tree lock. */
void signals_lock(struct process *process) ACQUIRES(process->signal_lock);
void signals_unlock(struct process *process) RELEASES(process->signal_lock);

/* All defaults, with one reference. Errors: STATUS_NO_MEMORY. */
enum status signal_actions_create(struct signal_actions **actions);
enum status signal_actions_clone(struct signal_actions *actions, struct signal_actions **copy);
void signal_actions_ref(struct signal_actions *actions);
void signal_actions_unref(struct signal_actions *actions);

/* What has a handler gets the default again: CLONE_CLEAR_SIGHAND. */
void signal_actions_reset(struct signal_actions *actions);

/* execve, by the only task of the process: `own`, fresh, gets what the process has, reset, and
 * takes its place. */
void signal_actions_own(struct process *process, struct signal_actions *own);

struct signal_action signal_action_get(struct process *process, unsigned signal);

/* man 2 rt_sigaction: signals that are to be ignored from now on are not pending any more. */
void signal_action_set(struct process *process, unsigned signal,
                       TRUSTED const struct signal_action *action);

/* What kill, tgkill and a child's end say. */
struct signal_info signal_info_from_user(unsigned signal, int32_t code);
struct signal_info signal_info_from_kernel(unsigned signal);

/* Sends to the process, or to that one of its tasks; process 1 gets from another one only what it
 * has a handler for, or blocks. Errors: STATUS_TRY_AGAIN, a queued signal for
 * which there is no memory. */
enum status signal_send(struct process *process, const struct signal_info *info);
enum status signal_send_to_task(struct task *task, const struct signal_info *info);

/*
 * A timer's, to the process, or to that one of its tasks where the number is not 0; the task may be
 * gone, then nothing is sent. May be called in the timers' thread. False: the timer's last one is
 * still pending, and there is no other.
 */
bool signal_send_from_timer(struct process *process, uint32_t task_number,
                            const struct signal_info *info);

/* The current task's own fault, which it can neither block nor ignore. */
void signal_force(const struct signal_info *info);

/* Ends the process by SIGKILL, whoever asks. */
void signal_kill(struct process *process);

/* Whether the current task has one to take, or is to end. */
bool signal_is_pending(void);

/* Which signals are pending for the current task and for its process. */
signal_set signal_pending_set(void);

/* Sets the mask of the current task, in which SIGKILL and SIGSTOP are never. */
void signal_set_blocked(signal_set blocked);

/*
 * Takes a pending signal of the set from the current task or its process; 0: none is pending.
 */
unsigned signal_take(signal_set set, struct signal_info *info);

/* Puts the mask that sigsuspend and its like replaced back once the call is over. */
void signal_restore_blocked_later(signal_set before);

/* Gives the memory of notes back. */
void signal_free_notes(struct process *process, struct list_node *notes);
void signal_drop_all(struct process *process, struct task *task);

/* What wakes a sleeping task (kernel/files/wait). Once, at boot. */
void signals_begin(void);

/* Marks the task as having something to do, and wakes it. */
void task_notify(struct process *process, struct task *task) REQUIRES(process->signal_lock);
void process_notify_tasks(struct process *process) REQUIRES(process->signal_lock);

END_C_DECLS
