#include "kernel/files/file/open.h"
#include "kernel/proc/proc.h"
#include "kernel/process/pidfd.h"
#include "kernel/process/rights.h"
#include "kernel/process/signals.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/user.h"

/* man 2 pidfd_open, pidfd_send_signal, pidfd_getfd, process_mrelease. */

/* The process that an open file stands for; null: it stands for none. */
typedef struct process *file_meaning(const struct file *file);

/* Before there were such files, whoever opened /proc/PID knew the process by that. */
static struct process *signalled_by(const struct file *file) {
    struct process *process = pidfd_process(file);
    return process ? process : proc_process_of(file);
}

/* A reference to the process that a descriptor stands for. Errors: STATUS_BAD_DESCRIPTOR. */
static enum status find_by(uint64_t descriptor, file_meaning *meaning, struct process **process) {
    struct file *file;
    enum status status = open_file(descriptor, &file);
    if (status != STATUS_OK) {
        return status;
    }
    *process = meaning(file);
    if (*process) {
        process_ref(*process);
    }
    file_unref(file);
    return *process ? STATUS_OK : STATUS_BAD_DESCRIPTOR;
}

static enum status find_process(uint64_t descriptor, struct process **process) {
    return find_by(descriptor, pidfd_process, process);
}

int64_t call_pidfd_open(const struct trap_frame *frame) {
    uint32_t flags = (uint32_t)frame->rsi;
    int32_t number = (int32_t)frame->rdi;
    if ((flags & ~FILE_NO_WAIT) || number <= 0) {
        return STATUS_INVALID;
    }
    tree_lock();
    struct id *id = id_find((uint32_t)number);
    struct process *process = id ? id->process : nullptr;
    bool is_thread = !process && id && id->task;
    if (process) {
        process_ref(process);
    }
    tree_unlock();
    if (!process) {
        return is_thread ? STATUS_INVALID : STATUS_NO_SUCH_PROCESS;
    }
    struct file *file;
    enum status status = pidfd_create(process, flags, &file);
    process_unref(process);
    return status == STATUS_OK ? install_file(file, 0, true) : status;
}

/* As kill says it, unless the caller says something itself: what the kernel or kill says only to
 * itself. */
static int64_t read_info(const struct trap_frame *frame, const struct process *process,
                         struct signal_info *info) {
    unsigned signal = (unsigned)frame->rsi;
    if (frame->rdx == 0) {
        *info = signal_info_from_user(signal, CODE_USER);
        return 0;
    }
    if (copy_in(info, frame->rdx, sizeof(*info)) != 0) {
        return STATUS_FAULT;
    }
    if ((unsigned)info->signal != signal) {
        return STATUS_INVALID;
    }
    bool is_pretended = info->code >= 0 || info->code == CODE_TKILL;
    return is_pretended && process != process_current() ? STATUS_NOT_PERMITTED : 0;
}

static int64_t send(struct process *process, const struct signal_info *info) {
    int64_t status = STATUS_NO_SUCH_PROCESS;
    tree_lock();
    if (process->id != nullptr) {
        bool is_allowed = may_signal(process, (unsigned)info->signal);
        status = is_allowed ? STATUS_OK : STATUS_NOT_PERMITTED;
        if (is_allowed && info->signal != 0) {
            status = signal_send(process, info);
        }
    }
    tree_unlock();
    return status;
}

int64_t call_pidfd_send_signal(const struct trap_frame *frame) {
    struct process *process;
    if ((uint32_t)frame->r10 != 0) {
        return STATUS_INVALID;
    }
    int64_t status = find_by(frame->rdi, signalled_by, &process);
    if (status != STATUS_OK) {
        return status;
    }
    struct signal_info info;
    status = read_info(frame, process, &info);
    if (status == 0 && (unsigned)frame->rsi > SIGNAL_COUNT) {
        status = STATUS_INVALID;
    }
    if (status == 0) {
        status = send(process, &info);
    }
    process_unref(process);
    return status;
}

/* Errors: STATUS_NO_SUCH_PROCESS, it has ended; STATUS_NOT_PERMITTED; STATUS_BAD_DESCRIPTOR. */
static enum status take_file(struct process *process, uint32_t number, struct file **file) {
    enum status status = STATUS_NO_SUCH_PROCESS;
    struct descriptor_table *table = nullptr;
    tree_lock();
    if (!list_is_empty(&process->tasks)) {
        table = LIST_ENTRY(process->tasks.next, struct task, link)->files;
        status = may_trace(process) ? STATUS_OK : STATUS_NOT_PERMITTED;
        status = table ? status : STATUS_NO_SUCH_PROCESS;
    }
    if (status == STATUS_OK) {
        descriptor_table_ref(table);
    }
    tree_unlock();
    if (status == STATUS_OK) {
        status = descriptor_get(table, number, file);
        descriptor_table_unref(table);
    }
    return status;
}

int64_t call_pidfd_getfd(const struct trap_frame *frame) {
    struct process *process;
    if ((uint32_t)frame->rdx != 0) {
        return STATUS_INVALID;
    }
    enum status status = find_process(frame->rdi, &process);
    if (status != STATUS_OK) {
        return status;
    }
    struct file *file;
    status = take_file(process, (uint32_t)frame->rsi, &file);
    process_unref(process);
    return status == STATUS_OK ? install_file(file, 0, true) : status;
}

/* What a process that is being killed has goes without that, in its own exit: there is only to be
 * said whether it is. */
int64_t call_process_mrelease(const struct trap_frame *frame) {
    struct process *process;
    if ((uint32_t)frame->rsi != 0) {
        return STATUS_INVALID;
    }
    int64_t status = find_process(frame->rdi, &process);
    if (status != STATUS_OK) {
        return status;
    }
    tree_lock();
    if (process->memory == nullptr) {
        status = STATUS_NO_SUCH_PROCESS;
    } else {
        status =
            __atomic_load_n(&process->is_ending, __ATOMIC_ACQUIRE) ? STATUS_OK : STATUS_INVALID;
    }
    tree_unlock();
    process_unref(process);
    return status;
}
