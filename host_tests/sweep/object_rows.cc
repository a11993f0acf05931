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

TEST_P(ObjectRows, memory_object_set_budget) {
    memory_object *other = nullptr;
    page_budget budget = {1, 0};
    ASSERT_EQ(memory_object_create(PAGE_SIZE, &other), STATUS_OK);
    takes_no_memory([&] { memory_object_set_budget(other, &budget); });
    memory_object_unref(other);
}

TEST_P(ObjectRows, memory_object_size) {
    takes_no_memory([&] { EXPECT_EQ(memory_object_size(object), PAGE_SIZE + PAGE_SIZE / 2); });
}

TEST_P(ObjectRows, memory_object_number) {
    takes_no_memory([&] { EXPECT_GT(memory_object_number(object), 0u); });
}

TEST_P(ObjectRows, memory_object_page_count) {
    takes_no_memory([&] { EXPECT_EQ(memory_object_page_count(object), 1u); });
}

TEST_P(ObjectRows, memory_object_pages_between) {
    takes_no_memory([&] { EXPECT_EQ(memory_object_pages_between(object, 0, UINT64_MAX), 1u); });
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
    takes_no_memory_and_succeeds([&] { return memory_object_punch(object, 0, PAGE_SIZE); });
}

TEST_P(ObjectRows, memory_object_reserve) {
    EXPECT_EQ(fails([&] { return memory_object_reserve(object, 0, 4 * PAGE_SIZE, nullptr); }), 3u);
}

TEST_P(ObjectRows, memory_object_reserve_FarBehindTheEnd) {
    EXPECT_EQ(
        fails([&] { return memory_object_reserve(object, 1ull << 40, 2 * PAGE_SIZE, nullptr); }),
        2u + 4u + 4u + 1u)
        << "two frames, and what memory_object_write takes there";
}

TEST_P(ObjectRows, memory_object_next_data) {
    takes_no_memory([&] { EXPECT_EQ(memory_object_next_data(object, 5), 5u); });
}

TEST_P(ObjectRows, memory_object_next_hole) {
    takes_no_memory([&] { EXPECT_EQ(memory_object_next_hole(object, 5), PAGE_SIZE); });
}

TEST_P(ObjectRows, memory_object_find_page) {
    phys_addr_t pa;
    takes_no_memory([&] { EXPECT_TRUE(memory_object_find_page(object, 0, &pa)); });
}

/* Views of a holder that never fails, as those of spaces do not once they have prepared. */
class ViewRows : public ObjectRows {
  protected:
    static void pin(void *) {}
    static status ask(void *holder, const object_cut *cut) {
        while (object_views_next(cut, holder) != nullptr) {
        }
        return STATUS_OK;
    }

    const object_view_operations operations = {pin, ask};
    object_view view = {.operations = &operations, .holder = this};
    object_view other = {.operations = &operations, .holder = this};
    object_views *views = nullptr;

    void SetUp() override {
        ObjectRows::SetUp();
        views = memory_object_views(object);
        object_views_add(views, &view);
    }

    void TearDown() override {
        object_views_remove(views, &view);
        ObjectRows::TearDown();
    }
};

TEST_P(ViewRows, memory_object_views) {
    takes_no_memory([&] { EXPECT_EQ(memory_object_views(object), views); });
}

TEST_P(ViewRows, object_views_init) {
    object_views fresh;
    takes_no_memory([&] { object_views_init(&fresh); });
}

TEST_P(ViewRows, object_views_add) {
    takes_no_memory([&] { object_views_add(views, &other); });
    object_views_remove(views, &other);
}

TEST_P(ViewRows, object_views_add_beside) {
    takes_no_memory([&] { object_views_add_beside(views, &other, &view); });
    object_views_remove(views, &other);
}

TEST_P(ViewRows, object_views_join) {
    object_views_add(views, &other);
    takes_no_memory([&] { object_views_join(views, &view, &other); });
    object_views_remove(views, &other);
}

TEST_P(ViewRows, object_views_remove) {
    object_views_add(views, &other);
    takes_no_memory([&] { object_views_remove(views, &other); });
}

TEST_P(ViewRows, object_views_cut) {
    const object_cut cut = {views, 0, 1, CUT_HIDES, true};
    takes_no_memory_and_succeeds([&] { return object_views_cut(&cut); });
}

TEST_P(ViewRows, object_views_next) {
    const object_cut cut = {views, 0, 1, CUT_HIDES, true};
    takes_no_memory([&] { EXPECT_EQ(object_views_next(&cut, this), nullptr); });
}

TEST_P(ObjectRows, memory_object_get_page) {
    phys_addr_t pa;
    EXPECT_EQ(fails([&] { return memory_object_get_page(object, 1, &pa); }), 1u);
}

TEST_P(ObjectRows, memory_object_fill_page) {
    EXPECT_EQ(fails([&] { return memory_object_fill_page(object, 1, nullptr); }), 1u);
}

SWEEP_EVERY_MACHINE(ObjectRows);
SWEEP_EVERY_MACHINE(ViewRows);

} // namespace
