#include "kernel/process/futex.h"

#include "kernel/clock/sleep.h"
#include "kernel/cpu/user_copy.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/times.h"
#include "kernel/syscall/user.h"

/* man 2 futex. */

enum futex_operation : uint32_t {
    FUTEX_WAIT = 0,
    FUTEX_WAKE = 1,
    FUTEX_REQUEUE = 3,
    FUTEX_CMP_REQUEUE = 4,
    FUTEX_WAKE_OP = 5,
    FUTEX_LOCK_PI = 6,
    FUTEX_UNLOCK_PI = 7,
    FUTEX_TRYLOCK_PI = 8,
    FUTEX_WAIT_BITSET = 9,
    FUTEX_WAKE_BITSET = 10,
    FUTEX_WAIT_REQUEUE_PI = 11,
    FUTEX_CMP_REQUEUE_PI = 12,
    FUTEX_LOCK_PI2 = 13,
};

constexpr uint32_t FUTEX_PRIVATE = 128;
constexpr uint32_t FUTEX_REAL_TIME = 256;

struct futex_call {
    uint64_t address, second_address;
    uint32_t value, bits;
    bool is_private;
};

static int64_t wait(const struct futex_call *call, uint64_t deadline_ns) {
    struct futex_key key;
    if (call->bits == 0) {
        return STATUS_INVALID;
    }
    enum status status = futex_find_key(call->address, call->is_private, &key);
    if (status != STATUS_OK) {
        return status;
    }
    return futex_wait(&key, call->address, call->value, call->bits, deadline_ns);
}

/* As on Linux, who asks for none to be woken wakes one. */
static uint32_t at_least_one(uint32_t count) {
    return (int32_t)count > 0 ? count : 1;
}

static int64_t wake(const struct futex_call *call) {
    struct futex_key key;
    if (call->bits == 0) {
        return STATUS_INVALID;
    }
    enum status status = futex_find_key(call->address, call->is_private, &key);
    if (status != STATUS_OK) {
        return status;
    }
    return futex_wake(&key, at_least_one(call->value), call->bits);
}

static int64_t requeue(const struct futex_call *call, uint32_t move_count,
                       const uint32_t *expected) {
    struct futex_requeue request = {
        .wake_count = call->value,
        .move_count = move_count,
        .address = call->address,
        .expected = expected,
    };
    if ((int32_t)call->value < 0 || (int32_t)move_count < 0) {
        return STATUS_INVALID;
    }
    enum status status = futex_find_key(call->address, call->is_private, &request.from);
    if (status == STATUS_OK) {
        status = futex_find_key(call->second_address, call->is_private, &request.to);
    }
    return status == STATUS_OK ? futex_requeue(&request) : status;
}

/* What FUTEX_WAKE_OP does to the second word, packed in one argument. */
struct word_operation {
    uint32_t operation, comparison;
    int32_t operand, compared;
};

static int32_t sign_extend(uint32_t value) {
    return (int32_t)(value << 20) >> 20;
}

static struct word_operation unpack(uint32_t packed) {
    struct word_operation operation = {
        .operation = packed >> 28 & 7,
        .comparison = packed >> 24 & 15,
        .operand = sign_extend(packed >> 12 & 0xfff),
        .compared = sign_extend(packed & 0xfff),
    };
    if (packed >> 31) {
        operation.operand = (int32_t)(1u << (operation.operand & 31));
    }
    return operation;
}

static bool apply(const struct word_operation *operation, uint32_t value, uint32_t *next) {
    uint32_t operand = (uint32_t)operation->operand;
    switch (operation->operation) {
    case 0:
        *next = operand;
        return true;
    case 1:
        *next = value + operand;
        return true;
    case 2:
        *next = value | operand;
        return true;
    case 3:
        *next = value & ~operand;
        return true;
    case 4:
        *next = value ^ operand;
        return true;
    default:
        return false;
    }
}

static bool compare(const struct word_operation *operation, int32_t value) {
    switch (operation->comparison) {
    case 0:
        return value == operation->compared;
    case 1:
        return value != operation->compared;
    case 2:
        return value < operation->compared;
    case 3:
        return value <= operation->compared;
    case 4:
        return value > operation->compared;
    default:
        return value >= operation->compared;
    }
}

/* Changes the second word at once; `*before` is what it was. */
static enum status change_word(const struct word_operation *operation, uint64_t address,
                               uint32_t *before) {
    uint32_t value;
    if (!user_copy_word(&value, virt_addr(address))) {
        return STATUS_FAULT;
    }
    for (;;) {
        uint32_t next;
        if (!apply(operation, value, &next)) {
            return STATUS_NOT_IMPLEMENTED;
        }
        *before = value;
        if (!user_compare_exchange(virt_addr(address), &value, next)) {
            return STATUS_FAULT;
        }
        if (value == *before) {
            return STATUS_OK;
        }
    }
}

static int64_t wake_by_operation(const struct futex_call *call, uint32_t second_count,
                                 uint32_t packed) {
    struct futex_key first;
    struct futex_key second;
    const struct word_operation operation = unpack(packed);
    enum status status = futex_find_key(call->address, call->is_private, &first);
    if (status == STATUS_OK) {
        status = futex_find_key(call->second_address, call->is_private, &second);
    }
    uint32_t before;
    if (status == STATUS_OK) {
        status = change_word(&operation, call->second_address, &before);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (operation.comparison > 5) {
        return STATUS_NOT_IMPLEMENTED;
    }
    int64_t count = futex_wake(&first, at_least_one(call->value), FUTEX_ANY);
    if (count < 0 || !compare(&operation, (int32_t)before)) {
        return count;
    }
    int64_t more = futex_wake(&second, at_least_one(second_count), FUTEX_ANY);
    return more >= 0 ? count + more : more;
}

static int64_t wait_relative(struct futex_call *call, uint64_t timeout) {
    uint64_t deadline;
    if (timeout != 0) {
        task_current()->restart = RESTART_UNLESS_HANDLED;
    }
    enum status status = deadline_from_user(timeout, &deadline);
    return status == STATUS_OK ? wait(call, deadline) : status;
}

static int64_t wait_absolute(struct futex_call *call, uint64_t timeout, bool is_real) {
    uint64_t deadline;
    if (timeout != 0) {
        task_current()->restart = RESTART_UNLESS_HANDLED;
    }
    enum status status = deadline_at_from_user(timeout, is_real, &deadline);
    return status == STATUS_OK ? wait(call, deadline) : status;
}

static int64_t lock(const struct futex_call *call, uint64_t timeout, bool is_real) {
    struct futex_key key;
    uint64_t deadline;
    task_current()->restart = RESTART_ALWAYS;
    enum status status = deadline_at_from_user(timeout, is_real, &deadline);
    if (status == STATUS_OK) {
        status = futex_find_key(call->address, call->is_private, &key);
    }
    return status == STATUS_OK ? futex_lock(&key, call->address, deadline) : status;
}

static int64_t change_lock(const struct futex_call *call,
                           enum status (*change)(const struct futex_key *key, uint64_t address)) {
    struct futex_key key;
    enum status status = futex_find_key(call->address, call->is_private, &key);
    return status == STATUS_OK ? change(&key, call->address) : status;
}

static int64_t wait_for_lock(const struct futex_call *call, uint64_t timeout, bool is_real) {
    struct futex_lock_wait wait = {
        .address = call->address,
        .lock_address = call->second_address,
        .expected = call->value,
    };
    task_current()->restart = RESTART_ALWAYS;
    enum status status = deadline_at_from_user(timeout, is_real, &wait.deadline_ns);
    if (status == STATUS_OK) {
        status = futex_find_key(call->address, call->is_private, &wait.key);
    }
    if (status == STATUS_OK) {
        status = futex_find_key(call->second_address, call->is_private, &wait.lock_key);
    }
    return status == STATUS_OK ? futex_wait_for_lock(&wait) : status;
}

static int64_t requeue_to_lock(const struct futex_call *call, uint32_t move_count,
                               uint32_t expected) {
    struct futex_requeue request = {
        .wake_count = call->value,
        .move_count = move_count,
        .address = call->address,
        .expected = &expected,
    };
    if ((int32_t)call->value < 0 || (int32_t)move_count < 0) {
        return STATUS_INVALID;
    }
    enum status status = futex_find_key(call->address, call->is_private, &request.from);
    if (status == STATUS_OK) {
        status = futex_find_key(call->second_address, call->is_private, &request.to);
    }
    return status == STATUS_OK ? futex_requeue_to_lock(&request, call->second_address) : status;
}

static bool takes_real_time(uint32_t operation) {
    return operation == FUTEX_WAIT_BITSET || operation == FUTEX_WAIT ||
           operation == FUTEX_WAIT_REQUEUE_PI || operation == FUTEX_LOCK_PI2;
}

static int64_t change_owner(const struct trap_frame *frame, struct futex_call *call,
                            uint32_t operation, bool is_real) {
    switch (operation) {
    case FUTEX_LOCK_PI:
        return lock(call, frame->r10, true);
    case FUTEX_LOCK_PI2:
        return lock(call, frame->r10, is_real);
    case FUTEX_UNLOCK_PI:
        return change_lock(call, futex_unlock);
    case FUTEX_TRYLOCK_PI:
        return change_lock(call, futex_try_lock);
    case FUTEX_WAIT_REQUEUE_PI:
        return wait_for_lock(call, frame->r10, is_real);
    case FUTEX_CMP_REQUEUE_PI:
        return requeue_to_lock(call, (uint32_t)frame->r10, (uint32_t)frame->r9);
    default:
        return STATUS_NOT_IMPLEMENTED;
    }
}

int64_t call_futex(const struct trap_frame *frame) {
    uint32_t command = (uint32_t)frame->rsi;
    uint32_t operation = command & ~(FUTEX_PRIVATE | FUTEX_REAL_TIME);
    bool is_real = (command & FUTEX_REAL_TIME) != 0;
    uint32_t third = (uint32_t)frame->r9;
    struct futex_call call = {
        .address = frame->rdi,
        .second_address = frame->r8,
        .value = (uint32_t)frame->rdx,
        .bits = FUTEX_ANY,
        .is_private = (command & FUTEX_PRIVATE) != 0,
    };
    if (is_real && !takes_real_time(operation)) {
        return STATUS_NOT_IMPLEMENTED;
    }
    switch (operation) {
    case FUTEX_WAIT:
        return wait_relative(&call, frame->r10);
    case FUTEX_WAIT_BITSET:
        call.bits = third;
        return wait_absolute(&call, frame->r10, is_real);
    case FUTEX_WAKE:
        return wake(&call);
    case FUTEX_WAKE_BITSET:
        call.bits = third;
        return wake(&call);
    case FUTEX_REQUEUE:
        return requeue(&call, (uint32_t)frame->r10, nullptr);
    case FUTEX_CMP_REQUEUE:
        return requeue(&call, (uint32_t)frame->r10, &third);
    case FUTEX_WAKE_OP:
        return wake_by_operation(&call, (uint32_t)frame->r10, third);
    default:
        return change_owner(frame, &call, operation, is_real);
    }
}
