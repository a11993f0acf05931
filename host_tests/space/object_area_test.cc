#include <gtest/gtest.h>

#include "host_tests/space/process_test.h"

/* Areas that show a memory object: files, and memory that processes share. */

namespace {

using ObjectAreaTest = ProcessTest;

TEST_F(ObjectAreaTest, ASharedMappingIsTheFileItself) {
    TestFile file(4);
    ASSERT_EQ(map_shared(file, 0, 4), STATUS_OK);
    EXPECT_EQ(read(2), 0x1002u);
    EXPECT_TRUE(write(2, 7));
    EXPECT_EQ(file.word(2), 7u);
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
    EXPECT_EQ(file.references(), 0);
}

TEST_F(ObjectAreaTest, WhatIsWrittenToAPrivateMappingStaysThere) {
    TestFile file(4);
    ASSERT_EQ(map_private(file, 0, 4), STATUS_OK);
    EXPECT_EQ(read(1), 0x1001u);
    EXPECT_TRUE(write(1, 7)) << "after it was read";
    EXPECT_TRUE(write(2, 8)) << "before it was read";
    EXPECT_EQ(read(1), 7u);
    EXPECT_EQ(read(2), 8u);
    EXPECT_EQ(file.word(1), 0x1001u);
    EXPECT_EQ(file.word(2), 0x1002u);
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
}

TEST_F(ObjectAreaTest, APageCopiedBeforeItWasReadIsWholeAndBelongsToTheProcess) {
    TestFile file(1);
    ASSERT_EQ(map_private(file, 0, 1), STATUS_OK);
    ASSERT_TRUE(write_as_user(VA + 8, 5).succeeded());
    EXPECT_EQ(read(0), 0x1000u);
    EXPECT_EQ(usage().resident_anonymous, 1u);
    ASSERT_EQ(unmap(parent, VA, 1), STATUS_OK);
}

TEST_F(ObjectAreaTest, AFileIsToldOfTheFirstWriteToEachSharedPage) {
    TestFile file(4);
    ASSERT_EQ(map_shared(file, 0, 4), STATUS_OK);
    EXPECT_TRUE(write(2, 7));
    EXPECT_TRUE(write(2, 8));
    EXPECT_EQ(file.stores(), 1);
    EXPECT_TRUE(write(1, 7));
    EXPECT_EQ(file.stores(), 2);
    EXPECT_EQ(read(3), 0x1003u);
    EXPECT_EQ(file.stores(), 2) << "it was read";
    EXPECT_EQ(fault(4, ACCESS_WRITE), STATUS_FAULT);
    EXPECT_EQ(file.stores(), 2);
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
    ASSERT_EQ(map_private(file, 0, 4), STATUS_OK);
    EXPECT_TRUE(write(2, 7));
    EXPECT_EQ(file.stores(), 2) << "a copy was";
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
}

TEST_F(ObjectAreaTest, AMappingBeginsAtThePageItWasAskedFor) {
    TestFile file(4);
    ASSERT_EQ(map_shared(file, 0, 2, RIGHT_READ, 2), STATUS_OK);
    EXPECT_EQ(read(0), 0x1002u);
    EXPECT_EQ(read(1), 0x1003u);
    EXPECT_EQ(fault(0, ACCESS_WRITE), STATUS_ACCESS_DENIED);
    ASSERT_EQ(unmap(parent, VA, 2), STATUS_OK);
}

TEST_F(ObjectAreaTest, BehindTheEndOfAFileIsSigbus) {
    TestFile file(1);
    ASSERT_EQ(file.resize(PAGE_SIZE + 1), STATUS_OK);
    ASSERT_EQ(map_shared(file, 0, 4), STATUS_OK);
    EXPECT_TRUE(write(1, 1)) << "a page of which only a byte is the file's";
    EXPECT_EQ(fault(2, ACCESS_READ), STATUS_BUS);
    EXPECT_EQ(fault(3, ACCESS_WRITE), STATUS_BUS);
    EXPECT_EQ(fault(3, ACCESS_EXECUTE), STATUS_ACCESS_DENIED) << "rights come first";
    EXPECT_EQ(fault(4, ACCESS_READ), STATUS_FAULT);
    ASSERT_EQ(file.resize(3 * PAGE_SIZE), STATUS_OK);
    EXPECT_TRUE(can_read(2)) << "it has grown";
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
}

TEST_F(ObjectAreaTest, APageThatItsBudgetHasNoRoomForIsSigbus) {
    page_budget budget = {.limit = 1};
    TestFile file(0);
    memory_object_set_budget(file.object(), &budget);
    ASSERT_EQ(file.resize(2 * PAGE_SIZE), STATUS_OK);
    ASSERT_EQ(map_shared(file, 0, 2), STATUS_OK);
    ASSERT_EQ(map_private(file, 2, 2), STATUS_OK);
    EXPECT_TRUE(write(0, 1));
    EXPECT_EQ(fault(1, ACCESS_READ), STATUS_BUS);
    EXPECT_EQ(fault(3, ACCESS_WRITE), STATUS_BUS);
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
}

TEST_F(ObjectAreaTest, AChildSharesWhatIsSharedAndCopiesWhatIsPrivate) {
    TestFile file(4);
    ASSERT_EQ(map_shared(file, 0, 2), STATUS_OK);
    ASSERT_EQ(map_private(file, 2, 2, READ_WRITE, 2), STATUS_OK);
    EXPECT_TRUE(write(0, 1));
    EXPECT_TRUE(write(2, 2));
    fork();
    EXPECT_TRUE(write(0, 11, 1));
    EXPECT_TRUE(write(1, 12, 1)) << "a page that nobody had used yet";
    EXPECT_TRUE(write(2, 13, 1));
    EXPECT_TRUE(write(3, 14, 1));
    EXPECT_EQ(read(0), 11u);
    EXPECT_EQ(read(1), 12u);
    EXPECT_EQ(read(2), 2u);
    EXPECT_EQ(read(3), 0x1003u);
    EXPECT_TRUE(write(0, 21)) << "the parent goes on writing to the same page";
    EXPECT_EQ(read(0, 1), 21u);
    EXPECT_EQ(read(2, 1), 13u);
    expect_sound();
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
    ASSERT_EQ(unmap(child, VA, 4), STATUS_OK);
    EXPECT_EQ(file.references(), 0);
}

TEST_F(ObjectAreaTest, SharedAnonymousMemoryGoesWithItsLastArea) {
    area_source *source = nullptr;
    uint64_t before = space_committed_pages();
    ASSERT_EQ(area_source_create_anonymous(3 * PAGE_SIZE, &source), STATUS_OK);
    ASSERT_EQ(
        map_with(0, 3,
                 {.rights = READ_WRITE, .source = source, .is_shared = true, .name = "shared"}),
        STATUS_OK);
    area_source_unref(source);
    EXPECT_EQ(space_committed_pages(), before + 3);
    EXPECT_EQ(read(1), 0u);
    fork();
    EXPECT_TRUE(write(1, 5, 1));
    EXPECT_EQ(read(1), 5u);
    EXPECT_EQ(usage().resident_shared, 1u);
    ASSERT_EQ(unmap(parent, VA, 3), STATUS_OK);
    EXPECT_EQ(read(1, 1), 5u);
    ASSERT_EQ(unmap(child, VA, 3), STATUS_OK);
    EXPECT_EQ(space_committed_pages(), before);
}

TEST_F(ObjectAreaTest, WithoutMemoryThereIsNoNewSource) {
    std::vector<area_source *> sources;
    area_source *source = nullptr;
    {
        FrameDrought drought(0);
        while (area_source_create_anonymous(PAGE_SIZE, &source) == STATUS_OK) {
            sources.push_back(source);
        }
        EXPECT_EQ(area_source_create_anonymous(PAGE_SIZE, &source), STATUS_NO_MEMORY);
    }
    for (area_source *each : sources) {
        area_source_unref(each);
    }
}

TEST_F(ObjectAreaTest, SharedMemoryNeedsASource) {
    EXPECT_EQ(map_with(0, 1, {.rights = RIGHT_READ, .is_shared = true, .name = "shared"}),
              STATUS_INVALID);
    area_source *source = nullptr;
    EXPECT_EQ(area_source_create_anonymous(UINT64_MAX, &source), STATUS_OUT_OF_RANGE);
}

TEST_F(ObjectAreaTest, RightsAboveTheMostAreRefusedWhenMappingAndWhenProtecting) {
    TestFile file(2);
    space_mapping mapping = {.rights = READ_WRITE,
                             .rights_max = RIGHT_READ | RIGHT_EXECUTE,
                             .source = file.source(),
                             .is_shared = true,
                             .name = "file"};
    EXPECT_EQ(map_with(0, 2, mapping), STATUS_INVALID);
    mapping.rights = RIGHT_READ;
    ASSERT_EQ(map_with(0, 2, mapping), STATUS_OK);
    EXPECT_EQ(protect(parent, VA, 1, READ_WRITE), STATUS_ACCESS_DENIED);
    EXPECT_EQ(protect(parent, VA, 1, RIGHT_READ | RIGHT_EXECUTE), STATUS_OK);
    ASSERT_EQ(map_memory(2, 1, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(protect(parent, VA, 3, READ_WRITE), STATUS_ACCESS_DENIED) << "what is first decides";
    EXPECT_EQ(usage().data_pages, 0u);
    ASSERT_EQ(unmap(parent, VA, 2), STATUS_OK);
}

TEST_F(ObjectAreaTest, AProtectedFileKeepsItsPagesAndGetsItsRightsBack) {
    TestFile file(2);
    ASSERT_EQ(map_shared(file, 0, 1), STATUS_OK);
    ASSERT_EQ(map_private(file, 1, 1, READ_WRITE, 1), STATUS_OK);
    EXPECT_TRUE(write(0, 1));
    EXPECT_EQ(read(1), 0x1001u);
    ASSERT_EQ(protect(parent, VA, 2, RIGHT_NONE), STATUS_OK);
    EXPECT_FALSE(can_read(0) || can_read(1));
    expect_sound();
    ASSERT_EQ(protect(parent, VA, 2, READ_WRITE), STATUS_OK);
    expect_sound();
    EXPECT_TRUE(write(0, 2));
    EXPECT_TRUE(write(1, 3));
    EXPECT_EQ(file.word(0), 2u);
    EXPECT_EQ(file.word(1), 0x1001u) << "private memory never writes to the file's page";
    ASSERT_EQ(unmap(parent, VA, 2), STATUS_OK);
}

TEST_F(ObjectAreaTest, APartOfASharedMappingIsUnmappedAndTheRestShowsWhatItShowed) {
    TestFile file(6);
    ASSERT_EQ(map_shared(file, 0, 6), STATUS_OK);
    EXPECT_TRUE(write(4, 44));
    ASSERT_EQ(unmap(parent, page_at(1), 2), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 3+3");
    EXPECT_EQ(file.references(), 2);
    EXPECT_EQ(read(3), 0x1003u);
    EXPECT_EQ(read(4), 44u);
    EXPECT_FALSE(can_read(1));
    ASSERT_EQ(map_shared(file, 1, 2, READ_WRITE, 1), STATUS_OK);
    EXPECT_EQ(areas(), "0+6") << "the same pages again: one area";
    ASSERT_EQ(unmap(parent, VA, 6), STATUS_OK);
}

TEST_F(ObjectAreaTest, NeighboursThatDoNotContinueEachOtherStayApart) {
    TestFile file(6);
    TestFile other(6);
    ASSERT_EQ(map_shared(file, 0, 1), STATUS_OK);
    ASSERT_EQ(map_shared(file, 1, 1, READ_WRITE, 3), STATUS_OK);
    ASSERT_EQ(map_private(file, 2, 1, READ_WRITE, 4), STATUS_OK);
    ASSERT_EQ(map_private(other, 3, 1, READ_WRITE, 5), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+1 2+1 3+1");
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
}

/* Historical bugs of copy on write. */

TEST_F(ObjectAreaTest, DirtyCow) { // CVE-2016-5195: a kernel's write after the copy was dropped
    TestFile file(1);
    ASSERT_EQ(map_private(file, 0, 1), STATUS_OK);
    EXPECT_EQ(fault(0, ACCESS_WRITE), STATUS_OK) << "the copy is made";
    ASSERT_EQ(discard(0, 1), STATUS_OK) << "and dropped by another thread";
    uint64_t word = 0x600d;
    EXPECT_EQ(space_write(parent, virt_addr(VA), &word, sizeof word, nullptr), STATUS_OK);
    EXPECT_EQ(file.word(0), 0x1000u);
    EXPECT_EQ(read(0), 0x600du);
    ASSERT_EQ(unmap(parent, VA, 1), STATUS_OK);
}

TEST_F(ObjectAreaTest, TheKernelWritesToASharedFileAndReadsBehindItsEndAsAFault) {
    TestFile file(1);
    ASSERT_EQ(map_shared(file, 0, 2), STATUS_OK);
    uint64_t word = 5;
    EXPECT_EQ(space_write(parent, virt_addr(VA), &word, sizeof word, nullptr), STATUS_OK);
    EXPECT_EQ(file.word(0), 5u);
    EXPECT_EQ(space_read(parent, virt_addr(page_at(1)), &word, sizeof word, nullptr), STATUS_FAULT);
    ASSERT_EQ(unmap(parent, VA, 2), STATUS_OK);
}

TEST_F(ObjectAreaTest, AProgramIsLoadedIntoACopyOfItsFile) {
    TestFile file(1);
    ASSERT_EQ(map_private(file, 0, 1, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(read(0), 0x1000u);
    uint64_t word = 5;
    EXPECT_EQ(space_write_initial(parent, virt_addr(VA), &word, sizeof word, nullptr), STATUS_OK);
    EXPECT_EQ(read(0), 5u);
    EXPECT_EQ(file.word(0), 0x1000u);
    ASSERT_EQ(unmap(parent, VA, 1), STATUS_OK);
}

} // namespace
