#pragma once

#include "bootloader/boot_info.h"
#include "lib/untrusted.h"
#include "mm/addr/addr.h"
#include "mm/frame/memory_map.h"

/* The stages of boot.c, one file each. `info` is the kernel's own copy. */

/* Stops the machine because of what its firmware or loader says, after showing why. */
[[noreturn]] void boot_refuse(const char *reason);

/* Prints the firmware's map, sanitises it, prints the result, and starts the early allocator. */
const struct memory_map *boot_begin_memory(TRUSTED const struct boot_info *info);

/* Gives the memory that only the boot needed to the frame allocator. */
void boot_release_memory(TRUSTED const struct boot_info *info);

/* Builds the kernel's address space, moves into it, and sees that the old one is gone. */
void boot_enter_space(TRUSTED const struct boot_info *info, const struct memory_map *map);

/* A guarded stack in the kernel's ranges; its last byte is followed by a guard page too. */
struct virt_range boot_allocate_stack(uint64_t page_count, const char *name);

/* Moves the stacks of #DB, NMI, #DF and #MC out of the kernel's image, behind guard pages. */
void boot_guard_exception_stacks(void);

/* An audit for which the loader's memory is forbidden, and everything that the CPU uses by itself
 * must lie elsewhere (K4). Before boot_release_memory. */
void boot_audit_against_loader(TRUSTED const struct boot_info *info);
