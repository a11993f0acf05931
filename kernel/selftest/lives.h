#pragma once

#include <stdint.h>

#include "kernel/boot/boot.h"

/* Tests of whole lives of processes and threads. What is wrong stops the machine. */

/* Creates, runs and destroys init `count` times; every frame must be back. */
void selftest_cycles(const struct boot_result *boot, uint64_t count);

/* Runs init `count` times at once; each must exit with status 0. At most 64. */
void selftest_together(const struct boot_result *boot, uint64_t count);

/* Creates init with 0, 1, 2... frames free until it succeeds; each failure must leave as many
 * frames free as there were. */
void selftest_exhaustion(const struct boot_result *boot);

/* A thread that never sleeps must not keep another one from running. */
void selftest_preemption(void);

/* An interrupt that no device of ours raises must not stop anything. */
void selftest_stray_interrupt(void);
