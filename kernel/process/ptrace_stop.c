#include "kernel/cpu/cpu.h"
#include "kernel/process/lifecycle.h"
#include "kernel/process/ptrace.h"

/* What a tracee does at its places to stop. */

constexpr unsigned EVENT_SHIFT = 8;
constexpr uint32_t GOOD_TRAP = SIGNAL_TRAP | 0x80; /* under TRACE_SYSTEM_GOOD */

struct stop {
    uint32_t code;   /* the signal, and above its byte the event */
    int32_t reason;  /* CODE_CHILD_ */
    bool is_deliver; /* goes on with `code`, unless somebody says otherwise */
    bool is_at_end;  /* where a process that is ending may still stop */
    uint64_t message;
    const struct signal_info *info; /* null: none */
};

/* Whether it must not stop, or not any longer. */
static bool is_called_off(const struct task *task, bool is_at_end) {
    bool is_killed = __atomic_load_n(&task->process->is_killed, __ATOMIC_ACQUIRE);
    return is_killed || (!is_at_end && task_is_to_end(task));
}

static void note_stop(struct trace *trace, const struct stop *stop)
    REQUIRES(trace->process->signal_lock) {
    trace->stop_code = stop->code;
    trace->message = stop->message;
    trace->is_delivery = stop->is_deliver;
    trace->signal = stop->is_deliver ? stop->code : 0;
    trace->has_info = stop->info != nullptr;
    trace->task->has_taken_stop |= stop->is_deliver;
    __atomic_store_n(&trace->owes_stop, false, __ATOMIC_RELEASE);
    if (stop->code >> EVENT_SHIFT == EVENT_STOP) {
        __atomic_store_n(&trace->owes_notice, false, __ATOMIC_RELEASE);
    }
    trace->has_news = true;
    __atomic_store_n(&trace->is_stopped, true, __ATOMIC_RELEASE);
}

/* False: it does not stop. */
static bool begin(struct trace *trace, const struct stop *stop) {
    struct task *task = task_current();
    struct process *process = task->process;
    tree_lock();
    signals_lock(trace->process);
    bool may_stop = task_trace(task) && !is_called_off(task, stop->is_at_end);
    if (may_stop) {
        note_stop(trace, stop);
    }
    signals_unlock(trace->process);
    if (may_stop) {
        constexpr uint32_t signal_mask = 0x7f;
        process_tell(trace->tracer->process, process, task->number, stop->reason,
                     (int32_t)(stop->code & signal_mask));
    }
    tree_unlock();
    return may_stop;
}

/* Nothing but the tracer and SIGKILL ends this sleep. */
static void sleep_while_stopped(const struct trace *trace, struct task *task, bool is_at_end) {
    struct sleeper sleeper;
    task_expect_notice(task, &sleeper);
    while (trace_is_stopped(trace) && !is_called_off(task, is_at_end)) {
        thread_sleep_while(&sleeper.is_woken, 0);
        task_expect_notice(task, &sleeper);
    }
    task_expect_nothing(task);
}

/* What it goes on with. */
static unsigned end(struct trace *trace, struct task *task) {
    signals_lock(task->process);
    __atomic_store_n(&trace->is_stopped, false, __ATOMIC_RELEASE);
    trace->is_listening = trace->has_news = trace->has_info = false;
    unsigned signal = trace->signal;
    trace->message = 0;
    signals_unlock(task->process);
    return signal;
}

static void clear_step_flag(struct trace *trace, struct trap_frame *frame) {
    if (trace->is_step_flag_ours) {
        frame->rflags &= ~RFLAGS_TRAP;
        trace->is_step_flag_ours = false;
    }
}

static void set_step_flag(struct trace *trace, struct trap_frame *frame) {
    if (trace->way == TRACE_STEP && !(frame->rflags & RFLAGS_TRAP)) {
        frame->rflags |= RFLAGS_TRAP;
        trace->is_step_flag_ours = true;
    }
}

/* The signal that the tracer sends it on with; 0: none, or it did not stop. */
static unsigned stop_for(struct trap_frame *frame, const struct stop *stop) {
    struct task *task = task_current();
    struct trace *trace = task->trace;
    clear_step_flag(trace, frame);
    trace_save_registers(trace, frame);
    if (stop->info) {
        trace->info = *stop->info;
    }
    if (!begin(trace, stop)) {
        return stop->is_deliver ? stop->code : 0;
    }
    sleep_while_stopped(trace, task, stop->is_at_end);
    unsigned signal = end(trace, task);
    trace_load_registers(trace, frame);
    set_step_flag(trace, frame);
    return signal;
}

static struct signal_info info_of_trap(unsigned signal, uint32_t code) {
    struct signal_info info = signal_info_from_user(signal, (int32_t)code);
    info.sent.process = task_current()->number;
    return info;
}

/* Stops that PTRACE_GETSIGINFO tells of by their code; a signal that comes back is sent. */
static unsigned stop_with_code(struct trap_frame *frame, unsigned signal, uint32_t code,
                               uint64_t message) {
    const struct signal_info info = info_of_trap(signal, code);
    const struct stop stop = {
        .code = code,
        .reason = code >> EVENT_SHIFT == EVENT_STOP ? CODE_CHILD_STOPPED : CODE_CHILD_TRAPPED,
        .is_at_end = code >> EVENT_SHIFT == EVENT_EXIT,
        .message = message,
        .info = &info,
    };
    return stop_for(frame, &stop);
}

/* Who sends another signal than that which came is the tracer. */
static void replace_info(const struct trace *trace, unsigned signal, struct signal_info *info) {
    *info = (struct signal_info){.signal = (int32_t)signal, .code = CODE_USER};
    tree_lock();
    const struct task *tracer = trace->tracer;
    if (tracer) {
        info->sent.process = tracer->process->number;
        info->sent.user = tracer->process->credentials.real_user;
    }
    tree_unlock();
}

unsigned trace_signal(struct trap_frame *frame, struct signal_info *info) {
    struct task *task = task_current();
    struct trace *trace = task_trace(task);
    if (!trace) {
        return (unsigned)info->signal;
    }
    const struct stop stop = {
        .code = (uint32_t)info->signal,
        .reason = CODE_CHILD_TRAPPED,
        .is_deliver = true,
        .info = info,
    };
    unsigned signal = stop_for(frame, &stop);
    *info = trace->info; /* PTRACE_SETSIGINFO */
    if (signal != 0 && (unsigned)info->signal != signal) {
        replace_info(trace, signal, info);
    }
    if (signal != 0 && (task->blocked & signal_bit(signal))) {
        (void)signal_send_to_task(task, info);
        return 0;
    }
    return signal;
}

bool task_is_to_stop(const struct task *task) {
    const struct process *process = task->process;
    const struct trace *trace = task_trace(task);
    bool is_stopped = __atomic_load_n(&process->state, __ATOMIC_ACQUIRE) == PROCESS_STOPPED;
    if (!trace) {
        return is_stopped;
    }
    return __atomic_load_n(&trace->owes_stop, __ATOMIC_ACQUIRE) ||
           __atomic_load_n(&trace->owes_notice, __ATOMIC_ACQUIRE) ||
           (is_stopped &&
            trace->seen_stop != __atomic_load_n(&process->stop_count, __ATOMIC_ACQUIRE));
}

/* The signal that stopped the process; 0: it has not. The stop has been told of from here on. */
static unsigned see_stop(struct trace *trace, struct process *process) {
    signals_lock(process);
    unsigned signal = process->state == PROCESS_STOPPED ? process->stop_signal : 0;
    trace->seen_stop = process->stop_count;
    signals_unlock(process);
    return signal;
}

bool trace_obey(struct trap_frame *frame) {
    struct task *task = task_current();
    struct trace *trace = task_trace(task);
    if (!trace || !task_is_to_stop(task)) {
        return false;
    }
    unsigned signal = see_stop(trace, task->process);
    if (trace->is_seized) {
        signal = signal != 0 ? signal : SIGNAL_TRAP;
        stop_with_code(frame, signal, signal | (uint32_t)EVENT_STOP << EVENT_SHIFT, 0);
        return true;
    }
    const struct stop stop = {.code = signal, .reason = CODE_CHILD_STOPPED};
    if (signal != 0) {
        stop_for(frame, &stop);
    }
    return true;
}

static bool wants(enum trace_event event) {
    const struct trace *trace = task_trace(task_current());
    return trace && (trace->options & 1u << event);
}

static void stop_for_event(struct trap_frame *frame, enum trace_event event, uint64_t message) {
    stop_with_code(frame, SIGNAL_TRAP, SIGNAL_TRAP | (uint32_t)event << EVENT_SHIFT, message);
}

void trace_event(struct trap_frame *frame, enum trace_event event, uint64_t message) {
    if (wants(event)) {
        stop_for_event(frame, event, message);
    }
}

void trace_exec(struct trap_frame *frame, uint32_t before) {
    struct task *task = task_current();
    const struct trace *trace = task_trace(task);
    if (wants(EVENT_EXEC)) {
        uint64_t result = frame->rax;
        frame->rax = (uint64_t)(int64_t)STATUS_NOT_IMPLEMENTED; /* the call has not ended yet */
        stop_for_event(frame, EVENT_EXEC, before);
        frame->rax = result;
    } else if (trace && !trace->is_seized) {
        const struct signal_info info = signal_info_from_user(SIGNAL_TRAP, CODE_USER);
        (void)signal_send_to_task(task, &info);
    }
}

void trace_exit(uint64_t word) {
    trace_event(task_current()->frame, EVENT_EXIT, word);
}

static void stop_at_call(struct trap_frame *frame, uint64_t message) {
    struct task *task = task_current();
    bool is_good = (task->trace->options & TRACE_SYSTEM_GOOD) != 0;
    uint32_t code = is_good ? GOOD_TRAP : SIGNAL_TRAP;
    unsigned signal = stop_with_code(frame, SIGNAL_TRAP, code, message);
    if (signal != 0) {
        const struct signal_info info = signal_info_from_kernel(signal);
        (void)signal_send_to_task(task, &info);
    }
}

bool trace_call_begins(struct trap_frame *frame) {
    struct task *task = task_current();
    const struct trace *trace = task_trace(task);
    if (trace && trace->way == TRACE_TO_CALL) {
        stop_at_call(frame, MESSAGE_CALL_ENTRY);
        return !task_is_to_end(task) && (uint32_t)task->call_number != UINT32_MAX;
    }
    return true;
}

void trace_call_ends(struct trap_frame *frame) {
    const struct trace *trace = task_trace(task_current());
    if (!trace || trace->way == TRACE_GO) {
        return;
    }
    if (trace->way == TRACE_TO_CALL) {
        stop_at_call(frame, MESSAGE_CALL_EXIT);
        return;
    }
    const struct signal_info info = {
        .signal = SIGNAL_TRAP,
        .code = CODE_TRAP_BREAKPOINT,
        .fault = {.address = frame->rip},
    };
    signal_force(&info);
}

void trace_clean_copy(struct trap_frame *copy) {
    const struct trace *trace = task_trace(task_current());
    if (trace && trace->is_step_flag_ours) {
        copy->rflags &= ~RFLAGS_TRAP;
    }
}

bool trace_stop_stepping(struct trap_frame *frame) {
    struct trace *trace = task_trace(task_current());
    if (!trace || trace->way != TRACE_STEP) {
        return false;
    }
    clear_step_flag(trace, frame);
    return true;
}

void trace_handler_entered(struct trap_frame *frame) {
    stop_with_code(frame, SIGNAL_TRAP, SIGNAL_TRAP, 0);
}
