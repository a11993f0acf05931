#include "kernel/timer_file/timer_file.h"

#include "kernel/clock/clock.h"
#include "kernel/clock/timer.h"
#include "kernel/files/file/open.h"
#include "mm/heap/heap.h"

struct timer_state {
    struct timer timer;     /* first: see fire */
    struct sleep_lock lock; /* of who sets it */
    uint64_t period_ns;     /* changed by who sets it, while it is not armed */
    uint64_t expirations;   /* since it was read or set; atomic */
    struct wait_queue changed;
    bool is_real; /* fixed at creation */
};

static_assert(offsetof(struct timer_state, timer) == 0);

static struct timer_state *state_of(const struct file *file) {
    return file->state;
}

/* How often it has expired by now, of which the next one is for later. */
static uint64_t fire(struct timer *timer) {
    struct timer_state *state = (struct timer_state *)timer;
    uint64_t next = timer->deadline_ns;
    uint64_t count = timer_pass(&next, state->period_ns, clock_now());
    __atomic_fetch_add(&state->expirations, count, __ATOMIC_RELEASE);
    wait_queue_wake_for(&state->changed, READY_TO_READ);
    return next;
}

static uint64_t take_expirations(struct timer_state *state) {
    return __atomic_exchange_n(&state->expirations, 0, __ATOMIC_ACQUIRE);
}

/* What is due fires now, and does not wait for the timer's tick. */
static void catch_up(struct timer_state *state) {
    sleep_lock_acquire(&state->lock);
    uint64_t deadline = timer_deadline(&state->timer);
    if (deadline != 0 && deadline <= clock_now() && timer_cancel(&state->timer)) {
        uint64_t next = fire(&state->timer);
        if (next != 0) {
            timer_arm(&state->timer, next);
        }
    }
    sleep_lock_release(&state->lock);
}

static enum status wait_for_expiration(struct timer_state *state, bool may_wait, uint64_t *count) {
    struct sleeper sleeper = {};
    struct waiter waiter = {.sleeper = &sleeper};
    enum status status = STATUS_OK;
    wait_queue_add(&state->changed, &waiter);
    sleeper_prepare(&sleeper);
    while (status == STATUS_OK && (*count = take_expirations(state)) == 0) {
        status = may_wait ? sleeper_sleep(&sleeper) : STATUS_TRY_AGAIN;
        sleeper_prepare(&sleeper);
    }
    waiter_remove(&waiter);
    return status;
}

static enum status read_timer(struct file *file, uint64_t *position, struct transfer *transfer) {
    uint64_t count = 0;
    (void)position;
    if (transfer->left_bytes < sizeof(count)) {
        return STATUS_INVALID;
    }
    catch_up(state_of(file));
    enum status status = wait_for_expiration(state_of(file), file_may_wait(file), &count);
    if (status == STATUS_OK) {
        (void)transfer_put(transfer, &count, sizeof(count));
    }
    return transfer_result(transfer, status);
}

static uint32_t poll_timer(struct file *file, struct waiter *waiter) {
    struct timer_state *state = state_of(file);
    if (waiter != nullptr) {
        wait_queue_add(&state->changed, waiter);
    }
    catch_up(state);
    return __atomic_load_n(&state->expirations, __ATOMIC_ACQUIRE) > 0 ? READY_TO_READ : 0;
}

static void release_timer(struct file *file) {
    (void)timer_cancel(&state_of(file)->timer);
    heap_free(state_of(file));
}

static const struct file_operations timer_operations = {
    .read = read_timer,
    .poll = poll_timer,
    .release = release_timer,
    .ignores_seeking = true,
    .name = "anon_inode:[timerfd]",
};

enum status timer_file_open(bool is_real, uint32_t flags, struct file **file) {
    struct timer_state *state = heap_alloc(sizeof(*state));
    if (state == nullptr) {
        return STATUS_NO_MEMORY;
    }
    state->timer.fire = fire;
    state->is_real = is_real;
    wait_queue_init(&state->changed);
    enum status status = file_open_special(&timer_operations, state, flags, file);
    if (status != STATUS_OK) {
        heap_free(state);
    }
    return status;
}

bool file_is_timer(const struct file *file) {
    return file->operations == &timer_operations;
}

bool timer_file_is_real(const struct file *file) {
    return state_of(file)->is_real;
}

/* What is due and has not fired yet is as good as a nanosecond away. */
static struct timer_setting setting_held(struct timer_state *state) REQUIRES(state->lock) {
    uint64_t deadline = timer_deadline(&state->timer);
    uint64_t now = clock_now();
    uint64_t left = deadline > now ? deadline - now : 1;
    return (struct timer_setting){state->period_ns, deadline == 0 ? 0 : left};
}

struct timer_setting timer_file_get(struct file *file) {
    struct timer_state *state = state_of(file);
    sleep_lock_acquire(&state->lock);
    struct timer_setting setting = setting_held(state);
    sleep_lock_release(&state->lock);
    return setting;
}

struct timer_setting timer_file_set(struct file *file, uint64_t deadline_ns, uint64_t period_ns) {
    struct timer_state *state = state_of(file);
    sleep_lock_acquire(&state->lock);
    struct timer_setting before = setting_held(state);
    (void)timer_cancel(&state->timer); /* from here on nothing fires */
    (void)take_expirations(state);
    state->period_ns = period_ns;
    if (deadline_ns != 0) {
        timer_arm(&state->timer, deadline_ns);
    }
    sleep_lock_release(&state->lock);
    return before;
}
