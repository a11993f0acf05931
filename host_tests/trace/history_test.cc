#include "kernel/trace/history.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "host_tests/kernel/captured_text.h"
#include "mm/addr/layout.h"
#include "mm/paging/page_table.h"

namespace {

constexpr uint64_t VA = 0x400000;

class HistoryTest : public testing::Test {
  protected:
    static page_table table(uint64_t root, page_table_half half) {
        page_table made = {};
        made.root = phys_addr(root);
        made.half = half;
        return made;
    }

    void add(table_operation operation, const page_table &of, uint64_t va, uint64_t page_count,
             status result = STATUS_OK) {
        table_event event = {};
        event.operation = operation;
        event.status = result;
        event.table = &of;
        event.range = virt_range(virt_addr(va), page_count);
        event.attributes.rights = RIGHT_READ;
        event.caller = reinterpret_cast<const void *>(uint64_t{0x1234});
        change_circumstances now = {.ticks = ++ticks_, .process_id = 3, .name = "hello"};
        history_add(&ring_, &event, &now);
    }

    std::vector<table_change> find(const page_table &of, uint64_t va, size_t capacity = 8) {
        std::vector<table_change> changes(capacity);
        changes.resize(
            history_find(&ring_, of.root, virt_addr(va), changes.data(), changes.size()));
        return changes;
    }

    std::vector<int> operations(const std::vector<table_change> &changes) {
        std::vector<int> result;
        for (const table_change &change : changes) {
            result.push_back(change.operation);
        }
        return result;
    }

    trace_ring ring_ = {};
    uint64_t ticks_ = 0;
    const page_table user_ = table(0x1000, HALF_USER);
    const page_table other_ = table(0x2000, HALF_USER);
    const page_table kernel_ = table(0x3000, HALF_KERNEL);
};

} // namespace

TEST_F(HistoryTest, WhatHappenedToAnAddressComesNewestFirst) {
    add(TABLE_MAP_FRAMES, user_, VA, 4);
    add(TABLE_PROTECT, user_, VA, 1);
    add(TABLE_UNMAP, user_, VA, 4);
    std::vector<table_change> changes = find(user_, VA + 0x123);
    ASSERT_EQ(operations(changes),
              (std::vector<int>{TABLE_UNMAP, TABLE_PROTECT, TABLE_MAP_FRAMES}));
    EXPECT_EQ(changes[0].ticks, 3u);
    EXPECT_EQ(changes[0].process_id, 3u);
    EXPECT_STREQ(changes[0].name, "hello");
    EXPECT_EQ(changes[0].caller, 0x1234u);
    EXPECT_EQ(changes[0].root.value, user_.root.value);
    EXPECT_EQ(changes[0].range.page_count, 4u);
}

TEST_F(HistoryTest, OnlyRangesThatCoverTheAddressCount) {
    add(TABLE_MAP, user_, VA, 1);
    add(TABLE_MAP, user_, VA + PAGE_SIZE, 1);
    add(TABLE_MAP, user_, VA - PAGE_SIZE, 1);
    EXPECT_EQ(find(user_, VA).size(), 1u);
    EXPECT_EQ(find(user_, VA + PAGE_SIZE - 1).size(), 1u);
    EXPECT_EQ(find(user_, VA)[0].ticks, 1u);
}

TEST_F(HistoryTest, AnotherTablesUserHalfIsAnotherStory) {
    add(TABLE_MAP, user_, VA, 1);
    EXPECT_TRUE(find(other_, VA).empty());
}

TEST_F(HistoryTest, TheKernelsHalfIsEverybodys) {
    add(TABLE_MAP, kernel_, KERNEL_RANGES_BASE, 2);
    EXPECT_EQ(find(user_, KERNEL_RANGES_BASE + PAGE_SIZE).size(), 1u);
}

TEST_F(HistoryTest, ARootThatIsUsedAgainHasNoPast) {
    add(TABLE_CREATE, user_, 0, USER_END / PAGE_SIZE);
    add(TABLE_MAP, user_, VA, 1);
    add(TABLE_DESTROY, user_, 0, USER_END / PAGE_SIZE);
    add(TABLE_CREATE, user_, 0, USER_END / PAGE_SIZE);
    add(TABLE_MAP, user_, VA + PAGE_SIZE, 1);
    EXPECT_EQ(operations(find(user_, VA)), std::vector<int>{TABLE_CREATE});
}

TEST_F(HistoryTest, WhatFailedOrChangedNothingIsLeftOut) {
    add(TABLE_MAP, user_, VA, 1, STATUS_NO_MEMORY);
    add(TABLE_RESERVE, user_, VA, 1);
    add(TABLE_ACTIVATE, user_, VA, 1);
    add(TABLE_FLUSH_DONE, user_, VA, 1);
    EXPECT_TRUE(find(user_, VA).empty());
}

TEST_F(HistoryTest, NoMoreIsCopiedThanThereIsRoomFor) {
    for (int i = 0; i < 5; i++) {
        add(TABLE_PROTECT, user_, VA, 1);
    }
    std::vector<table_change> changes = find(user_, VA, 2);
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[1].ticks, 4u);
}

TEST_F(HistoryTest, WhatIsFullForgetsTheOldest) {
    add(TABLE_MAP, user_, VA, 1);
    for (size_t i = 0; i < TRACE_RING_SIZE; i++) {
        add(TABLE_MAP, other_, VA, 1);
    }
    EXPECT_TRUE(find(user_, VA).empty());
    std::vector<table_change> newest(TRACE_RING_SIZE + 1);
    EXPECT_EQ(history_newest(&ring_, newest.data(), newest.size()), TRACE_RING_SIZE);
    EXPECT_EQ(newest[0].ticks, TRACE_RING_SIZE + 1);
}

TEST_F(HistoryTest, ANameThatIsTooLongIsCut) {
    table_event event = {};
    event.operation = TABLE_MAP_FRAMES;
    event.table = &user_;
    event.range = virt_range(virt_addr(VA), 2);
    change_circumstances now = {.ticks = 1, .process_id = 0, .name = "a name that is far too long"};
    history_add(&ring_, &event, &now);
    std::vector<table_change> changes = find(user_, VA);
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_STREQ(changes[0].name, "a name that is far too ");
}

TEST_F(HistoryTest, EachKindOfChangeHasItsWord) {
    for (const auto &[operation, word] : {std::pair(TABLE_MAP, "mapped"),
                                          {TABLE_MAP_FRAMES, "mapped"},
                                          {TABLE_REMAP, "remapped"},
                                          {TABLE_UNMAP, "unmapped"},
                                          {TABLE_UNMAP_KEEPING_FRAMES, "unmapped"},
                                          {TABLE_UNMAP_STRICT, "unmapped"},
                                          {TABLE_PROTECT, "protected"},
                                          {TABLE_MERGE, "merged"},
                                          {TABLE_MOVE, "moved away"},
                                          {TABLE_DESTROY, "destroyed"},
                                          {TABLE_CREATE, "created"}}) {
        add(operation, user_, VA, 1);
        CapturedText line;
        table_change_write(&find(user_, VA)[0], line.sink());
        EXPECT_TRUE(line.text().starts_with(std::string(word) + " ")) << line.text();
    }
}

TEST_F(HistoryTest, WhatSetsRightsSaysWhich) {
    for (const auto &[operation, has_rights] : {std::pair(TABLE_MAP, true),
                                                {TABLE_MAP_FRAMES, true},
                                                {TABLE_REMAP, true},
                                                {TABLE_PROTECT, true},
                                                {TABLE_UNMAP, false},
                                                {TABLE_MERGE, false},
                                                {TABLE_DESTROY, false},
                                                {TABLE_CREATE, false}}) {
        add(operation, user_, VA, 1);
        CapturedText line;
        table_change_write(&find(user_, VA)[0], line.sink());
        EXPECT_EQ(line.text().find(" as r-- by ") != std::string::npos, has_rights) << line.text();
    }
}

TEST_F(HistoryTest, RightsAreThreeLetters) {
    EXPECT_STREQ(rights_text(RIGHT_NONE).letters, "---");
    EXPECT_STREQ(rights_text(RIGHT_READ | RIGHT_WRITE | RIGHT_USER).letters, "rw-");
    EXPECT_STREQ(rights_text(RIGHT_READ | RIGHT_EXECUTE | RIGHT_GLOBAL).letters, "r-x");
}

TEST_F(HistoryTest, AChangeReadsAsOneLine) {
    add(TABLE_CREATE, user_, 0, USER_END / PAGE_SIZE);
    add(TABLE_PROTECT, user_, VA, 2);
    std::vector<table_change> changes = find(user_, VA);
    ASSERT_EQ(changes.size(), 2u);
    CapturedText line;
    table_change_write(&changes[0], line.sink());
    EXPECT_EQ(line.text(),
              "protected 0x400000 + 2 pages of root 0x1000 as r-- by process 3 (hello) at tick 2");
    CapturedText creation;
    changes[1].process_id = 0;
    table_change_write(&changes[1], creation.sink());
    EXPECT_EQ(creation.text(), "created root 0x1000 by hello at tick 1");
}
