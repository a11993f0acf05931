#include "lib/spinlock.h"

int counter;

void count(struct spinlock *lock) {
    spinlock_acquire(lock);
    counter++;
#ifndef MISTAKE
    spinlock_release(lock);
#endif
}
