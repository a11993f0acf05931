#pragma once

#include <stdint.h>

#include "kernel/files/transfer/transfer.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Transfers whose far side is the current process's memory. */

BEGIN_C_DECLS

constexpr uint64_t TRANSFER_SIZE_MAX = 0x7ffff000; /* MAX_RW_COUNT: more is never moved at once */
constexpr size_t VECTOR_COUNT_MAX = 1024;          /* UIO_MAXIOV */
constexpr size_t VECTOR_COUNT_SMALL = 8;

/* struct iovec of man 3type iovec. */
struct user_vector {
    uint64_t start;
    uint64_t size_bytes;
};

/* One or several pieces of memory, as one. */
struct user_buffer {
    struct user_vector *vectors; /* `small`, or of the heap */
    size_t count;
    uint64_t size_bytes; /* of all, at most TRANSFER_SIZE_MAX */
    size_t at;           /* the piece where the last copy ended, and what lies before it */
    uint64_t before_bytes;
    struct user_vector small[VECTOR_COUNT_SMALL];
};

/* One piece; what is above TRANSFER_SIZE_MAX is cut off. Errors: STATUS_FAULT, it is not in user
 * memory at all. Nothing is to be given back. */
enum status user_buffer_single(struct user_buffer *buffer, uint64_t start, uint64_t size_bytes);

/*
 * Takes over an array of struct iovec (man 2 readv). Errors: STATUS_INVALID, too many or one of
 * a negative size; STATUS_FAULT; STATUS_NO_MEMORY.
 */
enum status user_buffer_gather(struct user_buffer *buffer, uint64_t vectors, uint64_t count);

/* The same for pieces of another process's memory, which may be said to lie anywhere. */
enum status user_buffer_gather_foreign(struct user_buffer *buffer, uint64_t vectors,
                                       uint64_t count);
void user_buffer_release(struct user_buffer *buffer);

/* From or to all of it. The buffer stays where it is until the transfer is over. */
struct transfer user_transfer(struct user_buffer *buffer);

END_C_DECLS
