#pragma once

#include "lib/decls.h"

BEGIN_C_DECLS

/* The bounds of the kernel's sections, page-aligned, as kernel/kernel.ld lays them out from
 * KERNEL_IMAGE_BASE. Data ends with the zeroed part (.bss). */
extern char kernel_text_start[], kernel_text_end[];
extern char kernel_rodata_start[], kernel_rodata_end[];
extern char kernel_data_start[], kernel_data_end[];

/* The stack that the entry point runs kernel_main on; in .bss. */
extern char kernel_boot_stack[], kernel_boot_stack_top[];

/* Supplied by the kernel: the first C function, on the boot stack, interrupts off, with the
 * loader's identity mapping in place. `boot_info` is the identity address of struct boot_info. */
[[noreturn]] void kernel_main(const void *boot_info);

END_C_DECLS
