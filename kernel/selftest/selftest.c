#include "kernel/selftest/selftest.h"

#include "kernel/log.h"
#include "kernel/panic/panic.h"
#include "kernel/program/program.h"
#include "kernel/selftest/provoke.h"
#include "lib/memory.h"

constexpr size_t NAME_SIZE = 32;
static const char CYCLES[] = "cycles:";

static bool run_once(const struct boot_result *boot) {
    const struct command_line *line = &boot->command_line;
    const struct string_list arguments = {line->arguments, line->argument_count};
    struct process *process;
    if (program_create(boot, line->init, arguments, &process) != STATUS_OK) {
        log_line(LOG_ERROR, "selftest: cycles: %s cannot be run", line->init);
        return false;
    }
    process_start(process);
    process_wait(process);
    return true;
}

/* The first life leaves page tables of the kernel's half behind, which stay for all that follow. */
static void run_cycles(const struct boot_result *boot, uint64_t count) {
    if (!boot->command_line.init || !run_once(boot)) {
        log_line(LOG_ERROR, "selftest: cycles needs init=");
        return;
    }
    uint64_t before = program_free_frames();
    for (uint64_t i = 0; i < count; i++) {
        if (!run_once(boot)) {
            return;
        }
    }
    uint64_t after = program_free_frames();
    log_line(LOG_INFO,
             "selftest: cycles: %llu processes came and went; %llu frames free before, "
             "%llu after",
             (unsigned long long)count, (unsigned long long)before, (unsigned long long)after);
    if (before != after) {
        panic_stop("%lld frames were lost", (long long)(before - after));
    }
}

static uint64_t number(const char *text) {
    uint64_t value = 0;
    while (*text >= '0' && *text <= '9') {
        value = value * 10 + (uint64_t)(*text++ - '0');
    }
    return value;
}

static void run_test(const struct boot_result *boot, const char *name) {
    log_line(LOG_INFO, "selftest: %s", name);
    if (strncmp(name, CYCLES, sizeof(CYCLES) - 1) == 0) {
        run_cycles(boot, number(name + sizeof(CYCLES) - 1));
        return;
    }
    for (const struct provocation *test = PROVOCATIONS; test->name; test++) {
        if (strcmp(name, test->name) == 0) {
            test->run();
            log_line(LOG_ERROR, "selftest: %s: nothing stopped it", name);
            return;
        }
    }
    log_line(LOG_WARNING, "K206: command line: selftest=%s is unknown", name);
}

void selftest_run(const struct boot_result *boot) {
    const char *next = boot->command_line.selftests;
    while (next && *next != '\0') {
        char name[NAME_SIZE];
        size_t length = 0;
        while (*next != '\0' && *next != ',') {
            if (length < sizeof(name) - 1) {
                name[length++] = *next;
            }
            next++;
        }
        name[length] = '\0';
        run_test(boot, name);
        next += *next == ',';
    }
}
