#include "kernel/trace/trace.h"

#include "drivers/timer.h"
#include "kernel/process/process.h"
#include "kernel/thread/thread.h"
#include "kernel/trace/history.h"

static struct trace_ring ring;

static struct change_circumstances circumstances(void) {
    const struct thread *thread = thread_current();
    const struct process *process = process_current();
    struct change_circumstances now = {
        .ticks = timer_ticks(),
        .process_id = process != nullptr ? process->id : 0,
        .name = thread != nullptr ? thread->name : "the boot",
    };
    return now;
}

void trace_table_event(const struct table_event *event) {
    struct change_circumstances now = circumstances();
    history_add(&ring, event, &now);
}

const struct trace_ring *trace_ring_of_tables(void) {
    return &ring;
}
