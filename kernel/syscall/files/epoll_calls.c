#include "kernel/clock/sleep.h"
#include "kernel/cpu/user_copy.h"
#include "kernel/files/epoll/epoll.h"
#include "kernel/files/file/open.h"
#include "kernel/signal_file/signal_file.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/deadline.h"
#include "kernel/syscall/files/user_transfer.h"

static int64_t create(uint32_t flags) {
    struct file *file;
    if (flags & ~OPEN_CLOSE_ON_EXEC) {
        return STATUS_INVALID;
    }
    enum status status = epoll_open(&file);
    return status == STATUS_OK ? install_file(file, 0, flags != 0) : status;
}

int64_t call_epoll_create(const struct trap_frame *frame) {
    return (int32_t)frame->rdi > 0 ? create(0) : STATUS_INVALID;
}

int64_t call_epoll_create1(const struct trap_frame *frame) {
    return create((uint32_t)frame->rdi);
}

/* Operations of man 2 epoll_ctl. */
enum epoll_operation : uint32_t { EPOLL_ADD = 1, EPOLL_REMOVE = 2, EPOLL_CHANGE = 3 };

static enum status operate(uint32_t operation, struct file *epoll, struct file *file,
                           uint32_t number, const struct epoll_event *event) {
    if (!file_is_epoll(epoll)) {
        return file->operations->poll == nullptr ? STATUS_NOT_PERMITTED : STATUS_INVALID;
    }
    switch (operation) {
    case EPOLL_ADD:
        return epoll_add(epoll, file, number, event);
    case EPOLL_REMOVE:
        return epoll_remove(epoll, file, number);
    case EPOLL_CHANGE:
        return epoll_change(epoll, file, number, event);
    }
    return STATUS_INVALID;
}

int64_t call_epoll_ctl(const struct trap_frame *frame) {
    uint32_t operation = (uint32_t)frame->rsi;
    struct epoll_event event = {};
    struct file *epoll, *file;
    enum status status =
        operation == EPOLL_REMOVE ? STATUS_OK : copy_argument(&event, frame->r10, sizeof(event));
    if (status == STATUS_OK) {
        status = open_file(frame->rdi, &epoll);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = open_file(frame->rdx, &file);
    if (status == STATUS_OK) {
        status = operate(operation, epoll, file, (uint32_t)frame->rdx, &event);
        signal_file_end_waiting();
        file_unref(file);
    }
    file_unref(epoll);
    return status;
}

/* The number of events that were moved. */
static int64_t collect(struct file *epoll, struct user_buffer *buffer) {
    struct transfer transfer = user_transfer(buffer);
    enum status status = epoll_collect(epoll, &transfer);
    return status == STATUS_OK ? (int64_t)(transfer.done_bytes / sizeof(struct epoll_event))
                               : status;
}

static int64_t collect_until(struct file *epoll, struct user_buffer *buffer, uint64_t deadline_ns) {
    struct sleeper sleeper = {};
    struct waiter waiter = {.sleeper = &sleeper};
    struct alarm alarm;
    enum status status = STATUS_OK;
    (void)file_poll(epoll, &waiter);
    alarm_begin(&alarm, &sleeper, deadline_ns);
    sleeper_prepare(&sleeper);
    int64_t count = collect(epoll, buffer);
    while (count == 0 && !alarm_has_rung(&alarm) && status == STATUS_OK) {
        status = sleeper_sleep(&sleeper);
        sleeper_prepare(&sleeper);
        count = collect(epoll, buffer);
    }
    alarm_end(&alarm);
    waiter_remove(&waiter);
    return count == 0 ? status : count;
}

static int64_t wait(struct file *epoll, struct user_buffer *buffer, uint64_t deadline_ns) {
    if (!file_is_epoll(epoll)) {
        return STATUS_INVALID;
    }
    int64_t count = collect(epoll, buffer);
    return count == 0 && deadline_ns != DEADLINE_NOW ? collect_until(epoll, buffer, deadline_ns)
                                                     : count;
}

static int64_t wait_until(const struct trap_frame *frame, uint64_t deadline_ns) {
    constexpr int32_t count_max = INT32_MAX / (int32_t)sizeof(struct epoll_event);
    int32_t count = (int32_t)frame->rdx;
    if (count <= 0 || count > count_max) {
        return STATUS_INVALID;
    }
    struct user_buffer buffer;
    struct file *epoll;
    enum status status =
        user_buffer_single(&buffer, frame->rsi, (uint64_t)count * sizeof(struct epoll_event));
    if (status == STATUS_OK) {
        status = open_file(frame->rdi, &epoll);
    }
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = wait(epoll, &buffer, deadline_ns);
    signal_file_end_waiting();
    file_unref(epoll);
    return result;
}

static uint64_t deadline_of_milliseconds(int32_t timeout_ms) {
    constexpr uint64_t millisecond_ns = 1'000'000;
    return timeout_ms < 0 ? NO_DEADLINE : deadline_after((uint64_t)timeout_ms * millisecond_ns);
}

int64_t call_epoll_wait(const struct trap_frame *frame) {
    return wait_until(frame, deadline_of_milliseconds((int32_t)frame->r10));
}

static int64_t wait_with_mask(const struct trap_frame *frame, uint64_t deadline_ns) {
    struct wait_mask mask;
    int64_t result = wait_mask_begin(&mask, frame->r8, frame->r9);
    if (result != STATUS_OK) {
        return result;
    }
    result = wait_until(frame, deadline_ns);
    wait_mask_end(&mask, result);
    return result;
}

int64_t call_epoll_pwait(const struct trap_frame *frame) {
    return wait_with_mask(frame, deadline_of_milliseconds((int32_t)frame->r10));
}

int64_t call_epoll_pwait2(const struct trap_frame *frame) {
    uint64_t deadline;
    enum status status = deadline_of_timespec(frame->r10, &deadline);
    return status == STATUS_OK ? wait_with_mask(frame, deadline) : status;
}
