#include "kernel/boot/boot.h"
#include "kernel/cpu/kernel_image.h"
#include "kernel/demo/demo.h"
#include "kernel/machine/machine.h"
#include "kernel/process/job_control.h"
#include "kernel/process/signals.h"
#include "kernel/program/program.h"
#include "kernel/root/root.h"
#include "kernel/selftest/selftest.h"
#include "kernel/trace/trace.h"

[[noreturn]] static void run(void *unused) {
    (void)unused;
    const struct boot_result *boot = boot_finish();
    root_begin(boot);
    signals_begin();
    job_control_begin();
    const struct command_line *line = &boot->command_line;
    selftest_run(boot);
    if (line->init) {
        program_run_init(boot);
    } else {
        demo_run();
    }
    if (line->has_audit) {
        boot_audit("at the end");
    }
    trace_end();
    machine_finish(line->on_exit);
}

[[noreturn]] void kernel_main(const void *boot_info) {
    boot_begin(boot_info, run);
}
