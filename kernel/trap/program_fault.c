#include "kernel/trap/program_fault.h"

#include "kernel/clock/clock.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/fpu.h"
#include "kernel/fault/fault.h"
#include "kernel/fault/frame.h"
#include "kernel/fault/gather.h"
#include "kernel/log.h"
#include "kernel/log_text/log_text.h"
#include "kernel/process/ptrace.h"
#include "kernel/process/signals.h"
#include "kernel/symbols/symbols.h"
#include "kernel/thread/thread.h"
#include "kernel/trace/trace.h"
#include "lib/spinlock.h"
#include "mm/addr/layout.h"

static void report_page_fault(const struct trap_frame *frame, const char *who,
                              const struct text_sink *sink) {
    const struct fault_sources sources = {trace_ring_of_tables(), &kernel_symbols};
    struct fault_facts facts = {.who = who};
    fault_read_frame(frame, &facts);
    fault_gather(space_current(), &sources, &facts);
    fault_explain(&facts, sink);
}

/* A name may hold anything; it must not begin a line of its own. */
static void format_who(const struct task *task, char *who, size_t size_bytes) {
    format_buffer(who, size_bytes, "process %u (%s)", task->process->number, task->name);
    for (char *at = who; *at != '\0'; at++) {
        *at = (unsigned char)*at < ' ' ? '?' : *at;
    }
}

/* The log's slowest console, a serial port, shows about so many. */
constexpr unsigned REPORTS_PER_SECOND = 20;

static struct {
    struct spinlock lock;
    /* Guarded by lock. */
    uint64_t second;
    unsigned count, left_out_count;
} reports;

/* Whether there is room for one more this second; what was left out before is said once. */
static bool has_room_for_report(void) {
    uint64_t second = clock_now() / NANOSECONDS_PER_SECOND;
    unsigned left_out_count = 0;
    thread_preempt_disable();
    spinlock_acquire(&reports.lock);
    if (second != reports.second) {
        left_out_count = reports.left_out_count;
        reports.second = second;
        reports.count = 0;
        reports.left_out_count = 0;
    }
    bool has_room = reports.count < REPORTS_PER_SECOND;
    reports.count += has_room;
    reports.left_out_count += !has_room;
    spinlock_release(&reports.lock);
    thread_preempt_enable();
    if (left_out_count != 0) {
        log_line(LOG_INFO, "faults: %u reports were left out, there were too many at once",
                 left_out_count);
    }
    return has_room;
}

static void report(const struct trap_frame *frame) {
    const struct task *task = task_current();
    char who[64];
    format_who(task, who, sizeof(who));
    struct log_text text;
    const struct text_sink *sink = log_text_begin(&text, LOG_INFO);
    if (frame->vector == VECTOR_PAGE_FAULT) {
        report_page_fault(frame, who, sink);
        return;
    }
    format_to(sink, "%s: %s by the instruction at 0x%016llx, error code %#llx\n",
              trap_vector_name(frame->vector), who, (unsigned long long)frame->rip,
              (unsigned long long)frame->error_code);
    if (frame->vector == VECTOR_GENERAL_PROTECTION) {
        format_to(sink, "  verdict: a non-canonical address, or what only the kernel may do\n");
    }
}

/* Behind the end of a file is SIGBUS; else an address without memory, or without the right. */
static struct signal_info page_fault_info(const struct trap_frame *frame, enum status status) {
    bool is_denied = status == STATUS_ACCESS_DENIED && frame->fault_address < USER_END;
    struct signal_info info = {
        .signal = SIGNAL_SEGV,
        .code = is_denied ? CODE_SEGV_NOT_PERMITTED : CODE_SEGV_NOT_MAPPED,
        .fault = {.address = frame->fault_address},
    };
    if (status == STATUS_BUS) {
        info.signal = SIGNAL_BUS;
        info.code = CODE_BUS_ADDRESS;
    }
    return info;
}

/* The first unmasked exception that is flagged, in Linux's order (SDM 1 8.5, 11.5.2). */
static int32_t floating_point_code(uint64_t vector) {
    static const struct {
        uint8_t flags;
        int32_t code;
    } codes[] = {{0x01, 7}, {0x04, 3}, {0x08, 4}, {0x12, 5}, {0x20, 6}};
    void *area = task_current()->thread->fpu_area;
    fpu_save(area);
    unsigned flags = fpu_area_exceptions(area, vector == 19);
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (flags & codes[i].flags) {
            return codes[i].code;
        }
    }
    return 0;
}

static struct signal_info at_instruction(const struct trap_frame *frame, int32_t code) {
    return (struct signal_info){
        .signal = (int32_t)fault_signal(frame->vector),
        .code = code,
        .fault = {.address = frame->rip},
    };
}

/* As Linux tells them (SDM 3A table 6-1). */
static struct signal_info info_of(const struct trap_frame *frame, enum status status) {
    switch (frame->vector) {
    case VECTOR_PAGE_FAULT:
        return page_fault_info(frame, status);
    case 0: /* #DE */
        return at_instruction(frame, CODE_FPE_INTEGER_DIVIDE);
    case 1: /* #DB */
        return at_instruction(frame, CODE_TRAP_TRACE);
    case 6: /* #UD */
        return at_instruction(frame, CODE_ILL_OPERAND);
    case 16: /* #MF */
    case 19: /* #XM */
        return at_instruction(frame, floating_point_code(frame->vector));
    case 17: /* #AC */
        return (struct signal_info){.signal = SIGNAL_BUS, .code = CODE_BUS_ALIGNMENT};
    default:
        return signal_info_from_kernel(fault_signal(frame->vector));
    }
}

/* Whether the signal has no handler that it could reach. A tracer's steps and breakpoints are no
 * news. */
static bool is_fatal(unsigned signal) {
    struct task *task = task_current();
    if (signal == SIGNAL_TRAP && task_trace(task)) {
        return false;
    }
    struct signal_action action = signal_action_get(task->process, signal);
    return action.handler <= HANDLER_IGNORE || (task->blocked & signal_bit(signal));
}

void program_fault(const struct trap_frame *frame, enum status status) {
    const struct signal_info info = info_of(frame, status);
    if (is_fatal((unsigned)info.signal) && has_room_for_report()) {
        report(frame);
    }
    signal_force(&info);
}
