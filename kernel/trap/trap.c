#include "kernel/cpu/trap.h"

#include "drivers/pic.h"
#include "drivers/timer.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/user_copy.h"
#include "kernel/fault/fault.h"
#include "kernel/fault/frame.h"
#include "kernel/fault/gather.h"
#include "kernel/log.h"
#include "kernel/log_text/log_text.h"
#include "kernel/panic/panic.h"
#include "kernel/probe/probe.h"
#include "kernel/process/process.h"
#include "kernel/symbols/symbols.h"
#include "kernel/terminal/terminal.h"
#include "kernel/thread/thread.h"
#include "kernel/trace/trace.h"
#include "mm/addr/addr.h"
#include "mm/addr/layout.h"
#include "mm/paging/page_table.h"
#include "mm/space/address_space.h"

constexpr uint64_t IRQ_COUNT = 16;

/* Nothing may be logged from an NMI, which can interrupt the log itself; the next tick does it. */
static uint32_t unreported_nmi_count; /* atomic */

static void report_nmis(void) {
    uint32_t count = __atomic_exchange_n(&unreported_nmi_count, 0, __ATOMIC_RELAXED);
    if (count > 0) {
        log_line(LOG_WARNING, "%u non-maskable interrupts that nobody asked for", count);
    }
}

static void handle_interrupt(uint8_t line) {
    if (!pic_acknowledge(line)) {
        return;
    }
    if (line == IRQ_TIMER) {
        timer_tick();
        report_nmis();
    }
    terminal_interrupt(line);
    if (line == IRQ_TIMER) {
        thread_tick();
    }
}

/* The fault that was last answered by running its instruction again, and how many changes of tables
 * had been seen then. Guarded by interrupts being off. */
static struct retry {
    const struct thread *thread;
    uint64_t instruction;
    uint64_t address;
    uint64_t last_change;
} last_retry;

static bool is_same_retry(const struct retry *a, const struct retry *b) {
    return a->thread == b->thread && a->instruction == b->instruction && a->address == b->address &&
           a->last_change == b->last_change;
}

/* Law 6: absent to present, and read-only to writable, are not flushed for user addresses. The
 * upper half is the same in every space. */
static bool is_spurious(const struct trap_frame *frame) {
    struct fault_facts facts = {};
    fault_read_frame(frame, &facts);
    facts.query = page_table_query(space_page_table(space_current()), facts.address);
    return fault_is_spurious(fault_judge(&facts));
}

/*
 * Whether a fault that the tables do not explain may just be tried again. The fault has made the
 * CPU forget what it knew of the address (SDM 3A 4.10.4.1), so one that comes back though no table
 * has changed would come forever. Called with interrupts off.
 */
static bool is_worth_a_retry(const struct trap_frame *frame) {
    const struct retry retry = {
        .thread = thread_current(),
        .instruction = frame->rip,
        .address = frame->fault_address,
        .last_change = trace_last(trace_ring_of_tables()),
    };
    bool is_new = !is_same_retry(&retry, &last_retry);
    last_retry = retry;
    return is_new;
}

static enum space_access_kind access_of(const struct trap_frame *frame) {
    if ((frame->error_code & PAGE_FAULT_FETCH) != 0) {
        return ACCESS_EXECUTE;
    }
    return (frame->error_code & PAGE_FAULT_WRITE) != 0 ? ACCESS_WRITE : ACCESS_READ;
}

/* Resolving sleeps, so never for code that had interrupts off; and of the kernel's own code only
 * the copies from and to user memory may wait for it (law 8). */
static bool may_be_resolved(const struct trap_frame *frame) {
    return frame->fault_address < USER_END && (frame->rflags & RFLAGS_INTERRUPTS) != 0 &&
           (frame->error_code & PAGE_FAULT_RESERVED_BIT) == 0 &&
           (trap_is_from_user(frame) || user_copy_is_at(frame));
}

/* Whether the instruction can run again. Called with interrupts off. */
static enum status resolve(const struct trap_frame *frame) {
    if (is_spurious(frame)) {
        return is_worth_a_retry(frame) ? STATUS_OK : STATUS_FAULT;
    }
    if (!may_be_resolved(frame)) {
        return STATUS_FAULT;
    }
    interrupts_enable();
    enum status status =
        space_resolve_fault(space_current(), virt_addr(frame->fault_address), access_of(frame));
    interrupts_disable();
    return status;
}

static void report_page_fault(const struct trap_frame *frame, const char *who,
                              const struct text_sink *sink) {
    const struct fault_sources sources = {trace_ring_of_tables(), &kernel_symbols};
    struct fault_facts facts = {.who = who};
    fault_read_frame(frame, &facts);
    fault_gather(space_current(), &sources, &facts);
    fault_explain(&facts, sink);
}

static void report_user_fault(const struct trap_frame *frame) {
    const struct process *process = process_current();
    char who[64];
    format_buffer(who, sizeof(who), "process %u (%s)", process->id, process->name);
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

/* Interrupts are turned on, as they were in the program: the report takes locks that sleep. */
[[noreturn]] static void end_process(const struct trap_frame *frame, enum status status) {
    const struct process *process = process_current();
    interrupts_enable();
    if (status == STATUS_NO_MEMORY) {
        log_line(LOG_WARNING, "out of memory: process %u (%s) is ended", process->id,
                 process->name);
        process_kill(SIGNAL_KILL);
    }
    report_user_fault(frame);
    process_kill(fault_signal(frame->vector));
}

static void handle_user_fault(const struct trap_frame *frame) {
    enum status status = frame->vector == VECTOR_PAGE_FAULT ? resolve(frame) : STATUS_FAULT;
    if (status != STATUS_OK) {
        end_process(frame, status);
    }
}

static void handle_kernel_fault(struct trap_frame *frame) {
    if (frame->vector == VECTOR_PAGE_FAULT && resolve(frame) == STATUS_OK) {
        return;
    }
    if (!user_copy_recover(frame)) {
        panic_exception(frame);
    }
}

/* What the machine itself reports, whatever was running. */
static bool is_machines_own(uint64_t vector) {
    return vector == VECTOR_DOUBLE_FAULT || vector == VECTOR_MACHINE_CHECK;
}

/* A local APIC's spurious vector, or what the firmware left set up; programs cannot raise these. */
static void report_stray_interrupt(uint64_t vector) {
    log_line(LOG_WARNING, "interrupt %llu came, and nobody asked for it",
             (unsigned long long)vector);
}

void trap_handle(struct trap_frame *frame) {
    uint64_t line = frame->vector - VECTOR_IRQ_BASE;
    if (line < IRQ_COUNT) {
        handle_interrupt((uint8_t)line);
    } else if (frame->vector >= VECTOR_IRQ_BASE) {
        report_stray_interrupt(frame->vector);
    } else if (frame->vector == VECTOR_NMI) {
        __atomic_add_fetch(&unreported_nmi_count, 1, __ATOMIC_RELAXED);
    } else if (is_machines_own(frame->vector)) {
        panic_exception(frame);
    } else if (probe_recover(frame)) {
        return;
    } else if (trap_is_from_user(frame)) {
        handle_user_fault(frame);
    } else {
        handle_kernel_fault(frame);
    }
}
