#include "kernel/files/file/open.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"

constexpr uint32_t EVENT_SEMAPHORE = 1; /* EFD_SEMAPHORE */

static int64_t make_event(uint32_t count, uint32_t flags) {
    struct file *file;
    if (flags & ~(EVENT_SEMAPHORE | FILE_NO_WAIT | OPEN_CLOSE_ON_EXEC)) {
        return STATUS_INVALID;
    }
    enum status status =
        file_open_event(count, flags & EVENT_SEMAPHORE, flags & FILE_NO_WAIT, &file);
    return status == STATUS_OK ? install_file(file, 0, flags & OPEN_CLOSE_ON_EXEC) : status;
}

int64_t call_eventfd(const struct trap_frame *frame) {
    return make_event((uint32_t)frame->rdi, 0);
}

int64_t call_eventfd2(const struct trap_frame *frame) {
    return make_event((uint32_t)frame->rdi, (uint32_t)frame->rsi);
}
