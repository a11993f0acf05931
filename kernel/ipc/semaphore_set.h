#pragma once

#include "kernel/ipc/semaphore.h"
#include "lib/decls.h"
#include "lib/spinlock.h"

/* What the sources on semaphores tell each other; all under the lock. */

BEGIN_C_DECLS

struct semaphore {
    uint16_t value;
    uint32_t process; /* that changed it last */
};

struct semaphore_set {
    int32_t number;
    struct ipc_rights rights;
    int64_t operated_seconds, changed_seconds;
    struct list_node waiters;
    struct list_node undos; /* of all processes */
    uint32_t count;
    struct semaphore semaphores[];
};

/* What one process takes back of one set. */
struct semaphore_undo {
    struct list_node of_process, of_set;
    struct semaphore_set *set;
    int16_t changes[]; /* to be added */
};

extern struct spinlock semaphore_lock;

void semaphores_lock(void) ACQUIRES(semaphore_lock);
void semaphores_unlock(void) RELEASES(semaphore_lock);

/* Errors: STATUS_INVALID; STATUS_REMOVED. */
enum status semaphore_find(int32_t number, struct semaphore_set **set) REQUIRES(semaphore_lock);
struct semaphore_set *semaphore_at(uint32_t slot) REQUIRES(semaphore_lock);

/* Does what others wait to do, as far as it can be done now, in their order. */
void semaphore_serve(struct semaphore_set *set, int64_t now_seconds) REQUIRES(semaphore_lock);

/* The set has no slot any more, and its waiters know; the caller frees it and the undos in `gone`.
 */
void semaphore_take_out(struct semaphore_set *set, struct list_node *gone) REQUIRES(semaphore_lock);
void semaphore_free(struct semaphore_set *set, struct list_node *gone);

END_C_DECLS
