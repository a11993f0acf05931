#include "drivers/timer.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/user_copy.h"
#include "kernel/process/process.h"
#include "kernel/random/random.h"
#include "kernel/syscall/calls.h"
#include "kernel/thread/thread.h"
#include "lib/status.h"
#include "mm/addr/layout.h"

/* Codes of man 2 arch_prctl. */
enum arch_code : uint32_t {
    ARCH_SET_GS = 0x1001,
    ARCH_SET_FS = 0x1002,
    ARCH_GET_FS = 0x1003,
    ARCH_GET_GS = 0x1004,
};

/* Clocks of man 2 clock_gettime that count from the boot. The time of day is not known. */
enum clock : uint32_t {
    CLOCK_REALTIME = 0,
    CLOCK_MONOTONIC = 1,
    CLOCK_MONOTONIC_RAW = 4,
    CLOCK_MONOTONIC_COARSE = 6,
    CLOCK_BOOTTIME = 7,
    CLOCK_COUNT = 12,
};

constexpr uint64_t RANDOM_FLAGS = 7; /* GRND_NONBLOCK, GRND_RANDOM, GRND_INSECURE */
constexpr size_t RANDOM_PIECE = 64;

/* Resources of man 2 prlimit64. */
enum resource : uint32_t {
    RESOURCE_STACK = 3,
    RESOURCE_CORE = 4,
    RESOURCE_FILES = 7,
    RESOURCE_COUNT = 16,
};

static int64_t copy_out(uint64_t to, const void *from, size_t size_bytes) {
    return user_copy_out(virt_addr(to), from, size_bytes) == 0 ? 0 : STATUS_FAULT;
}

int64_t call_exit(const struct trap_frame *frame) {
    process_exit((unsigned)frame->rdi);
}

int64_t call_getpid(const struct trap_frame *frame) {
    (void)frame;
    return process_current()->id;
}

/* The address would be cleared for a waiter at the thread's end; the only thread has none. */
int64_t call_set_tid_address(const struct trap_frame *frame) {
    return call_getpid(frame);
}

int64_t call_sched_yield(const struct trap_frame *frame) {
    (void)frame;
    thread_yield();
    return 0;
}

int64_t call_zero(const struct trap_frame *frame) {
    (void)frame;
    return 0;
}

int64_t call_arch_prctl(const struct trap_frame *frame) {
    enum arch_code code = (enum arch_code)(uint32_t)frame->rdi;
    if ((code == ARCH_SET_FS || code == ARCH_SET_GS) && frame->rsi >= USER_END) {
        return STATUS_NOT_PERMITTED;
    }
    uint64_t base;
    switch (code) {
    case ARCH_SET_FS:
        user_set_fs_base(virt_addr(frame->rsi));
        return 0;
    case ARCH_SET_GS:
        user_set_gs_base(virt_addr(frame->rsi));
        return 0;
    case ARCH_GET_FS:
        base = user_fs_base().value;
        return copy_out(frame->rsi, &base, sizeof(base));
    case ARCH_GET_GS:
        base = user_gs_base().value;
        return copy_out(frame->rsi, &base, sizeof(base));
    }
    return STATUS_INVALID;
}

int64_t call_uname(const struct trap_frame *frame) {
    /* The release is that of the Linux whose ABI this is: C libraries refuse what looks too old. */
    static const struct {
        char system[65], node[65], release[65], version[65], machine[65], domain[65];
    } name = {"Quire", "quire", "6.1.0-quire", "#1", "x86_64", "(none)"};
    return copy_out(frame->rdi, &name, sizeof(name));
}

static uint64_t limit_of(enum resource resource) {
    switch (resource) {
    case RESOURCE_STACK:
        return USER_STACK_PAGES * PAGE_SIZE;
    case RESOURCE_CORE:
        return 0;
    case RESOURCE_FILES:
        return DESCRIPTOR_COUNT;
    default:
        return UINT64_MAX; /* RLIM_INFINITY */
    }
}

/* Limits can be read, and are what holds; they cannot be changed. */
int64_t call_prlimit64(const struct trap_frame *frame) {
    uint32_t resource = (uint32_t)frame->rsi;
    uint32_t id = (uint32_t)frame->rdi;
    if (id != 0 && id != process_current()->id) {
        return ERRNO_NO_SUCH_PROCESS;
    }
    if (resource >= RESOURCE_COUNT) {
        return STATUS_INVALID;
    }
    if (frame->rdx != 0) {
        return STATUS_NOT_PERMITTED;
    }
    uint64_t value = limit_of((enum resource)resource);
    const uint64_t limit[2] = {value, value};
    return frame->r10 == 0 ? 0 : copy_out(frame->r10, limit, sizeof(limit));
}

int64_t call_getrandom(const struct trap_frame *frame) {
    if (frame->rdx & ~RANDOM_FLAGS) {
        return STATUS_INVALID;
    }
    if (!is_user_memory(virt_addr(frame->rdi), frame->rsi)) {
        return STATUS_FAULT;
    }
    uint8_t piece[RANDOM_PIECE];
    uint64_t done = 0;
    while (done < frame->rsi) {
        size_t length = frame->rsi - done < sizeof(piece) ? frame->rsi - done : sizeof(piece);
        enum status status = random_fill(piece, length);
        if (status != STATUS_OK) {
            return done > 0 ? (int64_t)done : status;
        }
        size_t missing = user_copy_out(virt_addr(frame->rdi + done), piece, length);
        done += length - missing;
        if (missing > 0) {
            return done > 0 ? (int64_t)done : STATUS_FAULT;
        }
    }
    return (int64_t)done;
}

int64_t call_clock_gettime(const struct trap_frame *frame) {
    switch ((uint32_t)frame->rdi) {
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        break;
    default:
        return (uint32_t)frame->rdi < CLOCK_COUNT ? STATUS_NOT_IMPLEMENTED : STATUS_INVALID;
    }
    uint64_t ticks = timer_ticks();
    const uint64_t time[2] = {ticks / TIMER_HERTZ,
                              ticks % TIMER_HERTZ * (1'000'000'000 / TIMER_HERTZ)};
    return copy_out(frame->rsi, time, sizeof(time));
}
