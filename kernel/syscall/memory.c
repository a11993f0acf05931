#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "lib/status.h"
#include "mm/addr/layout.h"

/* Rights and flags of man 2 mmap, with Linux's values for x86-64. */
constexpr uint64_t PROT_READ = 1;
constexpr uint64_t PROT_WRITE = 2;
constexpr uint64_t PROT_EXECUTE = 4;
constexpr uint64_t PROT_SEMAPHORE = 8; /* means nothing on x86 */
constexpr uint64_t PROT_ALL = PROT_READ | PROT_WRITE | PROT_EXECUTE | PROT_SEMAPHORE;

constexpr uint64_t MAP_TYPE = 0x0f;
constexpr uint64_t MAP_SHARED = 0x01;
constexpr uint64_t MAP_PRIVATE = 0x02;
constexpr uint64_t MAP_FIXED = 0x10;
constexpr uint64_t MAP_ANONYMOUS = 0x20;
constexpr uint64_t MAP_FIXED_NOREPLACE = 0x100000;
/* DENYWRITE, EXECUTABLE, LOCKED, NORESERVE, POPULATE, NONBLOCK, STACK: what they ask for is already
 * so, or advice. */
constexpr uint64_t MAP_IGNORED = 0x800 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000;
constexpr uint64_t MAP_KNOWN =
    MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_IGNORED;

static uint8_t rights_of(uint64_t protection) {
    uint8_t rights = RIGHT_NONE;
    rights |= protection & PROT_READ ? RIGHT_READ : 0;
    rights |= protection & PROT_WRITE ? RIGHT_READ | RIGHT_WRITE : 0;
    rights |= protection & PROT_EXECUTE ? RIGHT_READ | RIGHT_EXECUTE : 0;
    return rights == RIGHT_NONE ? RIGHT_NONE : rights | RIGHT_USER;
}

/* The whole pages from `start`, which is aligned, that hold size_bytes; false where they are not
 * all in user memory. */
static bool user_pages(uint64_t start, uint64_t size_bytes, struct virt_range *range) {
    if (start > USER_END || size_bytes == 0 || size_bytes > USER_END - start) {
        return false;
    }
    return virt_range_checked(virt_addr(start), align_up(size_bytes, PAGE_SIZE) >> PAGE_SHIFT, 4,
                              range);
}

static int64_t map_fixed(struct locked_range *token, struct virt_range range, uint8_t rights,
                         bool may_replace) REQUIRES(token) {
    if (range.start.value < NULL_GUARD_END) {
        return STATUS_NOT_PERMITTED;
    }
    if (may_replace) {
        enum status status = space_unmap(token, range);
        if (status != STATUS_OK) {
            return status;
        }
    }
    const struct space_mapping mapping = {
        .rights = rights,
        .is_unreserved = true, /* as MAP_NORESERVE asks; no limit of all promises is kept */
        .name = "mmap",
    };
    enum status status = space_map(token, range, &mapping);
    return status == STATUS_OK ? (int64_t)range.start.value : status;
}

/* At the address the program hinted at, if that is free; else where there is room. */
static int64_t map_anywhere(struct locked_range *token, uint64_t hint, uint64_t size_bytes,
                            uint8_t rights) REQUIRES(token) {
    struct virt_range range;
    uint64_t start = align_down(hint, PAGE_SIZE);
    if (start >= NULL_GUARD_END && user_pages(start, size_bytes, &range)) {
        int64_t result = map_fixed(token, range, rights, false);
        if (result != STATUS_EXISTS) {
            return result;
        }
    }
    uint64_t page_count = align_up(size_bytes, PAGE_SIZE) >> PAGE_SHIFT;
    const struct space_gap gap = {.page_count = page_count, .alignment_bytes = PAGE_SIZE};
    if (space_find_gap(token, &gap, &range) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    return map_fixed(token, range, rights, false);
}

/* What can be said of the arguments alone, in the order in which Linux looks at them. */
static int64_t check_mmap(const struct trap_frame *frame) {
    uint64_t flags = frame->r10;
    uint64_t type = flags & MAP_TYPE;
    bool is_fixed = (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
    if (!is_aligned(frame->r9, PAGE_SIZE)) {
        return STATUS_INVALID;
    }
    if (!(flags & MAP_ANONYMOUS)) {
        return (uint32_t)frame->r8 < DESCRIPTOR_COUNT ? ERRNO_NO_SUCH_DEVICE
                                                      : STATUS_BAD_DESCRIPTOR;
    }
    if (frame->rsi == 0) {
        return STATUS_INVALID;
    }
    if (frame->rsi > USER_END ||
        (is_fixed && frame->rdi > USER_END - align_up(frame->rsi, PAGE_SIZE))) {
        return STATUS_NO_MEMORY;
    }
    if ((type != MAP_PRIVATE && type != MAP_SHARED) ||
        (is_fixed && !is_aligned(frame->rdi, PAGE_SIZE))) {
        return STATUS_INVALID;
    }
    return flags & ~MAP_KNOWN ? STATUS_NOT_IMPLEMENTED : STATUS_OK;
}

int64_t call_mmap(const struct trap_frame *frame) {
    int64_t result = check_mmap(frame);
    if (result != STATUS_OK) {
        return result;
    }
    uint64_t flags = frame->r10;
    uint8_t rights = rights_of(frame->rdx);
    bool may_replace = !(flags & MAP_FIXED_NOREPLACE);
    struct virt_range range;
    struct locked_range token;
    space_lock_for_writing(process_current()->space, space_user_range(), &token);
    if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
        result = map_anywhere(&token, frame->rdi, frame->rsi, rights);
    } else if (user_pages(frame->rdi, frame->rsi, &range)) {
        result = map_fixed(&token, range, rights, may_replace);
    } else {
        result = STATUS_NO_MEMORY;
    }
    space_unlock(&token);
    return result;
}

int64_t call_munmap(const struct trap_frame *frame) {
    struct virt_range range;
    if (!user_pages(frame->rdi, frame->rsi, &range)) {
        return STATUS_INVALID;
    }
    struct locked_range token;
    space_lock_for_writing(process_current()->space, range, &token);
    enum status status = space_unmap(&token, range);
    space_unlock(&token);
    return status;
}

int64_t call_mprotect(const struct trap_frame *frame) {
    struct virt_range range;
    if (!is_aligned(frame->rdi, PAGE_SIZE)) {
        return STATUS_INVALID;
    }
    if (frame->rsi == 0) {
        return 0;
    }
    if (frame->rsi > UINT64_MAX - frame->rdi - (PAGE_SIZE - 1)) {
        return STATUS_NO_MEMORY; /* its end wraps */
    }
    if (frame->rdx & ~PROT_ALL) {
        return STATUS_INVALID;
    }
    if (!user_pages(frame->rdi, frame->rsi, &range)) {
        return STATUS_NO_MEMORY;
    }
    struct locked_range token;
    space_lock_for_writing(process_current()->space, range, &token);
    enum status status = space_protect(&token, range, rights_of(frame->rdx));
    space_unlock(&token);
    return status;
}

/* Moves the end of the heap from one page boundary to another. */
static enum status move_brk(struct locked_range *token, uint64_t old_end, uint64_t new_end)
    REQUIRES(token) {
    if (new_end > old_end) {
        uint64_t page_count = (new_end - old_end) >> PAGE_SHIFT;
        const struct space_mapping mapping = {
            .rights = RIGHT_USER | RIGHT_READ | RIGHT_WRITE,
            .name = "heap",
        };
        return space_map(token, virt_range(virt_addr(old_end), page_count), &mapping);
    }
    if (new_end < old_end) {
        uint64_t page_count = (old_end - new_end) >> PAGE_SHIFT;
        return space_unmap(token, virt_range(virt_addr(new_end), page_count));
    }
    return STATUS_OK;
}

/* Returns the heap's end, moved or not: that is how brk reports failure. */
int64_t call_brk(const struct trap_frame *frame) {
    struct process *process = process_current();
    uint64_t wanted = frame->rdi;
    if (wanted < process->brk_start.value || wanted > USER_END) {
        return (int64_t)process->brk_end.value;
    }
    struct locked_range token;
    space_lock_for_writing(process->space, space_user_range(), &token);
    enum status status =
        move_brk(&token, align_up(process->brk_end.value, PAGE_SIZE), align_up(wanted, PAGE_SIZE));
    space_unlock(&token);
    if (status == STATUS_OK) {
        process->brk_end = virt_addr(wanted);
    }
    return (int64_t)process->brk_end.value;
}
