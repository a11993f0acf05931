#include "lib/spinlock.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

TEST(Spinlock, IsOneWordThatIsZeroWhileItIsFree) {
    struct spinlock lock = {};
    EXPECT_EQ(sizeof lock, 4u);
    spinlock_acquire(&lock);
    EXPECT_EQ(lock.is_held, 1u);
    spinlock_release(&lock);
    EXPECT_EQ(lock.is_held, 0u);
}

TEST(Spinlock, LetsOneThreadInAtATime) {
    struct spinlock lock = {};
    uint64_t count = 0; // not atomic: torn or lost without the lock
    uint64_t twin = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&] {
            for (int round = 0; round < 20000; round++) {
                spinlock_acquire(&lock);
                count++;
                twin = count;
                spinlock_release(&lock);
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    EXPECT_EQ(count, 80000u);
    EXPECT_EQ(twin, count);
}
