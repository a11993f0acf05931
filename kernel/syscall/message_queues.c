#include "kernel/ipc/message.h"
#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/user.h"
#include "mm/heap/heap.h"

/* man 2 msgget, msgsnd, msgrcv, msgctl. */

constexpr uint32_t MESSAGE_NO_ERROR = 010000;
constexpr uint32_t MESSAGE_EXCEPT = 020000;
constexpr uint32_t MESSAGE_COPY = 040000;

int64_t call_msgget(const struct trap_frame *frame) {
    const struct ipc_caller caller = process_ipc_caller();
    return message_queue_get(&caller, (uint32_t)frame->rdi, (uint32_t)frame->rsi);
}

/* A struct msgbuf, of which the type is known. */
static int64_t take_message(uint64_t address, int64_t type, uint64_t size_bytes,
                            struct ipc_message **message) {
    struct ipc_message *made = heap_alloc(sizeof(*made) + size_bytes);
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    made->type = type;
    made->size_bytes = size_bytes;
    if (copy_in(made->bytes, address + sizeof(type), size_bytes) != 0) {
        heap_free(made);
        return STATUS_FAULT;
    }
    *message = made;
    return STATUS_OK;
}

int64_t call_msgsnd(const struct trap_frame *frame) {
    const struct ipc_caller caller = process_ipc_caller();
    int32_t queue = (int32_t)frame->rdi;
    int64_t type;
    if (copy_in(&type, frame->rsi, sizeof(type)) != 0) {
        return STATUS_FAULT;
    }
    if (frame->rdx > MESSAGE_SIZE_MAX || queue < 0 || type < 1) {
        return STATUS_INVALID;
    }
    struct ipc_message *message;
    int64_t result = take_message(frame->rsi, type, frame->rdx, &message);
    if (result != STATUS_OK) {
        return result;
    }
    result = message_send(&caller, queue, message, !((uint32_t)frame->r10 & IPC_NO_WAIT));
    if (result != STATUS_OK) {
        heap_free(message);
    }
    return result;
}

static void choose(struct message_request *request, int64_t type, uint32_t flags) {
    request->type = type;
    if (flags & MESSAGE_COPY) {
        request->search = MESSAGE_AT_INDEX;
    } else if (type == 0) {
        request->search = MESSAGE_FIRST;
    } else if (type < 0) {
        request->search = MESSAGE_LEAST_TYPE;
        request->type = type == INT64_MIN ? INT64_MAX : -type;
    } else {
        request->search = flags & MESSAGE_EXCEPT ? MESSAGE_OF_OTHER_TYPE : MESSAGE_OF_TYPE;
    }
}

static int64_t give_message(const struct ipc_message *message, uint64_t address,
                            uint64_t room_bytes) {
    uint64_t given = message->size_bytes < room_bytes ? message->size_bytes : room_bytes;
    if (copy_out(address, &message->type, sizeof(message->type)) != 0 ||
        copy_out(address + sizeof(message->type), message->bytes, given) != 0) {
        return STATUS_FAULT;
    }
    return (int64_t)given;
}

int64_t call_msgrcv(const struct trap_frame *frame) {
    const struct ipc_caller caller = process_ipc_caller();
    uint32_t flags = (uint32_t)frame->r8;
    struct message_request request = {
        .queue = (int32_t)frame->rdi,
        .room_bytes = frame->rdx,
        .may_be_cut = flags & MESSAGE_NO_ERROR,
        .may_wait = !(flags & IPC_NO_WAIT),
    };
    if (request.queue < 0 || (int64_t)frame->rdx < 0 ||
        ((flags & MESSAGE_COPY) && ((flags & MESSAGE_EXCEPT) || request.may_wait))) {
        return STATUS_INVALID;
    }
    struct ipc_message *message;
    choose(&request, (int64_t)frame->r10, flags);
    int64_t result = message_receive(&caller, &request, &message);
    if (result == STATUS_OK) {
        result = give_message(message, frame->rsi, frame->rdx);
        heap_free(message);
    }
    return result;
}

enum command : uint32_t { MESSAGE_STAT = 11, MESSAGE_INFO = 12, MESSAGE_STAT_ANY = 13 };

/* struct msginfo of man 2 msgctl. */
static int64_t tell_limits(uint64_t address, bool is_usage) {
    constexpr int32_t segment_size = 16;
    constexpr int32_t segment_count = UINT16_MAX;
    const struct message_usage usage = message_usage();
    int32_t info[8] = {
        (int32_t)(MESSAGE_QUEUES * MESSAGE_QUEUE_SIZE / 1024),
        (int32_t)MESSAGE_QUEUE_SIZE,
        (int32_t)MESSAGE_SIZE_MAX,
        (int32_t)MESSAGE_QUEUE_SIZE,
        (int32_t)MESSAGE_QUEUES,
        segment_size,
        (int32_t)MESSAGE_QUEUE_SIZE,
        segment_count,
    };
    if (is_usage) {
        info[0] = (int32_t)usage.queue_count;
        info[1] = (int32_t)usage.message_count;
        info[6] = (int32_t)usage.used_bytes;
    }
    return copy_out(address, info, sizeof(info)) == 0 ? (int64_t)usage.last_slot : STATUS_FAULT;
}

static int64_t describe(const struct ipc_caller *caller, int32_t queue, uint64_t address) {
    struct message_queue_state state;
    enum status status = message_queue_describe(caller, queue, &state);
    return status == STATUS_OK ? copy_out(address, &state, sizeof(state)) : status;
}

static int64_t describe_slot(const struct ipc_caller *caller, uint32_t slot, bool is_any,
                             uint64_t address) {
    struct message_queue_state state;
    int64_t number = message_queue_describe_slot(caller, slot, is_any, &state);
    bool is_told = number < 0 || copy_out(address, &state, sizeof(state)) == 0;
    return is_told ? number : STATUS_FAULT;
}

static int64_t change(const struct ipc_caller *caller, int32_t queue, uint64_t address) {
    struct message_queue_state next;
    return copy_in(&next, address, sizeof(next)) == 0
               ? (int64_t)message_queue_change(caller, queue, &next)
               : STATUS_FAULT;
}

int64_t call_msgctl(const struct trap_frame *frame) {
    const struct ipc_caller caller = process_ipc_caller();
    int32_t queue = (int32_t)frame->rdi;
    if (queue < 0) {
        return STATUS_INVALID;
    }
    switch ((uint32_t)frame->rsi) {
    case IPC_REMOVE:
        return message_queue_remove(&caller, queue);
    case IPC_SET:
        return change(&caller, queue, frame->rdx);
    case IPC_STAT:
        return describe(&caller, queue, frame->rdx);
    case IPC_INFO:
        return tell_limits(frame->rdx, false);
    case MESSAGE_INFO:
        return tell_limits(frame->rdx, true);
    case MESSAGE_STAT:
        return describe_slot(&caller, (uint32_t)queue, false, frame->rdx);
    case MESSAGE_STAT_ANY:
        return describe_slot(&caller, (uint32_t)queue, true, frame->rdx);
    }
    return STATUS_INVALID;
}
