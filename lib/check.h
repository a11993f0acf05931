#pragma once

#include "lib/decls.h"

BEGIN_C_DECLS

/*
 * Reports a broken contract and stops: the kernel prints a fault report and halts, the host tests
 * fail the test. Supplied by whoever links the rooms.
 */
[[noreturn]] void check_failed(const char *condition, const char *file, int line);

END_C_DECLS

/*
 * States what the programmer promised; stays on in release builds. Never for what user space, a
 * BIOS, a disk or a full memory can cause: those are `enum status`.
 */
#define CHECK(condition)                                                                           \
    (__builtin_expect(!!(condition), 1) ? (void)0 : check_failed(#condition, __FILE__, __LINE__))
