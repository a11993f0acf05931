#pragma once

#include <stddef.h>

#include "kernel/files/node/node.h"
#include "lib/decls.h"
#include "lib/list.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/*
 * Extended attributes (man 7 xattr): values that have names, which a node keeps for programs. Names
 * begin with "user.", "trusted." or "security."; none has a meaning for the kernel.
 *
 * Errors that all have in common: STATUS_ACCESS_DENIED; STATUS_NOT_PERMITTED, changing what root
 * alone may, or user's of what is neither a file nor a directory; STATUS_NO_DATA, there is no such
 * attribute, or none for the caller; STATUS_INVALID, nothing follows the prefix;
 * STATUS_NOT_SUPPORTED, another prefix, or a node that keeps none.
 */

BEGIN_C_DECLS

constexpr size_t EXTENDED_NAME_MAX = 255;      /* XATTR_NAME_MAX */
constexpr size_t EXTENDED_VALUE_MAX = 65'536;  /* XATTR_SIZE_MAX */
constexpr size_t EXTENDED_LIST_MAX = 65'536;   /* XATTR_LIST_MAX */
constexpr size_t EXTENDED_TOTAL_MAX = 1 << 20; /* of one node: names and values */

struct extended_request {
    const char *name; /* terminated, at most EXTENDED_NAME_MAX long */
    const void *value;
    size_t size_bytes; /* at most EXTENDED_VALUE_MAX */
    bool must_be_new;  /* XATTR_CREATE */
    bool must_exist;   /* XATTR_REPLACE */
};

/* man 2 setxattr. Errors also: STATUS_EXISTS; STATUS_NO_MEMORY; STATUS_NO_SPACE. */
enum status extended_set(struct node *node, const struct credentials *credentials,
                         UNTRUSTED const struct extended_request *request);

/* man 2 getxattr: the value into `room` bytes; where that is 0, its size alone. Errors also:
 * STATUS_OUT_OF_RANGE, it does not fit. */
enum status extended_get(struct node *node, const struct credentials *credentials,
                         UNTRUSTED const char *name, void *buffer, size_t room, size_t *size_bytes);

/* man 2 listxattr: the names that the caller may know, each terminated; otherwise the same. A node
 * that keeps none has no names. */
enum status extended_list(struct node *node, const struct credentials *credentials, char *buffer,
                          size_t room, size_t *size_bytes);

/* man 2 removexattr. */
enum status extended_remove(struct node *node, const struct credentials *credentials,
                            UNTRUSTED const char *name);

/* Gives a list of them back, when its node goes; returns for how much space its operation
 * take_space was asked. */
[[nodiscard]] uint64_t extended_free(struct list_node *values);

END_C_DECLS
