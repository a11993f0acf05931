#pragma once

#include "kernel/files/wait/wait.h"
#include "kernel/tty/tty/tty.h"
#include "lib/list.h"
#include "mm/lock/sleep_lock.h"

/* What the parts of this room share. */

struct tty {
    struct list_node link;           /* guarded by the list's lock */
    uint32_t device;                 /* fixed at creation */
    const struct tty_driver *driver; /* fixed at creation */
    void *context;                   /* fixed at creation */
    struct terminal_modes first;     /* fixed at creation; those it has again after a hang-up */
    struct sleep_lock lock;
    struct line_discipline line; /* guarded by lock */
    struct tty_window window;    /* guarded by lock */
    uint32_t session;            /* guarded by lock; 0: of none */
    uint32_t foreground;         /* guarded by lock; a group's number, held; 0: none */
    uint32_t hang_up_count;      /* guarded by lock */
    bool has_refused;    /* guarded by lock: tty_receive did not take all, for want of room */
    uint32_t is_awaited; /* atomic: who receives waits for the lock */
    struct wait_queue changed;
};

/* Devices that stand for a terminal (man 4 tty, console). */
constexpr uint32_t TTY_DEVICE_CONTROLLING = 0x500; /* 5:0 */
constexpr uint32_t TTY_DEVICE_CONSOLE = 0x501;     /* 5:1 */
constexpr uint32_t TTY_DEVICE_SCREEN = 0x400;      /* 4:0 */

/* A terminal as one file has it open. */
struct tty_open {
    struct tty *tty;        /* fixed at creation */
    uint32_t hang_up_count; /* fixed at creation: where the terminal's is another, it is lost */
    bool is_console;        /* fixed at creation: opened as /dev/console, which knows no job control
                               and is never lost */
};

static inline bool tty_is_lost(const struct tty *tty, const struct tty_open *open)
    REQUIRES(tty->lock) {
    return !open->is_console && open->hang_up_count != tty->hang_up_count;
}

/* job_control.c */
const struct tty_hooks *tty_hooks(void);

/* The foreground group, held for the caller, who then signals it without the lock, which lets it
 * go; 0: there is none. The signals of an end are SIGHUP and SIGCONT. */
uint32_t tty_hold_foreground(struct tty *tty) REQUIRES(tty->lock);
void tty_signal_held(uint32_t group, int signal);
void tty_signal_held_of_end(uint32_t group);

/* Puts a group, which the caller holds for it, in the foreground instead of the one before. */
void tty_take_foreground(struct tty *tty, uint32_t group) REQUIRES(tty->lock);

/* Whether it is the controlling terminal of the current process. */
bool tty_is_controlling(struct tty *tty);

/*
 * Whether the current process may do what the signal is for: SIGTTIN to read, SIGTTOU to write or
 * change. Errors: STATUS_INTERRUPTED, its group was sent the signal; STATUS_IO_ERROR, that would
 * stop it for ever, or it may not read.
 */
enum status tty_check_background(struct tty *tty, enum tty_signal signal);

/* Opening by a session's leader that has none makes it the controlling terminal. */
void tty_adopt_if_free(struct tty *tty);

/* The requests of man 2 ioctl_tty that are about sessions and groups. */
enum status tty_make_controlling(const struct file *file, struct tty *tty, bool is_forced);
enum status tty_give_up(struct tty *tty);
enum status tty_set_foreground(struct tty *tty, uint64_t user);
enum status tty_get_foreground(struct tty *tty, uint64_t user);
enum status tty_get_session(struct tty *tty, uint64_t user);

/* control.c; man 2 ioctl. */
enum status tty_control(struct file *file, uint32_t request, uint64_t argument);

/* tty.c: what was typed is read, or forgotten: whoever was refused is told where there is room
 * again. */
void tty_tell_room(struct tty *tty);

/* tty.c: readers that wait for a time, begun and done. */
void tty_count_timed_reader(void);
void tty_uncount_timed_reader(void);

/* files.c: waits until something changes after what was seen under the lock. */
struct tty_waiter {
    struct sleeper sleeper;
    struct waiter waiter;
};
void tty_begin_waiting(struct tty *tty, struct tty_waiter *waiting);
enum status tty_wait_for_change(struct tty *tty, struct tty_waiter *waiting) REQUIRES(tty->lock);
