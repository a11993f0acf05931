#include <gtest/gtest.h>

#include "host_tests/space/process_test.h"
#include "mm/addr/layout.h"
#include "mm/space/user_memory.h"

/* man 2 mseal, mbind, set_mempolicy_home_node, remap_file_pages. */

namespace {

class UserPolicyTest : public ProcessTest {
  protected:
    template <typename Operation, typename... Arguments>
    status locked(Operation operation, struct virt_range pages, Arguments... arguments) {
        locked_range token;
        space_lock_for_writing(parent, space_user_range(), &token);
        status result = operation(&token, pages, arguments...);
        space_unlock(&token);
        return result;
    }

    status seal(uint64_t index, uint64_t page_count) {
        return locked(space_seal, range(index, page_count));
    }

    status bind_to(uint64_t index, uint64_t page_count, const memory_policy &policy) {
        return locked(space_set_memory_policy, range(index, page_count), &policy);
    }

    status set_home(uint64_t index, uint64_t page_count, uint32_t modes) {
        return locked(space_set_home_node, range(index, page_count), modes);
    }

    status show(uint64_t index, uint64_t page_count, uint64_t source_page) {
        return locked(space_show, range(index, page_count), source_page);
    }
};

TEST_F(UserPolicyTest, SealedMemoryKeepsItsPlaceAndItsRights) { // man 2 mseal
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    EXPECT_TRUE(write(1, 1));
    ASSERT_EQ(seal(1, 2), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+2 3+1");
    EXPECT_EQ(unmap(parent, page_at(0), 4), STATUS_NOT_PERMITTED);
    EXPECT_EQ(protect(parent, page_at(0), 4, RIGHT_READ), STATUS_NOT_PERMITTED);
    EXPECT_FALSE(write(0, 1)) << "below it, it was done";
    EXPECT_TRUE(write(1, 2) && write(3, 3));
    struct space_remap what = {.old = range(1, 1), .new_page_count = 2, .may_move = true};
    EXPECT_EQ(remap(what), STATUS_NOT_PERMITTED);
    const space_mapping over = {.rights = READ_WRITE, .replaces = true, .name = "over"};
    EXPECT_EQ(map_with(2, 2, over), STATUS_NOT_PERMITTED);
    EXPECT_EQ(read(3), 3u);
}

TEST_F(UserPolicyTest, SealedMemoryIsDiscardedOnlyByWhoMayWriteToIt) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(1, 2));
    ASSERT_EQ(protect(parent, page_at(1), 1, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(seal(0, 2), STATUS_OK);
    EXPECT_EQ(discard(0, 1), STATUS_OK);
    EXPECT_EQ(read(0), 0u);
    EXPECT_EQ(discard(1, 1), STATUS_NOT_PERMITTED);
    EXPECT_EQ(locked(space_discard_lazily, range(1, 1)), STATUS_NOT_PERMITTED);
    EXPECT_EQ(locked(space_punch, range(1, 1)), STATUS_NOT_PERMITTED);
    EXPECT_EQ(set_policy(1, 1, FORK_WIPES), STATUS_NOT_PERMITTED);
    EXPECT_EQ(set_policy(1, 1, FORK_LEAVES_OUT), STATUS_NOT_PERMITTED);
    EXPECT_EQ(set_policy(1, 1, FORK_COPIES), STATUS_OK);
    EXPECT_EQ(read(1), 2u);
}

TEST_F(UserPolicyTest, WhatIsNotSealedIsDiscardedWithoutRightsToo) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    EXPECT_TRUE(write(0, 1));
    ASSERT_EQ(protect(parent, page_at(0), 1, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(discard(0, 1), STATUS_OK);
    EXPECT_EQ(read(0), 0u);
}

TEST_F(UserPolicyTest, SealedMemoryThatAnObjectHasIsDiscarded) {
    area_source *source = nullptr;
    ASSERT_EQ(area_source_create_anonymous(PAGE_SIZE, &source), STATUS_OK);
    ASSERT_EQ(map_with(0, 1, {.rights = RIGHT_READ, .source = source, .name = "view"}), STATUS_OK);
    area_source_unref(source);
    ASSERT_EQ(seal(0, 1), STATUS_OK);
    EXPECT_EQ(discard(0, 1), STATUS_OK);
    EXPECT_EQ(unmap(parent, page_at(0), 1), STATUS_NOT_PERMITTED);
}

TEST_F(UserPolicyTest, SealedAreasJoinAndStaySealed) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    ASSERT_EQ(seal(1, 1), STATUS_OK);
    ASSERT_EQ(seal(2, 1), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+2 3+1");
    ASSERT_EQ(seal(0, 4), STATUS_OK);
    EXPECT_EQ(areas(), "0+4");
    EXPECT_EQ(unmap(parent, page_at(3), 1), STATUS_NOT_PERMITTED);
}

TEST_F(UserPolicyTest, WhatIsNoUserMemoryIsNeitherSealedNorBound) {
    const memory_policy none = {};
    const struct virt_range above = {virt_addr(USER_END), 1};
    locked_range token;
    space_lock_for_writing(parent, space_user_range(), &token);
    EXPECT_EQ(space_seal(&token, above), STATUS_INVALID);
    EXPECT_EQ(space_set_memory_policy(&token, above, &none), STATUS_INVALID);
    EXPECT_EQ(space_set_home_node(&token, above, 1 << 2), STATUS_INVALID);
    EXPECT_EQ(space_show(&token, above, 0), STATUS_INVALID);
    space_unlock(&token);
}

TEST_F(UserPolicyTest, AHoleIsNotSealedNorWhatLiesAroundIt) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(2, 1), STATUS_OK);
    EXPECT_EQ(seal(0, 3), STATUS_NO_MEMORY);
    EXPECT_EQ(unmap(parent, page_at(0), 3), STATUS_OK);
}

TEST_F(UserPolicyTest, AChildsMemoryIsSealedToo) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(seal(0, 1), STATUS_OK);
    fork();
    EXPECT_EQ(unmap(child, page_at(0), 1), STATUS_NOT_PERMITTED);
    EXPECT_EQ(unmap(child, page_at(1), 1), STATUS_OK);
}

TEST_F(UserPolicyTest, AreasJoinAgainWhenTheirPoliciesAreTheSame) { // man 2 mbind
    const memory_policy bind = {.mode = 2, .has_home_node = false, .nodes = 1};
    const memory_policy other = {.mode = 3, .has_home_node = false, .nodes = 1};
    const memory_policy elsewhere = {.mode = 2, .has_home_node = false, .nodes = 3};
    const memory_policy none = {};
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    ASSERT_EQ(bind_to(1, 2, bind), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+2 3+1");
    ASSERT_EQ(bind_to(2, 1, other), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+1 2+1 3+1");
    ASSERT_EQ(bind_to(2, 1, elsewhere), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+1 2+1 3+1");
    ASSERT_EQ(bind_to(2, 1, bind), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+2 3+1");
    ASSERT_EQ(bind_to(0, 4, none), STATUS_OK);
    EXPECT_EQ(areas(), "0+4");
}

TEST_F(UserPolicyTest, AHoleHasNoPolicyButMayLoseOne) {
    const memory_policy bind = {.mode = 2, .has_home_node = false, .nodes = 1};
    const memory_policy none = {};
    EXPECT_EQ(bind_to(0, 1, none), STATUS_FAULT);
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(2, 2), STATUS_OK);
    EXPECT_EQ(bind_to(0, 3, bind), STATUS_FAULT);
    EXPECT_EQ(areas(), "0+1 2+2") << "nothing has changed";
    ASSERT_EQ(bind_to(2, 1, bind), STATUS_OK);
    EXPECT_EQ(bind_to(0, 3, none), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 2+2");
}

TEST_F(UserPolicyTest, OnlySomePoliciesHaveAHome) { // man 2 set_mempolicy_home_node
    const memory_policy bind = {.mode = 2 | 1 << 15, .has_home_node = false, .nodes = 1};
    const memory_policy other = {.mode = 3, .has_home_node = false, .nodes = 1};
    ASSERT_EQ(map_memory(0, 5), STATUS_OK);
    EXPECT_EQ(set_home(0, 5, 1 << 2), STATUS_NOT_FOUND);
    ASSERT_EQ(bind_to(1, 2, bind), STATUS_OK);
    ASSERT_EQ(bind_to(4, 1, other), STATUS_OK);
    EXPECT_EQ(set_home(0, 2, 1 << 2), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+1 2+1 3+1 4+1");
    EXPECT_EQ(set_home(0, 5, 1 << 2), STATUS_NOT_SUPPORTED);
    EXPECT_EQ(areas(), "0+1 1+2 3+1 4+1") << "below it, it was done";
}

TEST_F(UserPolicyTest, SharedMemoryShowsOtherPages) { // man 2 remap_file_pages
    TestFile file(8);
    ASSERT_EQ(map_shared(file, 0, 4), STATUS_OK);
    ASSERT_EQ(show(1, 2, 5), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+2 3+1");
    EXPECT_EQ(read(0), 0x1000u);
    EXPECT_EQ(read(1), 0x1005u);
    EXPECT_EQ(read(3), 0x1003u);
    ASSERT_EQ(show(0, 4, 2), STATUS_OK) << "over three areas";
    EXPECT_EQ(areas(), "0+4");
    EXPECT_EQ(read(3), 0x1005u);
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
}

TEST_F(UserPolicyTest, OtherPagesAreShownAtOnceUnderTheSameName) {
    TestFile file(8);
    ASSERT_EQ(map_shared(file, 0, 4), STATUS_OK);
    vm_area before, after;
    ASSERT_TRUE(space_find_area(parent, virt_addr(page_at(0)), &before));
    ASSERT_EQ(show(0, 4, 1), STATUS_OK);
    EXPECT_EQ(usage().resident_file + usage().resident_shared, 4u);
    ASSERT_TRUE(space_find_area(parent, virt_addr(page_at(0)), &after));
    EXPECT_STREQ(after.name, before.name);
    EXPECT_EQ(after.source_page, 1u);
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
}

TEST_F(UserPolicyTest, MappingsOfTwoKindsAreNotOne) {
    TestFile file(8), other(8);
    ASSERT_EQ(map_shared(file, 0, 1), STATUS_OK);
    ASSERT_EQ(map_shared(other, 1, 1), STATUS_OK);
    EXPECT_EQ(show(0, 2, 0), STATUS_INVALID) << "of two files";
    ASSERT_EQ(map_shared(file, 2, 1), STATUS_OK);
    ASSERT_EQ(map_shared(file, 3, 1), STATUS_OK);
    ASSERT_EQ(lock_pages(3, 1), STATUS_OK);
    EXPECT_EQ(show(2, 2, 0), STATUS_INVALID) << "one is locked";
    ASSERT_EQ(map_shared(file, 6, 1), STATUS_OK);
    EXPECT_EQ(show(6, 3, 0), STATUS_INVALID) << "nothing comes behind it";
    ASSERT_EQ(unmap(parent, VA, 8), STATUS_OK);
}

TEST_F(UserPolicyTest, WhatIsNotOneSharedMappingShowsNoOtherPages) {
    TestFile file(8);
    ASSERT_EQ(map_private(file, 0, 2), STATUS_OK);
    ASSERT_EQ(map_shared(file, 2, 1), STATUS_OK);
    ASSERT_EQ(map_shared(file, 3, 1, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(map_shared(file, 5, 1), STATUS_OK);
    EXPECT_EQ(show(0, 1, 0), STATUS_INVALID) << "private";
    EXPECT_EQ(show(2, 2, 0), STATUS_INVALID) << "other rights";
    EXPECT_EQ(show(4, 1, 0), STATUS_INVALID) << "nothing";
    EXPECT_EQ(show(5, 2, 0), STATUS_INVALID) << "a hole";
    ASSERT_EQ(unmap(parent, VA, 6), STATUS_OK);
}

} // namespace
