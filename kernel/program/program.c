#include "kernel/program/program.h"

#include "kernel/cpu/cpu.h"
#include "kernel/files/file/open.h"
#include "kernel/files/memory_file/memory_file.h"
#include "kernel/log.h"
#include "kernel/log_text/log_text.h"
#include "kernel/process/exec.h"
#include "kernel/root/root.h"
#include "kernel/signal/signal.h"
#include "kernel/thread/thread.h"
#include "mm/audit/audit.h"
#include "mm/frame/frame.h"

constexpr size_t ARGUMENTS_MAX = 65'536; /* the command line is shorter */

static enum status add_arguments(struct string_store *store, const char *path,
                                 const struct string_list *arguments) {
    enum status status = string_store_add(store, path);
    const char *at = arguments->strings;
    for (size_t i = 0; i < arguments->count && status == STATUS_OK; i++) {
        status = string_store_add(store, at);
        at += __builtin_strlen(at) + 1;
    }
    return status;
}

enum status program_create(const char *path, struct string_list arguments,
                           struct process **process) {
    static const struct string_list environment = {
        "HOME=/\0PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin\0TERM=linux", 3};
    struct log_text text;
    const struct text_sink *complaints = log_text_begin(&text, LOG_ERROR);
    struct process_start start = {
        .path = path,
        .environment = environment,
        .view = root_view(),
    };
    enum status status =
        file_open(&start.view, "/dev/console", OPEN_READ_WRITE, 0, &start.terminal);
    if (status != STATUS_OK) {
        format_to(complaints, "K312: /dev/console cannot be opened: %d\n", status);
        return status;
    }
    struct string_store store = {.limit_bytes = ARGUMENTS_MAX};
    status = add_arguments(&store, path, &arguments);
    start.arguments = (struct string_list){store.bytes, store.count};
    if (status == STATUS_OK) {
        status = process_create(&start, complaints, process);
    }
    string_store_free(&store);
    file_unref(start.terminal);
    return status;
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
    thread_drain();
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
    if (program_create(line->init, arguments, &process) != STATUS_OK) {
        log_line(LOG_ERROR, "init: %s cannot be run", line->init);
        return;
    }
    process_run(process);
    program_log_end("init", process_await(process));
    memory_files_end();
    log_frames(before, program_free_frames());
}
