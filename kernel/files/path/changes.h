#pragma once

#include "kernel/files/directory/directory.h"
#include "kernel/files/path/path.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/*
 * What is changed by path: man 2 mkdir, mknod, symlink, link, unlink, rmdir and rename, with their
 * errors in Linux's order. Besides those of paths (path.h) and of the operation on names
 * (kernel/files/directory) there are those of paths that end in "." or "..".
 */

BEGIN_C_DECLS

/* A new node of any kind, with the permissions that the umask has left of it. A symbolic link's
 * text must not be empty: STATUS_NOT_FOUND. */
enum status path_make(const struct path_view *view, UNTRUSTED const char *path,
                      const struct node_request *request);

/* The same, and where it is; owned. */
enum status path_make_place(const struct path_view *view, UNTRUSTED const char *path,
                            const struct node_request *request, struct location *place);

enum status path_link(const struct location *node, const struct path_view *view,
                      UNTRUSTED const char *path);

enum status path_remove(const struct path_view *view, UNTRUSTED const char *path);
enum status path_remove_directory(const struct path_view *view, UNTRUSTED const char *path);

/* The credentials are those of `from_view`. */
enum status path_rename(const struct path_view *from_view, UNTRUSTED const char *from_path,
                        const struct path_view *to_view, UNTRUSTED const char *to_path,
                        enum rename_mode mode);

END_C_DECLS
