#pragma once

#include "kernel/files/node/node.h"
#include "lib/decls.h"
#include "lib/list.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/* The kinds of file system that man 2 mount can make, by name (man 5 filesystems). */

BEGIN_C_DECLS

struct system_type {
    const char *name;

    /* A system with these options (man 8 mount, as one text), as memory_fs_create makes one.
     * Errors: STATUS_INVALID, options that it does not know; STATUS_NO_MEMORY. */
    enum status (*create)(UNTRUSTED const char *options, struct node **root);

    struct list_node link; /* the registry's */
};

/* At boot; the type lives as long as the kernel. */
void system_type_register(struct system_type *type);

/* Forgets every type. */
void system_type_unregister_all(void);

/* Null where there is none. */
const struct system_type *system_type_find(const char *name);

/* Visits every type in the order they came, for /proc/filesystems. */
void system_type_for_each(void (*visit)(void *context, const struct system_type *type),
                          void *context);

/* A file system in memory, under this name; its options are mode=OCTAL; size=BYTES, size=N% and
 * nr_blocks=PAGES, which limit what its files have; and nr_inodes=NODES. huge= of man 5 tmpfs is
 * taken and has no effect. */
enum status system_type_create_memory(UNTRUSTED const char *options, struct node **root);

END_C_DECLS
