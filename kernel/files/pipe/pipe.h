#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/files/pipe/poll.h"
#include "kernel/files/transfer/transfer.h"
#include "kernel/files/wait/wait.h"
#include "lib/decls.h"
#include "lib/status.h"

/* A pipe or a fifo that is open (man 7 pipe). */

BEGIN_C_DECLS

struct pipe; /* made and freed only here */

constexpr size_t PIPE_CAPACITY = 65'536;        /* at first */
constexpr size_t PIPE_CAPACITY_MAX = 1'048'576; /* for who is not root */
constexpr size_t PIPE_ATOMIC_SIZE = 4096;       /* PIPE_BUF: a write up to it is not torn */

/*
 * Empty, with one reference and no end open; smaller than PIPE_CAPACITY where the pipes of its user
 * have as many pages already as /proc/sys/fs/pipe-user-pages-soft says. Errors: STATUS_NO_MEMORY.
 */
enum status pipe_create(uint32_t user, struct pipe **pipe);
void pipe_ref(struct pipe *pipe);

/* Returns whether it was the last reference, and the pipe is gone. */
bool pipe_unref(struct pipe *pipe);

/* Which ends an open file has. */
struct pipe_ends {
    bool has_reader, has_writer;
};

void pipe_open(struct pipe *pipe, struct pipe_ends ends);
void pipe_close(struct pipe *pipe, struct pipe_ends ends);

/*
 * man 7 fifo: opens the ends and waits until the other one has been opened too, if there is only
 * one. Errors: STATUS_NO_DEVICE, without waiting, nobody reads; STATUS_INTERRUPTED. Then no end is
 * open.
 */
enum status pipe_open_fifo(struct pipe *pipe, struct pipe_ends ends, bool may_wait);

/*
 * Reads what there is, and waits for the first byte; at the end nothing is left to be read and
 * nobody writes. Errors: STATUS_TRY_AGAIN, it may not wait; STATUS_INTERRUPTED; STATUS_FAULT.
 */
enum status pipe_read(struct pipe *pipe, struct transfer *transfer, bool may_wait);

/* The same for tee of man 2 tee: what is read stays in the pipe. */
enum status pipe_look(struct pipe *pipe, struct transfer *transfer, bool may_wait);

/*
 * For man 2 splice: copies what pipe_read would move, and lets nobody else read until
 * pipe_end_moving takes out the first bytes, as many as have arrived elsewhere. Errors: as those of
 * pipe_read; then nothing has begun.
 */
enum status pipe_begin_moving(struct pipe *pipe, struct transfer *transfer, bool may_wait);
void pipe_end_moving(struct pipe *pipe, size_t size_bytes);

/*
 * Writes all, and waits for room; what is written before an error counts. Errors:
 * STATUS_BROKEN_PIPE, nobody reads: the caller's SIGPIPE; STATUS_TRY_AGAIN; STATUS_INTERRUPTED;
 * STATUS_FAULT; STATUS_NO_MEMORY.
 */
enum status pipe_write(struct pipe *pipe, struct transfer *transfer, bool may_wait);

/* The same for man 2 pipe's O_DIRECT: every 4096 bytes, and the rest, are read each by themselves.
 */
enum status pipe_write_packets(struct pipe *pipe, struct transfer *transfer, bool may_wait);

/* What the ends are ready for; `waiter`, if not null, is put on the queue first. A reader that
 * opened a fifo before any writer sees no end until there has been one: `turn` is what
 * pipe_writer_turn said when it was opened. */
uint32_t pipe_poll(struct pipe *pipe, struct pipe_ends ends, uint32_t turn, struct waiter *waiter);
uint32_t pipe_writer_turn(struct pipe *pipe);

/* Waits until `least` bytes can be written; `*room_bytes` says how many can. Errors:
 * STATUS_BROKEN_PIPE; STATUS_TRY_AGAIN; STATUS_INTERRUPTED. */
enum status pipe_wait_for_room(struct pipe *pipe, size_t least, bool may_wait, size_t *room_bytes);

/* FIONREAD, F_GETPIPE_SZ. */
size_t pipe_used(struct pipe *pipe);
size_t pipe_capacity(struct pipe *pipe);

/* F_SETPIPE_SZ: rounds up to a power of two of pages. Errors: STATUS_INVALID; STATUS_NOT_PERMITTED,
 * above PIPE_CAPACITY_MAX or too much for its user, and not root; STATUS_BUSY, more pages are used;
 * STATUS_NO_MEMORY. */
enum status pipe_set_capacity(struct pipe *pipe, uint64_t size_bytes, bool is_root);

END_C_DECLS
