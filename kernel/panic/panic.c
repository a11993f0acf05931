#include "kernel/panic/panic.h"

#include <stdarg.h>

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/fault/fault.h"
#include "kernel/fault/frame.h"
#include "kernel/fault/gather.h"
#include "kernel/log.h"
#include "kernel/log_text/log_text.h"
#include "kernel/machine/machine.h"
#include "kernel/panic/backtrace.h"
#include "kernel/symbols/symbols.h"
#include "kernel/terminal/terminal.h"
#include "kernel/trace/history.h"
#include "kernel/trace/trace.h"
#include "lib/check.h"
#include "mm/space/address_space.h"
#include "mm/space/kernel_space.h"

constexpr size_t CHANGE_COUNT = 8;

static enum final_act act_at_end = ACT_HALT;
static bool is_panicking;
static struct fault_facts facts; /* not on the stack, which may be nearly full */
static struct log_text report;

void panic_set_act(enum final_act act) {
    act_at_end = act;
}

/* A panic inside a panic says only that. All lines are LOG_INFO: others would get a prefix, and the
 * last one's beginning is known to those who read logs. */
static void begin(void) {
    interrupts_disable();
    log_break_lock();
    if (__atomic_exchange_n(&is_panicking, true, __ATOMIC_RELAXED)) {
        log_line(LOG_INFO, "kernel: stopped: another failure while reporting one");
        machine_finish_silently(act_at_end);
    }
    if (!terminal_is_log_shown()) {
        terminal_show_log(LOG_TO_ALL);
    }
    log_text_begin(&report, LOG_INFO);
}

[[noreturn]] void panic_stop(const char *format, ...) {
    begin();
    format_to(&report.sink, "kernel: stopped: ");
    va_list arguments;
    va_start(arguments, format);
    format_to_va(&report.sink, format, arguments);
    va_end(arguments);
    format_to(&report.sink, "\n");
    machine_finish_silently(act_at_end);
}

[[noreturn]] void check_failed(const char *condition, const char *file, int line) {
    uint64_t frame_pointer = (uint64_t)__builtin_frame_address(0);
    begin();
    format_to(&report.sink, "CHECK(%s) at %s:%d does not hold\n", condition, file, line);
    backtrace_write((uint64_t)__builtin_return_address(0), *(uint64_t *)frame_pointer,
                    &report.sink);
    log_line(LOG_INFO, "kernel: stopped: a check failed: %s", condition);
    machine_finish_silently(act_at_end);
}

static void explain(const struct trap_frame *frame) {
    facts.who = "the kernel";
    fault_read_frame(frame, &facts);
    if (frame->vector == VECTOR_DOUBLE_FAULT) {
        /* Nearly always a stack overflow: pushing the frame of some exception faulted again. */
        facts.error_code = PAGE_FAULT_WRITE;
    }
    bool is_kernel_address = facts.address.value >> 63 != 0;
    struct address_space *space = is_kernel_address ? kernel_space() : space_current();
    const struct fault_sources sources = {trace_ring_of_tables(), &kernel_symbols};
    fault_gather_unlocked(space, &sources, &facts);
    fault_explain(&facts, &report.sink);
}

static void write_changes(const struct text_sink *sink) {
    static struct table_change changes[CHANGE_COUNT];
    size_t count = history_newest(trace_ring_of_tables(), changes, CHANGE_COUNT);
    format_to(sink, "  what happened last to page tables:\n");
    for (size_t i = 0; i < count; i++) {
        format_to(sink, "    ");
        table_change_write(&changes[i], sink);
        format_to(sink, "\n");
    }
}

static void write_registers(const struct trap_frame *frame, const struct text_sink *sink) {
    const struct {
        const char *name;
        uint64_t value;
    } registers[] = {
        {"rip", frame->rip},      {"rsp", frame->rsp},
        {"flags", frame->rflags}, {"rax", frame->rax},
        {"rbx", frame->rbx},      {"rcx", frame->rcx},
        {"rdx", frame->rdx},      {"rsi", frame->rsi},
        {"rdi", frame->rdi},      {"rbp", frame->rbp},
        {"r8", frame->r8},        {"r9", frame->r9},
        {"r10", frame->r10},      {"r11", frame->r11},
        {"r12", frame->r12},      {"r13", frame->r13},
        {"r14", frame->r14},      {"r15", frame->r15},
        {"cr0", cpu_read_cr0()},  {"cr2", frame->fault_address},
        {"cr3", cpu_read_cr3()},  {"cr4", cpu_read_cr4()},
    };
    constexpr size_t count = sizeof(registers) / sizeof(registers[0]);
    for (size_t i = 0; i < count; i++) {
        bool is_last_in_line = i % 3 == 2 || i == count - 1;
        format_to(sink, "  %-5s %016llx%s", registers[i].name,
                  (unsigned long long)registers[i].value, is_last_in_line ? "\n" : "");
    }
    format_to(sink, "  cs %llx, ss %llx, vector %llu, error code %#llx\n",
              (unsigned long long)frame->cs, (unsigned long long)frame->ss,
              (unsigned long long)frame->vector, (unsigned long long)frame->error_code);
}

[[noreturn]] void panic_exception(const struct trap_frame *frame) {
    begin();
    const char *name = trap_vector_name(frame->vector);
    format_to(&report.sink, "kernel: %s at 0x%016llx\n", name, (unsigned long long)frame->rip);
    if (frame->vector == VECTOR_PAGE_FAULT || frame->vector == VECTOR_DOUBLE_FAULT) {
        explain(frame);
    }
    write_registers(frame, &report.sink);
    backtrace_write(frame->rip, frame->rbp, &report.sink);
    write_changes(&report.sink);
    log_line(LOG_INFO, "kernel: stopped: %s in the kernel", name);
    machine_finish_silently(act_at_end);
}
