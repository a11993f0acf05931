#include "mm/object/memory_object.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <vector>

#include "host_tests/space/space_test.h"
#include "mm/heap/heap.h"
#include "mm/platform.h"

namespace {

constexpr uint64_t FAR = 1ull << 40;

/* An empty object; at the end it goes, and every frame is back. */
class MemoryObjectTest : public SpaceTest {
  protected:
    void SetUp() override {
        SpaceTest::SetUp();
        ASSERT_EQ(memory_object_create(0, &object), STATUS_OK);
    }

    void TearDown() override {
        memory_object_unref(object);
        SpaceTest::TearDown();
    }

    status write(uint64_t offset, const std::string &text) {
        size_t done = 0;
        status status = memory_object_write(object, offset, text.data(), text.size(), &done);
        EXPECT_EQ(done == text.size(), status == STATUS_OK);
        return status;
    }

    std::string read(uint64_t offset, size_t size_bytes) {
        std::string text(size_bytes, '?');
        text.resize(memory_object_read(object, offset, text.data(), size_bytes));
        return text;
    }

    memory_object *object = nullptr;
    page_budget budget = {}; // outlives the object
};

TEST_F(MemoryObjectTest, WhatWasWrittenIsRead) {
    EXPECT_EQ(write(3, "abc"), STATUS_OK);
    EXPECT_EQ(memory_object_size(object), 6u);
    EXPECT_EQ(read(3, 3), "abc");
    EXPECT_EQ(read(0, 100), std::string("\0\0\0abc", 6)) << "up to the end, and zeroes before it";
    EXPECT_EQ(read(6, 1), "");
    EXPECT_EQ(read(UINT64_MAX, 1), "");
}

TEST_F(MemoryObjectTest, APageIsFilledOnlyOnceAndNotBehindTheEnd) {
    const std::string page(PAGE_SIZE, 'p');
    ASSERT_EQ(memory_object_resize(object, 2 * PAGE_SIZE + 1), STATUS_OK);
    EXPECT_EQ(memory_object_fill_page(object, 1, page.data()), STATUS_OK);
    EXPECT_EQ(read(PAGE_SIZE, PAGE_SIZE), page);
    EXPECT_EQ(memory_object_fill_page(object, 1, nullptr), STATUS_EXISTS);
    EXPECT_EQ(read(PAGE_SIZE, PAGE_SIZE), page);
    EXPECT_EQ(memory_object_fill_page(object, 0, nullptr), STATUS_OK);
    EXPECT_EQ(memory_object_page_count(object), 2u);
    EXPECT_EQ(read(0, PAGE_SIZE), std::string(PAGE_SIZE, '\0'));
    ASSERT_EQ(memory_object_reserve(object, 2 * PAGE_SIZE, 1, nullptr), STATUS_OK);
    EXPECT_EQ(memory_object_fill_page(object, 2, page.data()), STATUS_OK) << "nobody has used it";
    EXPECT_EQ(read(2 * PAGE_SIZE, 1), "p");
    EXPECT_EQ(memory_object_fill_page(object, 3, page.data()), STATUS_OUT_OF_RANGE);
    EXPECT_EQ(memory_object_page_count(object), 3u);
}

TEST_F(MemoryObjectTest, ANumberIsNotGivenAgainWhereTheAddressIs) {
    std::set<uint64_t> numbers = {memory_object_number(object)};
    for (size_t made = 1; made <= 20; made++) {
        memory_object_unref(object);
        ASSERT_EQ(memory_object_create(0, &object), STATUS_OK);
        EXPECT_TRUE(numbers.insert(memory_object_number(object)).second);
    }
}

TEST_F(MemoryObjectTest, PagesAreCountedWhereTheyAre) {
    EXPECT_EQ(memory_object_pages_between(object, 0, UINT64_MAX), 0u);
    for (uint64_t page : {0, 1, 3, 64, 70}) {
        EXPECT_EQ(write(page << PAGE_SHIFT, "x"), STATUS_OK);
    }
    EXPECT_EQ(write(FAR, "y"), STATUS_OK);
    EXPECT_EQ(memory_object_pages_between(object, 0, UINT64_MAX), 6u);
    EXPECT_EQ(memory_object_pages_between(object, 1, 64), 3u);
    EXPECT_EQ(memory_object_pages_between(object, 4, 63), 0u);
    EXPECT_EQ(memory_object_pages_between(object, 64, 64), 1u);
    EXPECT_EQ(memory_object_pages_between(object, 70, FAR >> PAGE_SHIFT), 2u);
    EXPECT_EQ(memory_object_pages_between(object, 71, (FAR >> PAGE_SHIFT) - 1), 0u);
}

TEST_F(MemoryObjectTest, ObjectsOfOneBudgetHaveNoMoreFramesThanItSays) {
    budget = {3, 0};
    memory_object *other = nullptr;
    phys_addr_t pa;
    ASSERT_EQ(memory_object_create(PAGE_SIZE, &other), STATUS_OK);
    memory_object_set_budget(object, &budget);
    memory_object_set_budget(other, &budget);
    EXPECT_EQ(write(0, std::string(PAGE_SIZE + 1, 'x')), STATUS_OK);
    EXPECT_EQ(memory_object_reserve(other, 0, 2 * PAGE_SIZE, nullptr), STATUS_NO_SPACE);
    EXPECT_EQ(budget.used, 2u) << "what was taken was given back";
    EXPECT_EQ(memory_object_page_count(other), 0u);
    EXPECT_EQ(memory_object_get_page(other, 0, &pa), STATUS_OK);
    EXPECT_EQ(write(2 * PAGE_SIZE, "x"), STATUS_NO_SPACE);
    EXPECT_EQ(write(PAGE_SIZE, "y"), STATUS_OK) << "a page that is there";
    EXPECT_EQ(memory_object_resize(object, PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(budget.used, 2u);
    EXPECT_EQ(memory_object_reserve(object, 0, 2 * PAGE_SIZE, nullptr), STATUS_OK);
    EXPECT_EQ(budget.used, 3u);
    memory_object_unref(other);
    EXPECT_EQ(budget.used, 2u);
}

TEST_F(MemoryObjectTest, WhatIsSetAsideIsAHoleUntilItIsUsed) {
    ASSERT_EQ(memory_object_resize(object, 4 * PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(memory_object_reserve(object, 0, 0, nullptr), STATUS_OK);
    ASSERT_EQ(memory_object_reserve(object, 0, 3 * PAGE_SIZE, nullptr), STATUS_OK);
    EXPECT_EQ(memory_object_next_data(object, 0), 4 * PAGE_SIZE);
    EXPECT_EQ(memory_object_next_hole(object, 0), 0u);
    EXPECT_EQ(write(0, std::string(PAGE_SIZE + 1, 'x')), STATUS_OK);
    EXPECT_EQ(memory_object_next_data(object, 0), 0u);
    EXPECT_EQ(memory_object_next_hole(object, 0), 2 * PAGE_SIZE);
}

TEST_F(MemoryObjectTest, AFrameThatWasSetAsideIsAnyFrameOnceItIsCutOff) {
    ASSERT_EQ(memory_object_reserve(object, 0, PAGE_SIZE, nullptr), STATUS_OK);
    ASSERT_EQ(memory_object_resize(object, 1), STATUS_OK);
    ASSERT_EQ(memory_object_resize(object, 0), STATUS_OK);
    EXPECT_EQ(write(0, "x"), STATUS_OK);
    EXPECT_EQ(memory_object_next_data(object, 0), 0u);
}

TEST_F(MemoryObjectTest, AFrameThatCannotBeHadLeavesTheBudgetAsItWas) {
    budget = {10, 0};
    memory_object_set_budget(object, &budget);
    for (unsigned frames_left : {0, 1}) {
        FrameDrought drought(frames_left);
        EXPECT_EQ(write(0, "x"), STATUS_NO_MEMORY) << "or no room in the index";
    }
    EXPECT_EQ(budget.used, 0u);
}

TEST_F(MemoryObjectTest, AReservationEndsWhereItIsInterrupted) {
    static int left;
    left = 2;
    auto is_interrupted = [] { return left-- == 0; };
    EXPECT_EQ(memory_object_reserve(object, 0, 9 * PAGE_SIZE, is_interrupted), STATUS_INTERRUPTED);
    EXPECT_EQ(memory_object_page_count(object), 0u);
    left = 9;
    EXPECT_EQ(memory_object_reserve(object, 0, 9 * PAGE_SIZE, is_interrupted), STATUS_OK);
}

TEST_F(MemoryObjectTest, AWriteAcrossPagesIsOneText) {
    std::string text(3 * PAGE_SIZE, '\0');
    std::iota(text.begin(), text.end(), 0);
    EXPECT_EQ(write(PAGE_SIZE - 5, text), STATUS_OK);
    EXPECT_EQ(read(PAGE_SIZE - 5, text.size()), text);
    EXPECT_EQ(memory_object_page_count(object), 4u);
}

TEST_F(MemoryObjectTest, AHoleCostsNothingAndReadsAsZeroes) {
    EXPECT_EQ(write(FAR, "x"), STATUS_OK);
    EXPECT_EQ(memory_object_page_count(object), 1u);
    EXPECT_EQ(read(FAR - 1, 2), std::string("\0x", 2));
    EXPECT_EQ(read(12345, 3), std::string(3, '\0'));
}

TEST_F(MemoryObjectTest, TheLastPageOfASmallIndexAndTheFirstOfALargerOneAreKeptApart) {
    ASSERT_EQ(write(63 * PAGE_SIZE, "last"), STATUS_OK);
    EXPECT_EQ(read(63 * PAGE_SIZE, 4), "last");
    ASSERT_EQ(write(64 * PAGE_SIZE, "first"), STATUS_OK);
    EXPECT_EQ(read(63 * PAGE_SIZE, 4), "last");
    EXPECT_EQ(read(64 * PAGE_SIZE, 5), "first");
    EXPECT_EQ(memory_object_page_count(object), 2u);
}

TEST_F(MemoryObjectTest, FarPagesThatAreNeighboursShareTheirWay) {
    ASSERT_EQ(write(FAR, "a"), STATUS_OK);
    uint64_t objects = heap_count().object_count;
    ASSERT_EQ(write(FAR + PAGE_SIZE, "b"), STATUS_OK);
    EXPECT_EQ(heap_count().object_count, objects);
    EXPECT_EQ(read(FAR, 1), "a");
    EXPECT_EQ(read(FAR + PAGE_SIZE, 1), "b");
}

TEST_F(MemoryObjectTest, AHoleBetweenFarPagesFreesWhatLiesInItAlone) {
    for (uint64_t page : {0, 63, 64, 4095, 4096}) {
        ASSERT_EQ(write(page * PAGE_SIZE, "a"), STATUS_OK);
    }
    EXPECT_EQ(memory_object_punch(object, 63 * PAGE_SIZE, (4096 - 63) * PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(memory_object_page_count(object), 2u);
    EXPECT_EQ(read(0, 1), "a");
    EXPECT_EQ(read(4096 * PAGE_SIZE, 1), "a");
    EXPECT_EQ(read(63 * PAGE_SIZE, 1), std::string(1, '\0'));
    EXPECT_EQ(read(4095 * PAGE_SIZE, 1), std::string(1, '\0'));
}

TEST_F(MemoryObjectTest, AHoleMayEndWithTheFirstPageOfAnotherPartOfTheIndex) {
    for (uint64_t page : {0, 4096, 4097}) {
        ASSERT_EQ(write(page * PAGE_SIZE, "a"), STATUS_OK);
    }
    EXPECT_EQ(memory_object_punch(object, PAGE_SIZE, 4096 * PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(memory_object_page_count(object), 2u);
    EXPECT_EQ(read(4096 * PAGE_SIZE, 1), std::string(1, '\0'));
    EXPECT_EQ(read(4097 * PAGE_SIZE, 1), "a");
}

TEST_F(MemoryObjectTest, PagesFarFromEachOtherShareTheTopOfTheirWayAlone) {
    ASSERT_EQ(write(4096 * PAGE_SIZE, "a"), STATUS_OK);
    uint64_t objects = heap_count().object_count;
    ASSERT_EQ(write(8192 * PAGE_SIZE, "b"), STATUS_OK);
    EXPECT_EQ(heap_count().object_count, objects + 2);
    EXPECT_EQ(read(4096 * PAGE_SIZE, 1), "a");
    EXPECT_EQ(read(8192 * PAGE_SIZE, 1), "b");
}

TEST_F(MemoryObjectTest, AnObjectThatWasEmptiedIsFilledAnewFromTheSmallestIndexOn) {
    ASSERT_EQ(write(FAR, "a"), STATUS_OK);
    ASSERT_EQ(memory_object_resize(object, 0), STATUS_OK);
    uint64_t objects = heap_count().object_count;
    ASSERT_EQ(write(0, "b"), STATUS_OK);
    EXPECT_EQ(heap_count().object_count, objects + 1);
    EXPECT_EQ(read(0, 1), "b");
}

TEST_F(MemoryObjectTest, WithoutMemoryThereIsNoNewObject) {
    std::vector<memory_object *> others;
    memory_object *other = nullptr;
    {
        FrameDrought drought(0);
        while (memory_object_create(0, &other) == STATUS_OK) {
            others.push_back(other);
        }
        EXPECT_EQ(memory_object_create(0, &other), STATUS_NO_MEMORY);
    }
    for (memory_object *each : others) {
        memory_object_unref(each);
    }
}

TEST_F(MemoryObjectTest, APageIsTheSameForAllWhoAskForIt) {
    ASSERT_EQ(memory_object_resize(object, PAGE_SIZE + 1), STATUS_OK);
    phys_addr_t first;
    phys_addr_t again;
    ASSERT_EQ(memory_object_get_page(object, 1, &first), STATUS_OK);
    ASSERT_EQ(memory_object_get_page(object, 1, &again), STATUS_OK);
    EXPECT_EQ(first.value, again.value);
    EXPECT_EQ(frame_state_of(first), FRAME_FILE);
    EXPECT_EQ(frame_of(first)->owned.owner, object);
    EXPECT_EQ(frame_of(first)->owned.index, 1u);
    static_cast<char *>(platform_phys_to_virt(first))[0] = 'm';
    EXPECT_EQ(read(PAGE_SIZE, 1), "m");
    EXPECT_EQ(memory_object_get_page(object, 2, &again), STATUS_OUT_OF_RANGE);
}

TEST_F(MemoryObjectTest, WhatIsCutOffIsGone) {
    EXPECT_EQ(write(0, std::string(3 * PAGE_SIZE, 'a')), STATUS_OK);
    ASSERT_EQ(memory_object_resize(object, PAGE_SIZE + 10), STATUS_OK);
    EXPECT_EQ(memory_object_page_count(object), 2u);
    ASSERT_EQ(memory_object_resize(object, 3 * PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(read(PAGE_SIZE + 9, 3), std::string("a\0\0", 3));
    EXPECT_EQ(read(2 * PAGE_SIZE, 1), std::string(1, '\0'));
}

TEST_F(MemoryObjectTest, CuttingAtAPagesEndKeepsThePage) {
    EXPECT_EQ(write(0, std::string(2 * PAGE_SIZE, 'a')), STATUS_OK);
    ASSERT_EQ(memory_object_resize(object, PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(memory_object_page_count(object), 1u);
    EXPECT_EQ(read(0, 2 * PAGE_SIZE), std::string(PAGE_SIZE, 'a'));
}

TEST_F(MemoryObjectTest, APunchedHoleReadsAsZeroesAndTheSizeStays) {
    EXPECT_EQ(write(0, std::string(4 * PAGE_SIZE, 'a')), STATUS_OK);
    EXPECT_EQ(memory_object_punch(object, PAGE_SIZE - 1, 2 * PAGE_SIZE + 2), STATUS_OK);
    EXPECT_EQ(memory_object_page_count(object), 2u);
    EXPECT_EQ(memory_object_size(object), 4 * PAGE_SIZE);
    EXPECT_EQ(read(PAGE_SIZE - 2, 3), std::string("a\0\0", 3));
    EXPECT_EQ(read(3 * PAGE_SIZE, 2), std::string("\0a", 2));
}

TEST_F(MemoryObjectTest, AHoleWithinAPageIsZeroedThere) {
    EXPECT_EQ(write(0, std::string(PAGE_SIZE, 'a')), STATUS_OK);
    EXPECT_EQ(memory_object_punch(object, 10, 2), STATUS_OK);
    EXPECT_EQ(read(9, 4), std::string("a\0\0a", 4));
    EXPECT_EQ(memory_object_punch(object, 0, 0), STATUS_OK);
    EXPECT_EQ(read(0, 1), "a");
    EXPECT_EQ(memory_object_punch(object, UINT64_MAX, 1), STATUS_OK);
    EXPECT_EQ(memory_object_punch(object, PAGE_SIZE - 1, UINT64_MAX), STATUS_OK);
    EXPECT_EQ(read(PAGE_SIZE - 2, 2), std::string("a\0", 2));
}

TEST_F(MemoryObjectTest, AHoleInTheFirstPageLeavesTheOthers) {
    EXPECT_EQ(write(0, std::string(3 * PAGE_SIZE, 'a')), STATUS_OK);
    EXPECT_EQ(memory_object_punch(object, 0, 2), STATUS_OK);
    EXPECT_EQ(memory_object_punch(object, 10, 2), STATUS_OK);
    EXPECT_EQ(memory_object_page_count(object), 3u);
    EXPECT_EQ(read(0, 3), std::string("\0\0a", 3));
    EXPECT_EQ(read(2 * PAGE_SIZE, 1), "a");
    EXPECT_EQ(memory_object_punch(object, PAGE_SIZE + 1, UINT64_MAX), STATUS_OK);
    EXPECT_EQ(read(2 * PAGE_SIZE, 1), std::string(1, '\0')) << "up to the end";
}

TEST_F(MemoryObjectTest, AHoleBehindAllThatAnObjectCanHaveIsNone) {
    EXPECT_EQ(write(0, std::string(3 * PAGE_SIZE, 'a')), STATUS_OK);
    EXPECT_EQ(memory_object_punch(object, UINT64_MAX - 5, 2 * PAGE_SIZE + 6), STATUS_OK);
    EXPECT_EQ(read(0, 3 * PAGE_SIZE), std::string(3 * PAGE_SIZE, 'a'));
}

TEST_F(MemoryObjectTest, WhatAnAreaWroteBehindTheEndGoesEvenWhereTheSizeStays) {
    phys_addr_t page;
    ASSERT_EQ(write(0, "abc"), STATUS_OK);
    ASSERT_EQ(memory_object_get_page(object, 0, &page), STATUS_OK);
    static_cast<char *>(platform_phys_to_virt(page))[3] = 'd';
    ASSERT_EQ(memory_object_resize(object, 3), STATUS_OK);
    ASSERT_EQ(memory_object_resize(object, 4), STATUS_OK);
    EXPECT_EQ(read(0, 4), std::string("abc\0", 4));
}

TEST_F(MemoryObjectTest, SizesBeyondTheLimitAreRefused) {
    memory_object *other;
    EXPECT_EQ(memory_object_create(OBJECT_SIZE_MAX + 1, &other), STATUS_OUT_OF_RANGE);
    EXPECT_EQ(memory_object_resize(object, OBJECT_SIZE_MAX + 1), STATUS_OUT_OF_RANGE);
    EXPECT_EQ(memory_object_resize(object, OBJECT_SIZE_MAX), STATUS_OK);
    EXPECT_EQ(write(OBJECT_SIZE_MAX, "x"), STATUS_OUT_OF_RANGE);
    EXPECT_EQ(write(UINT64_MAX, "x"), STATUS_OUT_OF_RANGE);
    EXPECT_EQ(write(OBJECT_SIZE_MAX - 1, "x"), STATUS_OK);
    phys_addr_t last;
    EXPECT_EQ(memory_object_get_page(object, OBJECT_SIZE_MAX >> PAGE_SHIFT, &last), STATUS_OK);
    ASSERT_EQ(memory_object_resize(object, 0), STATUS_OK);
    EXPECT_EQ(memory_object_page_count(object), 0u);
}

TEST_F(MemoryObjectTest, AWriteThatRunsOutOfMemorySaysHowFarItCame) {
    std::string text(8 * PAGE_SIZE, 'a');
    size_t done = SIZE_MAX;
    ASSERT_EQ(write(0, "a"), STATUS_OK);
    {
        FrameDrought drought(2);
        EXPECT_EQ(memory_object_write(object, 0, text.data(), text.size(), &done),
                  STATUS_NO_MEMORY);
    }
    EXPECT_EQ(done, 3 * PAGE_SIZE) << "whatever stood there before";
    EXPECT_EQ(memory_object_size(object), done);
    EXPECT_EQ(read(0, text.size()), text.substr(0, done));
}

TEST_F(MemoryObjectTest, RunningOutOfMemoryForAFarPageLosesNothing) {
    ASSERT_EQ(memory_object_resize(object, FAR + 1), STATUS_OK);
    ASSERT_EQ(write(0, "a"), STATUS_OK);
    phys_addr_t pa;
    unsigned needed = expect_all_or_nothing(
        kernel_space(), [&] { return memory_object_get_page(object, FAR >> PAGE_SHIFT, &pa); });
    EXPECT_GE(needed, 1u);
    EXPECT_EQ(read(0, 1), "a");
}

TEST_F(MemoryObjectTest, ItLivesAsLongAsSomebodyRefersToIt) {
    ASSERT_EQ(write(0, "a"), STATUS_OK);
    memory_object_ref(object);
    memory_object_unref(object);
    EXPECT_EQ(read(0, 1), "a");
}

} // namespace
