#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "lib/status.h"
#include "mm/addr/layout.h"

/* man 2 brk. */

/* Moves the end of the heap from one page boundary to another. */
static enum status move_brk(struct locked_range *token, uint64_t old_end, uint64_t new_end)
    REQUIRES(token) {
    if (new_end > old_end) {
        const struct space_mapping mapping = {
            .rights = RIGHT_READ | RIGHT_WRITE,
            .name = "heap",
        };
        uint64_t page_count = (new_end - old_end) >> PAGE_SHIFT;
        return space_map(token, virt_range(virt_addr(old_end), page_count), &mapping);
    }
    if (new_end < old_end) {
        uint64_t page_count = (old_end - new_end) >> PAGE_SHIFT;
        return space_unmap(token, virt_range(virt_addr(new_end), page_count));
    }
    return STATUS_OK;
}

/* RLIMIT_DATA counts what the program's own data take, too. */
static bool is_within_limit(const struct process_memory *memory, uint64_t wanted) {
    uint64_t limit = process_current()->limits[RESOURCE_DATA].soft;
    uint64_t data = memory->data_end.value - memory->data_start.value;
    uint64_t heap = wanted - memory->brk_start.value;
    return limit == UINT64_MAX || heap + data <= limit;
}

/* A page is left free below what lies above. */
static bool is_free_above(const struct process_memory *memory, uint64_t end) {
    struct vm_area above;
    uint64_t last = align_up(memory->brk_end.value, PAGE_SIZE);
    last = last > 0 ? last - 1 : 0;
    return !space_find_area_above(memory->space, virt_addr(last), &above) ||
           end + PAGE_SIZE <= above.range.start.value;
}

/* Returns the heap's end, moved or not: that is how brk reports failure. */
int64_t call_brk(const struct trap_frame *frame) {
    struct process_memory *memory = process_current()->memory;
    uint64_t wanted = frame->rdi;
    struct locked_range token;
    bool may_grow = is_free_above(memory, align_up(wanted, PAGE_SIZE));
    space_lock_for_writing(memory->space, space_user_range(), &token);
    uint64_t end = memory->brk_end.value;
    if (wanted >= memory->brk_start.value && wanted <= USER_END && (wanted <= end || may_grow) &&
        is_within_limit(memory, wanted) &&
        move_brk(&token, align_up(end, PAGE_SIZE), align_up(wanted, PAGE_SIZE)) == STATUS_OK) {
        memory->brk_end = virt_addr(wanted);
        end = wanted;
    }
    space_unlock(&token);
    return (int64_t)end;
}
