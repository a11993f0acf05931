#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "kernel/files/path/path.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/* How files come to be open (man 2 open, pipe, eventfd). */

BEGIN_C_DECLS

struct pipe;

/* Linux's bits. What is not here is kept for F_GETFL, and else ignored. */
constexpr uint32_t OPEN_READ_ONLY = 0;
constexpr uint32_t OPEN_WRITE_ONLY = 1;
constexpr uint32_t OPEN_READ_WRITE = 2;
constexpr uint32_t OPEN_CREATE = 0100;
constexpr uint32_t OPEN_EXCLUSIVE = 0200;
constexpr uint32_t OPEN_NO_TERMINAL = 0400; /* O_NOCTTY */
constexpr uint32_t OPEN_TRUNCATE = 01000;
constexpr uint32_t OPEN_DIRECTORY = 0200000;
constexpr uint32_t OPEN_NO_FOLLOW = 0400000;
constexpr uint32_t OPEN_NO_ACCESS_TIME = 01000000;
constexpr uint32_t OPEN_CLOSE_ON_EXEC = 02000000; /* the descriptor's, not kept here */
constexpr uint32_t OPEN_PATH = 010000000;
constexpr uint32_t OPEN_NAMELESS = 020000000; /* O_TMPFILE has OPEN_DIRECTORY besides */

/*
 * man 2 open. `permissions` are those of what OPEN_CREATE makes, with the umask taken from them.
 * Errors: those of paths and of directory_make; STATUS_EXISTS; STATUS_IS_A_DIRECTORY;
 * STATUS_NOT_A_DIRECTORY; STATUS_LINK_LOOP, a link under OPEN_NO_FOLLOW; STATUS_NO_DEVICE, no such
 * device, or a fifo that nobody reads; STATUS_NOT_SUPPORTED, no file without a name is made there;
 * STATUS_NOT_PERMITTED, OPEN_NO_ACCESS_TIME on what is not theirs; STATUS_INVALID, flags that
 * exclude each other; STATUS_INTERRUPTED; STATUS_TEXT_BUSY, to write to what is being executed.
 */
enum status file_open(const struct path_view *view, UNTRUSTED const char *path, uint32_t flags,
                      uint32_t permissions, struct file **file);

/* A regular file at a place, whatever its permissions; for reading and writing. Errors:
 * STATUS_NO_MEMORY. */
enum status file_open_regular(const struct location *place, uint32_t flags, uint32_t opener,
                              struct file **file);

/* The same for what is found already, which exists: OPEN_CREATE has no meaning. */
enum status file_open_place(const struct path_view *view, const struct location *place,
                            uint32_t flags, struct file **file);

/* man 2 pipe, under FILE_NO_WAIT, and FILE_DIRECT, which is the writer's. Errors:
 * STATUS_NO_MEMORY. */
enum status file_open_pipe(const struct credentials *owner, uint32_t flags, struct file **reader,
                           struct file **writer);

/* The pipe that a file is an end of, for F_SETPIPE_SZ and FIONREAD; null: none. */
struct pipe *file_pipe(const struct file *file);

/*
 * A file of a kind of its own, in no file system, that is open for both ways. Its `state` becomes
 * the file's. Errors: STATUS_NO_MEMORY.
 */
enum status file_open_special(const struct file_operations *operations, void *state, uint32_t flags,
                              struct file **file);

/* The same, open for reading alone. */
enum status file_open_special_to_read(const struct file_operations *operations, void *state,
                                      uint32_t flags, struct file **file);

/* The same with a node of a system whose nodes have no paths, which is the system's alone; its
 * state is still to be set. Errors: STATUS_NO_MEMORY. */
enum status file_open_nameless(const struct file_operations *operations, struct file_system *system,
                               const struct node_request *request, uint32_t flags,
                               struct file **file);

/* man 2 eventfd. Errors: STATUS_NO_MEMORY. */
enum status file_open_event(uint32_t count, bool takes_one_at_once, uint32_t flags,
                            struct file **file);

END_C_DECLS
