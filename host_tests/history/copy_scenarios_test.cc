#include "host_tests/history/findings.h"
#include "host_tests/space/process_test.h"

/* What the historical bugs of copy-on-write need to show themselves, with files and with moves. */

namespace {

class CopyHistory : public ProcessTest {
  protected:
    void TearDown() override {
        report("while all live");
        ProcessTest::TearDown();
    }

    void report(const std::string &when) {
        report_findings(pc(), when);
    }
};

TEST_F(CopyHistory, AChildHasAChild) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    EXPECT_TRUE(write(0, 1));
    fork();
    address_space *grandchild = nullptr;
    ASSERT_EQ(space_fork(child, "grandchild", &grandchild), STATUS_OK);
    report("while three have the table");
    destroy(grandchild);
}

TEST_F(CopyHistory, AParentGivesUpWhatItsChildUses) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    EXPECT_TRUE(write(0, 1));
    fork();
    EXPECT_EQ(read(0, 1), 1u);
    ASSERT_EQ(unmap(parent, VA, 512), STATUS_OK);
    report("when the parent has none of it");
}

TEST_F(CopyHistory, AChildIsNotToHaveAllMemory) {
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(1, 2));
    ASSERT_EQ(set_policy(1, 1, FORK_LEAVES_OUT), STATUS_OK);
    fork();
}

TEST_F(CopyHistory, ABlockIsMoved) {
    ASSERT_EQ(map_memory(0, 512), STATUS_OK);
    EXPECT_TRUE(write(0, 1));
    ASSERT_EQ(remap({.old = range(0, 512),
                     .new_page_count = 512,
                     .may_move = true,
                     .is_fixed = true,
                     .new_start = virt_addr(page_at(1024))}),
              STATUS_OK);
}

TEST_F(CopyHistory, WhatWasNeverWrittenIsReadAndGivenUp) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    EXPECT_EQ(read(0), 0u);
    report("while the page of zeroes is shown");
}

TEST_F(CopyHistory, TheKernelLoadsIntoAPrivateFile) {
    TestFile file(1);
    ASSERT_EQ(map_private(file, 0, 1, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(read(0), 0x1000u);
    uint64_t word = 5;
    EXPECT_EQ(space_write_initial(parent, virt_addr(VA), &word, sizeof word, nullptr), STATUS_OK);
    EXPECT_EQ(file.word(0), 0x1000u) << "what the file has";
    ASSERT_EQ(unmap(parent, VA, 1), STATUS_OK);
}

TEST_F(CopyHistory, AFileIsCutThatAChildShows) {
    TestFile file(2);
    ASSERT_EQ(map_shared(file, 0, 2), STATUS_OK);
    EXPECT_TRUE(write(1, 1));
    fork();
    EXPECT_EQ(read(1, 1), 1u);
    ASSERT_EQ(file.resize(PAGE_SIZE), STATUS_OK);
    EXPECT_FALSE(can_read(1, 1)) << "what the child still sees";
    ASSERT_EQ(unmap(parent, VA, 2), STATUS_OK);
    ASSERT_EQ(unmap(child, VA, 2), STATUS_OK);
}

} // namespace
