#pragma once

#include <stdint.h>

#include "kernel/files/path/mount.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "mm/lock/sleep_lock.h"

/* Where a task's paths begin, and its umask; several tasks have the same under CLONE_FS. */

BEGIN_C_DECLS

struct file_context {
    uint32_t reference_count; /* atomic */
    uint32_t task_count;      /* of tasks that have it; guarded by the tree lock */
    struct sleep_lock lock;
    struct location root, current; /* owned; guarded by lock */
    uint32_t umask;                /* atomic */
};

/* With one reference; both places are `place`. Errors: STATUS_NO_MEMORY. */
enum status file_context_create(const struct location *place, struct file_context **context);
enum status file_context_clone(struct file_context *context, struct file_context **copy);
void file_context_ref(struct file_context *context);
void file_context_unref(struct file_context *context);

/* Both owned by the caller. */
struct location file_context_root(struct file_context *context);
struct location file_context_current(struct file_context *context);

/* Takes the caller's reference. */
void file_context_set_root(struct file_context *context, const struct location *root);
void file_context_set_current(struct file_context *context, const struct location *current);

END_C_DECLS
