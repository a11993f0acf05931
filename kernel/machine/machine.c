#include "kernel/machine/machine.h"

#include "drivers/power.h"
#include "kernel/cpu/cpu.h"
#include "kernel/log.h"
#include "kernel/terminal/terminal.h"

[[noreturn]] static void power_off_or_stop(void) {
    terminal_drain();
    power_off();
    log_line(LOG_ERROR, "machine: it cannot turn itself off; please press the power switch");
    cpu_stop();
}

/* The timer's interrupts end each wait, so a key is seen within a tick. */
static uint8_t wait_for_key(void) {
    uint8_t key;
    while ((key = terminal_poll_key()) == 0) {
        cpu_wait_for_interrupt();
    }
    return key;
}

[[noreturn]] static void ask(void) {
    terminal_end_input();
    log_line(LOG_INFO, "machine: press p to power off, r to reboot");
    for (;;) {
        uint8_t key = wait_for_key();
        if (key == 'p' || key == 'P') {
            machine_finish(ACT_POWER_OFF);
        }
        if (key == 'r' || key == 'R') {
            machine_finish(ACT_REBOOT);
        }
    }
}

[[noreturn]] void machine_finish(enum final_act act) {
    switch (act) {
    case ACT_WAIT_FOR_KEY:
        ask();
    case ACT_POWER_OFF:
        log_line(LOG_INFO, "machine: powering off");
        power_off_or_stop();
    case ACT_REBOOT:
        log_line(LOG_INFO, "machine: rebooting");
        terminal_drain();
        power_reboot();
    case ACT_HALT:
        log_line(LOG_INFO, "machine: halted");
        cpu_stop();
    }
    cpu_stop();
}

[[noreturn]] void machine_finish_silently(enum final_act act) {
    switch (act) {
    case ACT_POWER_OFF:
        power_off_or_stop();
    case ACT_REBOOT:
        terminal_drain();
        power_reboot();
    case ACT_WAIT_FOR_KEY: /* nobody can be asked: the keyboard may be what broke */
    case ACT_HALT:
        cpu_stop();
    }
    cpu_stop();
}
