#include "mm/object/object_view.h"

#include <gtest/gtest.h>

#include "host_tests/space/space_test.h"
#include "mm/object/memory_object.h"

namespace {

/* Somebody who shows pages, and writes down what is asked of it. */
struct Holder {
    std::string *log;
    std::string name;
    status answer[2] = {STATUS_OK, STATUS_OK}; /* by phase */
};

void pin(void *holder) {
    auto *of = static_cast<Holder *>(holder);
    *of->log += "pin " + of->name + ";";
}

status carry_out(void *holder, const object_cut *cut) {
    auto *of = static_cast<Holder *>(holder);
    unsigned views = 0;
    while (object_views_next(cut, holder) != nullptr) {
        views++;
    }
    *of->log +=
        of->name + std::to_string(views) + (cut->phase == CUT_PREPARES ? " prepares;" : " hides;");
    return of->answer[cut->phase];
}

constexpr object_view_operations OPERATIONS = {pin, carry_out};

class ObjectViewTest : public SpaceTest {
  protected:
    void SetUp() override {
        SpaceTest::SetUp();
        object_views_init(&views);
    }

    static object_view view_of(Holder &holder) {
        return {.operations = &OPERATIONS, .holder = &holder};
    }

    status cut(cut_phase phase) {
        const object_cut what = {&views, 0, 9, phase, true};
        log.clear();
        return object_views_cut(&what);
    }

    object_views views = {};
    std::string log;
    Holder a = {&log, "a"};
    Holder b = {&log, "b"};
};

TEST_F(ObjectViewTest, EveryHolderIsPinnedAndAskedForItsViewsInARow) {
    object_view first = view_of(a);
    object_view second = view_of(a);
    object_view third = view_of(b);
    object_view fourth = view_of(a);
    for (object_view *view : {&first, &second, &third, &fourth}) {
        object_views_add(&views, view);
    }
    EXPECT_EQ(cut(CUT_HIDES), STATUS_OK);
    EXPECT_EQ(log, "pin a;a2 hides;pin b;b1 hides;pin a;a1 hides;");
    EXPECT_EQ(cut(CUT_HIDES), STATUS_OK) << "and again";
    EXPECT_EQ(log, "pin a;a2 hides;pin b;b1 hides;pin a;a1 hides;");
}

TEST_F(ObjectViewTest, NothingIsLeftOfWhatWasThereBeforeTheyBegan) {
    object_view view = view_of(a);
    views.cut_number = UINT64_MAX;
    views.lock.state = UINT32_MAX;
    object_views_init(&views);
    object_views_add(&views, &view);
    EXPECT_EQ(cut(CUT_HIDES), STATUS_OK);
    EXPECT_EQ(log, "pin a;a1 hides;");
}

TEST_F(ObjectViewTest, AViewThatHasGoneIsNotAsked) {
    object_view first = view_of(a);
    object_view second = view_of(b);
    object_views_add(&views, &first);
    object_views_add(&views, &second);
    object_views_remove(&views, &first);
    EXPECT_EQ(cut(CUT_HIDES), STATUS_OK);
    EXPECT_EQ(log, "pin b;b1 hides;");
}

TEST_F(ObjectViewTest, WhereNobodyShowsAnythingNobodyIsAsked) {
    struct {
        object_views views;
        uint64_t behind[8]; /* not what a view would have there */
    } alone = {};
    object_views_init(&alone.views);
    const object_cut what = {&alone.views, 0, 9, CUT_HIDES, true};
    EXPECT_EQ(object_views_cut(&what), STATUS_OK);
    EXPECT_EQ(object_views_next(&what, &a), nullptr);
}

TEST_F(ObjectViewTest, WhatComesAfterACutHasNothingToDoWithIt) {
    object_view view = view_of(a);
    const object_cut what = {&views, 0, 9, CUT_HIDES, true};
    EXPECT_EQ(cut(CUT_HIDES), STATUS_OK);
    object_views_add(&views, &view);
    EXPECT_EQ(object_views_next(&what, &a), nullptr);
}

TEST_F(ObjectViewTest, AViewBesideOneThatWasAskedIsAskedOnceAsItIs) {
    object_view first = view_of(a);
    object_view second = view_of(a);
    object_views_add(&views, &first);
    const object_cut what = {&views, 0, 9, CUT_HIDES, true};
    EXPECT_EQ(cut(CUT_HIDES), STATUS_OK);
    object_views_add_beside(&views, &second, &first);
    EXPECT_EQ(object_views_next(&what, &a), nullptr) << "its part of the cut is done";
    EXPECT_EQ(cut(CUT_HIDES), STATUS_OK);
    EXPECT_EQ(log, "pin a;a2 hides;");
    object_view third = view_of(a);
    object_views_add_beside(&views, &third, &second);
    object_views_remove(&views, &first);
    object_views_remove(&views, &second);
    EXPECT_EQ(object_views_next(&what, &a), nullptr) << "it is the first of the list now";
}

TEST_F(ObjectViewTest, AJoinedViewIsAskedForWhatEitherHasYetToDo) {
    object_view first = view_of(a);
    object_view between = view_of(b);
    object_view second = view_of(a);
    for (object_view *view : {&first, &between, &second}) {
        object_views_add(&views, view);
    }
    views.cut_number++; /* a cut that has come to the first alone */
    const object_cut what = {&views, 0, 9, CUT_HIDES, true};
    EXPECT_EQ(object_views_next(&what, &a), &first);
    EXPECT_EQ(object_views_next(&what, &a), nullptr) << "another's is next";
    object_views_join(&views, &first, &second);
    object_views_remove(&views, &second);
    EXPECT_EQ(object_views_next(&what, &b), &between);
    EXPECT_EQ(object_views_next(&what, &a), &first) << "for what was the second";
    EXPECT_EQ(object_views_next(&what, &a), nullptr);
    EXPECT_EQ(cut(CUT_HIDES), STATUS_OK);
    EXPECT_EQ(log, "pin b;b1 hides;pin a;a1 hides;");
}

TEST_F(ObjectViewTest, AViewThatHasYetToBeAskedJoinsOneThatWas) {
    object_view first = view_of(a);
    object_view second = view_of(a);
    object_views_add(&views, &first);
    object_views_add(&views, &second);
    views.cut_number++;
    const object_cut what = {&views, 0, 9, CUT_HIDES, true};
    EXPECT_EQ(object_views_next(&what, &a), &first);
    object_views_join(&views, &second, &first);
    object_views_remove(&views, &first);
    EXPECT_EQ(object_views_next(&what, &a), &second);
}

TEST_F(ObjectViewTest, PreparingEndsWithTheFirstWhoCannot) {
    object_view first = view_of(a);
    object_view second = view_of(b);
    object_views_add(&views, &first);
    object_views_add(&views, &second);
    a.answer[CUT_PREPARES] = a.answer[CUT_HIDES] = STATUS_NO_MEMORY;
    EXPECT_EQ(cut(CUT_PREPARES), STATUS_NO_MEMORY);
    EXPECT_EQ(log, "pin a;a1 prepares;");
    EXPECT_EQ(cut(CUT_HIDES), STATUS_NO_MEMORY);
    EXPECT_EQ(log, "pin b;b1 hides;pin a;a1 hides;") << "whoever can, hides";
    a.answer[CUT_HIDES] = STATUS_OK;
    b.answer[CUT_HIDES] = STATUS_NO_MEMORY;
    EXPECT_EQ(cut(CUT_HIDES), STATUS_NO_MEMORY);
    EXPECT_EQ(log, "pin b;b1 hides;pin a;a1 hides;") << "in whatever order";
}

/* A holder that cannot hide a page keeps its entry; here, its count in the frame. */
TEST_F(ObjectViewTest, APageThatCouldNotBeHiddenIsKeptUntilTheNextCut) {
    memory_object *object;
    phys_addr_t page;
    ASSERT_EQ(memory_object_create(2 * PAGE_SIZE, &object), STATUS_OK);
    ASSERT_EQ(memory_object_get_page(object, 1, &page), STATUS_OK);
    object_view view = view_of(a);
    object_views_add(memory_object_views(object), &view);
    a.answer[CUT_HIDES] = STATUS_NO_MEMORY;
    frame_of(page)->map_count = 1;
    EXPECT_EQ(memory_object_punch(object, PAGE_SIZE, PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(log, "pin a;a1 prepares;pin a;a1 hides;");
    EXPECT_EQ(frame_of(page)->state, FRAME_FILE);
    EXPECT_EQ(memory_object_page_count(object), 0u);
    frame_of(page)->map_count = 0;
    EXPECT_EQ(memory_object_resize(object, 0), STATUS_OK);
    EXPECT_EQ(frame_state_of(page), FRAME_FREE);
    object_views_remove(memory_object_views(object), &view);
    memory_object_unref(object);
}

TEST_F(ObjectViewTest, WhereOneCannotPrepareTheObjectStaysAsItIs) { // law 2
    memory_object *object;
    phys_addr_t page;
    ASSERT_EQ(memory_object_create(2 * PAGE_SIZE, &object), STATUS_OK);
    ASSERT_EQ(memory_object_get_page(object, 1, &page), STATUS_OK);
    object_view view = view_of(a);
    object_views_add(memory_object_views(object), &view);
    a.answer[CUT_PREPARES] = STATUS_NO_MEMORY;
    EXPECT_EQ(memory_object_resize(object, PAGE_SIZE), STATUS_NO_MEMORY);
    EXPECT_EQ(memory_object_punch(object, 0, 2 * PAGE_SIZE), STATUS_NO_MEMORY);
    EXPECT_EQ(memory_object_size(object), 2 * PAGE_SIZE);
    phys_addr_t found = {};
    EXPECT_TRUE(memory_object_find_page(object, 1, &found));
    EXPECT_EQ(found.value, page.value);
    EXPECT_FALSE(memory_object_find_page(object, 0, &found));
    log.clear();
    EXPECT_EQ(memory_object_resize(object, 3 * PAGE_SIZE), STATUS_OK) << "nothing is cut";
    EXPECT_EQ(memory_object_punch(object, 1, PAGE_SIZE), STATUS_OK) << "no whole page";
    EXPECT_EQ(log, "") << "so nobody is asked";
    object_views_remove(memory_object_views(object), &view);
    memory_object_unref(object);
}

} // namespace
