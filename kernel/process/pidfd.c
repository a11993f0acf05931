#include "kernel/process/pidfd.h"

#include "kernel/files/file/open.h"
#include "kernel/files/pipe/poll.h"
#include "kernel/process/signals.h"

static uint32_t poll(struct file *file, struct waiter *waiter) {
    struct process *process = file->state;
    if (waiter != nullptr) {
        wait_queue_add(&process->ended, waiter);
    }
    bool has_ended = __atomic_load_n(&process->state, __ATOMIC_ACQUIRE) == PROCESS_ENDED;
    return has_ended ? READY_TO_READ : 0;
}

static void release(struct file *file) {
    process_unref(file->state);
}

static const struct file_operations operations = {
    .poll = poll,
    .release = release,
    .name = "anon_inode:[pidfd]",
};

enum status pidfd_create(struct process *process, uint32_t flags, struct file **file) {
    enum status status = file_open_special(&operations, process, flags | OPEN_READ_WRITE, file);
    if (status == STATUS_OK) {
        process_ref(process);
    }
    return status;
}

struct process *pidfd_process(const struct file *file) {
    return file->operations == &operations ? file->state : nullptr;
}
