#include "lib/spinlock.h"

void needs_lock(struct spinlock *lock) REQUIRES(lock);

void count(struct spinlock *lock) {
#ifdef MISTAKE
    needs_lock(lock);
#else
    spinlock_acquire(lock);
    needs_lock(lock);
    spinlock_release(lock);
#endif
}
