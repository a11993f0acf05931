#include "kernel/cpu/trap.h"
#include "kernel/files/file/file.h"
#include "kernel/log.h"
#include "kernel/process/process.h"
#include "kernel/process/ptrace.h"
#include "kernel/syscall/calls.h"
#include "lib/status.h"

constexpr uint32_t CALL_COUNT = 512; /* more than any Linux has had */

struct call_entry {
    system_call *call;
    enum restart_kind restart;
};

#define CALL(number, name, function, restart) [number] = {function, restart},
static const struct call_entry CALLS[CALL_COUNT] = {
#include "kernel/syscall/table.def"
};
#undef CALL

/* One flag for each number, and one for all that are too large; atomic. */
static bool is_reported[CALL_COUNT + 1];

static int64_t refuse(uint32_t number) {
    uint32_t index = number < CALL_COUNT ? number : CALL_COUNT;
    if (!__atomic_exchange_n(&is_reported[index], true, __ATOMIC_RELAXED)) {
        const struct task *task = task_current();
        log_line(LOG_INFO, "process %u (%s): system call %u is not implemented",
                 task->process->number, task->name, number);
    }
    return STATUS_NOT_IMPLEMENTED;
}

static const struct call_entry *find(uint32_t number) {
    static const struct call_entry none;
    return number < CALL_COUNT ? &CALLS[number] : &none;
}

/* A call that is made again by itself goes on with the deadline that it had. */
static void begin(struct task *task, uint64_t number) {
    if (!task->is_restarted) {
        task->restart_deadline_ns = 0;
    }
    task->is_restarted = false;
    task->call_number = number;
}

static void make_call(struct task *task, struct trap_frame *frame) {
    uint32_t number = (uint32_t)task->call_number; /* Linux ignores the upper half too */
    const struct call_entry *entry = find(number);
    task->restart = entry->restart;
    int64_t result = entry->call ? entry->call(frame) : refuse(number);
    file_close_left(); /* what munmap and its like were the last to use */
    if (!task->has_set_frame) {
        frame->rax = (uint64_t)result;
        task->restart = result == STATUS_INTERRUPTED ? task->restart : RESTART_NEVER;
    }
    task->has_set_frame = false;
}

/* While the call is made, RAX says that there is none such, as a tracer sees it on Linux. */
void syscall_handle(struct trap_frame *frame) {
    struct task *task = task_current();
    begin(task, frame->rax);
    task->frame = frame;
    frame->rax = (uint64_t)(int64_t)STATUS_NOT_IMPLEMENTED;
    if (trace_call_begins(frame)) {
        make_call(task, frame);
    }
    trace_call_ends(frame);
    task_before_user(frame);
}
