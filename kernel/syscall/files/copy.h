#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Moving bytes from one file to another, as sendfile, copy_file_range and splice do. */

BEGIN_C_DECLS

/* One of the two files, and where in it. */
struct copy_end {
    struct file *file; /* owned */
    struct pipe *pipe; /* the pipe that it is an end of; null: none */
    uint64_t address;  /* where the caller keeps the offset; 0: the file's own position counts */
    int64_t offset;    /* of what has a position */
    bool may_wait;     /* a pipe's */
};

/* The file of a descriptor with the offset at an address. Errors: STATUS_BAD_DESCRIPTOR, not open
 * for it; STATUS_FAULT; STATUS_NOT_SEEKABLE, an offset for what has none; STATUS_INVALID. */
enum status copy_end_begin_reading(struct copy_end *end, uint64_t descriptor, uint64_t address);
enum status copy_end_begin_writing(struct copy_end *end, uint64_t descriptor, uint64_t address);
void copy_end_release(struct copy_end *end);

/* The same in parts, for who looks at the file first; copy_end_take_offset gives an offset of any
 * sign. */
enum status copy_end_begin(struct copy_end *end, uint64_t descriptor, uint64_t address);
enum status copy_end_take_offset(struct copy_end *end);

/*
 * Moves up to size_bytes; ends at the end of the source, and where a pipe would have to be waited
 * for after something was moved. Both offsets move, and are told. Returns the number of bytes or a
 * negated errno.
 */
int64_t copy_between(struct copy_end *from, struct copy_end *to, uint64_t size_bytes);

END_C_DECLS
