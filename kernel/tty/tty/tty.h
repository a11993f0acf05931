#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/files/file/file.h"
#include "kernel/tty/line/line_discipline.h"
#include "kernel/tty/tty/hooks.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/*
 * Terminals as files (man 4 tty, console, ttyS; man 2 ioctl_tty): who may read and write, who is
 * signalled, and the requests of ioctl. A terminal is made at boot and stays.
 */

BEGIN_C_DECLS

/* struct winsize of man 2const TIOCGWINSZ. */
struct tty_window {
    uint16_t rows, columns, width_pixels, height_pixels;
};

/* The device under a terminal. */
struct tty_driver {
    /* Sends bytes; called with the terminal's lock held, so it must not come back to it. */
    void (*write)(void *context, const char *bytes, size_t length);

    /* What tty_receive did not take can be given again. Null: nobody asks. */
    void (*has_room)(void *context);
};

struct tty_setup {
    uint32_t device; /* device_number of kernel/files/file/device.h */
    const struct tty_driver *driver;
    void *context; /* the driver's */
    struct terminal_modes modes;
    struct tty_window window;
};

/* Makes the terminal and registers its device number. Errors: STATUS_NO_MEMORY; STATUS_EXISTS. */
enum status tty_create(const struct tty_setup *setup, struct tty **tty);

/* Registers /dev/tty (5:0), /dev/console (5:1) and /dev/tty0 (4:0), which is the same: all are a
 * terminal that exists. Once, at boot. Errors: STATUS_NO_MEMORY; STATUS_EXISTS. */
enum status tty_register_aliases(struct tty *console);

/* Forgets every terminal, whose devices and files are gone: for tests. */
void tty_destroy_all(void);

/*
 * Takes typed bytes, echoes them and sends the signals that they mean. Returns how many it took;
 * has_room of the driver tells when it takes more. In a thread, one at a time for a terminal.
 */
size_t tty_receive(struct tty *tty, TRUSTED const char *bytes, size_t length);

/* A tenth of a second or less has passed: for readers that wait for a time (VTIME). In a thread,
 * where tty_wants_ticks says that there are any; that may be asked in an interrupt. */
void tty_tick(void);
bool tty_wants_ticks(void);

/* The terminal is lost for all who have it open, but as /dev/console: reading finds the end,
 * writing and all else fails. Its foreground group is sent SIGHUP and SIGCONT, its session has it
 * no more; opening it again works, with the modes it had first. For the end of a session's leader
 * (man 2 setsid), and for man 2 vhangup. */
void tty_hang_up(struct tty *tty);

/* The session of which it is the controlling terminal, and its foreground group; 0: none. */
uint32_t tty_session(struct tty *tty);
uint32_t tty_foreground(struct tty *tty);

/* The number that it was made with (field tty_nr of man 5 proc_pid_stat). */
uint32_t tty_device(const struct tty *tty);

/* The terminal that an open file is of; null: none. */
struct tty *tty_of_file(const struct file *file);

END_C_DECLS
