#include "kernel/boot/boot.h"
#include "kernel/cpu/kernel_image.h"
#include "kernel/demo/demo.h"
#include "kernel/log.h"
#include "kernel/log_text/log_text.h"
#include "kernel/machine/machine.h"
#include "kernel/panic/panic.h"
#include "kernel/program/program.h"
#include "kernel/selftest/selftest.h"
#include "mm/audit/audit.h"

/* A kernel whose tables are not what they must be does not go on. */
static void audit(const char *when) {
    struct log_text text;
    struct audit_result result = audit_run(log_text_begin(&text, LOG_ERROR));
    log_line(LOG_INFO, "audit: %s: %llu frames, %llu tables, %llu entries, %llu findings", when,
             (unsigned long long)result.frame_count, (unsigned long long)result.table_count,
             (unsigned long long)result.leaf_count, (unsigned long long)result.finding_count);
    if (result.finding_count > 0) {
        panic_stop("the audit found %llu broken invariants %s",
                   (unsigned long long)result.finding_count, when);
    }
}

[[noreturn]] static void run(void *unused) {
    (void)unused;
    const struct boot_result *boot = boot_finish();
    const struct command_line *line = &boot->command_line;
    if (line->has_audit) {
        audit("after the boot");
    }
    selftest_run(boot);
    if (line->init) {
        program_run_init(boot);
    } else {
        demo_run(boot);
    }
    if (line->has_audit) {
        audit("at the end");
    }
    machine_finish(line->on_exit);
}

[[noreturn]] void kernel_main(const void *boot_info) {
    boot_begin(boot_info, run);
}
