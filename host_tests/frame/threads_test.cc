/*
 * The frame and heap rooms under real threads, each of them a CPU. The pretend PC plays one CPU at
 * a time, so this program answers the seam itself.
 */
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <cstring>
#include <functional>
#include <random>
#include <thread>
#include <vector>

#include "lib/check.h"
#include "mm/frame/early.h"
#include "mm/frame/frame.h"
#include "mm/heap/heap.h"
#include "mm/platform.h"

namespace {

using namespace std::chrono_literals;

constexpr uint64_t RAM_BASE = 0x100000;
constexpr uint64_t RAM_PAGES = 512;
constexpr int THREADS = 4;

char *ram;
std::atomic<int> preemption_depth;
thread_local std::function<void()> at_phys_to_virt; /* if set */

class ThreadsTest : public testing::Test {
  protected:
    void SetUp() override {
        ram = static_cast<char *>(map_pages(RAM_PAGES * PAGE_SIZE));
        early_begin(&map_, phys_addr(UINT64_MAX));
        array_bytes_ = frame_array_size_bytes(&map_);
        array_ = map_pages(array_bytes_);
        frame_init(static_cast<struct frame *>(array_), &map_);
    }

    void TearDown() override {
        EXPECT_EQ(preemption_depth, 0);
        EXPECT_EQ(frame_count().by_state[FRAME_FREE], RAM_PAGES);
        munmap(array_, array_bytes_);
        munmap(ram, RAM_PAGES * PAGE_SIZE);
    }

    /* Starts all at once, and waits for all. */
    template <typename Work> void on_every_thread(Work work) {
        std::barrier start(THREADS);
        std::vector<std::thread> threads;
        for (int i = 0; i < THREADS; i++) {
            threads.emplace_back([&, i] {
                start.arrive_and_wait();
                work(static_cast<unsigned>(i));
            });
        }
        for (std::thread &thread : threads) {
            thread.join();
        }
    }

  private:
    static void *map_pages(uint64_t size_bytes) {
        return mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                    0);
    }

    memory_region region_ = {RAM_BASE, RAM_PAGES *PAGE_SIZE, MEMORY_USABLE, 1};
    memory_map map_ = {&region_, 1, 1};
    void *array_ = nullptr;
    uint64_t array_bytes_ = 0;
};

} // namespace

void *platform_phys_to_virt(phys_addr_t pa) {
    if (at_phys_to_virt) {
        at_phys_to_virt();
    }
    return ram + (pa.value - RAM_BASE);
}

void platform_preempt_disable(void) {
    preemption_depth++;
}

void platform_preempt_enable(void) {
    preemption_depth--;
}

struct BrokenContract {};

/* To a test that expects it; with any other it ends the program. */
void check_failed(const char *, const char *, int) {
    throw BrokenContract();
}

TEST_F(ThreadsTest, NoFrameIsHandedToTwoCpus) {
    on_every_thread([](unsigned id) {
        std::mt19937 random(id);
        std::vector<phys_addr_t> mine;
        for (int round = 0; round < 20000; round++) {
            unsigned order = random() % 3;
            phys_addr_t pa;
            if (mine.size() < 30 &&
                frame_alloc_block(order, FRAME_ANON, ZONE_NORMAL, &pa) == STATUS_OK) {
                frame_of(pa)->owned.index = id;
                mine.push_back(pa);
            } else if (!mine.empty()) {
                std::swap(mine[random() % mine.size()], mine.back());
                ASSERT_EQ(frame_of(mine.back())->owned.index, id);
                frame_free(mine.back());
                mine.pop_back();
            }
        }
        for (phys_addr_t pa : mine) {
            frame_free(pa);
        }
    });
}

TEST_F(ThreadsTest, NoObjectIsHandedToTwoCpus) {
    on_every_thread([](unsigned id) {
        std::mt19937 random(id);
        std::vector<unsigned *> mine;
        for (int round = 0; round < 20000; round++) {
            if (mine.size() < 40 && random() % 2 == 0) {
                auto *object = static_cast<unsigned *>(heap_alloc(1 + random() % 700));
                ASSERT_NE(object, nullptr);
                ASSERT_EQ(*object, 0u);
                *object = id + 1;
                mine.push_back(object);
            } else if (!mine.empty()) {
                ASSERT_EQ(*mine.back(), id + 1);
                heap_free(mine.back());
                mine.pop_back();
            }
        }
        for (unsigned *object : mine) {
            heap_free(object);
        }
    });
    heap_drain();
}

/* One CPU that is where it holds a lock, and another that has to wait for it. */
class ExclusionTest : public ThreadsTest {
  protected:
    void expect_alone(const std::function<void()> &enter, const std::function<void()> &other) {
        on_every_thread([&](unsigned id) {
            if (id == 0) {
                enter();
            } else if (id == 1) {
                EXPECT_TRUE(comes_true(is_inside_, 10s));
                other();
                other_is_done_ = true;
            }
        });
        EXPECT_TRUE(other_is_done_);
    }

    /* Called under the lock. */
    void stay_inside() {
        if (!is_inside_.exchange(true)) {
            EXPECT_FALSE(comes_true(other_is_done_, 100ms));
        }
    }

  private:
    /* Waits until it is set, or for that long; says which. */
    static bool comes_true(const std::atomic<bool> &flag, std::chrono::milliseconds limit) {
        auto end = std::chrono::steady_clock::now() + limit;
        while (!flag && std::chrono::steady_clock::now() < end) {
            std::this_thread::yield();
        }
        return flag;
    }

    std::atomic<bool> is_inside_ = false;
    std::atomic<bool> other_is_done_ = false;
};

TEST_F(ExclusionTest, WhileACpuTakesAnObjectNoOtherGetsIntoItsClass) {
    heap_free(heap_alloc(64)); /* leaves a slab, whose memory is asked for under the class's lock */
    auto enter = [&] {
        at_phys_to_virt = [&] { stay_inside(); };
        void *object = heap_alloc(64);
        at_phys_to_virt = nullptr;
        heap_free(object);
    };
    expect_alone(enter, [] { heap_free(heap_alloc(64)); });
    heap_drain();
}

TEST_F(ExclusionTest, WhileACpuLooksAtTheFreeBlocksNoOtherGetsIntoTheirZone) {
    std::function<void()> stay = [&] { stay_inside(); };
    auto visit = [](void *act, phys_addr_t, unsigned, enum frame_zone) {
        (*static_cast<std::function<void()> *>(act))();
    };
    auto enter = [&] { frame_for_each_free_block(visit, &stay); };
    expect_alone(enter, [] {
        phys_addr_t pa;
        ASSERT_EQ(frame_alloc(FRAME_ANON, ZONE_NORMAL, &pa), STATUS_OK);
        frame_free(pa);
    });
}

/* Two CPUs that do the same again and again, each time at the same moment. */
class DoubleFreeTest : public ThreadsTest {
  protected:
    static constexpr unsigned ROUNDS = 10000;

    /* Returns how often a CHECK failed. */
    template <typename Take, typename Give> unsigned free_twice(Take take, Give give) {
        std::atomic<unsigned> arrived = 0;
        std::atomic<unsigned> caught = 0;
        auto wait_for = [&](unsigned count) {
            arrived++;
            for (unsigned spins = 1; arrived < count; spins++) {
                if (spins % 4096 == 0) {
                    std::this_thread::yield(); /* the machine may have one CPU */
                }
            }
        };
        on_every_thread([&](unsigned id) {
            for (unsigned round = 0; id < 2 && round < ROUNDS; round++) {
                if (id == 0) {
                    take();
                }
                wait_for(4 * round + 2);
                try {
                    give();
                } catch (const BrokenContract &) {
                    caught++;
                }
                wait_for(4 * round + 4);
            }
        });
        return caught;
    }
};

TEST_F(DoubleFreeTest, OfTwoCpusThatFreeTheSameObjectOneIsCaught) {
    void *keeps_the_slab = heap_alloc(64);
    void *shared = nullptr;
    EXPECT_EQ(free_twice([&] { shared = heap_alloc(64); }, [&] { heap_free(shared); }), ROUNDS);
    EXPECT_EQ(heap_count().object_count, 1u);
    heap_free(keeps_the_slab);
    heap_drain();
}

TEST_F(DoubleFreeTest, OfTwoCpusThatFreeTheSameFrameOneIsCaught) { // F1
    phys_addr_t shared = {};
    auto take = [&] { ASSERT_EQ(frame_alloc(FRAME_ANON, ZONE_NORMAL, &shared), STATUS_OK); };
    EXPECT_EQ(free_twice(take, [&] { frame_free(shared); }), ROUNDS);
    EXPECT_EQ(frame_count().by_state[FRAME_ANON], 0u);
}
