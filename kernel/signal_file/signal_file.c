#include "kernel/signal_file/signal_file.h"

#include "kernel/files/file/open.h"
#include "kernel/process/signals.h"
#include "mm/heap/heap.h"

/* struct signalfd_siginfo of man 2 signalfd. */
struct signal_record {
    uint32_t signal;
    int32_t error;
    int32_t code;
    uint32_t process;
    uint32_t user;
    int32_t descriptor;
    uint32_t timer;
    uint32_t band;
    uint32_t overrun;
    uint32_t trap;
    int32_t status;
    int32_t value;
    uint64_t pointer;
    uint64_t user_ticks;
    uint64_t kernel_ticks;
    uint64_t address;
    uint8_t reserved[48];
};

static_assert(sizeof(struct signal_record) == 128);

struct signal_file {
    signal_set set; /* atomic */
};

static struct signal_file *state_of(const struct file *file) {
    return file->state;
}

static signal_set set_of(const struct file *file) {
    return __atomic_load_n(&state_of(file)->set, __ATOMIC_RELAXED);
}

static void await(signal_set set) {
    struct task *task = task_current();
    signals_lock(task->process);
    task->awaited = set;
    signals_unlock(task->process);
}

void signal_file_end_waiting(void) {
    if (task_current()->awaited != 0) {
        await(0);
    }
}

/* What is known of a child's end, and of a fault, says more than who sent the signal. */
static void add_cause(const struct signal_info *info, struct signal_record *record) {
    bool is_fault = (SIGNALS_OF_FAULTS & signal_bit((unsigned)info->signal)) != 0;
    if (info->code == CODE_TIMER) {
        record->timer = (uint32_t)info->timer.timer;
        record->overrun = (uint32_t)info->timer.overrun;
        record->pointer = info->timer.value;
        record->value = (int32_t)info->timer.value;
    } else if (info->signal == SIGNAL_CHLD && info->code > 0) {
        record->process = info->child.process;
        record->user = info->child.user;
        record->status = info->child.status;
        record->user_ticks = (uint64_t)info->child.user_ticks;
        record->kernel_ticks = (uint64_t)info->child.kernel_ticks;
    } else if (is_fault && info->code > 0) {
        record->address = info->fault.address;
    } else {
        record->process = info->sent.process;
        record->user = info->sent.user;
        record->pointer = info->code == CODE_QUEUE ? info->sent.value : 0;
        record->value = (int32_t)record->pointer;
    }
}

static struct signal_record record_of(const struct signal_info *info) {
    struct signal_record record = {
        .signal = (uint32_t)info->signal,
        .error = info->error,
        .code = info->code,
    };
    add_cause(info, &record);
    return record;
}

static enum status wait_for_signal(signal_set set, struct signal_info *info) {
    struct sleeper sleeper;
    enum status status = STATUS_OK;
    await(set);
    sleeper_prepare(&sleeper);
    unsigned signal = signal_take(set, info);
    while (signal == 0 && status == STATUS_OK) {
        status = sleeper_sleep(&sleeper);
        sleeper_prepare(&sleeper);
        signal = signal_take(set, info);
    }
    await(0);
    return signal == 0 ? status : STATUS_OK;
}

/* Only the first one is waited for. */
static enum status read_signals(struct file *file, uint64_t *position, struct transfer *transfer) {
    struct signal_info info;
    enum status status = STATUS_INVALID;
    (void)position;
    while (transfer->left_bytes >= sizeof(struct signal_record)) {
        bool waits = transfer->done_bytes == 0 && file_may_wait(file);
        status = STATUS_TRY_AGAIN;
        if (signal_take(set_of(file), &info) != 0) {
            status = STATUS_OK;
        } else if (waits) {
            status = wait_for_signal(set_of(file), &info);
        }
        if (status != STATUS_OK) {
            break;
        }
        struct signal_record record = record_of(&info);
        (void)transfer_put(transfer, &record, sizeof(record));
    }
    return transfer_result(transfer, status);
}

static uint32_t poll_signals(struct file *file, struct waiter *waiter) {
    signal_set set = set_of(file);
    (void)waiter;
    await(task_current()->awaited | set);
    return signal_pending_set() & set ? READY_TO_READ : 0;
}

static void release_signals(struct file *file) {
    heap_free(file->state);
}

static const struct file_operations signal_operations = {
    .read = read_signals,
    .poll = poll_signals,
    .release = release_signals,
    .ignores_seeking = true,
    .name = "anon_inode:[signalfd]",
};

enum status signal_file_open(signal_set set, uint32_t flags, struct file **file) {
    struct signal_file *state = heap_alloc(sizeof(*state));
    if (state == nullptr) {
        return STATUS_NO_MEMORY;
    }
    state->set = set;
    enum status status = file_open_special(&signal_operations, state, flags, file);
    if (status != STATUS_OK) {
        heap_free(state);
    }
    return status;
}

bool file_is_signals(const struct file *file) {
    return file->operations == &signal_operations;
}

void signal_file_set(struct file *file, signal_set set) {
    __atomic_store_n(&state_of(file)->set, set, __ATOMIC_RELAXED);
}
