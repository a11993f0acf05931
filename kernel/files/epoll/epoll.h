#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "kernel/files/transfer/transfer.h"
#include "lib/decls.h"
#include "lib/status.h"

/*
 * Sets of files that are watched together (man 7 epoll). A set is an open file itself, and can be
 * watched by another one. A file leaves every set when it is closed for good.
 */

BEGIN_C_DECLS

/* Beside the events of man 2 poll. */
constexpr uint32_t EPOLL_EXCLUSIVE = 1u << 28;
constexpr uint32_t EPOLL_WAKE_UP = 1u << 29; /* means nothing here */
constexpr uint32_t EPOLL_ONE_SHOT = 1u << 30;
constexpr uint32_t EPOLL_EDGE = 1u << 31; /* EPOLLET */

/* struct epoll_event, as the system calls pass it. */
struct [[gnu::packed]] epoll_event {
    uint32_t events;
    uint64_t data;
};

static_assert(sizeof(struct epoll_event) == 12);

/* An empty set. Errors: STATUS_NO_MEMORY. */
enum status epoll_open(struct file **file);

/* Whether a file is such a set. */
bool file_is_epoll(const struct file *file);

/*
 * man 2 epoll_ctl: what is watched is a file under a descriptor's number. Errors of all:
 * STATUS_NOT_PERMITTED, the file is always ready; STATUS_INVALID, a set that would watch itself, or
 * events that exclude each other. Of adding: STATUS_EXISTS; STATUS_LINK_LOOP, sets would watch each
 * other, or more than five deep; STATUS_INVALID, too many paths lead to them; STATUS_NO_MEMORY. Of
 * the others: STATUS_NOT_FOUND.
 */
enum status epoll_add(struct file *epoll, struct file *file, uint32_t number,
                      const struct epoll_event *event);
enum status epoll_change(struct file *epoll, struct file *file, uint32_t number,
                         const struct epoll_event *event);
enum status epoll_remove(struct file *epoll, struct file *file, uint32_t number);

/*
 * Moves the events of what is ready, as struct epoll_event, as many as are wanted; what comes only
 * once is then taken. Errors: STATUS_FAULT.
 */
enum status epoll_collect(struct file *epoll, struct transfer *transfer);

END_C_DECLS
