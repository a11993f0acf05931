#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/clock/timer.h"
#include "kernel/cpu/trap.h"
#include "kernel/files/file/descriptor_table.h"
#include "kernel/files/wait/wait.h"
#include "kernel/ipc/semaphore.h"
#include "kernel/process/cpu_timers.h"
#include "kernel/process/file_context.h"
#include "kernel/process/id.h"
#include "kernel/process/memory.h"
#include "kernel/process/real_timer.h"
#include "kernel/process/tree_lock.h"
#include "kernel/process/user_tasks.h"
#include "kernel/signal/pending.h"
#include "kernel/signal/signal.h"
#include "kernel/thread/thread.h"
#include "lib/decls.h"
#include "lib/spinlock.h"
#include "lib/status.h"

/*
 * Processes and their threads as Linux has them. A `struct task` is a thread of a program: what man
 * 2 clone calls a thread or a process of its own, with a kernel thread behind it. A `struct
 * process` is a thread group: what man 2 getpid numbers, wait4 waits for and kill is meant for.
 */

BEGIN_C_DECLS

/* How a process ended. */
struct process_end {
    unsigned signal;    /* that killed it; 0: it exited */
    unsigned exit_code; /* 0..255, where it exited */
};

/* What signals do; several processes have the same under CLONE_SIGHAND. */
struct signal_actions {
    uint32_t reference_count; /* atomic */
    struct spinlock lock;
    struct signal_action actions[SIGNAL_COUNT]; /* guarded by lock; of signal n at n - 1 */
};

/* man 7 credentials. */
struct process_credentials {
    uint32_t real_user, effective_user, saved_user, file_user;
    uint32_t real_group, effective_group, saved_group, file_group;
    uint32_t group_count;
    uint32_t groups[32];
    bool is_permitted_none;        /* it has given up for good what root may do */
    uint64_t dropped_capabilities; /* PR_CAPBSET_DROP: bits of the bounding set that are gone */
};

/* man 2 getrlimit. */
enum resource : uint32_t {
    RESOURCE_CPU,
    RESOURCE_FILE_SIZE,
    RESOURCE_DATA,
    RESOURCE_STACK,
    RESOURCE_CORE,
    RESOURCE_RESIDENT,
    RESOURCE_PROCESSES,
    RESOURCE_FILES,
    RESOURCE_LOCKED_MEMORY,
    RESOURCE_ADDRESS_SPACE,
    RESOURCE_LOCKS,
    RESOURCE_SIGNALS,
    RESOURCE_MESSAGE_QUEUE,
    RESOURCE_NICE,
    RESOURCE_REALTIME_PRIORITY,
    RESOURCE_REALTIME_TIME,
    RESOURCE_COUNT,
};

struct resource_limit {
    uint64_t soft, hard; /* UINT64_MAX: none */
};

/* CPU time in timer ticks, and what else man 2 getrusage counts. */
struct process_times {
    uint64_t user_ticks, kernel_ticks;
    uint64_t minor_faults;
    uint64_t voluntary_switches, involuntary_switches;
};

constexpr size_t TASK_NAME_SIZE_BYTES = 16; /* TASK_COMM_LEN */

/* What its read and write calls have moved, for /proc/PID/io; atomic. */
struct process_moved {
    uint64_t read_bytes, written_bytes;
    uint64_t read_calls, write_calls;
};

enum process_state : uint8_t { PROCESS_LIVES, PROCESS_STOPPED, PROCESS_ENDED };

struct tty;

struct process {
    uint32_t reference_count; /* atomic: the tree's until it is reaped, its tasks', others' */
    uint32_t number;          /* of `id`; fixed at creation */

    /* Guarded by the tree lock. */
    struct id *id; /* held until it is reaped */
    struct id *group, *session;
    struct list_node of_group, of_session;
    struct task *creator;        /* of the parent: the task that made it; null: none */
    struct list_node of_creator; /* with what else that task has made; none: itself */
    struct process *parent;      /* null: the kernel started it, or nobody is left to wait for it */
    struct list_node children, sibling;
    struct list_node tasks; /* by their numbers; changed under signal_lock as well, so either is
                               enough to read it */
    uint32_t task_count;    /* those that have not ended */
    struct user_part of_user;
    struct list_node link;    /* in the list of all */
    uint32_t exit_signal;     /* to the parent; 0: none */
    bool has_started_program; /* execve: its parent may not move it to another group any more */
    bool is_waited_by_clone;  /* not a child that wait4 sees without __WCLONE */
    bool is_kernels;          /* the kernel itself waits for it; fixed at creation */
    bool adopts;              /* PR_SET_CHILD_SUBREAPER */
    bool is_end_kept;         /* its tracer, which is not its parent, is to hear of its end first */
    struct process_times ended_times;     /* of tasks that have ended */
    struct process_times child_times;     /* of children that were waited for */
    struct process_end end;               /* once it has ended */
    char last_name[TASK_NAME_SIZE_BYTES]; /* likewise: the name of its last task */
    struct tty *terminal;                 /* the controlling one; null: none */

    struct wait_queue child_changed; /* who waits for its children */
    struct wait_queue ended;         /* who waits for its own end */
    uint32_t has_ended;              /* for the kernel, which sleeps on it */

    /* Guarded by signal_lock. */
    struct spinlock signal_lock;
    struct pending_signals pending; /* for whichever task takes them first */
    uint32_t note_count;            /* of its signals and its tasks'; atomic */
    struct signal_actions *actions; /* owned; changed by its only task */
    struct task *ender;             /* who replaces the program and waits for the others to end */
    unsigned stop_signal;           /* that stopped it, for a parent that has not asked yet */
    uint32_t stop_count;            /* how often that was; atomic */
    enum process_state state;
    bool is_ending; /* every task is to end: `end` says how; read without the lock too: atomic */
    bool is_killed; /* by SIGKILL, which ends a tracee's stop too: atomic */
    bool has_stop_news, has_continue_news;
    bool owes_continue; /* it went on, and its parent has not been told yet */

    struct process_memory *memory; /* owned; changed by its only task, under the tree lock */
    struct resource_limit limits[RESOURCE_COUNT]; /* changed under the tree lock; one is read
                                                     without it, and may be the one before */
    struct process_credentials credentials; /* guarded by the tree lock; its own tasks read it */
    struct real_timer real_timer;
    struct cpu_timers cpu_timers;
    struct tree posix_timers;          /* guarded by the tree lock, as the next three */
    struct list_node cpu_posix_timers; /* of them, those that signal by CPU time */
    uint32_t posix_timer_count;
    int32_t next_posix_timer;
    struct semaphore_undos semaphore_undos;
    int32_t nice;      /* guarded by the tree lock */
    uint64_t start_ns; /* of clock_now; fixed at creation */
    struct process_moved moved;
    uint32_t is_dumpable;         /* PR_SET_DUMPABLE; atomic */
    int32_t oom_score_adjustment; /* atomic */
    int32_t oom_score_least;      /* atomic; what root set last: nobody else goes below it */
    uint32_t oom_wait_count; /* how often it has been waited for, to give its memory back; atomic */
    uint32_t personality;    /* atomic */
    bool has_no_new_privileges;     /* atomic */
    bool has_no_large_pages;        /* PR_SET_THP_DISABLE; atomic */
    bool keeps_capabilities;        /* PR_SET_KEEPCAPS; atomic */
    uint32_t barrier_registrations; /* of man 2 membarrier; atomic */
};

/* What an interrupted system call becomes (man 7 signal). */
enum restart_kind : uint8_t {
    RESTART_NEVER,
    RESTART_UNLESS_HANDLED, /* again, unless a handler ran */
    RESTART_IF_ASKED,       /* again, unless a handler without SA_RESTART ran */
    RESTART_ALWAYS,
};

struct vfork_wait;
struct trace;

/* man 7 sched: what its thread's priority is made of; other policies are only remembered. */
struct task_scheduling {
    int32_t policy;      /* any but SCHED_DEADLINE */
    int32_t priority;    /* of SCHED_FIFO and SCHED_RR; else 0 */
    bool resets_on_fork; /* SCHED_RESET_ON_FORK: children begin with SCHED_OTHER */
};

struct task {
    struct process *process;      /* a reference; fixed at creation, but for execve's */
    struct thread *thread;        /* fixed at creation */
    struct id *id;                /* its thread id; guarded by the tree lock */
    uint32_t number;              /* of `id` */
    unsigned parent_death_signal; /* guarded by the tree lock */
    struct list_node link;        /* in the process's tasks; guarded by the tree lock */
    struct list_node made;        /* processes whose parent it is; guarded by the tree lock */
    struct list_node tracees;     /* traces whose tracer it is; guarded by the tree lock */
    struct trace *trace;          /* owned; of its tracer, and of its last one: see task_trace */

    /* Guarded by the process's signal_lock. */
    signal_set blocked;
    struct pending_signals pending;
    struct sleeper *sleeper; /* what a signal wakes; null: it does not sleep */
    signal_set awaited;      /* sigtimedwait: these end its sleep, though they are blocked */
    bool sleeps_deeply;      /* nothing but what ends the process ends its sleep */
    bool has_taken_stop;     /* a signal that stops, and no SIGCONT has come since */

    bool has_work; /* atomic: something is to be done before it goes on in user mode */

    /* Its own. */
    struct descriptor_table *files; /* owned; others read it under the tree lock */
    struct file_context *places;    /* owned; likewise */
    signal_set saved_blocked;       /* what sigsuspend, ppoll, pselect put back */
    struct signal_stack signal_stack;
    uint64_t clear_id_address; /* CLONE_CHILD_CLEARTID; 0: none */
    uint64_t robust_list;      /* man 2 set_robust_list; 0: none */
    uint64_t rseq_address;     /* man 2 rseq; 0: none */
    uint32_t rseq_signature;
    uint32_t rseq_turn;           /* of the thread, in which it was last told where it runs */
    struct vfork_wait *vfork;     /* who waits until it has left the memory */
    struct trap_frame *frame;     /* of what it entered the kernel for */
    uint64_t call_number;         /* of the system call */
    enum restart_kind restart;    /* of it, which may lower it */
    bool is_restarted;            /* the call is made again by itself */
    bool has_set_frame;           /* the call has said itself what the registers are to be */
    bool restores_blocked;        /* saved_blocked is to be put back */
    bool has_left_futexes;        /* atomic: it ends, and lets go of what it holds */
    uint64_t restart_deadline_ns; /* of a sleep that goes on; 0: none */
    struct trap_frame start;      /* of its first instruction; until it runs */
    uint64_t set_id_address;      /* CLONE_CHILD_SETTID; likewise */
    uint64_t minor_faults;
    uint64_t timer_slack_ns, timer_slack_first_ns; /* PR_SET_TIMERSLACK; what 0 brings back */
    struct task_scheduling scheduling;             /* guarded by the tree lock */
    struct memory_policy memory_policy;            /* man 2 set_mempolicy */
    uint32_t io_priority;                          /* man 2 ioprio_set; likewise */
    char name[TASK_NAME_SIZE_BYTES];               /* PR_SET_NAME; guarded by the tree lock */
};

/* The task whose thread is running, and its process; null for the kernel's own threads. */
struct task *task_current(void);
struct process *process_current(void);

/* Whether the current process may do what only root may (man 7 capabilities): it has all of them or
 * none, since man 2 capset takes no part of them away. */
bool process_has_capabilities(void);

/* The space of the current process. */
struct address_space *process_space(void);

/* The process of this number, or of the thread that has it; null where there is none. It may have
 * ended. */
struct process *process_find(uint32_t number) REQUIRES(process_tree);

void process_ref(struct process *process);
void process_unref(struct process *process);

/* man 2 clone's flags. */
constexpr uint64_t CLONE_VM = 0x100;
constexpr uint64_t CLONE_FS = 0x200;
constexpr uint64_t CLONE_FILES = 0x400;
constexpr uint64_t CLONE_SIGHAND = 0x800;
constexpr uint64_t CLONE_PIDFD = 0x1000;
constexpr uint64_t CLONE_PTRACE = 0x2000;
constexpr uint64_t CLONE_VFORK = 0x4000;
constexpr uint64_t CLONE_PARENT = 0x8000;
constexpr uint64_t CLONE_THREAD = 0x10000;
constexpr uint64_t CLONE_NEWNS = 0x20000;
constexpr uint64_t CLONE_SYSVSEM = 0x40000;
constexpr uint64_t CLONE_SETTLS = 0x80000;
constexpr uint64_t CLONE_PARENT_SETTID = 0x100000;
constexpr uint64_t CLONE_CHILD_CLEARTID = 0x200000;
constexpr uint64_t CLONE_DETACHED = 0x400000;
constexpr uint64_t CLONE_UNTRACED = 0x800000;
constexpr uint64_t CLONE_CHILD_SETTID = 0x1000000;
constexpr uint64_t CLONE_NAMESPACES =
    0x7e020080; /* NEWNS, CGROUP, UTS, IPC, USER, PID, NET, TIME */
constexpr uint64_t CLONE_IO = 0x80000000;
constexpr uint64_t CLONE_CLEAR_SIGHAND = 0x100000000;
constexpr uint64_t CLONE_INTO_CGROUP = 0x200000000;

struct clone_request {
    uint64_t flags;
    uint32_t exit_signal;
    uint64_t stack; /* the new stack pointer; 0: the same */
    uint64_t thread_pointer;
    uint64_t parent_id_address, child_id_address;
    uint64_t pidfd_address; /* under CLONE_PIDFD */
};

/*
 * man 2 clone: a task like the current one, which called with `frame`. Returns its number or a
 * negated errno. Errors: STATUS_INVALID, flags that contradict each other or that stand for what
 * does not exist here; STATUS_NO_MEMORY; STATUS_TRY_AGAIN, too many processes.
 */
int64_t task_clone(const struct trap_frame *frame, const struct clone_request *request);

/*
 * man 2 unshare, of what man 2 clone's flags say. Errors: STATUS_INVALID, it cannot be, or other
 * threads share it; STATUS_NOT_PERMITTED, namespaces, which are root's to make; STATUS_NO_MEMORY.
 */
enum status task_unshare(uint64_t flags);

/*
 * Ends the current task; with the last one its process ends: man 2 _exit. These do not return, so
 * nobody calls them who holds anything: the calls of that name do, and task_before_user.
 */
[[noreturn]] void task_exit(unsigned exit_code);

/* Ends the current process: man 2 exit_group, and the default action of a signal. */
[[noreturn]] void process_exit(unsigned exit_code);
[[noreturn]] void process_kill(unsigned signal);

/* The current process ends so when its tasks come to task_before_user, unless it ends already. */
void process_end_soon(struct process_end end);

/* Ends every task of the process but the current one, which is of it, and waits until they have;
 * false: another one does so, or the process ends, and others may still live. For execve. */
bool process_end_others(void);

/* What the task is called, cut to TASK_NAME_SIZE_BYTES. It may hold any bytes: whoever prints it
 * where a line must not be forged makes it harmless. */
void task_set_name(struct task *task, const char *name);
/* Whether the current task, if there is one, is to end before it goes on in user mode. */
bool process_is_to_end(void);

/* Whether nothing but the end of the process ends the current task's sleep from here on. */
void task_sleep_deeply(struct task *task);
void task_sleep_lightly(struct task *task);

/* Whether more tasks of the process than the current one live. */
bool process_has_threads(void);

/*
 * What is to be done before a task goes on in user mode: ends, stops, takes signals. With
 * interrupts on, and `frame` on the kernel stack of the current thread.
 */
void task_before_user(struct trap_frame *frame);

/* Whether task_before_user has anything to do. */
static inline bool task_has_work(const struct task *task) {
    return task != nullptr && __atomic_load_n(&task->has_work, __ATOMIC_ACQUIRE);
}

/* Visits every process, oldest first, under the tree lock. */
void process_for_each(void (*visit)(void *context, struct process *process), void *context)
    REQUIRES(process_tree);

/* Of all its tasks, those that have ended too. */
struct process_times process_times(struct process *process) REQUIRES(process_tree);

/* Of one task, until it ends; and the sum of both in `times`. */
struct process_times task_times(const struct task *task);
void process_times_add(struct process_times *times, const struct process_times *more);

/* On whose behalf the current process uses System V IPC. */
struct ipc_caller process_ipc_caller(void);

/* Memory that has been loaded grows no further than the limits of whichever process uses it. */
void process_memory_obey_limits(struct process_memory *memory);

constexpr uint32_t PERSONALITY_NOT_RANDOM = 0x0040000; /* ADDR_NO_RANDOMIZE of man 2 personality */

/* How many processes and threads there are; and how many threads there have been. */
uint32_t process_count(void);
uint32_t task_count(void);
uint64_t task_total(void);

END_C_DECLS
