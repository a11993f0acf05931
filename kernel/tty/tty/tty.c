#include "kernel/tty/tty/tty.h"

#include "kernel/files/file/device.h"
#include "kernel/tty/tty/files.h"
#include "kernel/tty/tty/tty_private.h"
#include "mm/heap/heap.h"
#include "mm/platform.h"

static struct sleep_lock all_lock;
static struct list_node all = {&all, &all}; /* guarded by all_lock */

static uint32_t timed_reader_count; /* atomic */

static void send(void *context, const char *bytes, size_t length) {
    const struct tty *tty = context;
    tty->driver->write(tty->context, bytes, length);
}

enum status tty_create(const struct tty_setup *setup, struct tty **tty) {
    struct tty *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    made->device = setup->device;
    made->driver = setup->driver;
    made->context = setup->context;
    made->window = setup->window;
    made->first = setup->modes;
    line_init(&made->line, &setup->modes, send, made);
    wait_queue_init(&made->changed);
    enum status status = device_register(setup->device, &tty_operations);
    if (status != STATUS_OK) {
        heap_free(made);
        return status;
    }
    sleep_lock_acquire(&all_lock);
    list_push_back(&all, &made->link);
    sleep_lock_release(&all_lock);
    *tty = made;
    return STATUS_OK;
}

void tty_destroy_all(void) {
    struct list_node *link;
    sleep_lock_acquire(&all_lock);
    while ((link = list_pop_front(&all)) != nullptr) {
        heap_free(LIST_ENTRY(link, struct tty, link));
    }
    sleep_lock_release(&all_lock);
}

struct tty *tty_find(uint32_t device) {
    struct tty *found = nullptr;
    sleep_lock_acquire(&all_lock);
    for (struct list_node *at = all.next; at != &all; at = at->next) {
        struct tty *tty = LIST_ENTRY(at, struct tty, link);
        found = tty->device == device ? tty : found;
    }
    sleep_lock_release(&all_lock);
    return found;
}

/* Takes what it can; the signal is sent once nothing is held. */
static size_t receive_some(struct tty *tty, const char *bytes, size_t length) {
    enum line_signal signal;
    __atomic_store_n(&tty->is_awaited, 1, __ATOMIC_RELAXED);
    sleep_lock_acquire(&tty->lock);
    __atomic_store_n(&tty->is_awaited, 0, __ATOMIC_RELAXED);
    size_t taken = line_receive(&tty->line, bytes, length, &signal);
    tty->has_refused = taken < length && signal == LINE_NO_SIGNAL;
    uint32_t group = signal != LINE_NO_SIGNAL ? tty_hold_foreground(tty) : 0;
    sleep_lock_release(&tty->lock);
    platform_wake_one(&tty->is_awaited);
    tty_signal_held(group, signal);
    return taken;
}

size_t tty_receive(struct tty *tty, const char *bytes, size_t length) {
    size_t done = 0;
    size_t taken = 1;
    while (done < length && taken > 0) {
        taken = receive_some(tty, bytes + done, length - done);
        done += taken;
    }
    wait_queue_wake(&tty->changed);
    return done;
}

void tty_tell_room(struct tty *tty) {
    sleep_lock_acquire(&tty->lock);
    bool is_awaited = tty->has_refused && line_has_room(&tty->line);
    tty->has_refused = tty->has_refused && !is_awaited;
    sleep_lock_release(&tty->lock);
    if (is_awaited && tty->driver->has_room != nullptr) {
        tty->driver->has_room(tty->context);
    }
}

void tty_count_timed_reader(void) {
    __atomic_add_fetch(&timed_reader_count, 1, __ATOMIC_RELAXED);
}

void tty_uncount_timed_reader(void) {
    __atomic_sub_fetch(&timed_reader_count, 1, __ATOMIC_RELAXED);
}

bool tty_wants_ticks(void) {
    return __atomic_load_n(&timed_reader_count, __ATOMIC_RELAXED) > 0;
}

void tty_tick(void) {
    sleep_lock_acquire(&all_lock);
    for (struct list_node *at = all.next; at != &all; at = at->next) {
        wait_queue_wake(&LIST_ENTRY(at, struct tty, link)->changed);
    }
    sleep_lock_release(&all_lock);
}

void tty_hang_up(struct tty *tty) {
    sleep_lock_acquire(&tty->lock);
    uint32_t group = tty_hold_foreground(tty);
    tty->session = 0;
    tty_take_foreground(tty, 0);
    tty->hang_up_count++;
    line_flush_input(&tty->line);
    line_set_modes(&tty->line, &tty->first);
    line_start(&tty->line);
    sleep_lock_release(&tty->lock);
    wait_queue_wake(&tty->changed);
    tty_tell_room(tty);
    tty_signal_held_of_end(group);
}

uint32_t tty_session(struct tty *tty) {
    sleep_lock_acquire(&tty->lock);
    uint32_t session = tty->session;
    sleep_lock_release(&tty->lock);
    return session;
}

uint32_t tty_foreground(struct tty *tty) {
    sleep_lock_acquire(&tty->lock);
    uint32_t foreground = tty->foreground;
    sleep_lock_release(&tty->lock);
    return foreground;
}

uint32_t tty_device(const struct tty *tty) {
    return tty->device;
}
