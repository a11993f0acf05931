#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/memory/user_range.h"
#include "lib/status.h"

/* man 2 mseal. */

int64_t call_mseal(const struct trap_frame *frame) {
    struct virt_range range;
    bool is_cut;
    if (frame->rdx != 0 || !is_aligned(frame->rdi, PAGE_SIZE)) {
        return STATUS_INVALID;
    }
    enum user_range_kind kind = user_range(frame->rdi, frame->rsi, &range, &is_cut);
    if (kind != RANGE_IS_THERE || is_cut) {
        int64_t error = is_cut ? STATUS_NO_MEMORY : STATUS_INVALID;
        return kind == RANGE_EMPTY ? 0 : error;
    }
    struct locked_range token;
    space_lock_for_writing(process_space(), range, &token);
    enum status status = space_seal(&token, range);
    space_unlock(&token);
    return status;
}
