#pragma once

#include <stdint.h>

#include "kernel/files/socket/socket.h"
#include "kernel/syscall/files/user_transfer.h"
#include "lib/decls.h"
#include "lib/status.h"

/* What the calls on sockets have in common. */

BEGIN_C_DECLS

/* Flags of man 2 send and recv. */
enum message_flag : uint32_t {
    MESSAGE_URGENT = 0x1, /* MSG_OOB */
    MESSAGE_PEEK = 0x2,
    MESSAGE_CONTROL_TRUNCATED = 0x8,
    MESSAGE_TRUNCATED = 0x20,
    MESSAGE_NO_WAIT = 0x40,
    MESSAGE_WAIT_ALL = 0x100,
    MESSAGE_NO_SIGNAL = 0x4000,
    MESSAGE_WAIT_FOR_ONE = 0x10000,
    MESSAGE_CLOSES_ON_EXEC = 0x40000000,
};

constexpr uint32_t LEVEL_OF_SOCKETS = 1; /* SOL_SOCKET */

/* The open file of a descriptor, with a reference. Errors: STATUS_BAD_DESCRIPTOR;
 * STATUS_NOT_A_SOCKET. */
enum status socket_from_descriptor(uint64_t descriptor, struct file **file);

/* Makes sockets know their processes. */
void socket_calls_begin(void);

/* A struct sockaddr. Errors: STATUS_INVALID, of no size that one has; STATUS_FAULT. */
enum status name_from_user(struct socket_name *name, uint64_t address, uint32_t size_bytes);

/* As man 2 getsockname tells one: as much as there is room for, and its whole size. Errors:
 * STATUS_INVALID; STATUS_FAULT. */
enum status name_to_user(const struct socket_name *name, uint64_t address, uint64_t size_address);

/* struct msghdr of man 2 recvmsg. */
struct message_header {
    uint64_t name;
    int32_t name_size;
    uint32_t padding;
    uint64_t vectors, vector_count;
    uint64_t control, control_size;
    uint32_t flags;
    uint32_t padding_behind;
};

static_assert(sizeof(struct message_header) == 56);

/* What goes with a message that is to be sent: sets `files`, which is owned, and credentials.
 * Errors: STATUS_INVALID; STATUS_BAD_DESCRIPTOR; STATUS_NOT_PERMITTED; STATUS_NO_SUCH_PROCESS;
 * STATUS_FAULT; STATUS_NO_BUFFERS; STATUS_NO_MEMORY. */
enum status control_from_user(const struct message_header *header, struct socket_sending *sending);

/* Tells what came with a message, whose files become descriptors, in the header's room for it;
 * `control` and `control_size` are what is left, and flags say what was lost. */
void control_to_user(struct message_header *header, bool passes_credentials, bool closes_on_exec,
                     struct socket_receiving *receiving);

END_C_DECLS
