#pragma once

#include "kernel/ipc/rights.h"
#include "kernel/message_file/message_file.h"
#include "kernel/process/process.h"
#include "mm/lock/sleep_lock.h"

/* What the sources on POSIX message queues tell each other. */

/* Guards every queue, but for what says otherwise. Held around nothing that waits or copies. */
extern struct sleep_lock posix_queue_lock;

struct posix_queue {
    struct list_node link; /* in the list of all */
    bool has_name;
    uint32_t reference_count; /* its name's, and its files' */
    struct ipc_rights rights;
    struct posix_queue_attributes attributes; /* all but flags */
    struct list_node messages;                /* in the order that they are received */
    uint64_t message_bytes;                   /* of all messages */
    struct wait_queue changed;
    uint32_t receiver_count;  /* who waits for a message */
    struct process *notified; /* owned; null: nobody is told */
    struct posix_notification notification;
    size_t name_length;
    char name[NAME_LENGTH_MAX];
};

/* Tells who is to be told, once. */
void posix_queue_tell(struct posix_queue *queue) REQUIRES(posix_queue_lock);

/* The current process, if it is the one, is told no more; and so is whoever else it may be. */
void posix_queue_forget(struct posix_queue *queue) REQUIRES(posix_queue_lock);
void posix_queue_forget_anybody(struct posix_queue *queue) REQUIRES(posix_queue_lock);

/* Writes what the messages take and who is told, as man 7 mq_overview shows it; returns the length,
 * which is less than `size_bytes`. */
size_t posix_queue_write_state(struct posix_queue *queue, char *text, size_t size_bytes);

/* The queue of a name; null: none. A new one with the name, whose reference is the name's; errors
 * as posix_queue_open. */
struct posix_queue *posix_queue_find(struct name name) REQUIRES(posix_queue_lock);
enum status posix_queue_create(const struct posix_queue_request *request,
                               struct posix_queue **queue) REQUIRES(posix_queue_lock);
void posix_queue_unref(struct posix_queue *queue) REQUIRES(posix_queue_lock);
