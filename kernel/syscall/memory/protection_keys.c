#include "kernel/syscall/calls.h"
#include "lib/status.h"

/*
 * man 2 pkey_alloc, pkey_free, pkey_mprotect, as Linux answers on a CPU without protection keys:
 * there are none to be had, and so no number is one.
 */

int64_t call_pkey_alloc(const struct trap_frame *frame) {
    (void)frame;
    return STATUS_INVALID;
}

int64_t call_pkey_free(const struct trap_frame *frame) {
    (void)frame;
    return STATUS_INVALID;
}
