#include "kernel/demo/demo.h"

#include "kernel/log.h"
#include "kernel/log_text/log_text.h"
#include "kernel/program/program.h"
#include "mm/frame/frame.h"
#include "mm/space/address_space.h"

static void dump(const struct process *process) {
    struct log_text text;
    log_line(LOG_INFO, "demo: memory of process %u (twin): range, size, rights, cache, leaf, name",
             process->number);
    space_dump(process->memory->space, log_text_begin(&text, LOG_INFO));
}

static void wait_and_report(struct process *process) {
    char who[32];
    format_buffer(who, sizeof(who), "demo: process %u", process->number);
    program_log_end(who, process_await(process));
}

/* Both exist before either runs, so that their memory can be compared. */
static void show_twins(void) {
    static const struct string_list names[2] = {{"Castor", 1}, {"Pollux", 1}};
    struct process *twins[2];
    log_line(LOG_INFO, "demo: one program twice: the same addresses, different contents");
    for (unsigned i = 0; i < 2; i++) {
        if (program_create("bin/twin", names[i], &twins[i]) != STATUS_OK) {
            log_line(LOG_ERROR, "demo: bin/twin cannot be run");
            if (i == 1) {
                process_run(twins[0]);
                wait_and_report(twins[0]);
            }
            return;
        }
        dump(twins[i]);
    }
    process_run(twins[0]);
    process_run(twins[1]);
    wait_and_report(twins[0]);
    wait_and_report(twins[1]);
}

static void show_outlaw(void) {
    struct process *outlaw;
    log_line(LOG_INFO, "demo: a program that breaks the rules, and why it is stopped");
    if (program_create("bin/outlaw", (struct string_list){}, &outlaw) != STATUS_OK) {
        log_line(LOG_ERROR, "demo: bin/outlaw cannot be run");
        return;
    }
    process_run(outlaw);
    wait_and_report(outlaw);
}

static void show_frames(void) {
    struct frame_counts counts = frame_count();
    log_line(LOG_INFO, "demo: %llu page frames of 4 KiB: %llu free, %llu page tables, %llu kernel",
             (unsigned long long)counts.total, (unsigned long long)counts.by_state[FRAME_FREE],
             (unsigned long long)counts.by_state[FRAME_TABLE],
             (unsigned long long)counts.by_state[FRAME_KERNEL]);
}

void demo_run(void) {
    uint64_t before = program_free_frames();
    show_twins();
    show_outlaw();
    uint64_t after = program_free_frames();
    show_frames();
    log_line(LOG_INFO, "demo: %llu frames free before the processes, %llu after",
             (unsigned long long)before, (unsigned long long)after);
}
