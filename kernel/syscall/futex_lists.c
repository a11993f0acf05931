#include "kernel/process/futex.h"
#include "kernel/process/rights.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/times.h"
#include "kernel/syscall/user.h"
#include "mm/heap/heap.h"

/* Several futexes at once: man 2 set_robust_list, and futex_waitv; and the calls that take futexes
 * as that one does. */

constexpr uint64_t ROBUST_HEAD_SIZE = 24;

int64_t call_set_robust_list(const struct trap_frame *frame) {
    if (frame->rsi != ROBUST_HEAD_SIZE) {
        return STATUS_INVALID;
    }
    task_current()->robust_list = frame->rdi;
    return 0;
}

int64_t call_get_robust_list(const struct trap_frame *frame) {
    uint32_t number = (uint32_t)frame->rdi;
    tree_lock();
    struct id *id = number != 0 ? id_find(number) : task_current()->id;
    bool is_found = id && id->task;
    bool is_allowed = is_found && may_trace(id->task->process);
    uint64_t list = is_allowed ? id->task->robust_list : 0;
    tree_unlock();
    if (!is_allowed) {
        return is_found ? STATUS_NOT_PERMITTED : STATUS_NO_SUCH_PROCESS;
    }
    const uint64_t size_bytes = ROBUST_HEAD_SIZE;
    if (copy_out(frame->rdx, &size_bytes, sizeof(size_bytes)) != 0) {
        return STATUS_FAULT;
    }
    return copy_out(frame->rsi, &list, sizeof(list));
}

/* struct futex_waitv of <linux/futex.h>. */
struct futex_item {
    uint64_t value, address;
    uint32_t flags, reserved;
};

constexpr uint32_t ITEM_SIZE_MASK = 3;
constexpr uint32_t ITEM_OF_32_BITS = 2; /* FUTEX2_SIZE_U32 */
constexpr uint32_t ITEM_PRIVATE = 128;  /* FUTEX2_PRIVATE */
constexpr uint32_t ITEM_COUNT_MAX = 128;

static bool are_item_flags(uint32_t flags) {
    return !(flags & ~(ITEM_SIZE_MASK | ITEM_PRIVATE)) &&
           (flags & ITEM_SIZE_MASK) == ITEM_OF_32_BITS;
}

static int64_t read_item(uint64_t address, struct futex_choice *choice) {
    struct futex_item item;
    if (copy_in(&item, address, sizeof(item)) != 0) {
        return STATUS_FAULT;
    }
    if (!are_item_flags(item.flags) || item.reserved != 0 || item.value > UINT32_MAX) {
        return STATUS_INVALID;
    }
    choice->address = item.address;
    choice->expected = (uint32_t)item.value;
    return futex_find_key(item.address, (item.flags & ITEM_PRIVATE) != 0, &choice->key);
}

static int64_t wait_for_items(uint64_t address, uint32_t count, uint64_t deadline) {
    struct futex_choice *choices = heap_alloc(count * sizeof(*choices));
    int64_t status = choices ? STATUS_OK : STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        status = read_item(address + i * sizeof(struct futex_item), &choices[i]);
    }
    if (status == STATUS_OK) {
        status = futex_wait_for_any(choices, count, deadline);
    }
    heap_free(choices);
    return status;
}

int64_t call_futex_waitv(const struct trap_frame *frame) {
    constexpr uint32_t clock_real_time = 0;
    constexpr uint32_t clock_monotonic = 1;
    uint32_t count = (uint32_t)frame->rsi;
    uint32_t clock = (uint32_t)frame->r8;
    uint64_t deadline;
    if ((uint32_t)frame->rdx != 0 || count == 0 || count > ITEM_COUNT_MAX || frame->rdi == 0 ||
        (frame->r10 != 0 && clock != clock_real_time && clock != clock_monotonic)) {
        return STATUS_INVALID;
    }
    enum status status = deadline_at_from_user(frame->r10, clock == clock_real_time, &deadline);
    return status == STATUS_OK ? wait_for_items(frame->rdi, count, deadline) : status;
}

/* The word of a call that takes a mask of bits. */
static enum status find_word(uint64_t address, uint64_t bits, uint32_t flags,
                             struct futex_key *key) {
    if (!are_item_flags(flags) || bits > UINT32_MAX) {
        return STATUS_INVALID;
    }
    return bits == 0 ? STATUS_INVALID : futex_find_key(address, (flags & ITEM_PRIVATE) != 0, key);
}

int64_t call_futex_wake(const struct trap_frame *frame) {
    struct futex_key key;
    int32_t count = (int32_t)frame->rdx;
    enum status status = find_word(frame->rdi, frame->rsi, (uint32_t)frame->r10, &key);
    if (status != STATUS_OK) {
        return status;
    }
    return count <= 0 ? 0 : futex_wake(&key, (uint32_t)count, (uint32_t)frame->rsi);
}

int64_t call_futex_wait(const struct trap_frame *frame) {
    constexpr uint32_t clock_monotonic = 1;
    uint32_t clock = (uint32_t)frame->r9;
    uint64_t deadline;
    struct futex_key key;
    if (frame->rsi > UINT32_MAX || !are_item_flags((uint32_t)frame->r10) ||
        (frame->r8 != 0 && clock > clock_monotonic)) {
        return STATUS_INVALID;
    }
    enum status status = deadline_at_from_user(frame->r8, clock != clock_monotonic, &deadline);
    if (status == STATUS_OK) {
        status = find_word(frame->rdi, frame->rdx, (uint32_t)frame->r10, &key);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return futex_wait(&key, frame->rdi, (uint32_t)frame->rsi, (uint32_t)frame->rdx, deadline);
}

int64_t call_futex_requeue(const struct trap_frame *frame) {
    struct futex_choice from, to;
    if ((uint32_t)frame->rsi != 0 || frame->rdi == 0 || (int32_t)frame->rdx < 0 ||
        (int32_t)frame->r10 < 0) {
        return STATUS_INVALID;
    }
    int64_t status = read_item(frame->rdi, &from);
    if (status == STATUS_OK) {
        status = read_item(frame->rdi + sizeof(struct futex_item), &to);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct futex_requeue request = {
        .from = from.key,
        .to = to.key,
        .wake_count = (uint32_t)frame->rdx,
        .move_count = (uint32_t)frame->r10,
        .address = from.address,
        .expected = &from.expected,
    };
    return futex_requeue(&request);
}
