#include "mm/lock/sleep_lock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "host_tests/machine/machine_test.h"

namespace {

constexpr uint32_t FREE = 0;
constexpr uint32_t HELD = 1;
constexpr uint32_t AWAITED = 2;

class SleepLockTest : public MachineTest {
  protected:
    uint32_t state() {
        return __atomic_load_n(&lock.state, __ATOMIC_ACQUIRE);
    }

    /* Whether the lock comes into the state before a test would be given up. */
    bool reaches(uint32_t wanted) {
        auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(8);
        while (state() != wanted && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::yield();
        }
        return state() == wanted;
    }

    sleep_lock lock = {};
};

TEST_F(SleepLockTest, ALockThatNobodyWantsCostsNoSleepAndNoWakening) {
    sleep_lock_acquire(&lock);
    EXPECT_EQ(state(), HELD);
    sleep_lock_release(&lock);
    EXPECT_EQ(state(), FREE);
}

TEST_F(SleepLockTest, AWaiterSleepsUntilTheHolderWakesIt) {
    sleep_lock_acquire(&lock);
    std::thread waiter([&] {
        sleep_lock_acquire(&lock);
        sleep_lock_release(&lock);
    });
    EXPECT_TRUE(reaches(AWAITED));
    sleep_lock_release(&lock);
    waiter.join();
    EXPECT_EQ(state(), FREE);
}

TEST_F(SleepLockTest, AWaiterThatGotItWakesTheNextOne) {
    sleep_lock_acquire(&lock);
    int passed = 0; /* guarded by lock */
    auto pass = [&] {
        sleep_lock_acquire(&lock);
        passed++;
        sleep_lock_release(&lock);
    };
    std::thread first(pass);
    std::thread second(pass);
    std::thread third(pass);
    EXPECT_TRUE(reaches(AWAITED));
    sleep_lock_release(&lock);
    first.join();
    second.join();
    third.join();
    EXPECT_EQ(passed, 3);
}

TEST_F(SleepLockTest, ReleasingAFreeLockIsABrokenContract) {
    sleep_lock_acquire(&lock);
    sleep_lock_release(&lock);
    auto release_again = [this]() __attribute__((no_thread_safety_analysis)) {
        sleep_lock_release(&lock);
    };
    EXPECT_CHECK_FAILS(release_again(), "held != SLEEP_LOCK_FREE");
}

} // namespace
