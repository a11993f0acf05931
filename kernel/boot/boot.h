#pragma once

#include "kernel/command_line/command_line.h"
#include "kernel/initrd/initrd.h"
#include "lib/decls.h"

/* From the loader's world to the kernel's, stage by stage; each says in the log what it did. What
 * the loader or the firmware got wrong ends in a numbered line and a stop. */

BEGIN_C_DECLS

/* What stays of the boot. Constant after boot_finish. */
struct boot_result {
    struct command_line command_line; /* its strings are in the heap */
    const char *command_line_text;    /* as the loader gave it, terminated; in the heap */
    struct initrd ram_disk;           /* in the direct map; size_bytes 0: none */
};

/*
 * Everything up to the kernel's own address space, allocators and stacks: on return into `next`,
 * nothing that lives is in the loader's memory. Interrupts are off. `boot_info` is the identity
 * address of struct boot_info.
 */
[[noreturn]] void boot_begin(const void *boot_info, void (*next)(void *));

/* The rest, on the stack that boot_begin chose: threads, interrupts, ACPI; the loader's memory
 * becomes free, after an audit if the command line asks for one. Returns with interrupts on. */
const struct boot_result *boot_finish(void);

/* Runs mm/audit and says in the log what came of it; a finding stops the machine. `when` is for the
 * log: "at the end". */
void boot_audit(const char *when);

END_C_DECLS
