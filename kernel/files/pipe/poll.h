#pragma once

#include <stdint.h>

/* What a file is ready for: the events of man 2 poll, in Linux's bits. */
constexpr uint32_t READY_TO_READ = 0x001;  /* POLLIN */
constexpr uint32_t READY_TO_WRITE = 0x004; /* POLLOUT */
constexpr uint32_t READY_ERROR = 0x008;    /* POLLERR */
constexpr uint32_t READY_HANG_UP = 0x010;  /* POLLHUP */

/* What poll says besides. */
constexpr uint32_t READY_URGENT = 0x002;       /* POLLPRI */
constexpr uint32_t READY_INVALID = 0x020;      /* POLLNVAL */
constexpr uint32_t READY_READ_NORMAL = 0x040;  /* POLLRDNORM */
constexpr uint32_t READY_WRITE_NORMAL = 0x100; /* POLLWRNORM */

/* All that poll says of a file that is ready for these. */
static inline uint32_t poll_events(uint32_t ready) {
    uint32_t for_reading = ready & READY_TO_READ ? READY_READ_NORMAL : 0;
    uint32_t for_writing = ready & READY_TO_WRITE ? READY_WRITE_NORMAL : 0;
    return ready | for_reading | for_writing;
}
