#include "kernel/clock/sleep.h"
#include "kernel/ipc/semaphore.h"
#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/times.h"
#include "kernel/syscall/user.h"
#include "mm/heap/heap.h"

/* man 2 semget, semop, semctl. */

int64_t call_semget(const struct trap_frame *frame) {
    const struct ipc_caller caller = process_ipc_caller();
    return semaphore_get(&caller, (uint32_t)frame->rdi, (int32_t)frame->rsi, (uint32_t)frame->rdx);
}

static enum status operate(const struct semaphore_request *request, uint64_t deadline_ns) {
    struct sleeper sleeper = {};
    struct semaphore_waiter waiter = {.sleeper = &sleeper};
    struct alarm alarm;
    const struct ipc_caller caller = process_ipc_caller();
    alarm_begin(&alarm, &sleeper, deadline_ns);
    enum status status = semaphore_try(&caller, request, &waiter);
    bool has_waited = status == STATUS_BUSY;
    while (status == STATUS_BUSY && semaphore_is_waiting(&waiter)) {
        if (alarm_has_rung(&alarm)) {
            status = STATUS_TRY_AGAIN;
            break;
        }
        status = sleeper_sleep(&sleeper);
        sleeper_prepare(&sleeper);
        status = status == STATUS_OK ? STATUS_BUSY : status;
    }
    alarm_end(&alarm);
    return has_waited ? semaphore_stop(&waiter, status) : status;
}

static int64_t operate_for(const struct trap_frame *frame, uint64_t deadline_ns) {
    uint32_t count = (uint32_t)frame->rdx;
    if ((int32_t)frame->rdi < 0 || frame->rdx == 0) {
        return STATUS_INVALID;
    }
    if (frame->rdx > SEMAPHORE_OPERATIONS) {
        return STATUS_TOO_LONG;
    }
    struct semaphore_operation *operations = heap_alloc(count * sizeof(*operations));
    if (!operations) {
        return STATUS_NO_MEMORY;
    }
    const struct semaphore_request request = {
        .set = (int32_t)frame->rdi,
        .operations = operations,
        .count = count,
        .undos = &process_current()->semaphore_undos,
    };
    int64_t status = copy_in(operations, frame->rsi, count * sizeof(*operations));
    status = status == 0 ? operate(&request, deadline_ns) : status;
    heap_free(operations);
    return status;
}

int64_t call_semop(const struct trap_frame *frame) {
    return operate_for(frame, NO_DEADLINE);
}

int64_t call_semtimedop(const struct trap_frame *frame) {
    uint64_t deadline;
    enum status status = deadline_from_user(frame->r10, &deadline);
    return status == STATUS_OK ? operate_for(frame, deadline) : status;
}

enum command : uint32_t {
    IPC_RMID = 0,
    IPC_SET = 1,
    IPC_STAT = 2,
    IPC_INFO = 3,
    SEM_GETPID = 11,
    SEM_GETVAL = 12,
    SEM_GETALL = 13,
    SEM_GETNCNT = 14,
    SEM_GETZCNT = 15,
    SEM_SETVAL = 16,
    SEM_SETALL = 17,
    SEM_STAT = 18,
    SEM_INFO = 19,
    SEM_STAT_ANY = 20,
};

static int64_t describe(const struct ipc_caller *caller, int32_t set, uint64_t address) {
    struct semaphore_description description;
    enum status status = semaphore_describe(caller, set, &description);
    return status == STATUS_OK ? copy_out(address, &description, sizeof(description)) : status;
}

/* SEM_STAT: by slot; returns the number. */
static int64_t describe_slot(const struct ipc_caller *caller, uint32_t slot, uint64_t address) {
    int64_t number = semaphore_number_at(slot);
    int64_t status = number >= 0 ? describe(caller, (int32_t)number, address) : number;
    return status == 0 ? number : status;
}

static int64_t give(const struct ipc_caller *caller, int32_t set, uint64_t address) {
    struct semaphore_description next;
    if (copy_in(&next, address, sizeof(next)) != 0) {
        return STATUS_FAULT;
    }
    return semaphore_give(caller, set, &next.rights);
}

/* struct seminfo of man 2 semctl. */
static int64_t tell_limits(uint64_t address, bool is_usage) {
    struct semaphore_usage usage = semaphore_usage();
    const int32_t info[10] = {
        (int32_t)SEMAPHORES_MAX,
        (int32_t)SEMAPHORE_SETS,
        (int32_t)SEMAPHORES_MAX,
        (int32_t)SEMAPHORES_MAX,
        (int32_t)SEMAPHORES_PER_SET,
        (int32_t)SEMAPHORE_OPERATIONS,
        (int32_t)SEMAPHORE_OPERATIONS,
        is_usage ? (int32_t)usage.set_count : 20,
        SEMAPHORE_VALUE_MAX,
        is_usage ? (int32_t)usage.semaphore_count : SEMAPHORE_VALUE_MAX,
    };
    return copy_out(address, info, sizeof(info)) == 0 ? (int64_t)usage.last_slot : STATUS_FAULT;
}

/* All values, through memory of the heap that is as large as the set. */
static int64_t move_values(const struct ipc_caller *caller, int32_t set, uint64_t address,
                           bool is_set) {
    struct semaphore_description description;
    struct ipc_caller root = *caller;
    root.user = 0;
    enum status found = semaphore_describe(&root, set, &description);
    if (found != STATUS_OK) {
        return found;
    }
    uint32_t count = (uint32_t)description.count;
    uint16_t *values = heap_alloc(count * sizeof(*values));
    if (!values) {
        return STATUS_NO_MEMORY;
    }
    int64_t status;
    if (is_set) {
        status = copy_in(values, address, count * sizeof(*values));
        status = status == 0 ? semaphore_set_values(caller, set, values, count) : status;
    } else {
        status = semaphore_values(caller, set, values, count);
        status = status == 0 ? copy_out(address, values, count * sizeof(*values)) : status;
    }
    heap_free(values);
    return status;
}

int64_t call_semctl(const struct trap_frame *frame) {
    const struct ipc_caller caller = process_ipc_caller();
    int32_t set = (int32_t)frame->rdi;
    int32_t index = (int32_t)frame->rsi;
    uint64_t argument = frame->r10;
    if (set < 0) {
        return STATUS_INVALID;
    }
    switch ((enum command)(uint32_t)frame->rdx) {
    case IPC_RMID:
        return semaphore_remove(&caller, set);
    case IPC_SET:
        return give(&caller, set, argument);
    case IPC_STAT:
        return describe(&caller, set, argument);
    case IPC_INFO:
        return tell_limits(argument, false);
    case SEM_INFO:
        return tell_limits(argument, true);
    case SEM_STAT:
    case SEM_STAT_ANY:
        return describe_slot(&caller, (uint32_t)set, argument);
    case SEM_GETPID:
        return semaphore_ask(&caller, set, index, SEMAPHORE_PROCESS);
    case SEM_GETVAL:
        return semaphore_ask(&caller, set, index, SEMAPHORE_VALUE);
    case SEM_GETNCNT:
        return semaphore_ask(&caller, set, index, SEMAPHORE_WAITERS);
    case SEM_GETZCNT:
        return semaphore_ask(&caller, set, index, SEMAPHORE_ZERO_WAITERS);
    case SEM_SETVAL:
        return semaphore_set_value(&caller, set, index, (int32_t)argument);
    case SEM_GETALL:
        return move_values(&caller, set, argument, false);
    case SEM_SETALL:
        return move_values(&caller, set, argument, true);
    }
    return STATUS_INVALID;
}
