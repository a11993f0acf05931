#include "kernel/cpu/user_copy.h"
#include "kernel/process/process.h"
#include "kernel/signal/signal.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/user.h"
#include "mm/addr/layout.h"

/* Settings of processes and threads: man 2 prctl. */

enum prctl_option : int32_t {
    PR_SET_PDEATHSIG = 1,
    PR_GET_PDEATHSIG = 2,
    PR_GET_DUMPABLE = 3,
    PR_SET_DUMPABLE = 4,
    PR_GET_KEEPCAPS = 7,
    PR_SET_KEEPCAPS = 8,
    PR_GET_TIMING = 13,
    PR_SET_TIMING = 14,
    PR_SET_NAME = 15,
    PR_GET_NAME = 16,
    PR_GET_SECCOMP = 21,
    PR_CAPBSET_READ = 23,
    PR_CAPBSET_DROP = 24,
    PR_GET_TSC = 25,
    PR_SET_TSC = 26,
    PR_GET_SECUREBITS = 27,
    PR_SET_TIMERSLACK = 29,
    PR_GET_TIMERSLACK = 30,
    PR_MCE_KILL_GET = 34,
    PR_SET_CHILD_SUBREAPER = 36,
    PR_GET_CHILD_SUBREAPER = 37,
    PR_SET_NO_NEW_PRIVS = 38,
    PR_GET_NO_NEW_PRIVS = 39,
    PR_GET_TID_ADDRESS = 40,
    PR_SET_THP_DISABLE = 41,
    PR_GET_THP_DISABLE = 42,
    PR_CAP_AMBIENT = 47,
    PR_SET_MDWE = 65,
    PR_GET_MDWE = 66,
    PR_SET_VMA = 0x53564d41,
};

constexpr uint64_t CAPABILITY_LAST = 40;

static bool are_unused(const struct trap_frame *frame, unsigned first) {
    const uint64_t arguments[] = {frame->rsi, frame->rdx, frame->r10, frame->r8};
    uint64_t seen = 0;
    for (unsigned i = first - 2; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
        seen |= arguments[i];
    }
    return seen == 0;
}

static int64_t set_thread_name(uint64_t address) {
    char text[TASK_NAME_SIZE_BYTES];
    size_t length;
    enum status status = user_copy_string(text, virt_addr(address), sizeof(text) - 1, &length);
    if (status == STATUS_FAULT) {
        return status;
    }
    text[status == STATUS_OK ? length : sizeof(text) - 1] = '\0';
    task_set_name(task_current(), text);
    return 0;
}

static int64_t store_int(uint64_t address, int32_t value) {
    return copy_out(address, &value, sizeof(value));
}

static int64_t set_death_signal(uint64_t signal) {
    if (signal > SIGNAL_COUNT) {
        return STATUS_INVALID;
    }
    tree_lock();
    task_current()->parent_death_signal = (unsigned)signal;
    tree_unlock();
    return 0;
}

static int64_t set_child_reaper(uint64_t value) {
    tree_lock();
    process_current()->adopts = value != 0;
    tree_unlock();
    return 0;
}

static int64_t set_flag(bool *flag, uint64_t value) {
    if (value > 1) {
        return STATUS_INVALID;
    }
    __atomic_store_n(flag, value == 1, __ATOMIC_RELAXED);
    return 0;
}

static int64_t set_dumpable(uint64_t value) {
    if (value > 1) {
        return STATUS_INVALID;
    }
    __atomic_store_n(&process_current()->is_dumpable, (uint32_t)value, __ATOMIC_RELAXED);
    return 0;
}

static int64_t set_no_new_privileges(const struct trap_frame *frame) {
    if (frame->rsi != 1 || !are_unused(frame, 3)) {
        return STATUS_INVALID;
    }
    return set_flag(&process_current()->has_no_new_privileges, 1);
}

static int64_t read_bounding_set(uint64_t capability) {
    uint64_t dropped = process_current()->credentials.dropped_capabilities;
    return capability > CAPABILITY_LAST ? STATUS_INVALID : !(dropped >> capability & 1);
}

static int64_t drop_from_bounding_set(uint64_t capability) {
    struct process_credentials *own = &process_current()->credentials;
    if (!process_has_capabilities()) {
        return STATUS_NOT_PERMITTED;
    }
    if (capability > CAPABILITY_LAST) {
        return STATUS_INVALID;
    }
    tree_lock();
    own->dropped_capabilities |= 1ull << capability;
    tree_unlock();
    return 0;
}

enum ambient : uint64_t { AMBIENT_IS_SET = 1, AMBIENT_RAISE, AMBIENT_LOWER, AMBIENT_CLEAR };

/* Nothing is inheritable here, so nothing can come into the ambient set. */
static int64_t change_ambient_set(const struct trap_frame *frame) {
    bool is_clear = frame->rsi == AMBIENT_CLEAR;
    bool is_known = frame->rsi >= AMBIENT_IS_SET && frame->rsi <= AMBIENT_CLEAR;
    if (!is_known || !are_unused(frame, is_clear ? 3 : 4) || frame->rdx > CAPABILITY_LAST) {
        return STATUS_INVALID;
    }
    return frame->rsi == AMBIENT_RAISE ? STATUS_NOT_PERMITTED : 0;
}

/* 0 brings back what the thread began with. */
static int64_t set_timer_slack(uint64_t ns) {
    struct task *task = task_current();
    task->timer_slack_ns = (int64_t)ns <= 0 ? task->timer_slack_first_ns : ns;
    return 0;
}

constexpr uint64_t TIME_STAMPS_ON = 1; /* PR_TSC_ENABLE: RDTSC works, and cannot be forbidden */

/* What was once denied stays so. */
static int64_t set_memory_denials(const struct trap_frame *frame) {
    uint32_t *denials = &process_current()->memory->denials;
    uint64_t next = frame->rsi;
    bool is_known = !(next & ~(DENY_NEW_CODE | DENY_WITHOUT_CHILDREN));
    if (!is_known || !are_unused(frame, 3) || next == DENY_WITHOUT_CHILDREN) {
        return STATUS_INVALID;
    }
    uint32_t before = __atomic_load_n(denials, __ATOMIC_RELAXED);
    if (before != 0 && before != next) {
        return STATUS_NOT_PERMITTED;
    }
    __atomic_store_n(denials, (uint32_t)next, __ATOMIC_RELAXED);
    return 0;
}

constexpr uint64_t AREA_NAME_SIZE_MAX = 80; /* with the terminator */

static bool is_area_character(char c) {
    return c >= ' ' && c <= '~' && c != '\\' && c != '`' && c != '$' && c != '[' && c != ']';
}

static bool is_area_name(const char *name) {
    while (is_area_character(*name)) {
        name++;
    }
    return *name == '\0';
}

/* Every page must have memory of its own, which no file is behind. */
static int64_t check_areas(uint64_t start, uint64_t end) {
    struct vm_area area;
    while (start < end) {
        if (!space_find_area(process_space(), virt_addr(start), &area)) {
            return STATUS_NO_MEMORY;
        }
        if (area.kind != AREA_ANON) {
            return STATUS_BAD_DESCRIPTOR;
        }
        start = virt_range_last(area.range).value + 1;
    }
    return 0;
}

/* PR_SET_VMA_ANON_NAME: the name is checked, and shown nowhere. */
static int64_t name_area(const struct trap_frame *frame) {
    char name[AREA_NAME_SIZE_MAX] = {};
    size_t length;
    if (frame->rsi != 0) {
        return STATUS_INVALID;
    }
    if (frame->r8 != 0) {
        enum status status = user_copy_string(name, virt_addr(frame->r8), sizeof(name), &length);
        if (status == STATUS_FAULT) {
            return status;
        }
        if (status != STATUS_OK || !is_area_name(name)) {
            return STATUS_INVALID;
        }
    }
    uint64_t size_bytes = align_up(frame->r10, PAGE_SIZE);
    uint64_t end = frame->rdx + size_bytes;
    if (!is_aligned(frame->rdx, PAGE_SIZE) || size_bytes < frame->r10 || end < frame->rdx) {
        return STATUS_INVALID;
    }
    return end > USER_END ? STATUS_NO_MEMORY : check_areas(frame->rdx, end);
}

constexpr int64_t MACHINE_CHECK_DEFAULT = 2; /* PR_MCE_KILL_DEFAULT */

/* What is asked for and needs no argument but where to put it. */
static int64_t get(const struct trap_frame *frame) {
    const struct process *process = process_current();
    const struct task *task = task_current();
    switch ((enum prctl_option)(int32_t)frame->rdi) {
    case PR_GET_PDEATHSIG:
        return store_int(frame->rsi, (int32_t)task->parent_death_signal);
    case PR_GET_DUMPABLE:
        return process->is_dumpable;
    case PR_GET_KEEPCAPS:
        return process->keeps_capabilities;
    case PR_GET_NAME:
        return copy_out(frame->rsi, task->name, sizeof(task->name));
    case PR_GET_TSC:
        return store_int(frame->rsi, TIME_STAMPS_ON);
    case PR_GET_TIMING:
    case PR_GET_SECCOMP:
    case PR_GET_SECUREBITS:
        return 0;
    case PR_GET_TIMERSLACK:
        return (int64_t)task->timer_slack_ns;
    case PR_GET_CHILD_SUBREAPER:
        return store_int(frame->rsi, process->adopts);
    case PR_GET_TID_ADDRESS:
        return copy_out(frame->rsi, &task->clear_id_address, sizeof(task->clear_id_address));
    case PR_MCE_KILL_GET:
        return are_unused(frame, 2) ? MACHINE_CHECK_DEFAULT : STATUS_INVALID;
    case PR_GET_NO_NEW_PRIVS:
        return are_unused(frame, 2) ? process->has_no_new_privileges : STATUS_INVALID;
    case PR_GET_THP_DISABLE:
        return are_unused(frame, 2) ? process->has_no_large_pages : STATUS_INVALID;
    case PR_GET_MDWE:
        return are_unused(frame, 2) ? (int64_t)process->memory->denials : STATUS_INVALID;
    default:
        return STATUS_INVALID;
    }
}

int64_t call_prctl(const struct trap_frame *frame) {
    struct process *process = process_current();
    switch ((enum prctl_option)(int32_t)frame->rdi) {
    case PR_SET_PDEATHSIG:
        return set_death_signal(frame->rsi);
    case PR_SET_DUMPABLE:
        return set_dumpable(frame->rsi);
    case PR_SET_KEEPCAPS:
        return set_flag(&process->keeps_capabilities, frame->rsi);
    case PR_SET_TIMING:
        return frame->rsi == 0 ? 0 : STATUS_INVALID;
    case PR_SET_NAME:
        return set_thread_name(frame->rsi);
    case PR_CAPBSET_READ:
        return read_bounding_set(frame->rsi);
    case PR_CAPBSET_DROP:
        return drop_from_bounding_set(frame->rsi);
    case PR_SET_TSC:
        return frame->rsi == TIME_STAMPS_ON ? 0 : STATUS_INVALID;
    case PR_SET_TIMERSLACK:
        return set_timer_slack(frame->rsi);
    case PR_SET_CHILD_SUBREAPER:
        return set_child_reaper(frame->rsi);
    case PR_SET_NO_NEW_PRIVS:
        return set_no_new_privileges(frame);
    case PR_SET_THP_DISABLE:
        return are_unused(frame, 3) ? set_flag(&process->has_no_large_pages, frame->rsi != 0)
                                    : STATUS_INVALID;
    case PR_CAP_AMBIENT:
        return change_ambient_set(frame);
    case PR_SET_MDWE:
        return set_memory_denials(frame);
    case PR_SET_VMA:
        return name_area(frame);
    default:
        return get(frame);
    }
}
