#pragma once

#include "kernel/syscall/system_call.h"

/* The system calls that there are, by Linux's names; those on files are in kernel/syscall/files. */
system_call call_mmap, call_munmap, call_mprotect, call_brk;
system_call call_exit, call_getpid, call_set_tid_address, call_sched_yield, call_zero;
system_call call_arch_prctl, call_uname, call_prlimit64, call_getrandom, call_clock_gettime;

constexpr uint64_t DESCRIPTOR_COUNT = 3; /* 0, 1 and 2: the process's terminal */

/* errno values that have no enum status. */
constexpr int64_t ERRNO_NO_SUCH_PROCESS = -3; /* ESRCH */
constexpr int64_t ERRNO_NO_SUCH_DEVICE = -19; /* ENODEV */
