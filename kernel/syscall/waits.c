#include "kernel/process/pidfd.h"
#include "kernel/process/wait.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/resources.h"
#include "kernel/syscall/times.h"
#include "kernel/syscall/user.h"

/* Waiting for children: man 2 wait4, waitid. */

static int64_t store_usage(uint64_t address, const struct process_times *times) {
    const struct resource_usage usage = resource_usage_of(times);
    return address != 0 ? copy_out(address, &usage, sizeof(usage)) : 0;
}

/* man 2 wait4's first argument: -1 any, 0 the own group, below that a group. */
static void choose_children(int32_t number, struct wait_request *request) {
    if (number > 0) {
        request->what = WAIT_FOR_PROCESS;
        request->number = (uint32_t)number;
    } else if (number == 0) {
        request->what = WAIT_FOR_GROUP;
        tree_lock();
        request->number = process_current()->group->number;
        tree_unlock();
    } else if (number < -1) {
        request->what = WAIT_FOR_GROUP;
        request->number = (uint32_t)-number;
    }
}

int64_t call_wait4(const struct trap_frame *frame) {
    constexpr uint32_t known =
        WAIT_NO_HANG | WAIT_STOPPED | WAIT_CONTINUED | WAIT_OWN | WAIT_ALL | WAIT_CLONE;
    uint32_t options = (uint32_t)frame->rdx;
    int32_t number = (int32_t)frame->rdi;
    if (options & ~known) {
        return STATUS_INVALID;
    }
    if (number == INT32_MIN) {
        return STATUS_NO_SUCH_PROCESS;
    }
    struct wait_request request = {.what = WAIT_FOR_ANY, .options = options | WAIT_ENDED};
    choose_children(number, &request);
    struct wait_result result;
    enum status status = process_wait(&request, &result);
    if (status != STATUS_OK || result.number == 0) {
        return status;
    }
    int32_t word = wait_status_word(&result);
    if (frame->rsi != 0 && copy_out(frame->rsi, &word, sizeof(word)) != 0) {
        return STATUS_FAULT;
    }
    return store_usage(frame->r10, &result.times) == 0 ? (int64_t)result.number : STATUS_FAULT;
}

enum wait_id_type : uint32_t { ID_ALL = 0, ID_PROCESS = 1, ID_GROUP = 2, ID_PIDFD = 3 };

/* The process is held by the file, and that by the caller. One that must not wait does not. */
static int64_t choose_by_pidfd(int32_t number, struct wait_request *request) {
    enum status status = open_file((uint64_t)number, &request->file);
    if (status != STATUS_OK) {
        return status;
    }
    request->what = WAIT_FOR_PROCESS;
    request->process = pidfd_process(request->file);
    request->options |= file_may_wait(request->file) ? 0 : WAIT_NO_HANG;
    return request->process ? STATUS_OK : STATUS_BAD_DESCRIPTOR;
}

static int64_t choose_by_type(uint32_t type, int32_t number, struct wait_request *request) {
    switch (type) {
    case ID_ALL:
        request->what = WAIT_FOR_ANY;
        return 0;
    case ID_PROCESS:
        request->what = WAIT_FOR_PROCESS;
        request->number = (uint32_t)number;
        return number > 0 ? 0 : STATUS_INVALID;
    case ID_GROUP:
        if (number == 0) {
            choose_children(0, request);
            return 0;
        }
        request->what = WAIT_FOR_GROUP;
        request->number = (uint32_t)number;
        return number > 0 ? 0 : STATUS_INVALID;
    case ID_PIDFD:
        return number >= 0 ? choose_by_pidfd(number, request) : STATUS_INVALID;
    default:
        return STATUS_INVALID;
    }
}

/* waitid writes all but the times, whatever came of it, and zeroes where nothing is to be told. */
static int64_t store_child(uint64_t address, const struct wait_result *result) {
    struct signal_info info = {};
    if (result->number != 0) {
        info.signal = SIGNAL_CHLD;
        info.code = result->code;
        info.child.process = result->number;
        info.child.user = result->user;
        info.child.status = result->status;
    }
    return address != 0 ? copy_out(address, &info, sizeof(info)) : 0;
}

/* `*result` is zeroes where nothing is to be told. */
static int64_t wait_by_id(const struct trap_frame *frame, struct wait_result *result) {
    constexpr uint32_t known = WAIT_NO_HANG | WAIT_STOPPED | WAIT_ENDED | WAIT_CONTINUED |
                               WAIT_KEEP | WAIT_OWN | WAIT_ALL | WAIT_CLONE;
    uint32_t options = (uint32_t)frame->r10;
    *result = (struct wait_result){};
    if ((options & ~known) || !(options & (WAIT_ENDED | WAIT_STOPPED | WAIT_CONTINUED))) {
        return STATUS_INVALID;
    }
    struct wait_request request = {.options = options};
    int64_t status = choose_by_type((uint32_t)frame->rdi, (int32_t)frame->rsi, &request);
    if (status == 0) {
        status = process_wait(&request, result);
    }
    file_unref(request.file);
    bool is_impatient = (request.options & WAIT_NO_HANG) && !(options & WAIT_NO_HANG);
    return status == 0 && is_impatient && result->number == 0 ? STATUS_TRY_AGAIN : status;
}

int64_t call_waitid(const struct trap_frame *frame) {
    struct wait_result result;
    int64_t status = wait_by_id(frame, &result);
    if (status == 0 && store_usage(frame->r8, &result.times) != 0) {
        return STATUS_FAULT;
    }
    return store_child(frame->rdx, &result) == 0 ? status : STATUS_FAULT;
}
