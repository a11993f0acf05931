#include "kernel/syscall/memory/advice.h"

#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/memory/user_range.h"
#include "kernel/syscall/user.h"
#include "lib/status.h"

/* man 2 madvise, mincore, msync, mlock and their like. */

enum advice : uint32_t {
    ADVICE_NORMAL = 0,
    ADVICE_RANDOM = 1,
    ADVICE_SEQUENTIAL = 2,
    ADVICE_WILL_NEED = 3,
    ADVICE_DONT_NEED = 4,
    ADVICE_FREE = 8,
    ADVICE_REMOVE = 9,
    ADVICE_DONT_FORK = 10,
    ADVICE_DO_FORK = 11,
    ADVICE_MERGEABLE = 12,
    ADVICE_UNMERGEABLE = 13,
    ADVICE_HUGE_PAGE = 14,
    ADVICE_NO_HUGE_PAGE = 15,
    ADVICE_DONT_DUMP = 16,
    ADVICE_DO_DUMP = 17,
    ADVICE_WIPE_ON_FORK = 18,
    ADVICE_KEEP_ON_FORK = 19,
    ADVICE_COLD = 20,
    ADVICE_PAGE_OUT = 21,
    ADVICE_POPULATE_READ = 22,
    ADVICE_POPULATE_WRITE = 23,
    ADVICE_DONT_NEED_LOCKED = 24,
    ADVICE_COLLAPSE = 25,
};

static bool is_known(uint32_t advice) {
    return advice <= ADVICE_DONT_NEED || (advice >= ADVICE_FREE && advice <= ADVICE_COLLAPSE);
}

/* Locked memory is kept from those. */
static bool moves_pages(uint32_t advice) {
    return advice == ADVICE_COLD || advice == ADVICE_PAGE_OUT;
}

static enum status carry_out(struct locked_range *token, struct virt_range range, uint32_t advice)
    REQUIRES(token) {
    switch (advice) {
    case ADVICE_DONT_NEED:
        return space_discard(token, range);
    case ADVICE_DONT_NEED_LOCKED:
        return space_discard_locked(token, range);
    case ADVICE_FREE:
        return space_discard_lazily(token, range);
    case ADVICE_REMOVE:
        return space_punch(token, range);
    case ADVICE_DONT_FORK:
        return space_set_fork_policy(token, range, FORK_LEAVES_OUT);
    case ADVICE_DO_FORK:
        return space_set_fork_policy(token, range, FORK_COPIES);
    case ADVICE_WIPE_ON_FORK:
        return space_set_fork_policy(token, range, FORK_WIPES);
    case ADVICE_KEEP_ON_FORK:
        return space_set_fork_policy(token, range, FORK_KEEPS);
    case ADVICE_POPULATE_READ:
        return space_populate(token, range, ACCESS_READ);
    case ADVICE_POPULATE_WRITE:
        return space_populate(token, range, ACCESS_WRITE);
    default: /* what only makes things faster */
        return space_check_mapped(token, range, moves_pages(advice));
    }
}

/* MADV_COLD and MADV_PAGEOUT of locked memory are refused as invalid. */
static int64_t advise_range(struct address_space *space, struct virt_range range, uint32_t advice) {
    struct locked_range token;
    space_lock_for_writing(space, range, &token);
    enum status status = carry_out(&token, range, advice);
    space_unlock(&token);
    return status == STATUS_BUSY ? STATUS_INVALID : status;
}

int64_t advise(struct address_space *space, uint64_t start, uint64_t size_bytes, uint32_t advice) {
    struct virt_range range;
    bool is_cut;
    if (!is_known(advice) || !is_aligned(start, PAGE_SIZE)) {
        return STATUS_INVALID;
    }
    enum user_range_kind kind = user_range(start, size_bytes, &range, &is_cut);
    if (kind == RANGE_EMPTY) {
        return 0;
    }
    if (kind == RANGE_WRAPS) {
        return is_cut ? STATUS_NO_MEMORY : STATUS_INVALID;
    }
    int64_t status = advise_range(space, range, advice);
    return status == STATUS_OK && is_cut ? STATUS_NO_MEMORY : status;
}

bool advice_is_for_others(uint32_t advice) {
    return advice == ADVICE_WILL_NEED || advice == ADVICE_COLD || advice == ADVICE_PAGE_OUT ||
           advice == ADVICE_COLLAPSE;
}

int64_t call_madvise(const struct trap_frame *frame) {
    return advise(process_space(), frame->rdi, frame->rsi, (uint32_t)frame->rdx);
}

/* A piece of the answer at a time. */
static enum status store_residency(struct virt_range range, uint64_t address) {
    uint8_t residency[256];
    for (uint64_t done = 0; done < range.page_count;) {
        uint64_t left = range.page_count - done;
        uint64_t count = left < sizeof(residency) ? left : sizeof(residency);
        struct virt_range piece = virt_range(virt_add(range.start, done << PAGE_SHIFT), count);
        struct locked_range token;
        space_lock_for_writing(process_space(), piece, &token);
        enum status status = space_residency(&token, piece, residency);
        space_unlock(&token);
        if (status == STATUS_OK && copy_out(address + done, residency, count) != 0) {
            status = STATUS_FAULT;
        }
        if (status != STATUS_OK) {
            return status;
        }
        done += count;
    }
    return STATUS_OK;
}

int64_t call_mincore(const struct trap_frame *frame) {
    struct virt_range range;
    bool is_cut;
    if (!is_aligned(frame->rdi, PAGE_SIZE)) {
        return STATUS_INVALID;
    }
    enum user_range_kind kind = user_range(frame->rdi, frame->rsi, &range, &is_cut);
    if (kind == RANGE_WRAPS || is_cut || frame->rdi > USER_END) {
        return STATUS_NO_MEMORY;
    }
    uint64_t page_count = kind == RANGE_EMPTY ? 0 : range.page_count;
    if (!is_user_memory(virt_addr(frame->rdx), page_count)) {
        return STATUS_FAULT;
    }
    return kind == RANGE_EMPTY ? STATUS_OK : store_residency(range, frame->rdx);
}

constexpr uint32_t MS_ASYNC = 1;
constexpr uint32_t MS_INVALIDATE = 2;
constexpr uint32_t MS_SYNC = 4;

/* As Linux rounds here: a length that wraps is none. */
static bool is_nothing(uint64_t size_bytes) {
    return align_up(size_bytes, PAGE_SIZE) == 0;
}

/* What files hold is in memory, and what is written to a mapping is there at once. */
int64_t call_msync(const struct trap_frame *frame) {
    uint32_t flags = (uint32_t)frame->rdx;
    constexpr uint32_t both = MS_ASYNC | MS_SYNC;
    struct virt_range range;
    bool is_cut;
    if ((flags & ~(both | MS_INVALIDATE)) || !is_aligned(frame->rdi, PAGE_SIZE) ||
        (flags & both) == both) {
        return STATUS_INVALID;
    }
    if (is_nothing(frame->rsi)) {
        return STATUS_OK;
    }
    enum user_range_kind kind = user_range(frame->rdi, frame->rsi, &range, &is_cut);
    if (kind != RANGE_IS_THERE) {
        return kind == RANGE_EMPTY ? STATUS_OK : STATUS_NO_MEMORY;
    }
    struct locked_range token;
    space_lock_for_writing(process_space(), range, &token);
    enum status status = space_check_mapped(&token, range, (flags & MS_INVALIDATE) != 0);
    space_unlock(&token);
    return status == STATUS_OK && is_cut ? STATUS_NO_MEMORY : status;
}

bool may_lock_memory(void) {
    const struct process *process = process_current();
    return process->limits[RESOURCE_LOCKED_MEMORY].soft != 0 || process_has_capabilities();
}

/* Parts of pages at both ends count as whole ones. */
static int64_t lock_range(uint64_t start, uint64_t size_bytes, enum memory_lock lock) {
    uint64_t offset = start % PAGE_SIZE;
    struct virt_range range;
    bool is_cut;
    if (size_bytes == 0 || is_nothing(size_bytes + offset)) {
        return STATUS_OK;
    }
    enum user_range_kind kind = user_range(start - offset, size_bytes + offset, &range, &is_cut);
    if (kind == RANGE_EMPTY) {
        return STATUS_OK;
    }
    if (kind == RANGE_WRAPS) {
        return is_cut ? STATUS_NO_MEMORY : STATUS_INVALID;
    }
    struct locked_range token;
    space_lock_for_writing(process_space(), range, &token);
    enum status status = space_lock_memory(&token, range, lock);
    space_unlock(&token);
    return status == STATUS_OK && is_cut ? STATUS_NO_MEMORY : status;
}

int64_t call_mlock(const struct trap_frame *frame) {
    return may_lock_memory() ? lock_range(frame->rdi, frame->rsi, MEMORY_LOCKED)
                             : STATUS_NOT_PERMITTED;
}

constexpr uint32_t MLOCK_ONFAULT = 1;

int64_t call_mlock2(const struct trap_frame *frame) {
    uint32_t flags = (uint32_t)frame->rdx;
    if (flags & ~MLOCK_ONFAULT) {
        return STATUS_INVALID;
    }
    enum memory_lock lock = flags & MLOCK_ONFAULT ? MEMORY_LOCKED_ON_FAULT : MEMORY_LOCKED;
    return may_lock_memory() ? lock_range(frame->rdi, frame->rsi, lock) : STATUS_NOT_PERMITTED;
}

int64_t call_munlock(const struct trap_frame *frame) {
    return lock_range(frame->rdi, frame->rsi, MEMORY_UNLOCKED);
}

constexpr uint32_t MCL_CURRENT = 1;
constexpr uint32_t MCL_FUTURE = 2;
constexpr uint32_t MCL_ONFAULT = 4;

static int64_t lock_all(enum memory_lock current, enum memory_lock future) {
    struct locked_range token;
    space_lock_for_writing(process_space(), space_user_range(), &token);
    enum status status = space_lock_all(&token, current, future);
    space_unlock(&token);
    return status;
}

int64_t call_mlockall(const struct trap_frame *frame) {
    uint32_t flags = (uint32_t)frame->rdi;
    if (flags == 0 || flags == MCL_ONFAULT || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))) {
        return STATUS_INVALID;
    }
    if (!may_lock_memory()) {
        return STATUS_NOT_PERMITTED;
    }
    enum memory_lock lock = flags & MCL_ONFAULT ? MEMORY_LOCKED_ON_FAULT : MEMORY_LOCKED;
    return lock_all(flags & MCL_CURRENT ? lock : MEMORY_LOCK_KEPT,
                    flags & MCL_FUTURE ? lock : MEMORY_UNLOCKED);
}

int64_t call_munlockall(const struct trap_frame *frame) {
    (void)frame;
    return lock_all(MEMORY_UNLOCKED, MEMORY_UNLOCKED);
}
