#pragma once

#include <stdint.h>

#include "kernel/files/node/credentials.h"
#include "kernel/files/node/node.h"
#include "lib/decls.h"
#include "lib/status.h"

/* What a node says of itself, and who may do what with it. Each function takes the node's lock. */

BEGIN_C_DECLS

/* struct stat of x86-64 Linux, as man 2 stat fills it. */
struct file_stat {
    uint64_t device;
    uint64_t number;
    uint64_t link_count;
    uint32_t mode;
    uint32_t user;
    uint32_t group;
    uint32_t padding;
    uint64_t special_device;
    int64_t size_bytes;
    int64_t preferred_size_bytes;
    int64_t block_count; /* of 512 bytes */
    struct file_time accessed, modified, changed;
    int64_t reserved[3];
};

static_assert(sizeof(struct file_stat) == 144);

void node_stat(struct node *node, struct file_stat *stat);

/* What access is asked for; the bits are those of man 2 access. */
constexpr unsigned MAY_EXECUTE = 1;
constexpr unsigned MAY_WRITE = 2;
constexpr unsigned MAY_READ = 4;

/* Errors: STATUS_ACCESS_DENIED, the permissions do not grant all of `access`. Root may search and
 * change what it likes, and execute what anybody may. */
enum status node_check_access(struct node *node, const struct credentials *credentials,
                              unsigned access);

/* Whether it belongs to them, or they are root. */
bool node_is_owned(struct node *node, const struct credentials *credentials);

/* man 2 chmod. Errors: STATUS_NOT_PERMITTED, they do not own it. The set-group bit is not given to
 * those who are not of the group. */
enum status node_change_permissions(struct node *node, const struct credentials *credentials,
                                    uint32_t permissions);

/* man 2 chown; ID_UNCHANGED leaves one as it is. Takes the set-user and set-group bits from what is
 * no directory. Errors: STATUS_NOT_PERMITTED. */
enum status node_change_owner(struct node *node, const struct credentials *credentials,
                              uint32_t user, uint32_t group);

/* A time of man 2 utimensat. */
enum time_change : uint8_t { TIME_KEEP, TIME_NOW, TIME_SET };

struct time_request {
    enum time_change change;
    struct file_time time; /* of TIME_SET; nanoseconds below a second */
};

/* Errors: STATUS_NOT_PERMITTED, they do not own it; STATUS_ACCESS_DENIED, the same where both are
 * TIME_NOW and they may not write to it either. */
enum status node_change_times(struct node *node, const struct credentials *credentials,
                              const struct time_request *accessed,
                              const struct time_request *modified);

/* The contents were read: moves the access time as the mount option relatime does. */
void node_note_read(struct node *node);

/* The contents were changed through memory that shows them. Takes no lock. */
void node_note_store(struct node *node);

/* The contents, or the names in it, were changed; and only what is said of it. */
void node_note_write(struct node *node);
void node_note_change(struct node *node);

/* The contents were changed by these: what is set-user or set-group stays so only under root. */
void node_drop_set_bits(struct node *node, const struct credentials *credentials);

END_C_DECLS
