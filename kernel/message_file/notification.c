#include "kernel/message_file/queue.h"
#include "kernel/process/signals.h"

/* man 2 mq_notify. */

constexpr int32_t CODE_MESSAGE = -3; /* SI_MESGQ */

void posix_queue_forget_anybody(struct posix_queue *queue) {
    struct process *process = queue->notified;
    queue->notified = nullptr;
    if (process != nullptr) {
        process_unref(process);
    }
}

/* A signal that there is no memory for is lost, as on Linux. */
void posix_queue_tell(struct posix_queue *queue) {
    if (queue->notified == nullptr || queue->receiver_count > 0) {
        return;
    }
    if (!queue->notification.is_silent) {
        struct signal_info info = signal_info_from_user(queue->notification.signal, CODE_MESSAGE);
        info.sent.value = queue->notification.value;
        (void)signal_send(queue->notified, &info);
    }
    posix_queue_forget_anybody(queue);
}

void posix_queue_forget(struct posix_queue *queue) {
    if (queue->notified == process_current()) {
        posix_queue_forget_anybody(queue);
    }
}

size_t posix_queue_write_state(struct posix_queue *queue, char *text, size_t size_bytes) {
    constexpr int silent = 1; /* SIGEV_NONE */
    sleep_lock_acquire(&posix_queue_lock);
    bool is_told = queue->notified != nullptr;
    bool is_silent = is_told && queue->notification.is_silent;
    unsigned signal = is_told && !is_silent ? queue->notification.signal : 0;
    uint32_t process = is_told ? queue->notified->number : 0;
    size_t length = format_buffer(
        text, size_bytes, "QSIZE:%-10llu NOTIFY:%-5d SIGNO:%-5u NOTIFY_PID:%-6u\n",
        (unsigned long long)queue->message_bytes, is_silent ? silent : 0, signal, process);
    sleep_lock_release(&posix_queue_lock);
    return length;
}

static enum status set(struct posix_queue *queue, const struct posix_notification *notification)
    REQUIRES(posix_queue_lock) {
    if (notification == nullptr) {
        posix_queue_forget(queue);
        return STATUS_OK;
    }
    if (queue->notified != nullptr) {
        return STATUS_BUSY;
    }
    queue->notified = process_current();
    queue->notification = *notification;
    process_ref(queue->notified);
    return STATUS_OK;
}

enum status posix_queue_notify(struct file *file, const struct posix_notification *notification) {
    sleep_lock_acquire(&posix_queue_lock);
    enum status status = set(file->state, notification);
    sleep_lock_release(&posix_queue_lock);
    return status;
}
