#include "drivers/power.h"
#include "kernel/clock/clock.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/user_copy.h"
#include "kernel/log.h"
#include "kernel/machine/machine.h"
#include "kernel/process/process.h"
#include "kernel/process/system_name.h"
#include "kernel/process/signals.h"
#include "kernel/random/random.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/times.h"
#include "kernel/syscall/user.h"
#include "kernel/thread/thread.h"
#include "lib/status.h"
#include "mm/addr/layout.h"
#include "mm/frame/frame.h"

/* The machine, and settings of processes and threads. */

/* Codes of man 2 arch_prctl. */
enum arch_code : uint32_t {
    ARCH_SET_GS = 0x1001,
    ARCH_SET_FS = 0x1002,
    ARCH_GET_FS = 0x1003,
    ARCH_GET_GS = 0x1004,
};

constexpr uint64_t RANDOM_NO_WAIT = 1;
constexpr uint64_t RANDOM_RANDOM = 2;
constexpr uint64_t RANDOM_INSECURE = 4;
constexpr size_t RANDOM_PIECE = 64;

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
    const struct system_name name = system_name();
    return copy_out(frame->rdi, &name, sizeof(name));
}

static int64_t set_name(void (*set)(const char *text, size_t length), uint64_t address,
                        int32_t length) {
    char text[SYSTEM_NAME_SIZE];
    if (process_current()->credentials.effective_user != 0) {
        return STATUS_NOT_PERMITTED;
    }
    if (length < 0 || length >= (int32_t)sizeof(text)) {
        return STATUS_INVALID;
    }
    if (copy_in(text, address, (size_t)length) != 0) {
        return STATUS_FAULT;
    }
    set(text, (size_t)length);
    return 0;
}

int64_t call_sethostname(const struct trap_frame *frame) {
    return set_name(system_set_node_name, frame->rdi, (int32_t)frame->rsi);
}

int64_t call_setdomainname(const struct trap_frame *frame) {
    return set_name(system_set_domain_name, frame->rdi, (int32_t)frame->rsi);
}

int64_t call_getrandom(const struct trap_frame *frame) {
    uint32_t flags = (uint32_t)frame->rdx;
    constexpr uint32_t known = RANDOM_NO_WAIT | RANDOM_RANDOM | RANDOM_INSECURE;
    if ((flags & ~known) || (flags & known & ~RANDOM_NO_WAIT) == (RANDOM_RANDOM | RANDOM_INSECURE)) {
        return STATUS_INVALID;
    }
    uint64_t wanted = frame->rsi < INT32_MAX ? frame->rsi : INT32_MAX;
    if (!is_user_memory(virt_addr(frame->rdi), wanted)) {
        return STATUS_FAULT;
    }
    uint8_t piece[RANDOM_PIECE];
    uint64_t done = 0;
    while (done < wanted) {
        size_t length = wanted - done < sizeof(piece) ? wanted - done : sizeof(piece);
        enum status status = random_fill(piece, length);
        if (status != STATUS_OK) {
            return done > 0 ? (int64_t)done : status;
        }
        size_t missing = user_copy_out(virt_addr(frame->rdi + done), piece, length);
        done += length - missing;
        if (missing > 0) {
            return done > 0 ? (int64_t)done : STATUS_FAULT;
        }
        if (done < wanted && done % PAGE_SIZE == 0 && signal_is_pending()) {
            return (int64_t)done;
        }
    }
    return (int64_t)done;
}

/* struct sysinfo of man 2 sysinfo. */
struct system_info {
    int64_t uptime;
    uint64_t loads[3];
    uint64_t total, free, shared, buffers, total_swap, free_swap;
    uint16_t processes, padding;
    uint32_t padding_2;
    uint64_t total_high, free_high;
    uint32_t unit;
};

static_assert(sizeof(struct system_info) == 112);

int64_t call_sysinfo(const struct trap_frame *frame) {
    struct frame_counts counts = frame_count();
    const struct system_info info = {
        .uptime = (int64_t)(clock_now() / NANOSECONDS_PER_SECOND),
        .total = counts.total << PAGE_SHIFT,
        .free = counts.by_state[FRAME_FREE] << PAGE_SHIFT,
        .processes = (uint16_t)task_count(),
        .unit = 1,
    };
    return copy_out(frame->rdi, &info, sizeof(info));
}

int64_t call_getcpu(const struct trap_frame *frame) {
    const uint32_t zero = 0;
    if (frame->rdi != 0 && copy_out(frame->rdi, &zero, sizeof(zero)) != 0) {
        return STATUS_FAULT;
    }
    return frame->rsi != 0 ? copy_out(frame->rsi, &zero, sizeof(zero)) : 0;
}

enum prctl_option : int32_t {
    PR_SET_PDEATHSIG = 1,
    PR_GET_PDEATHSIG = 2,
    PR_GET_DUMPABLE = 3,
    PR_SET_DUMPABLE = 4,
    PR_GET_KEEPCAPS = 7,
    PR_SET_KEEPCAPS = 8,
    PR_GET_TIMING = 13,
    PR_SET_NAME = 15,
    PR_GET_NAME = 16,
    PR_CAPBSET_READ = 23,
    PR_SET_TIMERSLACK = 29,
    PR_GET_TIMERSLACK = 30,
    PR_SET_CHILD_SUBREAPER = 36,
    PR_GET_CHILD_SUBREAPER = 37,
    PR_SET_NO_NEW_PRIVS = 38,
    PR_GET_NO_NEW_PRIVS = 39,
    PR_GET_TID_ADDRESS = 40,
    PR_SET_THP_DISABLE = 41,
    PR_GET_THP_DISABLE = 42,
    PR_SET_VMA = 0x53564d41,
};

constexpr int32_t CAPABILITY_LAST = 40;
constexpr int64_t TIMER_SLACK_NS = 50'000;

static int64_t set_thread_name(uint64_t address) {
    char text[TASK_NAME_SIZE_BYTES];
    size_t length;
    enum status status = user_copy_string(text, virt_addr(address), sizeof(text) - 1, &length);
    if (status == STATUS_FAULT) {
        return status;
    }
    length = status == STATUS_OK ? length : sizeof(text) - 1;
    __builtin_memset(text + length, 0, sizeof(text) - length);
    tree_lock();
    __builtin_memcpy(task_current()->name, text, sizeof(text));
    tree_unlock();
    return 0;
}

static int64_t set_flag(bool *flag, const struct trap_frame *frame, bool only_to_1) {
    if (frame->rsi > 1 || (only_to_1 && frame->rsi != 1) ||
        (only_to_1 && (frame->rdx | frame->r10 | frame->r8) != 0)) {
        return STATUS_INVALID;
    }
    __atomic_store_n(flag, frame->rsi == 1, __ATOMIC_RELAXED);
    return 0;
}

static int64_t set_child_reaper(const struct trap_frame *frame) {
    tree_lock();
    process_current()->adopts = frame->rsi != 0;
    tree_unlock();
    return 0;
}

static int64_t store_int(uint64_t address, int32_t value) {
    return copy_out(address, &value, sizeof(value));
}

static int64_t set_death_signal(uint64_t signal) {
    if (signal > SIGNAL_COUNT) {
        return STATUS_INVALID;
    }
    task_current()->parent_death_signal = (unsigned)signal;
    return 0;
}

static int64_t set_dumpable(uint64_t value) {
    if (value > 1) {
        return STATUS_INVALID;
    }
    __atomic_store_n(&process_current()->is_dumpable, (uint32_t)value, __ATOMIC_RELAXED);
    return 0;
}

int64_t call_prctl(const struct trap_frame *frame) {
    struct process *process = process_current();
    struct task *task = task_current();
    switch ((int32_t)frame->rdi) {
    case PR_SET_PDEATHSIG:
        return set_death_signal(frame->rsi);
    case PR_GET_PDEATHSIG:
        return store_int(frame->rsi, (int32_t)task->parent_death_signal);
    case PR_GET_DUMPABLE:
        return process->is_dumpable;
    case PR_SET_DUMPABLE:
        return set_dumpable(frame->rsi);
    case PR_GET_KEEPCAPS:
    case PR_GET_TIMING:
    case PR_GET_THP_DISABLE:
        return 0;
    case PR_SET_KEEPCAPS:
        return frame->rsi > 1 ? STATUS_INVALID : 0;
    case PR_SET_THP_DISABLE:
        return 0; /* there are none */
    case PR_SET_NAME:
        return set_thread_name(frame->rsi);
    case PR_GET_NAME:
        return copy_out(frame->rsi, task->name, sizeof(task->name));
    case PR_CAPBSET_READ:
        return frame->rsi > CAPABILITY_LAST ? STATUS_INVALID : 1;
    case PR_SET_TIMERSLACK:
        return 0;
    case PR_GET_TIMERSLACK:
        return TIMER_SLACK_NS;
    case PR_SET_CHILD_SUBREAPER:
        return set_child_reaper(frame);
    case PR_GET_CHILD_SUBREAPER:
        return store_int(frame->rsi, process->adopts);
    case PR_SET_NO_NEW_PRIVS:
        return set_flag(&process->has_no_new_privileges, frame, true);
    case PR_GET_NO_NEW_PRIVS:
        return process->has_no_new_privileges;
    case PR_GET_TID_ADDRESS:
        return copy_out(frame->rsi, &task->clear_id_address, sizeof(task->clear_id_address));
    default:
        return STATUS_INVALID;
    }
}

constexpr uint32_t PERSONALITY_ASK = UINT32_MAX;

int64_t call_personality(const struct trap_frame *frame) {
    struct process *process = process_current();
    uint32_t next = (uint32_t)frame->rdi;
    if (next == PERSONALITY_ASK) {
        return __atomic_load_n(&process->personality, __ATOMIC_RELAXED);
    }
    return __atomic_exchange_n(&process->personality, next, __ATOMIC_RELAXED);
}

enum reboot_command : uint32_t {
    REBOOT_RESTART = 0x01234567,
    REBOOT_HALT = 0xcdef0123,
    REBOOT_POWER_OFF = 0x4321fedc,
    REBOOT_CAD_ON = 0x89abcdef,
    REBOOT_CAD_OFF = 0,
};

constexpr uint32_t REBOOT_MAGIC_1 = 0xfee1dead;

static bool is_second_magic(uint32_t magic) {
    return magic == 0x28121969 || magic == 0x05121996 || magic == 0x16041998 ||
           magic == 0x20112000;
}

int64_t call_reboot(const struct trap_frame *frame) {
    if (process_current()->credentials.effective_user != 0) {
        return STATUS_NOT_PERMITTED;
    }
    if ((uint32_t)frame->rdi != REBOOT_MAGIC_1 || !is_second_magic((uint32_t)frame->rsi)) {
        return STATUS_INVALID;
    }
    switch ((uint32_t)frame->rdx) {
    case REBOOT_RESTART:
        machine_finish(ACT_REBOOT);
    case REBOOT_HALT:
        machine_finish(ACT_HALT);
    case REBOOT_POWER_OFF:
        machine_finish(ACT_POWER_OFF);
    case REBOOT_CAD_ON:
    case REBOOT_CAD_OFF:
        return 0; /* the keys do nothing either way */
    default:
        return STATUS_INVALID;
    }
}

constexpr int32_t MEMBARRIER_QUERY = 0;

/* One CPU runs threads, and whoever comes to run passes a full barrier: nothing is left to do. */
int64_t call_membarrier(const struct trap_frame *frame) {
    constexpr int32_t supported = 0x1f; /* global, private expedited, and their registrations */
    int32_t command = (int32_t)frame->rdi;
    if (frame->rsi != 0) {
        return STATUS_INVALID;
    }
    if (command == MEMBARRIER_QUERY) {
        return supported;
    }
    bool is_one = (command & (command - 1)) == 0;
    return is_one && (command & supported) ? 0 : STATUS_INVALID;
}
