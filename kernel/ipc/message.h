#pragma once

#include <stdint.h>

#include "kernel/files/wait/wait.h"
#include "kernel/ipc/rights.h"
#include "kernel/ipc/table.h"
#include "lib/decls.h"
#include "lib/list.h"
#include "lib/status.h"

/* System V message queues (man 2 msgget, msgop, msgctl). */

BEGIN_C_DECLS

constexpr uint64_t MESSAGE_SIZE_MAX = 8'192;        /* /proc/sys/kernel/msgmax */
constexpr uint64_t MESSAGE_QUEUE_SIZE = 16'384;     /* msgmnb */
constexpr uint32_t MESSAGE_QUEUES = IPC_SLOT_COUNT; /* msgmni */

/* Of the heap, and its holder's. */
struct ipc_message {
    struct list_node link;
    int64_t type; /* above 0 */
    size_t size_bytes;
    char bytes[];
};

/* man 2 msgget. Returns the number. Errors: those of ipc_get; STATUS_NO_SPACE; STATUS_NO_MEMORY. */
int64_t message_queue_get(const struct ipc_caller *caller, uint32_t key, uint32_t flags);

/* man 2 msgsnd: the queue takes the message. Errors: STATUS_INVALID, no such queue;
 * STATUS_ACCESS_DENIED; STATUS_TRY_AGAIN, there is no room; STATUS_REMOVED, while it waited;
 * STATUS_INTERRUPTED. */
enum status message_send(const struct ipc_caller *caller, int32_t queue,
                         struct ipc_message *message, bool may_wait);

/* Which message of a queue is wanted (man 2 msgrcv). */
enum message_search : uint8_t {
    MESSAGE_FIRST,
    MESSAGE_OF_TYPE,
    MESSAGE_OF_OTHER_TYPE, /* MSG_EXCEPT */
    MESSAGE_LEAST_TYPE,    /* of the lowest type that is at most `type` */
    MESSAGE_AT_INDEX,      /* MSG_COPY: it stays, and a copy is made */
};

struct message_request {
    int32_t queue;
    enum message_search search;
    int64_t type; /* or the index */
    uint64_t room_bytes;
    bool may_be_cut; /* MSG_NOERROR */
    bool may_wait;
};

/* The message becomes the caller's. Errors: as message_send; STATUS_NO_MESSAGE;
 * STATUS_TOO_LONG, for the room; STATUS_NO_MEMORY, of a copy. */
enum status message_receive(const struct ipc_caller *caller, const struct message_request *request,
                            struct ipc_message **message);

/* struct msqid64_ds of Linux's <asm/msgbuf.h>. */
struct message_queue_state {
    struct ipc_rights rights;
    int64_t sent_seconds, received_seconds, changed_seconds;
    uint64_t used_bytes, message_count, size_bytes;
    int32_t last_sender, last_receiver;
    uint64_t reserved[2];
};

static_assert(sizeof(struct message_queue_state) == 120);

/* man 2 msgctl. Errors: STATUS_INVALID; STATUS_ACCESS_DENIED; STATUS_NOT_PERMITTED. */
enum status message_queue_describe(const struct ipc_caller *caller, int32_t queue,
                                   struct message_queue_state *state);

/* By slot, whether the caller may read it or not under `is_any`. Returns the number. */
int64_t message_queue_describe_slot(const struct ipc_caller *caller, uint32_t slot, bool is_any,
                                    struct message_queue_state *state);
enum status message_queue_change(const struct ipc_caller *caller, int32_t queue,
                                 const struct message_queue_state *next);
enum status message_queue_remove(const struct ipc_caller *caller, int32_t queue);

struct message_usage {
    uint32_t queue_count, message_count, used_bytes, last_slot;
};

struct message_usage message_usage(void);

END_C_DECLS
