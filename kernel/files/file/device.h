#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Which character devices there are, by number. */

BEGIN_C_DECLS

/* As st_rdev and man 2 mknod spell it (man 3 makedev). */
static inline uint32_t device_number(uint32_t major, uint32_t minor) {
    return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

/* At boot. The operations live as long as the kernel. Errors: STATUS_NO_MEMORY;
 * STATUS_EXISTS, the number is taken. */
enum status device_register(uint32_t device, const struct file_operations *operations);

/* Forgets every device. */
void device_unregister_all(void);

/* Null where there is none. */
const struct file_operations *device_find(uint32_t device);

END_C_DECLS
