#include "kernel/cpu/trap.h"
#include "kernel/log.h"
#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "lib/status.h"

constexpr uint32_t CALL_COUNT = 512; /* more than any Linux has had */

/* Numbers as in Linux's arch/x86/entry/syscalls/syscall_64.tbl. */
static system_call *const CALLS[CALL_COUNT] = {
    [0] = call_read,
    [1] = call_write,
    [9] = call_mmap,
    [10] = call_mprotect,
    [11] = call_munmap,
    [12] = call_brk,
    [16] = call_ioctl,
    [20] = call_writev,
    [24] = call_sched_yield,
    [39] = call_getpid,
    [60] = call_exit,
    [63] = call_uname,
    [102] = call_zero, /* getuid */
    [104] = call_zero, /* getgid */
    [107] = call_zero, /* geteuid */
    [108] = call_zero, /* getegid */
    [110] = call_zero, /* getppid: the kernel started it */
    [158] = call_arch_prctl,
    [186] = call_getpid, /* gettid: one thread */
    [218] = call_set_tid_address,
    [228] = call_clock_gettime,
    [231] = call_exit, /* exit_group */
    [302] = call_prlimit64,
    [318] = call_getrandom,
};

/* One flag for each number, and one for all that are too large; atomic. */
static bool is_reported[CALL_COUNT + 1];

static int64_t refuse(uint32_t number) {
    uint32_t index = number < CALL_COUNT ? number : CALL_COUNT;
    if (!__atomic_exchange_n(&is_reported[index], true, __ATOMIC_RELAXED)) {
        const struct process *process = process_current();
        log_line(LOG_INFO, "process %u (%s): system call %u is not implemented", process->id,
                 process->name, number);
    }
    return STATUS_NOT_IMPLEMENTED;
}

void syscall_handle(struct trap_frame *frame) {
    uint32_t number = (uint32_t)frame->rax; /* Linux ignores the upper half too */
    system_call *call = number < CALL_COUNT ? CALLS[number] : nullptr;
    frame->rax = (uint64_t)(call ? call(frame) : refuse(number));
}
