#pragma once

#include <stdint.h>

/* What a file is ready for: the events of man 2 poll, in Linux's bits. */
constexpr uint32_t READY_TO_READ = 0x001;  /* POLLIN */
constexpr uint32_t READY_TO_WRITE = 0x004; /* POLLOUT */
constexpr uint32_t READY_ERROR = 0x008;    /* POLLERR */
constexpr uint32_t READY_HANG_UP = 0x010;  /* POLLHUP */
