#include "kernel/files/file/descriptor_table.h"
#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"

/* man 2 unshare, setns. */

int64_t call_unshare(const struct trap_frame *frame) {
    return task_unshare(frame->rdi);
}

/* No file stands for a namespace, since there are none to be entered. */
int64_t call_setns(const struct trap_frame *frame) {
    struct file *file;
    enum status status = descriptor_get(task_current()->files, (uint32_t)frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    file_unref(file);
    return STATUS_INVALID;
}
