#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "kernel/files/node/operations.h"
#include "lib/decls.h"
#include "lib/list.h"
#include "lib/status.h"

/* POSIX message queues (man 7 mq_overview), on behalf of the current process. */

BEGIN_C_DECLS

constexpr uint32_t POSIX_PRIORITY_COUNT = 32'768; /* MQ_PRIO_MAX */

/* struct mq_attr. */
struct posix_queue_attributes {
    int64_t flags, message_max, size_max, message_count;
    int64_t reserved[4];
};

static_assert(sizeof(struct posix_queue_attributes) == 64);

/* Of the heap, and its holder's. */
struct posix_message {
    struct list_node link;
    uint32_t priority;
    size_t size_bytes;
    char bytes[];
};

struct posix_queue_request {
    struct name name;
    uint32_t flags; /* of man 2 open */
    uint32_t permissions;
    const struct posix_queue_attributes *attributes; /* null: those that a queue has anyway */
};

/* man 2 mq_open. Errors: STATUS_NOT_FOUND; STATUS_EXISTS; STATUS_ACCESS_DENIED; STATUS_INVALID;
 * STATUS_NO_SPACE; STATUS_TOO_MANY_FILES, RLIMIT_MSGQUEUE; STATUS_NAME_TOO_LONG; STATUS_NO_MEMORY.
 */
enum status posix_queue_open(const struct posix_queue_request *request, struct file **file);

/* man 2 mq_unlink. Errors: STATUS_NOT_FOUND; STATUS_NOT_PERMITTED; STATUS_ACCESS_DENIED. */
enum status posix_queue_unlink(struct name name);

bool file_is_posix_queue(const struct file *file);

/* mq_flags says whether the file waits. */
struct posix_queue_attributes posix_queue_attributes(const struct file *file);

/* man 2 mq_timedsend: takes the message. Errors: STATUS_MESSAGE_TOO_LONG; STATUS_TRY_AGAIN;
 * STATUS_TIMED_OUT; STATUS_INTERRUPTED. */
enum status posix_queue_send(struct file *file, struct posix_message *message,
                             uint64_t deadline_ns);

/* The oldest of the highest priority, which is the caller's then; into room for size_max bytes at
 * least. Errors: the same. */
enum status posix_queue_receive(struct file *file, size_t room_bytes, uint64_t deadline_ns,
                                struct posix_message **message);

/* man 2 mq_notify: how the current process is told that the queue is not empty any more. */
struct posix_notification {
    bool is_silent;
    unsigned signal;
    uint64_t value;
};

/* Null takes the process's own away. Errors: STATUS_BUSY, another one is told. */
enum status posix_queue_notify(struct file *file, const struct posix_notification *notification);

END_C_DECLS
