#pragma once

#include "kernel/tty/tty/tty.h"

/* What every terminal's device is registered with. */
extern const struct file_operations tty_operations;

/* The terminal that was made with this number; null: none. */
struct tty *tty_find(uint32_t device);
