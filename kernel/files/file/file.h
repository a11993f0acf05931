#pragma once

#include <stdint.h>

#include "kernel/files/node/attributes.h"
#include "kernel/files/path/mount.h"
#include "kernel/files/pipe/poll.h"
#include "kernel/files/transfer/transfer.h"
#include "kernel/files/wait/wait.h"
#include "lib/capability.h"
#include "lib/decls.h"
#include "lib/list.h"
#include "lib/status.h"
#include "mm/space/area.h"

/*
 * An open file description (man 2 open): what descriptors share. A count of bytes is in the
 * transfer; it is the answer wherever the status is STATUS_OK.
 */

BEGIN_C_DECLS

struct file;
struct text_sink;

/* Status flags, in Linux's bits (man 2 fcntl, F_SETFL). */
constexpr uint32_t FILE_APPEND = 02000;
constexpr uint32_t FILE_NO_WAIT = 04000; /* O_NONBLOCK */
constexpr uint32_t FILE_DIRECT = 040000; /* O_DIRECT: what is written to a pipe are packets */
constexpr uint32_t FILE_NO_ACCESS_TIME = 01000000; /* O_NOATIME */
constexpr uint32_t FILE_SETTABLE = FILE_APPEND | FILE_NO_WAIT | FILE_DIRECT | FILE_NO_ACCESS_TIME;

/* What the description was opened for. */
constexpr uint8_t ACCESS_OF_READING = 1;
constexpr uint8_t ACCESS_OF_WRITING = 2;

/*
 * What a kind of file does. Where one is null, it cannot: the caller's error is in the comment. A
 * file that is_seekable gets its position, which it moves; another gets 0.
 */
struct file_operations {
    enum status (*read)(struct file *file, uint64_t *position, struct transfer *transfer);
    enum status (*write)(struct file *file, uint64_t *position, struct transfer *transfer);
    uint32_t (*poll)(struct file *file, struct waiter *waiter); /* null: always ready */
    enum status (*control)(struct file *file, uint32_t request, uint64_t argument); /* ENOTTY */
    enum status (*open)(struct file *file); /* of a device; null: nothing to do */
    void (*release)(struct file *file);     /* null: nothing to do */
    void (*closed)(struct file *file);      /* the current process has closed one of its
                                               descriptors; null: nothing to do */
    bool (*unreference)(struct file *file); /* drops a reference, and says whether it was the last;
                                               null: nobody asks which ones are left */
    void (*show)(struct file *file, const struct text_sink *sink); /* more lines of fdinfo */
    bool is_seekable;
    bool has_no_splice;   /* man 2 splice and sendfile cannot read from it */
    bool ignores_seeking; /* it is always at its start, and seeking does nothing */
    uint32_t mode;        /* what st_mode says of a file without a node, besides its permissions */
    uint32_t size_bytes;  /* what st_size says of one */
    bool is_mapped_as_zeroes; /* to map it is to map anonymous memory (man 4 zero) */
    const char *name; /* what /proc/PID/fd shows of one that has no place; null: it has one */
};

/* Who is told by a signal of what can be read (man 2 fcntl, F_SETOWN_EX), in Linux's numbers. */
enum file_owner_kind : uint32_t { OWNER_THREAD, OWNER_PROCESS, OWNER_GROUP };

struct file_owner {
    enum file_owner_kind kind;
    uint32_t number; /* 0: nobody */
};

/* Who is to know when a file is closed for good. */
struct file_watch {
    struct list_node link; /* guarded by file_watches */

    /* With file_watches held, before the file is released: takes the watch off. */
    void (*forget)(struct file_watch *watch);
};

struct file {
    const struct file_operations *operations; /* fixed when it is open */
    struct location place;                    /* owned; fixed when it is open; may be nowhere */
    uint32_t opener;                          /* the user who opened it; fixed when it is open */
    uint32_t open_flags;      /* of man 2 open, for F_GETFL; fixed when it is open */
    uint8_t access;           /* fixed at creation; 0: O_PATH */
    uint32_t reference_count; /* atomic */
    uint32_t status_flags;    /* atomic */
    struct sleep_lock position_lock;
    uint64_t position;         /* guarded by position_lock; at most INT64_MAX */
    void *state;               /* the kind's own; fixed when it is open */
    uint32_t writer_turn;      /* a fifo's: see pipe_poll; fixed when it is open */
    bool is_writer;            /* counted among its node's writers; fixed when it is open */
    bool is_watched;           /* atomic: there has been a watch */
    uint64_t owner;            /* atomic: a struct file_owner */
    uint32_t owner_signal;     /* atomic; 0: SIGIO */
    struct list_node watches;  /* guarded by file_watches; empty again only once it is closed */
    struct file *next_left;    /* of those that file_close_left is to close */
    struct area_source source; /* of areas that show it; see file_source */
    struct area_source writing_source; /* of those that may write to it */
};

/* Guards which watches are on which files. Comes before every lock of files. */
extern struct sleep_lock file_watches;

/* The caller holds a reference to the file. */
void file_watch_add(struct file *file, struct file_watch *watch) REQUIRES(file_watches);
void file_watch_remove(struct file_watch *watch) REQUIRES(file_watches);

void file_ref(struct file *file);

/* With the last reference it is closed; null is ignored. */
void file_unref(struct file *file);

/* The same with a space locked, whose lock comes after those that closing takes: the last reference
 * leaves the file to file_close_left, which is called once no space is locked. */
void file_leave(struct file *file);
void file_close_left(void);

/* For `unreference`: returns how many references are left. The caller had one. */
uint32_t file_drop_reference(struct file *file);

/* What locks on the file are known by (kernel/files/locks). */
static inline const void *file_lock_key(const struct file *file) {
    return file->place.node != nullptr ? (const void *)file->place.node : file->state;
}

static inline bool file_may_wait(const struct file *file) {
    return !(__atomic_load_n(&file->status_flags, __ATOMIC_RELAXED) & FILE_NO_WAIT);
}

/* Whether FILE_DIRECT can be set: of pipes, and of regular files that can be mapped. */
bool file_can_be_direct(const struct file *file);

/* F_GETOWN_EX, F_SETOWN_EX; whether anybody has the number is not asked. */
struct file_owner file_owner(const struct file *file);
void file_set_owner(struct file *file, const struct file_owner *owner);

/* F_GETFL, with the access mode; F_SETFL, which changes only what can be. */
uint32_t file_flags(const struct file *file);
void file_set_flags(struct file *file, uint32_t flags);

/*
 * man 2 read, write. Errors of both: STATUS_BAD_DESCRIPTOR, not open for it;
 * STATUS_IS_A_DIRECTORY; STATUS_INVALID, it cannot; STATUS_FAULT; of writing also
 * STATUS_NO_SPACE, STATUS_FILE_TOO_LARGE, STATUS_BROKEN_PIPE; those of pipes.
 */
enum status file_read(struct file *file, struct transfer *transfer);
enum status file_write(struct file *file, struct transfer *transfer);

/* man 2 pread, pwrite: the position stays. Under FILE_APPEND writing appends, as on Linux. Errors
 * also: STATUS_NOT_SEEKABLE; STATUS_INVALID, the offset is negative. */
enum status file_read_at(struct file *file, int64_t offset, struct transfer *transfer);
enum status file_write_at(struct file *file, int64_t offset, struct transfer *transfer);

enum seek_origin : uint8_t { FROM_START, FROM_POSITION, FROM_END, TO_DATA, TO_HOLE };

/*
 * man 2 lseek. Errors: STATUS_NOT_SEEKABLE; STATUS_INVALID; STATUS_NO_DEVICE, behind the end, or
 * no data before it.
 */
enum status file_seek(struct file *file, int64_t offset, enum seek_origin origin,
                      int64_t *position);

/* man 2 ftruncate, on whose behalf it is; man 2 truncate, by whoever may write to the node. Errors:
 * STATUS_INVALID, it is not open for writing, not a regular file, or the size is negative;
 * STATUS_FILE_TOO_LARGE; STATUS_IS_A_DIRECTORY; STATUS_ACCESS_DENIED. */
enum status file_resize(struct file *file, const struct credentials *credentials,
                        int64_t size_bytes);
enum status node_resize(struct node *node, const struct credentials *credentials,
                        int64_t size_bytes);

/*
 * man 2 fallocate. Errors: STATUS_BAD_DESCRIPTOR; STATUS_INVALID; STATUS_FILE_TOO_LARGE;
 * STATUS_NOT_SEEKABLE, a pipe; STATUS_IS_A_DIRECTORY; STATUS_NO_SUCH_DEVICE, no regular file;
 * STATUS_NOT_SUPPORTED; STATUS_NO_SPACE, and nothing has changed.
 */
enum fill_mode : uint8_t {
    FILL,
    FILL_KEEP_SIZE,
    FILL_WITH_HOLE,
    FILL_OTHERWISE, /* in a way that no file system here can: it is for the order of errors */
};

enum status file_fill(struct file *file, const struct credentials *credentials, enum fill_mode mode,
                      int64_t offset, int64_t size_bytes);

/* man 2 getdents64: entries as struct linux_dirent64; the other is getdents, with struct
 * linux_dirent. Errors: STATUS_NOT_A_DIRECTORY; STATUS_NOT_FOUND, it is removed; STATUS_INVALID,
 * not even one fits; STATUS_FAULT. */
enum status file_list(struct file *file, struct transfer *transfer);
enum status file_list_old(struct file *file, struct transfer *transfer);

/* man 2 fstat. What has no node is of the kind that its operations say, or of none at all; and is
 * its opener's. */
void file_inspect(struct file *file, struct file_stat *stat);

/* What it is ready for; `waiter`, if not null, comes first onto the queue that tells of changes, if
 * there can be any: the caller removes it. */
uint32_t file_poll(struct file *file, struct waiter *waiter);

/* man 2 ioctl. Errors: STATUS_NOT_A_TERMINAL, and the kind's own. */
enum status file_control(struct file *file, uint32_t request, uint64_t argument);

END_C_DECLS
