#include "drivers/power.h"
#include "kernel/clock/clock.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/user_copy.h"
#include "kernel/log.h"
#include "kernel/machine/machine.h"
#include "kernel/process/process.h"
#include "kernel/process/signals.h"
#include "kernel/process/system_name.h"
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
    ARCH_GET_CPUID = 0x1011,
    ARCH_SET_CPUID = 0x1012,
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
    case ARCH_GET_CPUID:
        return 1; /* the instruction works */
    case ARCH_SET_CPUID:
        return STATUS_NO_SUCH_DEVICE; /* no faulting of it is asked of the CPU */
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
    if (!process_has_capabilities()) {
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
    if ((flags & ~known) ||
        (flags & known & ~RANDOM_NO_WAIT) == (RANDOM_RANDOM | RANDOM_INSECURE)) {
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

/* struct sysinfo of man 2 sysinfo. Padding has names in what programs see, and so is zeroed. */
struct system_info {
    int64_t uptime;
    uint64_t loads[3];
    uint64_t total, free, shared, buffers, total_swap, free_swap;
    uint16_t processes, padding;
    uint32_t padding_2;
    uint64_t total_high, free_high;
    uint32_t unit, padding_3;
};

static_assert(sizeof(struct system_info) == 112);

int64_t call_sysinfo(const struct trap_frame *frame) {
    constexpr uint64_t load_one = 1 << 16; /* SI_LOAD_SHIFT */
    struct frame_counts counts = frame_count();
    const struct thread_statistics threads = thread_statistics();
    const struct system_info info = {
        .uptime = (int64_t)(clock_now() / NANOSECONDS_PER_SECOND) + 1, /* rounded up, as on Linux */
        .loads = {threads.loads[0] * load_one / THREAD_LOAD_ONE,
                  threads.loads[1] * load_one / THREAD_LOAD_ONE,
                  threads.loads[2] * load_one / THREAD_LOAD_ONE},
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
    return magic == 0x28121969 || magic == 0x05121996 || magic == 0x16041998 || magic == 0x20112000;
}

int64_t call_reboot(const struct trap_frame *frame) {
    if (!process_has_capabilities()) {
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

enum barrier : int32_t {
    BARRIER_QUERY = 0,
    BARRIER_GLOBAL = 1,
    BARRIER_GLOBAL_FAST = 2,
    BARRIER_REGISTER_GLOBAL_FAST = 4,
    BARRIER_PRIVATE = 8,
    BARRIER_REGISTER_PRIVATE = 16,
};

constexpr int64_t BARRIERS = BARRIER_GLOBAL | BARRIER_GLOBAL_FAST | BARRIER_REGISTER_GLOBAL_FAST |
                             BARRIER_PRIVATE | BARRIER_REGISTER_PRIVATE;

/* One CPU runs threads, and whoever comes to run passes a full barrier: nothing is left to do but
 * to ask whether it was registered, as man 2 membarrier wants. */
int64_t call_membarrier(const struct trap_frame *frame) {
    uint32_t *registrations = &process_current()->barrier_registrations;
    if (frame->rsi != 0) {
        return STATUS_INVALID;
    }
    switch ((enum barrier)(int32_t)frame->rdi) {
    case BARRIER_QUERY:
        return BARRIERS;
    case BARRIER_GLOBAL:
    case BARRIER_GLOBAL_FAST:
        return 0;
    case BARRIER_REGISTER_GLOBAL_FAST:
    case BARRIER_REGISTER_PRIVATE:
        __atomic_or_fetch(registrations, (uint32_t)frame->rdi, __ATOMIC_RELAXED);
        return 0;
    case BARRIER_PRIVATE:
        return __atomic_load_n(registrations, __ATOMIC_RELAXED) & BARRIER_REGISTER_PRIVATE
                   ? 0
                   : STATUS_NOT_PERMITTED;
    }
    return STATUS_INVALID;
}
