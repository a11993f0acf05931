#pragma once

#include <stdint.h>

#include "kernel/cpu/trap.h"
#include "kernel/process/process.h"
#include "kernel/process/signals.h"
#include "lib/decls.h"
#include "lib/list.h"
#include "lib/status.h"

/*
 * man 2 ptrace. A tracee, which is a task, stops in its own thread: it leaves its registers in a
 * `struct trace`, tells its tracer, and sleeps. The tracer looks at them and changes them there,
 * under the tracee's signal_lock and only while `is_stopped`, and the tracee takes them back when
 * it goes on. So neither ever touches registers that a CPU has.
 */

BEGIN_C_DECLS

constexpr uint32_t TRACE_SYSTEM_GOOD = 1u << 0; /* PTRACE_O_TRACESYSGOOD, and so on */
constexpr uint32_t TRACE_EXIT_KILL = 1u << 20;
constexpr uint32_t TRACE_OPTIONS = 0xff | TRACE_EXIT_KILL;

enum trace_event : unsigned {
    EVENT_NONE = 0,
    EVENT_FORK = 1, /* PTRACE_EVENT_FORK, and so on; the option of each is the bit of its number */
    EVENT_VFORK = 2,
    EVENT_CLONE = 3,
    EVENT_EXEC = 4,
    EVENT_VFORK_DONE = 5,
    EVENT_EXIT = 6,
    EVENT_STOP = 128,
};

constexpr uint64_t MESSAGE_CALL_ENTRY = 1; /* PTRACE_EVENTMSG_SYSCALL_ENTRY */
constexpr uint64_t MESSAGE_CALL_EXIT = 2;

/* Until which stop a tracee goes on. */
enum trace_way : uint8_t { TRACE_GO, TRACE_TO_CALL, TRACE_STEP };

/* struct user_regs_struct of <sys/user.h>. */
enum user_register : unsigned {
    REGISTER_R15,
    REGISTER_R14,
    REGISTER_R13,
    REGISTER_R12,
    REGISTER_RBP,
    REGISTER_RBX,
    REGISTER_R11,
    REGISTER_R10,
    REGISTER_R9,
    REGISTER_R8,
    REGISTER_RAX,
    REGISTER_RCX,
    REGISTER_RDX,
    REGISTER_RSI,
    REGISTER_RDI,
    REGISTER_CALL, /* orig_rax: the number of the system call; -1: it is in none */
    REGISTER_RIP,
    REGISTER_CS,
    REGISTER_RFLAGS,
    REGISTER_RSP,
    REGISTER_SS,
    REGISTER_FS_BASE,
    REGISTER_GS_BASE,
    REGISTER_DS,
    REGISTER_ES,
    REGISTER_FS,
    REGISTER_GS,
    REGISTER_COUNT,
};

struct trace {
    /* Guarded by the tree lock. */
    struct id *id;              /* held while somebody traces it */
    struct process *process;    /* of the tracee; referred to once the task has ended */
    struct list_node of_tracer; /* with its tracer's other tracees */
    bool has_ended;             /* `end` says how; the tracer has not asked yet */
    bool is_roots;              /* its tracer had root's rights when it became that */
    struct process_end end;

    /* Changed under the tree lock and the process's signal_lock: either is enough to read them. */
    struct task *tracer; /* null: nobody; the tracee itself reads it without a lock: atomic */
    struct task *task;   /* null: it has ended */

    /* Guarded by the process's signal_lock. */
    uint32_t options;
    bool is_seized;
    bool is_stopped;   /* atomic: it sleeps, and `registers` and `floating_point` are its own */
    bool is_listening; /* it is stopped, as far as nobody but its tracer is concerned */
    bool has_news;     /* the tracer has not waited for this stop yet */
    bool owes_stop;    /* PTRACE_INTERRUPT; atomic */
    bool owes_notice;  /* a seized one says that its process stopped or went on; atomic */
    bool has_info;     /* of this stop: man 2 ptrace, PTRACE_GETSIGINFO */
    bool is_delivery;  /* it stopped with a signal, which it takes if nobody says otherwise */
    bool are_registers_changed, is_floating_point_changed;
    enum trace_way way; /* the tracee itself reads it without a lock */
    uint32_t stop_code; /* the signal, and above its byte the event */
    unsigned signal;    /* that it goes on with; 0: none */
    uint64_t message;
    struct signal_info info;
    uint64_t registers[REGISTER_COUNT];

    /* The tracee's own. */
    uint32_t seen_stop;     /* the process's stop that it has told of */
    bool is_step_flag_ours; /* RFLAGS.TF is set by PTRACE_SINGLESTEP, not by the program */
    char floating_point[];  /* fpu_area_size_bytes() of it, which can be restored */
};

/* Null where nobody traces the task. For the task itself, or under one of the locks of `tracer`. */
static inline struct trace *task_trace(const struct task *task) {
    struct trace *trace = __atomic_load_n(&task->trace, __ATOMIC_ACQUIRE);
    bool is_traced = trace && __atomic_load_n(&trace->tracer, __ATOMIC_ACQUIRE);
    return is_traced ? trace : nullptr;
}

/* The number of the thread that traces the task; 0: none. */
uint32_t trace_tracer_number(const struct task *task) REQUIRES(process_tree);

/* Whether the task sleeps in a stop of its tracer's. */
static inline bool trace_is_stopped(const struct trace *trace) {
    return trace && __atomic_load_n(&trace->is_stopped, __ATOMIC_ACQUIRE);
}

/* Whether the task is to stop before it goes on, as its process or its tracer says. */
bool task_is_to_stop(const struct task *task);

/*
 * Becoming a tracer. Errors: STATUS_NO_SUCH_PROCESS; STATUS_NOT_PERMITTED, it is traced already, of
 * the caller's own process, or not to be looked into; STATUS_NO_MEMORY. trace_me: the parent, of
 * the current task.
 */
enum status trace_attach(uint32_t number, bool is_seized, uint32_t options);
enum status trace_me(void);

/* The current task's tracee of this number, which has not ended; null: none. */
struct trace *trace_find(uint32_t number) REQUIRES(process_tree);

/* What a stopped tracee does next. */
void trace_resume(struct trace *trace, enum trace_way way, unsigned signal)
    REQUIRES(trace->process->signal_lock);

/* The tracee of the current task that has this number, and is stopped, is traced no more, and goes
 * on with this signal. Errors: STATUS_NO_SUCH_PROCESS. */
enum status trace_detach(uint32_t number, unsigned signal);

/* The tracee is to stop as soon as it can; one that listens says again where it is. */
void trace_interrupt(struct trace *trace) REQUIRES(trace->process->signal_lock);

/* A seized tracee tells its tracer that its process goes on. */
void trace_owe_notice(struct process *process, struct task *task) REQUIRES(process->signal_lock);

/* Its registers, of a stopped one. What user mode must not have is refused: STATUS_IO_ERROR. */
enum status trace_set_register(struct trace *trace, unsigned index, uint64_t value)
    REQUIRES(trace->process->signal_lock);

/*
 * What the sources of this room do at the tracee's places to stop. None does anything where nobody
 * traces the current task. `frame` is what it goes on with.
 */

/* A signal is about to be taken: which one is instead, with `info`; 0: none. */
unsigned trace_signal(struct trap_frame *frame, struct signal_info *info);

/* Whether it stopped for its process or its tracer. */
bool trace_obey(struct trap_frame *frame);

/* Stops where the tracer has asked for the event. */
void trace_event(struct trap_frame *frame, enum trace_event event, uint64_t message);

/* An execve has replaced the program; `before` was the task's number. */
void trace_exec(struct trap_frame *frame, uint32_t before);

/* The task is about to end; `word` is as wait4 gives it. */
void trace_exit(uint64_t word);

/* Around a system call; false: it is not to be made. */
bool trace_call_begins(struct trap_frame *frame);
void trace_call_ends(struct trap_frame *frame);

/* Around a signal's frame, which holds no flag of PTRACE_SINGLESTEP; one step goes to the handler's
 * first instruction. */
bool trace_stop_stepping(struct trap_frame *frame);
void trace_handler_entered(struct trap_frame *frame);

/* The flags of a copy of the current task's frame, for another task. */
void trace_clean_copy(struct trap_frame *copy);

/* The registers between the frame and the trace. */
void trace_save_registers(struct trace *trace, struct trap_frame *frame);
void trace_load_registers(struct trace *trace, struct trap_frame *frame);

/* A child that the tracer of the current task is to trace too, and the memory for that. */
struct trace_of_child {
    struct trace *trace;    /* owned; null: it is not traced */
    enum trace_event event; /* that the parent stops for */
};

/* Errors: STATUS_NO_MEMORY. Then one of the others. */
enum status trace_child_begin(uint64_t clone_flags, uint32_t exit_signal,
                              struct trace_of_child *traced);
void trace_child_publish(struct trace_of_child *traced, struct task *child) REQUIRES(process_tree);
void trace_child_drop(struct trace_of_child *traced);

/* The end of a task as a tracee; what nobody needs any more comes into `gone`, for traces_free.
 * `end` is the task's own. */
void trace_end_task(struct task *task, const struct process_end *end, struct list_node *gone)
    REQUIRES(process_tree);
void traces_free(struct list_node *gone);

/* The end of a task as a tracer. Processes that nobody waits for come into `reaped`. */
void traces_leave(struct task *tracer, struct list_node *gone, struct list_node *reaped)
    REQUIRES(process_tree);

/* Of an ended tracee its tracer has heard, or there is no tracer any more. */
void trace_release_end(struct trace *trace, struct list_node *gone, struct list_node *reaped)
    REQUIRES(process_tree);

/* Whether an ended process's end is its tracer's to hear of before its parent does. */
bool trace_keeps_end(struct process *process, struct list_node *gone) REQUIRES(process_tree);

/* The last task of a process takes its number. */
void trace_become_leader(struct task *task, struct list_node *gone) REQUIRES(process_tree);

struct wait_request;
struct wait_result;

/* Waiting for tracees, of all tasks of the current process, or for that of a number. Errors:
 * STATUS_NO_CHILD; STATUS_TRY_AGAIN, there are some, and none has anything to tell. */
enum status traces_look(const struct wait_request *request, struct wait_result *result,
                        struct list_node *gone, struct list_node *reaped) REQUIRES(process_tree);
enum status trace_look_at(const struct wait_request *request, struct id *id,
                          struct wait_result *result, struct list_node *gone,
                          struct list_node *reaped) REQUIRES(process_tree);

/* Whether the current process traces the process's leader. */
bool trace_is_by_current(const struct process *process) REQUIRES(process_tree);

END_C_DECLS
