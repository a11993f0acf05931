#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/socket_calls.h"

/* man 2 getsockopt, setsockopt. */

constexpr int64_t MICROSECONDS = 1'000'000;
constexpr uint64_t MICROSECOND_NS = 1'000;

static enum status tell(const void *value, uint32_t size_bytes, uint32_t room, uint64_t to,
                        uint64_t size_address) {
    uint32_t told = room < size_bytes ? room : size_bytes;
    enum status status = copy_result(to, value, told);
    return status == STATUS_OK ? copy_result(size_address, &told, sizeof(told)) : status;
}

static enum status tell_option(struct file *file, const struct trap_frame *frame, uint32_t room) {
    enum socket_option option = (uint32_t)frame->rdx;
    int32_t value;
    enum status status = socket_option(file, option, &value);
    return status == STATUS_OK ? tell(&value, sizeof(value), room, frame->r10, frame->r8) : status;
}

static enum status tell_timeout(struct file *file, const struct trap_frame *frame, uint32_t room) {
    uint64_t timeout = socket_timeout(file, (uint32_t)frame->rdx);
    uint64_t us = timeout == SOCKET_WAITS_FOR_EVER ? 0 : timeout / MICROSECOND_NS;
    const uint64_t time[2] = {us / MICROSECONDS, us % MICROSECONDS};
    return tell(time, sizeof(time), room, frame->r10, frame->r8);
}

static enum status get_option(struct file *file, const struct trap_frame *frame, uint32_t room) {
    switch ((uint32_t)frame->rdx) {
    case OPTION_LINGER: {
        const struct socket_linger linger = socket_linger(file);
        return tell(&linger, sizeof(linger), room, frame->r10, frame->r8);
    }
    case OPTION_PEER_CREDENTIALS: {
        const struct socket_credentials peer = socket_peer_credentials(file);
        return tell(&peer, sizeof(peer), room, frame->r10, frame->r8);
    }
    case OPTION_RECEIVE_TIMEOUT:
    case OPTION_SEND_TIMEOUT:
        return tell_timeout(file, frame, room);
    }
    return tell_option(file, frame, room);
}

int64_t call_getsockopt(const struct trap_frame *frame) {
    struct file *file;
    uint32_t room;
    enum status status = socket_from_descriptor(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    if ((uint32_t)frame->rsi != LEVEL_OF_SOCKETS) {
        status = STATUS_NOT_SUPPORTED;
    } else {
        status = copy_argument(&room, frame->r8, sizeof(room));
    }
    if (status == STATUS_OK) {
        status = (int32_t)room < 0 ? STATUS_INVALID : get_option(file, frame, room);
    }
    file_unref(file);
    return status;
}

static enum status set_timeout(struct file *file, enum socket_option option, uint64_t address,
                               uint32_t size_bytes) {
    int64_t time[2];
    if (size_bytes < sizeof(time)) {
        return STATUS_INVALID;
    }
    enum status status = copy_argument(time, address, sizeof(time));
    if (status != STATUS_OK) {
        return status;
    }
    if (time[1] < 0 || time[1] >= MICROSECONDS) {
        return STATUS_OUT_OF_DOMAIN;
    }
    constexpr int64_t seconds_max = INT64_MAX / 1'000'000'000 - 1;
    uint64_t timeout = SOCKET_WAITS_FOR_EVER;
    if (time[0] < 0) {
        timeout = 0;
    } else if ((time[0] != 0 || time[1] != 0) && time[0] < seconds_max) {
        timeout = ((uint64_t)time[0] * MICROSECONDS + (uint64_t)time[1]) * MICROSECOND_NS;
    }
    socket_set_timeout(file, option, timeout);
    return STATUS_OK;
}

static enum status set_linger(struct file *file, uint64_t address, uint32_t size_bytes) {
    struct socket_linger linger;
    if (size_bytes < sizeof(linger)) {
        return STATUS_INVALID;
    }
    enum status status = copy_argument(&linger, address, sizeof(linger));
    if (status == STATUS_OK) {
        socket_set_linger(file, linger);
    }
    return status;
}

/* What only the administrator of a network may. */
static enum status check_rights(enum socket_option option, int32_t value) {
    constexpr int32_t priority_max = 6;
    bool is_root = process_has_capabilities();
    bool is_outside = value < 0 || value > priority_max;
    switch (option) {
    case OPTION_DEBUG:
        return value != 0 && !is_root ? STATUS_ACCESS_DENIED : STATUS_OK;
    case OPTION_PRIORITY:
        return is_outside && !is_root ? STATUS_NOT_PERMITTED : STATUS_OK;
    case OPTION_SEND_SIZE_FORCE:
    case OPTION_RECEIVE_SIZE_FORCE:
        return is_root ? STATUS_OK : STATUS_NOT_PERMITTED;
    default:
        return STATUS_OK;
    }
}

static enum status set_option(struct file *file, const struct trap_frame *frame) {
    enum socket_option option = (uint32_t)frame->rdx;
    uint32_t size_bytes = (uint32_t)frame->r8;
    int32_t value;
    if (size_bytes < sizeof(value)) {
        return STATUS_INVALID;
    }
    enum status status = copy_argument(&value, frame->r10, sizeof(value));
    if (status != STATUS_OK) {
        return status;
    }
    switch (option) {
    case OPTION_LINGER:
        return set_linger(file, frame->r10, size_bytes);
    case OPTION_RECEIVE_TIMEOUT:
    case OPTION_SEND_TIMEOUT:
        return set_timeout(file, option, frame->r10, size_bytes);
    default:
        break;
    }
    status = check_rights(option, value);
    return status == STATUS_OK ? socket_set_option(file, option, value) : status;
}

int64_t call_setsockopt(const struct trap_frame *frame) {
    struct file *file;
    if ((int32_t)frame->r8 < 0) {
        return STATUS_INVALID;
    }
    enum status status = socket_from_descriptor(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    status =
        (uint32_t)frame->rsi == LEVEL_OF_SOCKETS ? set_option(file, frame) : STATUS_NOT_SUPPORTED;
    file_unref(file);
    return status;
}
