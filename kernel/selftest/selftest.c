#include "kernel/selftest/selftest.h"

#include "kernel/log.h"
#include "kernel/panic/panic.h"
#include "kernel/protections/protections.h"
#include "kernel/selftest/fault_scenarios.h"
#include "kernel/selftest/lives.h"
#include "kernel/selftest/provoke.h"
#include "lib/memory.h"

constexpr size_t NAME_SIZE = 32;

static uint64_t number(const char *text) {
    uint64_t value = 0;
    while (*text >= '0' && *text <= '9') {
        value = value * 10 + (uint64_t)(*text++ - '0');
    }
    return value;
}

/* Whether `name` begins with `prefix`; then `*rest` is what follows. */
static bool has_prefix(const char *name, const char *prefix, const char **rest) {
    size_t length = strlen(prefix);
    *rest = name + length;
    return strncmp(name, prefix, length) == 0;
}

/* Tests that run init. */
static bool run_with_init(const struct boot_result *boot, const char *name) {
    const char *rest;
    if (has_prefix(name, "cycles:", &rest)) {
        selftest_cycles(boot, number(rest));
    } else if (has_prefix(name, "together:", &rest)) {
        selftest_together(boot, number(rest));
    } else if (strcmp(name, "exhaustion") == 0) {
        selftest_exhaustion(boot);
    } else {
        return false;
    }
    return true;
}

static bool provoke(const char *name) {
    for (const struct provocation *test = PROVOCATIONS; test->name; test++) {
        if (strcmp(name, test->name) == 0) {
            test->run();
            panic_stop("selftest: %s: nothing stopped it", name);
        }
    }
    return false;
}

static void run_test(const struct boot_result *boot, const char *name) {
    log_line(LOG_INFO, "selftest: %s", name);
    if (strcmp(name, "preemption") == 0) {
        selftest_preemption();
        return;
    }
    if (strcmp(name, "stray-interrupt") == 0) {
        selftest_stray_interrupt();
        return;
    }
    if (strcmp(name, "protections") == 0) {
        protections_run();
        return;
    }
    if (strcmp(name, "scenarios") == 0) {
        selftest_fault_scenarios();
        return;
    }
    if (boot->command_line.init && run_with_init(boot, name)) {
        return;
    }
    if (!provoke(name)) {
        log_line(LOG_WARNING, "K206: command line: selftest=%s is unknown, or needs init=", name);
    }
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
