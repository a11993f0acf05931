#include <gtest/gtest.h>

#include "host_tests/sweep/sweep.h"
#include "mm/object/memory_object.h"

namespace {

/* An object of a page and a half whose first page has a frame. */
class ObjectRows : public SweepTest {
  protected:
    void SetUp() override {
        SweepTest::SetUp();
        ASSERT_EQ(memory_object_create(PAGE_SIZE + PAGE_SIZE / 2, &object), STATUS_OK);
        phys_addr_t pa;
        ASSERT_EQ(memory_object_get_page(object, 0, &pa), STATUS_OK);
    }

    void TearDown() override {
        memory_object_unref(object);
        SweepTest::TearDown();
    }

    memory_object *object = nullptr;
};

TEST_P(ObjectRows, memory_object_create) {
    memory_object *other = nullptr;
    EXPECT_EQ(fails([&] { return memory_object_create(1, &other); }), 1u);
    memory_object_unref(other);
}

TEST_P(ObjectRows, memory_object_ref) {
    takes_no_memory([&] { memory_object_ref(object); });
    memory_object_unref(object);
}

TEST_P(ObjectRows, memory_object_unref) {
    memory_object_ref(object);
    takes_no_memory([&] { memory_object_unref(object); });
}

TEST_P(ObjectRows, memory_object_size) {
    takes_no_memory([&] { EXPECT_EQ(memory_object_size(object), PAGE_SIZE + PAGE_SIZE / 2); });
}

TEST_P(ObjectRows, memory_object_page_count) {
    takes_no_memory([&] { EXPECT_EQ(memory_object_page_count(object), 1u); });
}

TEST_P(ObjectRows, memory_object_frame_total) {
    takes_no_memory([&] { EXPECT_EQ(memory_object_frame_total(), 1u); });
}

TEST_P(ObjectRows, memory_object_read) {
    uint64_t word = 1;
    takes_no_memory([&] {
        EXPECT_EQ(memory_object_read(object, PAGE_SIZE - 4, &word, sizeof word), sizeof word);
    });
    EXPECT_EQ(word, 0u);
}

TEST_P(ObjectRows, memory_object_write) {
    uint64_t word = 1;
    size_t done = 0;
    EXPECT_EQ(
        fails([&] { return memory_object_write(object, PAGE_SIZE, &word, sizeof word, &done); }),
        1u);
}

TEST_P(ObjectRows, memory_object_write_FarBehindTheEnd) {
    uint64_t word = 1;
    size_t done = 0;
    EXPECT_EQ(
        fails([&] { return memory_object_write(object, 1ull << 40, &word, sizeof word, &done); }),
        1u + 4u + 4u + 1u)
        << "a frame, four roots above the old one, four nodes below the last, and a slab, since one"
           " has room for seven more";
}

TEST_P(ObjectRows, memory_object_resize) {
    takes_no_memory_and_succeeds([&] { return memory_object_resize(object, 1); });
}

TEST_P(ObjectRows, memory_object_punch) {
    takes_no_memory([&] { memory_object_punch(object, 0, PAGE_SIZE); });
}

TEST_P(ObjectRows, memory_object_get_page) {
    phys_addr_t pa;
    EXPECT_EQ(fails([&] { return memory_object_get_page(object, 1, &pa); }), 1u);
}

SWEEP_EVERY_MACHINE(ObjectRows);

} // namespace
