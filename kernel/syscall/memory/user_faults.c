#include "kernel/files/file/open.h"
#include "kernel/pager_file/pager_file.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"

/* man 2 userfaultfd. Who may not keep the kernel waiting says so. */
int64_t call_userfaultfd(const struct trap_frame *frame) {
    constexpr uint32_t programs_only = 1; /* UFFD_USER_MODE_ONLY */
    uint32_t flags = (uint32_t)frame->rdi;
    bool is_harmless = (flags & programs_only) != 0;
    bool is_trusted = __atomic_load_n(&pager_file_trusts_everybody, __ATOMIC_RELAXED) != 0;
    struct file *file;
    if (!is_harmless && !is_trusted && !process_has_capabilities()) {
        return STATUS_NOT_PERMITTED;
    }
    if ((flags & ~(programs_only | FILE_NO_WAIT | OPEN_CLOSE_ON_EXEC)) != 0) {
        return STATUS_INVALID;
    }
    enum status status = pager_file_open(is_harmless, flags & FILE_NO_WAIT, &file);
    return status == STATUS_OK ? install_file(file, 0, flags & OPEN_CLOSE_ON_EXEC) : status;
}
