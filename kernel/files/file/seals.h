#pragma once

#include "kernel/files/file/file.h"
#include "lib/decls.h"
#include "lib/status.h"

/* What is refused of a regular file for good (man 2 fcntl, F_ADD_SEALS). */

BEGIN_C_DECLS

/* Errors: STATUS_INVALID, the file cannot be sealed at all, or unknown seals; STATUS_NOT_PERMITTED,
 * it is not open for writing, or has SEAL_SEALS; STATUS_BUSY, memory that may write to it is
 * mapped. */
enum status file_add_seals(struct file *file, uint32_t seals);
enum status file_seals(struct file *file, uint32_t *seals);

/* Of the bytes that are to be written, those that seals let pass. Under the node's lock, as the
 * others. Errors: STATUS_NOT_PERMITTED. */
enum status seals_limit_write(struct node *node, uint64_t position, struct transfer *transfer)
    REQUIRES(node->lock);

/* Errors: STATUS_NOT_PERMITTED. */
enum status seals_check_resize(struct node *node, uint64_t size_bytes) REQUIRES(node->lock);
enum status seals_check_fill(struct node *node, enum fill_mode mode, uint64_t end)
    REQUIRES(node->lock);

END_C_DECLS
