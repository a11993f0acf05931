#include "lib/spinlock.h"

#include <gtest/gtest.h>

#include <barrier>
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
    constexpr int THREADS = 4;
    constexpr uint64_t ROUNDS = 50000;
    struct spinlock lock = {};
    uint64_t count = 0; // not atomic: additions are lost without the lock
    std::barrier start(THREADS);
    std::vector<std::thread> threads;
    for (int i = 0; i < THREADS; i++) {
        threads.emplace_back([&] {
            start.arrive_and_wait();
            for (uint64_t round = 0; round < ROUNDS; round++) {
                spinlock_acquire(&lock);
                uint64_t seen = count;
                if (round % 1024 == 0) {
                    std::this_thread::yield(); // lets the others pile up at the lock
                }
                count = seen + 1;
                spinlock_release(&lock);
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    EXPECT_EQ(count, THREADS * ROUNDS);
}
