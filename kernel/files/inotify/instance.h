#pragma once

#include "kernel/files/inotify/inotify.h"
#include "kernel/files/node/observer.h"
#include "kernel/files/user/user.h"
#include "kernel/files/wait/wait.h"
#include "lib/format.h"
#include "lib/tree.h"

/* struct inotify_event of man 7 inotify, which the name follows. */
struct inotify_event {
    int32_t watch;
    uint32_t mask;
    uint32_t cookie;
    uint32_t name_size; /* with the zeroes behind it */
};

static_assert(sizeof(struct inotify_event) == 16);

constexpr uint32_t EVENT_OVERFLOW = 0x4000; /* IN_Q_OVERFLOW */
constexpr uint32_t EVENT_IGNORED = 0x8000;  /* IN_IGNORED */

/* One that waits to be read. */
struct inotify_record {
    struct list_node link;
    struct inotify_event event;
    size_t name_length;
    char name[]; /* not terminated */
};

/* All is guarded by node_observing, but for what is fixed when it is open. */
struct inotify {
    struct list_node records;
    uint32_t record_count;
    uint32_t record_limit;           /* fixed */
    uint64_t size_bytes;             /* of what can be read; also read without the lock: atomic */
    struct inotify_record *overflow; /* fixed */
    bool is_overflow_queued;
    struct tree watches; /* by their numbers */
    int32_t last_number;
    struct file_user *user; /* fixed */
    struct wait_queue changed;
};

struct inotify_watch {
    struct tree_node of_instance; /* guarded by node_observing, as all */
    struct node_observer observer;
    struct inotify *instance; /* fixed */
    int32_t number;           /* fixed */
    uint32_t mask;
};

static inline struct inotify *inotify_of(const struct file *file) {
    return (struct inotify *)file->state;
}

/* One event more; where there is no memory or no room, it is that some were lost. */
void inotify_queue(struct inotify *instance, int32_t watch, uint32_t mask,
                   const struct node_event *event) REQUIRES(node_observing);

/* The first one, which has its size; null: there is none. It is taken off, and is the caller's,
 * where room_bytes are enough for it. */
struct inotify_record *inotify_take(struct inotify *instance, size_t room_bytes)
    REQUIRES(node_observing);
size_t inotify_record_size(const struct inotify_record *record);

/* Frees one that was taken. */
void inotify_free_record(struct inotify *instance, struct inotify_record *record);

/* The watches as /proc/PID/fdinfo shows them. */
void inotify_show(struct file *file, const struct text_sink *sink);

/* Ends all watches. Nobody else has the instance. */
void inotify_end_watches(struct inotify *instance);
