#include "kernel/program/program.h"

#include "kernel/cpu/cpu.h"
#include "kernel/fault/fault.h"
#include "kernel/log.h"
#include "kernel/log_text/log_text.h"
#include "kernel/terminal/terminal.h"
#include "mm/audit/audit.h"
#include "mm/frame/frame.h"

enum status program_create(const struct boot_result *boot, const char *path,
                           struct string_list arguments, struct process **process) {
    struct log_text text;
    const struct text_sink *complaints = log_text_begin(&text, LOG_ERROR);
    struct initrd_entry entry;
    enum status status = initrd_find(&boot->ram_disk, path, complaints, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    const struct process_program program = {
        .path = path,
        .file = entry.content,
        .file_size_bytes = entry.size_bytes,
        .arguments = arguments,
        .terminal = terminal_get(boot->command_line.terminal),
    };
    return process_create(&program, complaints, process);
}

void program_log_end(const char *who, struct process_end end) {
    if (end.signal != 0) {
        log_line(LOG_INFO, "%s: killed by signal %u (%s)", who, end.signal,
                 signal_name(end.signal));
    } else {
        log_line(LOG_INFO, "%s: exited with status %u", who, end.exit_code);
    }
}

uint64_t program_free_frames(void) {
    audit_drain();
    return frame_count().by_state[FRAME_FREE];
}

/* What is in use besides the RAM disk, before init has anything. */
static void log_footprint(const struct boot_result *boot) {
    struct frame_counts counts = frame_count();
    uint64_t disk = align_up(boot->ram_disk.size_bytes, PAGE_SIZE) >> PAGE_SHIFT;
    uint64_t used = counts.total - counts.by_state[FRAME_FREE] - disk;
    log_line(LOG_INFO, "boot: %llu KiB in use besides the RAM disk, %llu KiB free",
             (unsigned long long)used << 2, (unsigned long long)counts.by_state[FRAME_FREE] << 2);
    log_line(LOG_INFO, "boot: done at %llu ticks of the time-stamp counter",
             (unsigned long long)cpu_read_tsc());
}

static void log_frames(uint64_t before, uint64_t after) {
    if (before == after) {
        log_line(LOG_INFO, "init: every frame came back: %llu free before and after",
                 (unsigned long long)after);
        return;
    }
    log_line(LOG_INFO, "init: %llu frames free before, %llu after", (unsigned long long)before,
             (unsigned long long)after);
}

void program_run_init(const struct boot_result *boot) {
    const struct command_line *line = &boot->command_line;
    const struct string_list arguments = {line->arguments, line->argument_count};
    uint64_t before = program_free_frames();
    log_footprint(boot);
    struct process *process;
    if (program_create(boot, line->init, arguments, &process) != STATUS_OK) {
        log_line(LOG_ERROR, "init: %s cannot be run", line->init);
        return;
    }
    process_start(process);
    program_log_end("init", process_wait(process));
    log_frames(before, program_free_frames());
}
