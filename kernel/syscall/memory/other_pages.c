#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/memory/user_range.h"
#include "lib/status.h"

/* man 2 remap_file_pages. */

int64_t call_remap_file_pages(const struct trap_frame *frame) {
    uint64_t start = align_down(frame->rdi, PAGE_SIZE);
    uint64_t size_bytes = align_down(frame->rsi, PAGE_SIZE);
    uint64_t page = frame->r10;
    struct virt_range range;
    if (frame->rdx != 0 || page + (size_bytes >> PAGE_SHIFT) < page ||
        !user_pages(start, size_bytes, &range)) {
        return STATUS_INVALID;
    }
    struct locked_range token;
    space_lock_for_writing(process_space(), space_user_range(), &token);
    enum status status = space_show(&token, range, page);
    space_unlock(&token);
    return status;
}
