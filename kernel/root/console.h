#pragma once

#include "kernel/boot/boot.h"
#include "lib/status.h"

/* /dev/console: the terminal that the command line chose. Errors: as device_register. */
enum status console_register(const struct boot_result *boot);
