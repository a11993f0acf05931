#include "kernel/syscall/ptrace.h"

#include "kernel/process/memory.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/user.h"

/* Tracing other processes: man 2 ptrace. */

int64_t trace_do(uint32_t number, trace_action *action, void *context) {
    int64_t status = STATUS_NO_SUCH_PROCESS;
    tree_lock();
    struct trace *trace = trace_find(number);
    if (trace) {
        signals_lock(trace->process);
        if (trace_is_stopped(trace) && !trace->is_listening) {
            status = action(trace, context);
        }
        signals_unlock(trace->process);
    }
    tree_unlock();
    return status;
}

static int64_t trace_parent(const struct trace_request *request) {
    (void)request;
    return trace_me();
}

/* Its memory. */

/* Who may execute a program that it may not read can trace it, and not look into it. */
static int64_t take_memory(struct trace *trace, void *context) {
    struct process_memory **memory = (struct process_memory **)context;
    bool is_shown = __atomic_load_n(&trace->process->is_dumpable, __ATOMIC_RELAXED) == 1;
    if (!is_shown && !trace->is_roots) {
        return STATUS_IO_ERROR;
    }
    *memory = trace->process->memory;
    process_memory_ref(*memory);
    return STATUS_OK;
}

static int64_t peek(const struct trace_request *request) {
    struct process_memory *memory;
    uint64_t word = 0;
    int64_t status = trace_do(request->number, take_memory, (void *)&memory);
    if (status != STATUS_OK) {
        return status;
    }
    enum status read =
        space_read(memory->space, virt_addr(request->address), &word, sizeof(word), nullptr);
    process_memory_unref(memory);
    return read == STATUS_OK ? copy_out(request->data, &word, sizeof(word)) : STATUS_IO_ERROR;
}

/* Also to what its own program may not write to, if it is private: breakpoints. */
static int64_t poke(const struct trace_request *request) {
    struct process_memory *memory;
    const uint64_t word = request->data;
    const virt_addr_t address = virt_addr(request->address);
    int64_t status = trace_do(request->number, take_memory, (void *)&memory);
    if (status != STATUS_OK) {
        return status;
    }
    size_t done_bytes = 0;
    enum status written = process_memory_poke(memory, address, &word, sizeof(word), &done_bytes);
    process_memory_unref(memory);
    return written == STATUS_OK ? STATUS_OK : STATUS_IO_ERROR;
}

/* How it goes on. */

struct resumption {
    enum trace_way way;
    uint64_t signal;
};

static int64_t do_resume(struct trace *trace, void *context) NO_CAPABILITY_CHECK {
    const struct resumption *resumption = context;
    if (resumption->signal > SIGNAL_COUNT) {
        return STATUS_IO_ERROR;
    }
    trace_resume(trace, resumption->way, (unsigned)resumption->signal);
    return STATUS_OK;
}

static int64_t go_on(const struct trace_request *request) {
    struct resumption resumption = {TRACE_GO, request->data};
    return trace_do(request->number, do_resume, &resumption);
}

static int64_t go_to_call(const struct trace_request *request) {
    struct resumption resumption = {TRACE_TO_CALL, request->data};
    return trace_do(request->number, do_resume, &resumption);
}

static int64_t step(const struct trace_request *request) {
    struct resumption resumption = {TRACE_STEP, request->data};
    return trace_do(request->number, do_resume, &resumption);
}

static int64_t check_signal(struct trace *trace, void *context) {
    (void)trace;
    const uint64_t *signal = context;
    return *signal > SIGNAL_COUNT ? STATUS_IO_ERROR : STATUS_OK;
}

static int64_t detach(const struct trace_request *request) {
    uint64_t signal = request->data;
    int64_t status = trace_do(request->number, check_signal, &signal);
    return status == STATUS_OK ? trace_detach(request->number, (unsigned)signal) : status;
}

static int64_t kill_tracee(const struct trace_request *request) {
    tree_lock();
    const struct trace *trace = trace_find(request->number);
    if (trace) {
        signal_kill(trace->process);
    }
    tree_unlock();
    return trace ? STATUS_OK : STATUS_NO_SUCH_PROCESS;
}

static int64_t interrupt(const struct trace_request *request) {
    int64_t status = STATUS_NO_SUCH_PROCESS;
    tree_lock();
    struct trace *trace = trace_find(request->number);
    if (trace) {
        signals_lock(trace->process);
        status = trace->is_seized ? STATUS_OK : STATUS_IO_ERROR;
        if (trace->is_seized) {
            trace_interrupt(trace);
        }
        signals_unlock(trace->process);
    }
    tree_unlock();
    return status;
}

static int64_t do_listen(struct trace *trace, void *context) NO_CAPABILITY_CHECK {
    (void)context;
    constexpr unsigned event_shift = 8;
    if (!trace->is_seized || trace->stop_code >> event_shift != EVENT_STOP) {
        return STATUS_IO_ERROR;
    }
    trace->is_listening = true;
    if (trace->owes_notice) {
        trace_resume(trace, trace->way, 0);
    }
    return STATUS_OK;
}

static int64_t listen_to(const struct trace_request *request) {
    return trace_do(request->number, do_listen, nullptr);
}

/* Becoming its tracer. */

static int64_t attach(const struct trace_request *request) {
    return trace_attach(request->number, false, 0);
}

static int64_t seize(const struct trace_request *request) {
    bool is_good = request->address == 0 && (request->data & ~(uint64_t)TRACE_OPTIONS) == 0;
    return is_good ? trace_attach(request->number, true, (uint32_t)request->data) : STATUS_IO_ERROR;
}

static int64_t do_set_options(struct trace *trace, void *context) {
    const uint64_t *options = context;
    if (*options & ~(uint64_t)TRACE_OPTIONS) {
        return STATUS_INVALID;
    }
    trace->options = (uint32_t)*options;
    return STATUS_OK;
}

static int64_t set_options(const struct trace_request *request) {
    uint64_t options = request->data;
    return trace_do(request->number, do_set_options, &options);
}

/* What it has to tell. */

static int64_t read_message(struct trace *trace, void *context) {
    *(uint64_t *)context = trace->message;
    return STATUS_OK;
}

static int64_t get_message(const struct trace_request *request) {
    uint64_t message = 0;
    int64_t status = trace_do(request->number, read_message, &message);
    return status == STATUS_OK ? copy_out(request->data, &message, sizeof(message)) : status;
}

static int64_t read_info(struct trace *trace, void *context) {
    *(struct signal_info *)context = trace->info;
    return trace->has_info ? STATUS_OK : STATUS_INVALID;
}

static int64_t write_info(struct trace *trace, void *context) {
    if (!trace->has_info) {
        return STATUS_INVALID;
    }
    trace->info = *(const struct signal_info *)context;
    return STATUS_OK;
}

static int64_t get_info(const struct trace_request *request) {
    struct signal_info info;
    int64_t status = trace_do(request->number, read_info, &info);
    return status == STATUS_OK ? copy_out(request->data, &info, sizeof(info)) : status;
}

static int64_t set_info(const struct trace_request *request) {
    struct signal_info info;
    int64_t status = copy_in(&info, request->data, sizeof(info));
    return status == STATUS_OK ? trace_do(request->number, write_info, &info) : status;
}

/* struct ptrace_peeksiginfo_args. */
struct peek_infos {
    uint64_t first;
    uint32_t flags;
    int32_t count;
};

constexpr uint32_t PEEK_SHARED = 1; /* PTRACE_PEEKSIGINFO_SHARED */

struct peeked_info {
    uint64_t index;
    bool is_shared;
    struct signal_info info;
};

static int64_t read_pending(struct trace *trace, void *context) {
    struct peeked_info *peeked = context;
    const struct pending_signals *pending =
        peeked->is_shared ? &trace->process->pending : &trace->task->pending;
    uint64_t index = 0;
    for (struct list_node *at = pending->notes.next; at != &pending->notes; at = at->next) {
        if (index++ == peeked->index) {
            peeked->info = LIST_ENTRY(at, struct signal_note, link)->info;
            return STATUS_OK;
        }
    }
    return STATUS_NO_DATA;
}

static int64_t peek_infos(const struct trace_request *request) {
    struct peek_infos wanted;
    int64_t status = copy_in(&wanted, request->address, sizeof(wanted));
    if (status == STATUS_OK && ((wanted.flags & ~PEEK_SHARED) || wanted.count < 0)) {
        status = STATUS_INVALID;
    }
    int64_t count = 0;
    while (status == STATUS_OK && count < wanted.count) {
        struct peeked_info peeked = {
            .index = wanted.first + (uint64_t)count,
            .is_shared = wanted.flags & PEEK_SHARED,
        };
        status = trace_do(request->number, read_pending, &peeked);
        if (status == STATUS_OK) {
            status = copy_out(request->data + (uint64_t)count * sizeof(peeked.info), &peeked.info,
                              sizeof(peeked.info));
        }
        count += status == STATUS_OK;
    }
    return status == STATUS_OK || status == STATUS_NO_DATA || count > 0 ? count : status;
}

static int64_t read_mask(struct trace *trace, void *context) {
    const struct task *task = trace->task;
    *(signal_set *)context = task->restores_blocked ? task->saved_blocked : task->blocked;
    return STATUS_OK;
}

static int64_t write_mask(struct trace *trace, void *context) {
    struct task *task = trace->task;
    task->restores_blocked = false;
    task->blocked = *(const signal_set *)context & ~SIGNALS_UNBLOCKABLE;
    __atomic_store_n(&task->has_work, true, __ATOMIC_RELEASE);
    return STATUS_OK;
}

static int64_t get_mask(const struct trace_request *request) {
    signal_set mask = 0;
    int64_t status = trace_do(request->number, read_mask, &mask);
    if (status == STATUS_OK && request->address != sizeof(mask)) {
        status = STATUS_INVALID;
    }
    return status == STATUS_OK ? copy_out(request->data, &mask, sizeof(mask)) : status;
}

static int64_t set_mask(const struct trace_request *request) {
    signal_set mask;
    if (request->address != sizeof(mask)) {
        return STATUS_INVALID;
    }
    int64_t status = copy_in(&mask, request->data, sizeof(mask));
    return status == STATUS_OK ? trace_do(request->number, write_mask, &mask) : status;
}

/* struct ptrace_syscall_info of <linux/ptrace.h>. */
struct call_info {
    uint8_t kind;
    uint8_t padding[3];
    uint32_t architecture;
    uint64_t instruction, stack;
    union {
        struct {
            uint64_t number, arguments[6];
        } entry;
        struct {
            int64_t result;
            uint8_t is_error;
        } exit;
    };
    uint64_t size_bytes; /* not of the structure: how much of it is meant */
};

constexpr uint32_t ARCHITECTURE = 0xc000003e; /* AUDIT_ARCH_X86_64 */

static void note_entry(const uint64_t *registers, struct call_info *info) {
    static const uint8_t arguments[] = {REGISTER_RDI, REGISTER_RSI, REGISTER_RDX,
                                        REGISTER_R10, REGISTER_R8,  REGISTER_R9};
    info->kind = MESSAGE_CALL_ENTRY;
    info->entry.number = registers[REGISTER_CALL];
    for (unsigned i = 0; i < sizeof(arguments); i++) {
        info->entry.arguments[i] = registers[arguments[i]];
    }
    info->size_bytes = offsetof(struct call_info, entry) + sizeof(info->entry);
}

static void note_exit(const uint64_t *registers, struct call_info *info) {
    constexpr int64_t error_most = 4095;
    info->kind = MESSAGE_CALL_EXIT;
    info->exit.result = (int64_t)registers[REGISTER_RAX];
    info->exit.is_error = info->exit.result < 0 && info->exit.result >= -error_most;
    info->size_bytes = offsetof(struct call_info, exit.is_error) + 1;
}

static int64_t read_call(struct trace *trace, void *context) {
    constexpr int32_t code_of_call = SIGNAL_TRAP | 0x80;
    struct call_info *info = context;
    *info = (struct call_info){
        .architecture = ARCHITECTURE,
        .instruction = trace->registers[REGISTER_RIP],
        .stack = trace->registers[REGISTER_RSP],
        .size_bytes = offsetof(struct call_info, entry),
    };
    bool is_at_call = trace->has_info && trace->info.code == code_of_call;
    if (is_at_call && trace->message == MESSAGE_CALL_ENTRY) {
        note_entry(trace->registers, info);
    } else if (is_at_call && trace->message == MESSAGE_CALL_EXIT) {
        note_exit(trace->registers, info);
    }
    return STATUS_OK;
}

static int64_t get_call(const struct trace_request *request) {
    struct call_info info;
    int64_t status = trace_do(request->number, read_call, &info);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t copied = request->address < info.size_bytes ? request->address : info.size_bytes;
    return copy_out(request->data, &info, copied) == 0 ? (int64_t)info.size_bytes : STATUS_FAULT;
}

typedef int64_t request_function(const struct trace_request *request);

static request_function *find_request(uint64_t number) {
    static request_function *const old[] = {
        [0] = trace_parent,
        [1] = peek,
        [2] = peek,
        [3] = trace_peek_user,
        [4] = poke,
        [5] = poke,
        [6] = trace_poke_user,
        [7] = go_on,
        [8] = kill_tracee,
        [9] = step,
        [12] = trace_get_registers,
        [13] = trace_set_registers,
        [14] = trace_get_floating_point,
        [15] = trace_set_floating_point,
        [16] = attach,
        [17] = detach,
        [24] = go_to_call,
    };
    static request_function *const new[] = {
        set_options,
        get_message,
        get_info,
        set_info,
        trace_get_register_set,
        trace_set_register_set,
        seize,
        interrupt,
        listen_to,
        peek_infos,
        get_mask,
        set_mask,
        nullptr,
        nullptr,
        get_call,
    };
    constexpr uint64_t first_new = 0x4200; /* PTRACE_SETOPTIONS */
    constexpr uint64_t old_count = sizeof(old) / sizeof(old[0]);
    constexpr uint64_t new_count = sizeof(new) / sizeof(new[0]);
    if (number < old_count) {
        return old[number];
    }
    uint64_t index = number - first_new;
    return index < new_count ? new[index] : nullptr;
}

static int64_t do_nothing(struct trace *trace, void *context) {
    (void)trace;
    (void)context;
    return STATUS_OK;
}

int64_t call_ptrace(const struct trap_frame *frame) {
    const struct trace_request request = {
        .number = (uint32_t)frame->rsi,
        .address = frame->rdx,
        .data = frame->r10,
    };
    request_function *function = find_request(frame->rdi);
    if (function) {
        return function(&request);
    }
    int64_t status = trace_do(request.number, do_nothing, nullptr);
    return status == STATUS_OK ? STATUS_IO_ERROR : status;
}
