#include "kernel/tty/tty/files.h"

#include "kernel/files/file/device.h"
#include "kernel/files/file/open.h"
#include "kernel/tty/tty/tty_private.h"
#include "mm/heap/heap.h"
#include "mm/platform.h"

constexpr size_t WRITE_PIECE_SIZE = 256;
constexpr uint64_t VTIME_UNIT_MS = 100;
constexpr uint64_t NEVER = UINT64_MAX;

static struct tty *console; /* fixed by tty_register_aliases */

static struct tty_open *open_of(const struct file *file) {
    return file->state;
}

void tty_begin_waiting(struct tty *tty, struct tty_waiter *waiting) {
    *waiting = (struct tty_waiter){.waiter = {.sleeper = &waiting->sleeper}};
    wait_queue_add(&tty->changed, &waiting->waiter);
}

enum status tty_wait_for_change(struct tty *tty, struct tty_waiter *waiting) {
    sleeper_prepare(&waiting->sleeper);
    sleep_lock_release(&tty->lock);
    enum status status = sleeper_sleep(&waiting->sleeper);
    sleep_lock_acquire(&tty->lock);
    return status;
}

/* How a reader of single bytes waits (man 3 termios, VMIN and VTIME). */
struct patience {
    size_t least;      /* bytes */
    uint64_t interval; /* in milliseconds; 0: none */
    uint64_t deadline; /* of the clock; NEVER: none yet */
    bool is_endless;   /* waits for the first byte, however long */
};

static bool is_edited(const struct tty *tty) REQUIRES(tty->lock) {
    return (tty->line.modes.local & TTY_ICANON) != 0;
}

static struct patience patience_of(struct tty *tty) REQUIRES(tty->lock) {
    const uint8_t *characters = tty->line.modes.characters;
    uint64_t interval = is_edited(tty) ? 0 : characters[TTY_VTIME] * VTIME_UNIT_MS;
    size_t least = is_edited(tty) ? 1 : characters[TTY_VMIN];
    bool is_timed_from_start = least == 0 && interval > 0;
    return (struct patience){
        .least = least > 0 ? least : 1,
        .interval = interval,
        .deadline = is_timed_from_start ? tty_hooks()->milliseconds() + interval : NEVER,
        .is_endless = least > 0,
    };
}

static bool is_over(const struct patience *patience) {
    return (!patience->is_endless && patience->interval == 0) ||
           (patience->deadline != NEVER && tty_hooks()->milliseconds() >= patience->deadline);
}

/* Takes what is there; true: the read is done. */
static bool take(struct tty *tty, struct transfer *transfer, struct patience *patience)
    REQUIRES(tty->lock) {
    if (!line_has_input(&tty->line)) {
        return is_over(patience);
    }
    bool is_line = is_edited(tty);
    line_read(&tty->line, transfer);
    if (patience->interval > 0) {
        patience->deadline = tty_hooks()->milliseconds() + patience->interval;
    }
    return is_line || transfer->left_bytes == 0 || transfer->done_bytes >= patience->least;
}

static enum status read_held(struct tty *tty, struct file *file, struct transfer *transfer,
                             struct tty_waiter *waiting) REQUIRES(tty->lock) {
    struct patience patience = patience_of(tty);
    enum status status = STATUS_OK;
    if (patience.interval > 0) {
        tty_count_timed_reader();
    }
    while (status == STATUS_OK && !tty_is_lost(tty, open_of(file)) &&
           !take(tty, transfer, &patience)) {
        status = file_may_wait(file) ? tty_wait_for_change(tty, waiting) : STATUS_TRY_AGAIN;
    }
    if (patience.interval > 0) {
        tty_uncount_timed_reader();
    }
    return transfer_result(transfer, status);
}

static enum status read_tty(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)position;
    struct tty *tty = open_of(file)->tty;
    enum status status =
        open_of(file)->is_console ? STATUS_OK : tty_check_background(tty, TTY_SIGTTIN);
    if (status != STATUS_OK || transfer->left_bytes == 0) {
        return status;
    }
    struct tty_waiter waiting;
    tty_begin_waiting(tty, &waiting);
    sleep_lock_acquire(&tty->lock);
    status = read_held(tty, file, transfer, &waiting);
    sleep_lock_release(&tty->lock);
    waiter_remove(&waiting.waiter);
    tty_tell_room(tty);
    return status;
}

/* What is typed comes before what is written, or a writer that never pauses could not be
 * interrupted. */
static void give_way(struct tty *tty) {
    while (__atomic_load_n(&tty->is_awaited, __ATOMIC_RELAXED) != 0) {
        platform_sleep_while(&tty->is_awaited, 1);
        platform_wake_one(&tty->is_awaited);
    }
}

static enum status write_piece(struct tty *tty, struct file *file, struct transfer *transfer,
                               struct tty_waiter *waiting) REQUIRES(tty->lock) {
    if (tty_is_lost(tty, open_of(file))) {
        return STATUS_IO_ERROR;
    }
    if (tty->line.is_stopped) {
        return file_may_wait(file) ? tty_wait_for_change(tty, waiting) : STATUS_TRY_AGAIN;
    }
    char piece[WRITE_PIECE_SIZE];
    line_write(&tty->line, piece, transfer_take(transfer, piece, sizeof(piece)));
    return STATUS_OK;
}

static enum status write_all(struct file *file, struct transfer *transfer) {
    struct tty *tty = open_of(file)->tty;
    enum status status = STATUS_OK;
    struct tty_waiter waiting;
    tty_begin_waiting(tty, &waiting);
    while (status == STATUS_OK && transfer->left_bytes > 0) {
        give_way(tty);
        sleep_lock_acquire(&tty->lock);
        status = write_piece(tty, file, transfer, &waiting);
        sleep_lock_release(&tty->lock);
        if (status == STATUS_OK && sleeper_is_interrupted()) {
            status = STATUS_INTERRUPTED;
        }
    }
    waiter_remove(&waiting.waiter);
    return transfer_result(transfer, status);
}

static bool stops_background_writers(struct tty_open *open) {
    sleep_lock_acquire(&open->tty->lock);
    bool stops = !open->is_console && (open->tty->line.modes.local & TTY_TOSTOP) != 0;
    sleep_lock_release(&open->tty->lock);
    return stops;
}

static enum status write_tty(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)position;
    enum status status = STATUS_OK;
    if (stops_background_writers(open_of(file))) {
        status = tty_check_background(open_of(file)->tty, TTY_SIGTTOU);
    }
    return status == STATUS_OK ? write_all(file, transfer) : status;
}

static uint32_t readiness(struct tty *tty, const struct tty_open *open) REQUIRES(tty->lock) {
    const struct line_discipline *line = &tty->line;
    if (tty_is_lost(tty, open)) {
        return READY_TO_READ | READY_TO_WRITE | READY_ERROR | READY_HANG_UP;
    }
    const uint8_t *characters = line->modes.characters;
    bool wants_many = !is_edited(tty) && characters[TTY_VTIME] == 0;
    bool has_enough = !wants_many || line_input_size(line) >= characters[TTY_VMIN];
    return (line_has_input(line) && has_enough ? READY_TO_READ : 0) |
           (line->is_stopped ? 0 : READY_TO_WRITE);
}

static uint32_t poll_tty(struct file *file, struct waiter *waiter) {
    struct tty *tty = open_of(file)->tty;
    if (waiter != nullptr) {
        wait_queue_add(&tty->changed, waiter);
    }
    sleep_lock_acquire(&tty->lock);
    uint32_t ready = readiness(tty, open_of(file));
    sleep_lock_release(&tty->lock);
    return ready;
}

/* The terminal that a device number stands for to the current process; null: none. */
static struct tty *stands_for(uint32_t device) {
    if (device == TTY_DEVICE_CONTROLLING) {
        struct tty *tty = tty_hooks()->controlling();
        return tty != nullptr && tty_is_controlling(tty) ? tty : nullptr;
    }
    return device == TTY_DEVICE_CONSOLE || device == TTY_DEVICE_SCREEN ? console : tty_find(device);
}

/* man 2 open, O_NOCTTY; as on Linux, /dev/console never becomes a controlling terminal so. */
static bool may_become_controlling(const struct file *file, uint32_t device) {
    return !(file->open_flags & OPEN_NO_TERMINAL) && (file->access & ACCESS_OF_READING) &&
           device != TTY_DEVICE_CONSOLE && device != TTY_DEVICE_SCREEN;
}

static enum status open_tty(struct file *file) {
    uint32_t device = file->place.node->device;
    struct tty *tty = stands_for(device);
    if (tty == nullptr) {
        return STATUS_NO_DEVICE;
    }
    struct tty_open *open = heap_alloc(sizeof(*open));
    if (open == nullptr) {
        return STATUS_NO_MEMORY;
    }
    open->tty = tty;
    open->is_console = device == TTY_DEVICE_CONSOLE;
    sleep_lock_acquire(&tty->lock);
    open->hang_up_count = tty->hang_up_count;
    sleep_lock_release(&tty->lock);
    file->state = open;
    if (may_become_controlling(file, device)) {
        tty_adopt_if_free(tty);
    }
    return STATUS_OK;
}

static void release_tty(struct file *file) {
    heap_free(file->state);
}

const struct file_operations tty_operations = {
    .read = read_tty,
    .write = write_tty,
    .poll = poll_tty,
    .control = tty_control,
    .open = open_tty,
    .release = release_tty,
};

struct tty *tty_of_file(const struct file *file) {
    return file->operations == &tty_operations ? open_of(file)->tty : nullptr;
}

enum status tty_register_aliases(struct tty *chosen) {
    static const uint32_t aliases[] = {TTY_DEVICE_CONTROLLING, TTY_DEVICE_CONSOLE,
                                       TTY_DEVICE_SCREEN};
    console = chosen;
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        enum status status = device_register(aliases[i], &tty_operations);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
