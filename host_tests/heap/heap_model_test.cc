#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "host_tests/models/model_run.h"
#include "host_tests/space/space_test.h"
#include "mm/heap/heap.h"

namespace {

constexpr size_t LIVE_MAX = 500; /* so that there are always frames, though perhaps not in a row */

/* Every live object with the byte that fills it. */
class HeapModelTest : public SpaceTest {
  public:
    void step();
    void check();

    uint64_t idle_steps = 0;

  protected:
    /* Little, so that all of it can be taken now and then. */
    machine::Config config() const override {
        machine::Config config;
        config.ram = {{0, 0x9f000}, {0x100000, 0x500000}};
        return config;
    }

    void SetUp() override {
        SpaceTest::SetUp();
        objects_at_boot_ = heap_count().object_count; /* areas of the kernel's space */
    }

    void free_one();

    struct Object {
        size_t size_bytes;
        unsigned char fill;
    };

    std::map<char *, Object> live_;

  private:
    void allocate();
    char *allocate_in_a_drought(size_t size_bytes);
    size_t pick_size();

    static bool is_all(const char *memory, const Object &object) {
        return std::all_of(memory, memory + object.size_bytes, [&](char byte) {
            return static_cast<unsigned char>(byte) == object.fill;
        });
    }

    Choices choices_{model_seed()};
    unsigned steps_ = 0;
    uint64_t objects_at_boot_ = 0;
};

/* In waves, so that there are now few objects, now many. */
void HeapModelTest::step() {
    bool is_growing = choices_.below(100) < (steps_++ / 1000 % 2 == 0 ? 65u : 35u);
    if (choices_.one_in(200)) {
        heap_drain();
    } else if (live_.size() >= LIVE_MAX) {
        free_one();
    } else if (is_growing || live_.empty()) {
        allocate();
    } else {
        free_one();
    }
}

size_t HeapModelTest::pick_size() {
    switch (choices_.below(40)) {
    case 0:
        return 1 + choices_.below(40 * PAGE_SIZE);
    case 1:
        return (1 + choices_.below(8)) * PAGE_SIZE;
    default:
        return 1 + choices_.below(2500);
    }
}

/* Now and then there is no memory; then nothing has changed. */
char *HeapModelTest::allocate_in_a_drought(size_t size_bytes) {
    FrameDrought drought(choices_.below(4));
    heap_counts before = heap_count();
    char *memory = static_cast<char *>(heap_alloc(size_bytes));
    if (memory == nullptr) {
        EXPECT_EQ(heap_count().object_count, before.object_count);
        EXPECT_EQ(heap_count().live_bytes, before.live_bytes);
        EXPECT_EQ(heap_count().frame_count, before.frame_count);
    }
    return memory;
}

void HeapModelTest::allocate() {
    size_t size_bytes = pick_size();
    bool is_dry = choices_.one_in(64);
    char *memory =
        is_dry ? allocate_in_a_drought(size_bytes) : static_cast<char *>(heap_alloc(size_bytes));
    bool needs_frames_in_a_row = size_bytes > PAGE_SIZE;
    ASSERT_TRUE(memory != nullptr || is_dry || needs_frames_in_a_row) << size_bytes;
    if (memory == nullptr) {
        return;
    }
    ASSERT_TRUE(is_all(memory, {size_bytes, 0}));
    Object object = {size_bytes, static_cast<unsigned char>(choices_.below(256))};
    memset(memory, object.fill, size_bytes);
    live_[memory] = object;
}

void HeapModelTest::free_one() {
    auto chosen = std::next(live_.begin(), static_cast<long>(choices_.below(live_.size())));
    ASSERT_TRUE(is_all(chosen->first, chosen->second));
    heap_free(chosen->first);
    live_.erase(chosen);
}

void HeapModelTest::check() {
    const char *end = nullptr;
    uint64_t asked_bytes = 0;
    for (const auto &[memory, object] : live_) {
        ASSERT_LE(end, memory);
        end = memory + object.size_bytes;
        asked_bytes += object.size_bytes;
    }
    EXPECT_EQ(heap_count().object_count, live_.size() + objects_at_boot_);
    EXPECT_GE(heap_count().live_bytes, asked_bytes);
    expect_sound();
}

} // namespace

TEST_F(HeapModelTest, ObjectsKeepTheirBytesUntilTheyAreFreed) {
    take_steps<HeapModelTest>(*this, 1500);
    while (!live_.empty()) {
        free_one();
    }
}
