#include "kernel/files/pipe/pipe.h"

#include "kernel/files/pipe/ring.h"
#include "kernel/files/user/user.h"
#include "lib/check.h"
#include "mm/addr/addr.h"
#include "mm/heap/heap.h"
#include "mm/lock/sleep_lock.h"

constexpr int64_t USER_PAGES_SOFT = 16'384;
constexpr uint64_t CAPACITY_LIMIT = 1ull << 31;

struct pipe {
    uint32_t reference_count; /* atomic */
    struct sleep_lock lock;
    struct ring ring;          /* guarded by lock */
    bool is_moving;            /* guarded by lock: between pipe_begin_moving and its end */
    uint32_t readers, writers; /* guarded by lock: open ends */
    uint32_t reader_turns, writer_turns; /* guarded by lock: how often one was opened */
    struct wait_queue changed;
    struct file_user *user; /* who made it; fixed at creation */
};

/* So many slots more, or less. Returns whether the user has no more than the limit now. */
static bool count_slots(struct file_user *user, int64_t slot_count) {
    return file_user_add(user, USER_PIPE_PAGES, slot_count) <= USER_PAGES_SOFT;
}

/* Who has too many gets the least that holds anything beside what is read. */
static size_t take_slots(struct file_user *user) {
    constexpr int64_t usual = PIPE_CAPACITY / PAGE_SIZE;
    constexpr int64_t least = 2;
    if (count_slots(user, usual) || file_user_is_root(user)) {
        return usual;
    }
    (void)count_slots(user, least - usual);
    return least;
}

static enum status make_ring(struct pipe *pipe) {
    size_t slot_count = take_slots(pipe->user);
    enum status status = ring_create(&pipe->ring, slot_count);
    if (status != STATUS_OK) {
        (void)count_slots(pipe->user, -(int64_t)slot_count);
    }
    return status;
}

enum status pipe_create(uint32_t user, struct pipe **pipe) {
    struct pipe *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    enum status status = file_user_enter(user, &made->user);
    if (status != STATUS_OK) {
        goto free_pipe;
    }
    status = make_ring(made);
    if (status != STATUS_OK) {
        goto leave_user;
    }
    made->reference_count = 1;
    wait_queue_init(&made->changed);
    *pipe = made;
    return STATUS_OK;

leave_user:
    file_user_leave(made->user);
free_pipe:
    heap_free(made);
    return status;
}

void pipe_ref(struct pipe *pipe) {
    uint32_t before = __atomic_fetch_add(&pipe->reference_count, 1, __ATOMIC_RELAXED);
    CHECK(before > 0 && before < UINT32_MAX);
}

bool pipe_unref(struct pipe *pipe) {
    uint32_t before = __atomic_fetch_sub(&pipe->reference_count, 1, __ATOMIC_ACQ_REL);
    CHECK(before > 0);
    if (before == 1) {
        (void)count_slots(pipe->user, -(int64_t)pipe->ring.slot_count);
        file_user_leave(pipe->user);
        ring_destroy(&pipe->ring);
        heap_free(pipe);
    }
    return before == 1;
}

static void open_held(struct pipe *pipe, struct pipe_ends ends) REQUIRES(pipe->lock) {
    pipe->readers += ends.has_reader;
    pipe->reader_turns += ends.has_reader;
    pipe->writers += ends.has_writer;
    pipe->writer_turns += ends.has_writer;
}

void pipe_open(struct pipe *pipe, struct pipe_ends ends) {
    sleep_lock_acquire(&pipe->lock);
    open_held(pipe, ends);
    sleep_lock_release(&pipe->lock);
    wait_queue_wake(&pipe->changed);
}

void pipe_close(struct pipe *pipe, struct pipe_ends ends) {
    sleep_lock_acquire(&pipe->lock);
    CHECK(pipe->readers >= ends.has_reader && pipe->writers >= ends.has_writer);
    pipe->readers -= ends.has_reader;
    pipe->writers -= ends.has_writer;
    sleep_lock_release(&pipe->lock);
    wait_queue_wake(&pipe->changed);
}

/* A thread on the pipe's queue. */
struct pipe_waiter {
    struct sleeper sleeper;
    struct waiter waiter;
};

static void begin_waiting(struct pipe *pipe, struct pipe_waiter *waiting) {
    *waiting = (struct pipe_waiter){.waiter = {.sleeper = &waiting->sleeper}};
    wait_queue_add(&pipe->changed, &waiting->waiter);
}

/* The same for one of many who wait for bytes or for room: a change wakes one of them, who wakes
 * the next when it leaves. */
static void begin_turn(struct pipe *pipe, struct pipe_waiter *waiting, uint32_t change) {
    *waiting = (struct pipe_waiter){
        .waiter = {.sleeper = &waiting->sleeper, .interest = change, .is_exclusive = true},
    };
    wait_queue_add(&pipe->changed, &waiting->waiter);
}

/* Whether a change that this one was woken for is one for the next as well; from here on, each is.
 */
static bool is_left_over(struct pipe *pipe, struct pipe_waiter *waiting) REQUIRES(pipe->lock) {
    bool was_woken = sleeper_is_woken(&waiting->sleeper);
    bool is_reader = waiting->waiter.interest == READY_TO_READ;
    sleeper_prepare(&waiting->sleeper);
    return was_woken &&
           (is_reader ? pipe->ring.used_bytes > 0 : ring_room(&pipe->ring) >= PIPE_ATOMIC_SIZE);
}

/* `has_more`: what is_left_over said under the lock. */
static void end_turn(struct pipe *pipe, struct pipe_waiter *waiting, bool has_more) {
    waiter_remove(&waiting->waiter);
    if (has_more || sleeper_is_woken(&waiting->sleeper)) {
        wait_queue_wake_next(&pipe->changed, waiting->waiter.interest);
    }
}

/* Sleeps until something changes after what was seen under the lock. */
static enum status wait_for_change(struct pipe *pipe, struct pipe_waiter *waiting)
    REQUIRES(pipe->lock) {
    sleeper_prepare(&waiting->sleeper);
    sleep_lock_release(&pipe->lock);
    enum status status = sleeper_sleep(&waiting->sleeper);
    sleep_lock_acquire(&pipe->lock);
    return status;
}

/* Until the other end is open; an opening counts even if it was closed again before this thread
 * ran. */
static enum status wait_for_other_end(struct pipe *pipe, const uint32_t *count,
                                      const uint32_t *turns) REQUIRES(pipe->lock) {
    struct pipe_waiter waiting;
    enum status status = STATUS_OK;
    uint32_t seen = *turns;
    begin_waiting(pipe, &waiting);
    while (status == STATUS_OK && *count == 0 && *turns == seen) {
        status = wait_for_change(pipe, &waiting);
    }
    waiter_remove(&waiting.waiter);
    return status;
}

static enum status open_fifo_held(struct pipe *pipe, struct pipe_ends ends, bool may_wait)
    REQUIRES(pipe->lock) {
    if (!ends.has_reader && !may_wait && pipe->readers == 0) {
        return STATUS_NO_DEVICE;
    }
    open_held(pipe, ends);
    wait_queue_wake(&pipe->changed);
    if (!may_wait) {
        return STATUS_OK;
    }
    return ends.has_reader ? wait_for_other_end(pipe, &pipe->writers, &pipe->writer_turns)
                           : wait_for_other_end(pipe, &pipe->readers, &pipe->reader_turns);
}

enum status pipe_open_fifo(struct pipe *pipe, struct pipe_ends ends, bool may_wait) {
    sleep_lock_acquire(&pipe->lock);
    enum status status = open_fifo_held(pipe, ends, may_wait);
    sleep_lock_release(&pipe->lock);
    if (status == STATUS_INTERRUPTED) {
        pipe_close(pipe, ends);
    }
    return status;
}

static size_t room(const struct pipe *pipe) REQUIRES(pipe->lock) {
    return ring_room(&pipe->ring);
}

/* One of ring_get, ring_look. */
typedef void ring_reading(struct ring *ring, struct transfer *transfer);

static void look(struct ring *ring, struct transfer *transfer) {
    ring_look(ring, transfer);
}

/* Who moves bytes elsewhere is waited for whatever the file says, as a lock is. */
static enum status wait_until_there(struct pipe *pipe, bool may_wait, struct pipe_waiter *waiting)
    REQUIRES(pipe->lock) {
    enum status status = STATUS_OK;
    while (status == STATUS_OK &&
           (pipe->is_moving || (pipe->ring.used_bytes == 0 && pipe->writers > 0))) {
        status = may_wait || pipe->is_moving ? wait_for_change(pipe, waiting) : STATUS_TRY_AGAIN;
    }
    return status;
}

/* `*is_room_new` says whether a writer that found no room may find some now. */
static enum status read_by(struct pipe *pipe, ring_reading *read, struct transfer *transfer,
                           bool may_wait, bool *is_room_new) {
    struct pipe_waiter waiting;
    begin_turn(pipe, &waiting, READY_TO_READ);
    sleep_lock_acquire(&pipe->lock);
    enum status status = wait_until_there(pipe, may_wait, &waiting);
    *is_room_new = room(pipe) < PIPE_ATOMIC_SIZE;
    if (status == STATUS_OK) {
        read(&pipe->ring, transfer);
    }
    bool has_more = is_left_over(pipe, &waiting);
    sleep_lock_release(&pipe->lock);
    end_turn(pipe, &waiting, has_more);
    return transfer_result(transfer, status);
}

enum status pipe_read(struct pipe *pipe, struct transfer *transfer, bool may_wait) {
    bool is_room_new;
    if (transfer->left_bytes == 0) {
        return STATUS_OK;
    }
    enum status status = read_by(pipe, ring_get, transfer, may_wait, &is_room_new);
    if (is_room_new) {
        wait_queue_wake_for(&pipe->changed, READY_TO_WRITE);
    }
    return status;
}

enum status pipe_look(struct pipe *pipe, struct transfer *transfer, bool may_wait) {
    bool is_room_new;
    return transfer->left_bytes == 0 ? STATUS_OK
                                     : read_by(pipe, look, transfer, may_wait, &is_room_new);
}

static enum status begin_moving_held(struct pipe *pipe, struct transfer *transfer, bool may_wait,
                                     struct pipe_waiter *waiting) REQUIRES(pipe->lock) {
    enum status status = wait_until_there(pipe, may_wait, waiting);
    if (status == STATUS_OK) {
        pipe->is_moving = true;
        ring_look(&pipe->ring, transfer);
    }
    return status;
}

enum status pipe_begin_moving(struct pipe *pipe, struct transfer *transfer, bool may_wait) {
    struct pipe_waiter waiting;
    begin_waiting(pipe, &waiting);
    sleep_lock_acquire(&pipe->lock);
    enum status status = begin_moving_held(pipe, transfer, may_wait, &waiting);
    sleep_lock_release(&pipe->lock);
    waiter_remove(&waiting.waiter);
    return status;
}

void pipe_end_moving(struct pipe *pipe, size_t size_bytes) {
    sleep_lock_acquire(&pipe->lock);
    pipe->is_moving = false;
    ring_drop(&pipe->ring, size_bytes);
    sleep_lock_release(&pipe->lock);
    wait_queue_wake(&pipe->changed);
}

/* Fills a slot; waits where none is free. */
static enum status write_or_wait(struct pipe *pipe, struct transfer *transfer,
                                 enum ring_content content, bool may_wait,
                                 struct pipe_waiter *waiting) REQUIRES(pipe->lock) {
    if (pipe->readers == 0) {
        return STATUS_BROKEN_PIPE;
    }
    if (room(pipe) < PIPE_ATOMIC_SIZE) {
        return may_wait ? wait_for_change(pipe, waiting) : STATUS_TRY_AGAIN;
    }
    enum status status = ring_put(&pipe->ring, transfer, content);
    wait_queue_wake_for(&pipe->changed, READY_TO_READ);
    return status;
}

static void write_to_last(struct pipe *pipe, struct transfer *transfer) REQUIRES(pipe->lock) {
    size_t before = pipe->ring.used_bytes;
    if (pipe->readers > 0) {
        ring_merge(&pipe->ring, transfer);
    }
    if (pipe->ring.used_bytes > before) {
        wait_queue_wake_for(&pipe->changed, READY_TO_READ);
    }
}

static enum status write_as(struct pipe *pipe, struct transfer *transfer, enum ring_content content,
                            bool may_wait) {
    enum status status = STATUS_OK;
    struct pipe_waiter waiting;
    begin_turn(pipe, &waiting, READY_TO_WRITE);
    sleep_lock_acquire(&pipe->lock);
    write_to_last(pipe, transfer);
    while (status == STATUS_OK && transfer->left_bytes > 0) {
        status = write_or_wait(pipe, transfer, content, may_wait, &waiting);
    }
    bool has_more = is_left_over(pipe, &waiting);
    sleep_lock_release(&pipe->lock);
    end_turn(pipe, &waiting, has_more);
    transfer->is_broken = status == STATUS_BROKEN_PIPE;
    return transfer_result(transfer, status);
}

enum status pipe_write(struct pipe *pipe, struct transfer *transfer, bool may_wait) {
    return write_as(pipe, transfer, RING_BYTES, may_wait);
}

enum status pipe_write_packets(struct pipe *pipe, struct transfer *transfer, bool may_wait) {
    return write_as(pipe, transfer, RING_PACKETS, may_wait);
}

static enum status wait_for_room_held(struct pipe *pipe, size_t least, bool may_wait,
                                      struct pipe_waiter *waiting) REQUIRES(pipe->lock) {
    enum status status = STATUS_OK;
    while (status == STATUS_OK && pipe->readers > 0 && room(pipe) < least) {
        status = may_wait ? wait_for_change(pipe, waiting) : STATUS_TRY_AGAIN;
    }
    return status == STATUS_OK && pipe->readers == 0 ? STATUS_BROKEN_PIPE : status;
}

enum status pipe_wait_for_room(struct pipe *pipe, size_t least, bool may_wait, size_t *room_bytes) {
    struct pipe_waiter waiting;
    begin_waiting(pipe, &waiting);
    sleep_lock_acquire(&pipe->lock);
    enum status status = wait_for_room_held(pipe, least, may_wait, &waiting);
    *room_bytes = room(pipe);
    sleep_lock_release(&pipe->lock);
    waiter_remove(&waiting.waiter);
    return status;
}

static uint32_t readiness(const struct pipe *pipe, struct pipe_ends ends, uint32_t turn)
    REQUIRES(pipe->lock) {
    uint32_t ready = 0;
    if (ends.has_reader) {
        ready |= pipe->ring.used_bytes > 0 ? READY_TO_READ : 0;
        ready |= pipe->writers == 0 && pipe->writer_turns != turn ? READY_HANG_UP : 0;
    }
    if (ends.has_writer) {
        ready |= room(pipe) >= PIPE_ATOMIC_SIZE ? READY_TO_WRITE : 0;
        ready |= pipe->readers == 0 ? READY_ERROR : 0;
    }
    return ready;
}

uint32_t pipe_poll(struct pipe *pipe, struct pipe_ends ends, uint32_t turn, struct waiter *waiter) {
    if (waiter != nullptr) {
        wait_queue_add(&pipe->changed, waiter);
    }
    sleep_lock_acquire(&pipe->lock);
    uint32_t ready = readiness(pipe, ends, turn);
    sleep_lock_release(&pipe->lock);
    return ready;
}

uint32_t pipe_writer_turn(struct pipe *pipe) {
    sleep_lock_acquire(&pipe->lock);
    uint32_t turn = pipe->writers > 0 ? pipe->writer_turns - 1 : pipe->writer_turns;
    sleep_lock_release(&pipe->lock);
    return turn;
}

size_t pipe_used(struct pipe *pipe) {
    sleep_lock_acquire(&pipe->lock);
    size_t used_bytes = pipe->ring.used_bytes;
    sleep_lock_release(&pipe->lock);
    return used_bytes;
}

size_t pipe_capacity(struct pipe *pipe) {
    sleep_lock_acquire(&pipe->lock);
    size_t capacity_bytes = pipe->ring.slot_count * PAGE_SIZE;
    sleep_lock_release(&pipe->lock);
    return capacity_bytes;
}

static uint64_t round_capacity(uint64_t size_bytes) {
    uint64_t capacity_bytes = PAGE_SIZE;
    while (capacity_bytes < size_bytes) {
        capacity_bytes *= 2;
    }
    return capacity_bytes;
}

/* The user's slots are counted first, and given back where the ring stays as it is. */
static enum status resize_counted(struct pipe *pipe, size_t slot_count, bool is_root)
    REQUIRES(pipe->lock) {
    int64_t more = (int64_t)slot_count - (int64_t)pipe->ring.slot_count;
    bool is_within = count_slots(pipe->user, more);
    enum status status = STATUS_OK;
    if (more > 0 && !is_within && !is_root) {
        status = STATUS_NOT_PERMITTED;
    } else if (slot_count < pipe->ring.used_slots) {
        status = STATUS_BUSY;
    } else {
        status = ring_resize(&pipe->ring, slot_count);
    }
    if (status != STATUS_OK) {
        (void)count_slots(pipe->user, -more);
    }
    return status;
}

enum status pipe_set_capacity(struct pipe *pipe, uint64_t size_bytes, bool is_root) {
    if (size_bytes > CAPACITY_LIMIT) {
        return STATUS_INVALID;
    }
    uint64_t capacity_bytes = round_capacity(size_bytes);
    size_t slot_count = capacity_bytes / PAGE_SIZE;
    sleep_lock_acquire(&pipe->lock);
    bool is_too_large = slot_count > pipe->ring.slot_count && capacity_bytes > PIPE_CAPACITY_MAX;
    enum status status =
        is_too_large && !is_root ? STATUS_NOT_PERMITTED : resize_counted(pipe, slot_count, is_root);
    sleep_lock_release(&pipe->lock);
    wait_queue_wake(&pipe->changed);
    return status;
}
