#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/cpu/trap.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"
#include "mm/addr/addr.h"

/*
 * The only way to touch the current address space's user memory (law 11): opens SMAP for the copy
 * and survives a fault that the kernel cannot resolve. May sleep in the fault, so never with
 * pre-emption off or interrupts off. User addresses are checked here: nothing below can be made to
 * touch the kernel's half.
 */

BEGIN_C_DECLS

/* Whether all of it lies in the user half, mapped or not; also where size_bytes is 0. */
[[nodiscard]] bool is_user_memory(virt_addr_t start, size_t size_bytes);

/* Copy `size_bytes`; return how many bytes at the end were not copied, 0 for all. */
[[nodiscard]] size_t user_copy_in(void *to, virt_addr_t from, size_t size_bytes);
[[nodiscard]] size_t user_copy_out(virt_addr_t to, TRUSTED const void *from, size_t size_bytes);

/* Zeroes; returns how many bytes at the end were not reached. */
[[nodiscard]] size_t user_copy_zero(virt_addr_t to, size_t size_bytes);

/*
 * Copies a terminated string of at most size_bytes with its terminator; `*length` is without it.
 * STATUS_FAULT: not readable; STATUS_TOO_LONG: no terminator within size_bytes.
 */
enum status user_copy_string(char *to, virt_addr_t from, size_t size_bytes, size_t *length);

/* Reads a word at a multiple of 4, at once; false: it cannot be read. */
[[nodiscard]] bool user_copy_word(uint32_t *value, virt_addr_t from);

/* Writes `next` to such a word if it is `*expected`, which becomes what was there, in one locked
 * instruction; false: it cannot be written. */
[[nodiscard]] bool user_compare_exchange(virt_addr_t at, uint32_t *expected, uint32_t next);

/* Whether the fault is of one of these copies, so that resolving it lets the copy go on. */
bool user_copy_is_at(const struct trap_frame *frame);

/*
 * For the kernel's handler of a fault that it cannot resolve in kernel mode: where the fault
 * happened inside one of these copies, sets the frame to go on at the copy's exit and returns true.
 */
[[nodiscard]] bool user_copy_recover(struct trap_frame *frame);

END_C_DECLS
