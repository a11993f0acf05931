#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "kernel/files/path/path.h"
#include "lib/decls.h"
#include "lib/status.h"

/*
 * A path that a call was given as an address, and the directory it is meant from. From the
 * beginning on, whether that succeeded or not, until call_path_end.
 */

BEGIN_C_DECLS

constexpr int32_t CURRENT_DIRECTORY = -100; /* AT_FDCWD */

/* Flags of man 2 openat and its company. */
constexpr uint32_t AT_SYMLINK_NOFOLLOW = 0x100;
constexpr uint32_t AT_EACCESS = 0x200;
constexpr uint32_t AT_REMOVEDIR = 0x200;
constexpr uint32_t AT_SYMLINK_FOLLOW = 0x400;
constexpr uint32_t AT_NO_AUTOMOUNT = 0x800;
constexpr uint32_t AT_EMPTY_PATH = 0x1000;
constexpr uint32_t AT_STATX_SYNC_TYPE = 0x6000;

struct call_path {
    struct path_view view; /* its places are owned */
    struct credentials credentials;
    char *text;        /* owned */
    struct file *file; /* owned: what the empty path stands for; null where it stands for a
                          directory that is no descriptor's, or the path is not empty */
};

enum empty_path : uint8_t {
    EMPTY_PATH_IS_NONE,  /* STATUS_NOT_FOUND */
    EMPTY_PATH_IS_START, /* AT_EMPTY_PATH: the descriptor itself, whatever it is */
};

/*
 * `directory` is a descriptor or CURRENT_DIRECTORY. Errors: STATUS_FAULT; STATUS_NAME_TOO_LONG;
 * STATUS_NOT_FOUND; STATUS_BAD_DESCRIPTOR, and STATUS_NOT_A_DIRECTORY, of what a path is relative
 * to; STATUS_NO_MEMORY.
 */
enum status call_path_begin(struct call_path *path, uint64_t directory, uint64_t address,
                            enum empty_path empty);

/* The same for the empty path, which need not be in memory, under EMPTY_PATH_IS_START. */
enum status call_path_begin_empty(struct call_path *path, uint64_t directory);

/* The same, where absolute paths begin at the directory too. */
enum status call_path_begin_relative(struct call_path *path, uint64_t directory, uint64_t address);
void call_path_end(struct call_path *path);

/* The same on behalf of the real ids. */
void call_path_use_real_ids(struct call_path *path);

static inline bool call_path_is_empty(const struct call_path *path) {
    return path->text[0] == '\0';
}

/* What it names; owned. Errors: those of paths; STATUS_NOT_SUPPORTED, the empty path stands for a
 * file that is in no file system. */
enum status call_path_resolve(const struct call_path *path, enum last_link last_link,
                              struct location *found);

/* Begins, resolves and ends. */
enum status call_path_find(uint64_t directory, uint64_t address, enum empty_path empty,
                           enum last_link last_link, struct location *found);

static inline enum last_link last_link_of(uint32_t at_flags) {
    return at_flags & AT_SYMLINK_NOFOLLOW ? LAST_LINK_KEEP : LAST_LINK_FOLLOW;
}

static inline enum empty_path empty_path_of(uint32_t at_flags) {
    return at_flags & AT_EMPTY_PATH ? EMPTY_PATH_IS_START : EMPTY_PATH_IS_NONE;
}

/* A path's text in memory of the heap, which becomes the caller's. Errors: STATUS_FAULT;
 * STATUS_NAME_TOO_LONG; STATUS_NO_MEMORY. */
enum status copy_path_text(uint64_t address, char **text);

END_C_DECLS
