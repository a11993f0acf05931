#include "kernel/cpu/trap.h"

#include "drivers/pic.h"
#include "drivers/timer.h"
#include "kernel/clock/timer.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/cpu_local.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/user_copy.h"
#include "kernel/fault/fault.h"
#include "kernel/fault/frame.h"
#include "kernel/fault/gather.h"
#include "kernel/log.h"
#include "kernel/log_text/log_text.h"
#include "kernel/panic/panic.h"
#include "kernel/probe/probe.h"
#include "kernel/process/oom.h"
#include "kernel/process/process.h"
#include "kernel/process/rseq.h"
#include "kernel/symbols/symbols.h"
#include "kernel/terminal/terminal.h"
#include "kernel/thread/thread.h"
#include "kernel/trace/trace.h"
#include "kernel/trap/program_fault.h"
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

static void handle_interrupt(const struct trap_frame *frame, uint8_t line) {
    if (!pic_acknowledge(line)) {
        return;
    }
    if (line == IRQ_TIMER) {
        timer_tick();
        timers_tick();
        report_nmis();
        cpu_timers_tick(trap_is_from_user(frame));
    }
    terminal_interrupt(line);
    if (line == IRQ_TIMER) {
        thread_tick(trap_is_from_user(frame));
    }
}

/* A page fault that was looked into, and how many changes of tables there had been before that. */
struct noted_fault {
    const struct thread *thread;
    uint64_t instruction;
    uint64_t address;
    uint64_t change_count;
};

constexpr uint64_t NEVER = UINT64_MAX; /* no count of changes */

static struct noted_fault last_faults[CPU_LOCAL_COUNT]; /* each CPU's own: interrupts are off */

static uint64_t change_count(void) {
    return trace_last(trace_ring_of_tables());
}

static bool is_same_fault(const struct noted_fault *a, const struct noted_fault *b) {
    return a->thread == b->thread && a->instruction == b->instruction && a->address == b->address;
}

/* How many changes there had been before this fault when it was this CPU's last one too, else
 * NEVER. Called with interrupts off. */
static uint64_t note_fault(const struct trap_frame *frame) {
    struct noted_fault *last = &last_faults[cpu_local()->index];
    const struct noted_fault noted = {
        .thread = thread_current(),
        .instruction = frame->rip,
        .address = frame->fault_address,
        .change_count = change_count(),
    };
    uint64_t count = is_same_fault(&noted, last) ? last->change_count : NEVER;
    *last = noted;
    return count;
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

static void count_fault(void) {
    struct task *task = task_current();
    if (task) {
        task->minor_faults++;
    }
}

static enum status resolve_in_space(const struct trap_frame *frame) {
    virt_addr_t va = virt_addr(frame->fault_address);
    interrupts_enable();
    enum status status = trap_is_from_user(frame)
                             ? space_resolve_fault_of_program(space_current(), va, access_of(frame))
                             : space_resolve_fault(space_current(), va, access_of(frame));
    count_fault();
    interrupts_disable();
    return status;
}

/*
 * For a fault that no lock may be taken for: it is spurious where the tables allow the access now
 * (law 6). Tables of the kernel's half are never freed (T3); one of the lower half may be while it
 * is read, which a query survives, and then the fault comes back or is reported as it was.
 */
static enum status look_again(const struct trap_frame *frame) {
    struct fault_facts facts = {};
    fault_read_frame(frame, &facts);
    facts.query = page_table_query(space_page_table(space_current()), facts.address);
    return fault_is_spurious(fault_judge(&facts)) ? STATUS_OK : STATUS_FAULT;
}

/*
 * Whether the instruction can run again. The fault has made the CPU forget what it knew of the
 * address (SDM 3A 4.10.4.1), so one that comes back to it though no table has changed from before
 * the first look to after the second would come forever. Called with interrupts off.
 */
static enum status resolve(const struct trap_frame *frame) {
    uint64_t count = note_fault(frame);
    enum status status = may_be_resolved(frame) ? resolve_in_space(frame) : look_again(frame);
    bool is_endless = status == STATUS_OK && change_count() == count;
    return is_endless ? STATUS_FAULT : status;
}

/* Memory that has run out is somebody's to give back; false: the task's own process is to. */
static bool end_somebody(void) {
    interrupts_enable();
    bool may_go_on = oom_end_somebody();
    interrupts_disable();
    return may_go_on;
}

static void handle_user_fault(struct trap_frame *frame) {
    enum status status = STATUS_FAULT;
    if (frame->vector == VECTOR_PAGE_FAULT) {
        status = resolve(frame);
    }
    if (status == STATUS_NO_MEMORY) {
        end_somebody(); /* then the instruction runs again, or the task has ended */
        return;
    }
    if (status == STATUS_OK || status == STATUS_INTERRUPTED) {
        return; /* the instruction runs again, after the signal that ended a wait */
    }
    interrupts_enable();
    program_fault(frame, status);
    interrupts_disable();
}

/* A copy goes on as long as anybody else has memory to give back. Nobody is waited for without
 * end, since the copy may hold what they need to come to theirs. */
static enum status resolve_of_copy(const struct trap_frame *frame) {
    bool may_go_on = true;
    enum status status = resolve(frame);
    while (status == STATUS_NO_MEMORY && may_go_on) {
        may_go_on = end_somebody();
        status = resolve(frame);
    }
    return status;
}

static void handle_kernel_fault(struct trap_frame *frame) {
    enum status status = STATUS_FAULT;
    if (frame->vector == VECTOR_PAGE_FAULT) {
        status = resolve_of_copy(frame);
    }
    if (status != STATUS_OK && !user_copy_recover(frame)) {
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

/* On the way back to a program, on its own kernel stack. */
static void prepare_for_user(struct trap_frame *frame) {
    struct task *task = task_current();
    while (task_has_work(task) || rseq_is_due(task)) {
        interrupts_enable();
        task_before_user(frame);
        interrupts_disable();
    }
}

void trap_handle(struct trap_frame *frame) {
    uint64_t line = frame->vector - VECTOR_IRQ_BASE;
    if (line < IRQ_COUNT) {
        handle_interrupt(frame, (uint8_t)line);
    } else if (frame->vector >= VECTOR_IRQ_BASE) {
        report_stray_interrupt(frame->vector);
    } else if (frame->vector == VECTOR_NMI) {
        __atomic_add_fetch(&unreported_nmi_count, 1, __ATOMIC_RELAXED);
        return;
    } else if (is_machines_own(frame->vector)) {
        panic_exception(frame);
    } else if (probe_recover(frame)) {
        return;
    } else if (trap_is_from_user(frame)) {
        handle_user_fault(frame);
    } else {
        handle_kernel_fault(frame);
    }
    if (trap_is_from_user(frame)) {
        prepare_for_user(frame);
    }
}
