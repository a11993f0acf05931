#include "mm/space/user_pager.h"

#include <gtest/gtest.h>

#include <functional>

#include "host_tests/space/process_test.h"
#include "mm/addr/layout.h"
#include "mm/space/user_memory.h"

/* Areas whose pages somebody else fills: man 2 ioctl_userfaultfd. */

namespace {

constexpr uint64_t WORD = 0x5157;

/* A pager that fills pages while the access waits, as a program would. */
class TestPager {
  public:
    TestPager() {
        area_pager_init(&state_.pager, &operations);
        state_.test = this;
        fill_words();
    }

    area_pager *pager() {
        return &state_.pager;
    }
    int references() const {
        return state_.references;
    }
    const void *contents() const {
        return words_;
    }

    status refusal = STATUS_OK;
    status interruption = STATUS_OK;
    std::function<void(const page_request &)> on_wait; // with nothing locked
    std::vector<page_request> requests;

  private:
    struct State {
        area_pager pager; // first
        TestPager *test;
        int references;
    };

    void fill_words() {
        for (uint64_t &word : words_) {
            word = WORD;
        }
    }

    static State *state_of(area_pager *pager) {
        return reinterpret_cast<State *>(pager);
    }
    static void ref(area_pager *pager) {
        state_of(pager)->references++;
    }
    static void unref(area_pager *pager) {
        state_of(pager)->references--;
    }
    static status ask(page_request *request) {
        TestPager *test = state_of(request->pager)->test;
        test->requests.push_back(*request);
        return test->refusal;
    }
    static status await(page_request *request) {
        TestPager *test = state_of(request->pager)->test;
        EXPECT_GT(test->references(), 0) << "whoever waits has one of its own";
        if (test->on_wait) {
            test->on_wait(*request);
        }
        return test->interruption;
    }

    static const area_pager_operations operations;
    State state_ = {};
    uint64_t words_[PAGE_SIZE / sizeof(uint64_t)];
};

const area_pager_operations TestPager::operations = {ref, unref, ask, await};

class UserPagerTest : public ProcessTest {
  protected:
    template <typename Operation, typename... Arguments>
    status locked(Operation operation, Arguments... arguments) {
        locked_range token;
        space_lock_for_writing(parent, space_user_range(), &token);
        status result = operation(&token, arguments...);
        space_unlock(&token);
        return result;
    }

    status set_pager(uint64_t index, uint64_t page_count, uint8_t kinds = PAGER_MISSING) {
        return locked(space_set_pager, range(index, page_count), pager.pager(), kinds);
    }
    status take_pager(uint64_t index, uint64_t page_count) {
        return locked(space_take_pager, range(index, page_count), pager.pager());
    }
    status check_pager(uint64_t index, uint64_t page_count) {
        return locked(space_check_pager, range(index, page_count));
    }
    void drop_pager() {
        locked_range token;
        space_lock_for_writing(parent, space_user_range(), &token);
        space_drop_pager(&token, pager.pager());
        space_unlock(&token);
    }
    status fill_page(uint64_t index) {
        return locked(space_fill_page, virt_addr(page_at(index)), pager.contents());
    }
    status fill_with_zeroes(uint64_t index) {
        return locked(space_fill_page, virt_addr(page_at(index)), (const void *)nullptr);
    }
    status show_page(uint64_t index) {
        return locked(space_show_page, virt_addr(page_at(index)));
    }

    /* Pages are filled as they are asked for. */
    void serve() {
        pager.on_wait = [this](const page_request &request) {
            ASSERT_EQ(locked(space_fill_page, request.va, pager.contents()), STATUS_OK);
        };
    }

    /* The area at a page of the parent, or of the child. */
    vm_area area_at(uint64_t index, address_space *space = nullptr) {
        vm_area area = {};
        EXPECT_TRUE(
            space_find_area(space != nullptr ? space : parent, virt_addr(page_at(index)), &area));
        return area;
    }

    TestPager pager;
};

TEST_F(UserPagerTest, AMissingPageIsWhatThePagerGives) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(set_pager(0, 2), STATUS_OK);
    serve();
    EXPECT_EQ(fault(0, ACCESS_READ), STATUS_OK);
    EXPECT_EQ(space_resolve_fault_of_program(parent, virt_addr(page_at(1) + 9), ACCESS_WRITE),
              STATUS_OK);
    ASSERT_EQ(pager.requests.size(), 2u);
    EXPECT_FALSE(pager.requests[0].is_write || pager.requests[0].is_programs ||
                 pager.requests[0].is_minor);
    EXPECT_TRUE(pager.requests[1].is_write && pager.requests[1].is_programs);
    EXPECT_EQ(pager.requests[1].va.value, page_at(1) + 9);
    EXPECT_EQ(read(0), WORD);
    EXPECT_TRUE(write(1, 5));
    EXPECT_EQ(usage().peak_resident, 2u);
    EXPECT_EQ(pager.references(), 1);
    drop_pager();
}

TEST_F(UserPagerTest, WhoWasWokenInVainAsksAgain) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(set_pager(0, 1), STATUS_OK);
    pager.on_wait = [this](const page_request &) {
        if (pager.requests.size() == 3) {
            drop_pager();
        }
    };
    EXPECT_EQ(fault(0, ACCESS_WRITE), STATUS_OK);
    EXPECT_EQ(pager.requests.size(), 3u);
    EXPECT_EQ(read(0), 0u) << "the kernel's";
    EXPECT_EQ(pager.references(), 0);
}

TEST_F(UserPagerTest, APagerMayRefuseAndAWaitMayEnd) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(set_pager(0, 1), STATUS_OK);
    pager.refusal = STATUS_BUS;
    EXPECT_EQ(fault(0, ACCESS_READ), STATUS_BUS);
    EXPECT_EQ(fill(0, 1, ACCESS_READ), STATUS_FAULT);
    pager.refusal = STATUS_OK;
    pager.interruption = STATUS_INTERRUPTED;
    EXPECT_EQ(fault(0, ACCESS_READ), STATUS_INTERRUPTED);
    uint64_t word;
    EXPECT_EQ(space_read(parent, virt_addr(page_at(0)), &word, sizeof word, nullptr), STATUS_FAULT);
    EXPECT_EQ(pager.references(), 1);
    drop_pager();
}

TEST_F(UserPagerTest, MemoryMayGoWhileSomebodyWaitsForIt) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(set_pager(0, 1), STATUS_OK);
    pager.on_wait = [this](const page_request &) {
        EXPECT_EQ(unmap(parent, page_at(0), 1), STATUS_OK);
        EXPECT_EQ(pager.references(), 1) << "of who waits";
    };
    EXPECT_EQ(fault(0, ACCESS_WRITE), STATUS_FAULT);
    EXPECT_EQ(pager.references(), 0);
}

TEST_F(UserPagerTest, WhatTheAreaForbidsNobodyIsAskedFor) {
    ASSERT_EQ(map_memory(0, 1, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(set_pager(0, 1), STATUS_OK);
    EXPECT_EQ(fault(0, ACCESS_WRITE), STATUS_ACCESS_DENIED);
    EXPECT_TRUE(pager.requests.empty());
    drop_pager();
}

TEST_F(UserPagerTest, DiscardedPagesAreMissingAgain) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(set_pager(0, 2), STATUS_OK);
    ASSERT_EQ(fill_page(0), STATUS_OK);
    EXPECT_EQ(fill_page(0), STATUS_EXISTS);
    EXPECT_EQ(read(0), WORD);
    ASSERT_EQ(discard(0, 1), STATUS_OK);
    EXPECT_EQ(fill_with_zeroes(0), STATUS_OK);
    EXPECT_EQ(usage().peak_resident, 1u);
    EXPECT_EQ(fill_with_zeroes(1), STATUS_OK);
    EXPECT_EQ(usage().peak_resident, 2u);
    EXPECT_EQ(read(0), 0u);
    EXPECT_EQ(fault(0, ACCESS_WRITE), STATUS_OK) << "a page of zeroes is one that is there";
    EXPECT_TRUE(write(0, 7));
    EXPECT_TRUE(pager.requests.empty());
    drop_pager();
}

TEST_F(UserPagerTest, OnlyAPagersPagesAreFilled) {
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    ASSERT_EQ(set_pager(1, 1), STATUS_OK);
    EXPECT_EQ(fill_page(0), STATUS_NOT_FOUND);
    EXPECT_EQ(fill_page(9), STATUS_NOT_FOUND);
    EXPECT_EQ(locked(space_fill_page, virt_addr(USER_END), pager.contents()), STATUS_NOT_FOUND);
    EXPECT_EQ(show_page(0), STATUS_NOT_FOUND);
    EXPECT_EQ(show_page(1), STATUS_INVALID) << "there is no object";
    EXPECT_EQ(check_pager(1, 1), STATUS_OK);
    EXPECT_EQ(check_pager(0, 1), STATUS_NOT_FOUND);
    EXPECT_EQ(check_pager(1, 2), STATUS_NOT_FOUND);
    EXPECT_EQ(check_pager(9, 1), STATUS_NOT_FOUND);
    const struct virt_range kernels = {virt_addr(USER_END), 1};
    EXPECT_EQ(locked(space_check_pager, kernels), STATUS_INVALID);
    drop_pager();
}

TEST_F(UserPagerTest, AreasOfAPagerJoinOnlyWithEachOther) {
    ASSERT_EQ(map_memory(0, 6), STATUS_OK);
    ASSERT_EQ(set_pager(1, 1), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+1 2+4");
    ASSERT_EQ(set_pager(2, 2), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+3 4+2");
    EXPECT_EQ(pager.references(), 1);
    TestPager other;
    EXPECT_EQ(locked(space_set_pager, range(0, 6), other.pager(), PAGER_MISSING), STATUS_BUSY);
    EXPECT_EQ(locked(space_take_pager, range(0, 6), other.pager()), STATUS_INVALID);
    EXPECT_EQ(locked(space_take_pager, range(4, 2), other.pager()), STATUS_OK);
    ASSERT_EQ(locked(space_set_pager, range(4, 1), other.pager(), PAGER_MISSING), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+3 4+1 5+1");
    ASSERT_EQ(take_pager(2, 1), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+1 2+1 3+1 4+1 5+1");
    EXPECT_EQ(pager.references(), 2);
    drop_pager();
    EXPECT_EQ(areas(), "0+4 4+1 5+1");
    EXPECT_EQ(pager.references(), 0);
    ASSERT_EQ(unmap(parent, page_at(0), 6), STATUS_OK);
    EXPECT_EQ(other.references(), 0);
}

TEST_F(UserPagerTest, RegisteringMoreIsAChangeAndLessIsNone) {
    TestFile file(4);
    ASSERT_EQ(map_shared(file, 0, 3), STATUS_OK);
    ASSERT_EQ(set_pager(0, 3), STATUS_OK);
    ASSERT_EQ(set_pager(0, 1, PAGER_MISSING | PAGER_UNSHOWN), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+2");
    ASSERT_EQ(set_pager(0, 1, PAGER_UNSHOWN), STATUS_OK);
    EXPECT_EQ(area_at(0).pager_kinds, PAGER_MISSING | PAGER_UNSHOWN);
    ASSERT_EQ(set_pager(1, 2, PAGER_UNSHOWN), STATUS_OK);
    EXPECT_EQ(area_at(1).pager_kinds, PAGER_UNSHOWN) << "not both";
    EXPECT_EQ(pager.references(), 2);
    drop_pager();
    EXPECT_EQ(area_at(0).pager_kinds, 0);
    EXPECT_EQ(areas(), "0+3");
    ASSERT_EQ(unmap(parent, page_at(0), 16), STATUS_OK);
}

TEST_F(UserPagerTest, WhatCannotBeRegisteredIsLeftAlone) {
    TestFile file(4);
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    const space_mapping readable = {.rights = RIGHT_READ,
                                    .rights_max = RIGHT_READ,
                                    .source = file.source(),
                                    .is_shared = true,
                                    .name = "read"};
    ASSERT_EQ(map_with(1, 1, readable), STATUS_OK);
    space_mapping copied = readable;
    copied.is_shared = false;
    ASSERT_EQ(map_with(2, 1, copied), STATUS_OK);
    EXPECT_EQ(set_pager(0, 1, PAGER_UNSHOWN), STATUS_INVALID);
    EXPECT_EQ(set_pager(0, 2), STATUS_NOT_PERMITTED);
    EXPECT_EQ(area_at(0).pager, nullptr);
    EXPECT_EQ(set_pager(2, 1, PAGER_UNSHOWN), STATUS_OK);
    EXPECT_EQ(set_pager(9, 1), STATUS_INVALID);
    EXPECT_EQ(take_pager(9, 1), STATUS_INVALID);
    EXPECT_EQ(set_pager(2, 2), STATUS_OK) << "a hole does not matter";
    EXPECT_EQ(take_pager(2, 2), STATUS_OK);
    const struct virt_range kernels = {virt_addr(USER_END), 1};
    EXPECT_EQ(locked(space_set_pager, kernels, pager.pager(), PAGER_MISSING), STATUS_INVALID);
    EXPECT_EQ(locked(space_take_pager, kernels, pager.pager()), STATUS_INVALID);
    EXPECT_EQ(pager.references(), 0);
    ASSERT_EQ(unmap(parent, page_at(0), 16), STATUS_OK);
}

TEST_F(UserPagerTest, AChildHasNoPagerAndItsPagesAreItsOwn) {
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    ASSERT_EQ(set_pager(1, 2), STATUS_OK);
    ASSERT_EQ(fill_page(1), STATUS_OK);
    fork();
    EXPECT_EQ(area_at(1, child).pager, nullptr);
    EXPECT_EQ(area_at(1, child).pager_kinds, 0);
    EXPECT_NE(area_at(1).pager, nullptr);
    ASSERT_EQ(fill_page(2), STATUS_OK) << "in a table that the two share";
    EXPECT_EQ(read(2), WORD);
    EXPECT_EQ(read(1, 1), WORD);
    EXPECT_EQ(read(2, 1), 0u);
    EXPECT_EQ(pager.references(), 1);
    drop_pager();
}

TEST_F(UserPagerTest, WhatIsMovedLosesItsPagerAndWhatIsLeftKeepsIt) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(set_pager(0, 1), STATUS_OK);
    ASSERT_EQ(fill_page(0), STATUS_OK);
    struct space_remap what = {.old = range(0, 1),
                               .new_page_count = 1,
                               .may_move = true,
                               .is_fixed = true,
                               .keeps_old = true,
                               .new_start = virt_addr(page_at(8))};
    ASSERT_EQ(remap(what), STATUS_OK);
    EXPECT_EQ(area_at(8).pager, nullptr);
    EXPECT_EQ(area_at(8).pager_kinds, 0);
    EXPECT_EQ(read(8), WORD);
    EXPECT_EQ(area_at(0).pager, pager.pager());
    EXPECT_EQ(fill_page(0), STATUS_OK);
    what.keeps_old = false;
    what.new_start = virt_addr(page_at(12));
    what.old = range(0, 2);
    what.new_page_count = 2;
    EXPECT_EQ(remap(what), STATUS_FAULT) << "one that has a pager moves alone";
    what.old = range(0, 1);
    what.new_page_count = 1;
    ASSERT_EQ(remap(what), STATUS_OK);
    EXPECT_EQ(pager.references(), 0);
    EXPECT_EQ(read(12), WORD);
}

TEST_F(UserPagerTest, ASharedPageIsThereForEverybodyOnceItIsFilled) {
    TestFile file(1);
    ASSERT_EQ(file.resize(3 * PAGE_SIZE), STATUS_OK);
    ASSERT_EQ(map_shared(file, 0, 4), STATUS_OK);
    ASSERT_EQ(map_shared(file, 8, 4), STATUS_OK);
    ASSERT_EQ(set_pager(0, 4), STATUS_OK);
    EXPECT_EQ(read(0), file.word(0)) << "it is not missing, but not shown";
    EXPECT_EQ(fill_page(1), STATUS_OK);
    EXPECT_EQ(usage().peak_resident, 2u) << "and shown at once";
    EXPECT_EQ(read(9), WORD);
    EXPECT_TRUE(write(9, 3));
    EXPECT_EQ(read(1), 3u);
    ASSERT_EQ(discard(1, 1), STATUS_OK);
    EXPECT_EQ(fill_page(1), STATUS_EXISTS) << "the object has it";
    EXPECT_EQ(fill_with_zeroes(2), STATUS_OK);
    EXPECT_EQ(file.word(2), 0u);
    EXPECT_EQ(fill_page(3), STATUS_FAULT) << "behind the end";
    EXPECT_EQ(fault(3, ACCESS_READ), STATUS_BUS);
    EXPECT_TRUE(pager.requests.empty());
    drop_pager();
    ASSERT_EQ(unmap(parent, page_at(0), 16), STATUS_OK);
}

TEST_F(UserPagerTest, PagesThatAreNotShownAreAskedForWhereThatWasWished) {
    TestFile file(2);
    ASSERT_EQ(file.resize(3 * PAGE_SIZE), STATUS_OK);
    ASSERT_EQ(map_shared(file, 0, 3), STATUS_OK);
    ASSERT_EQ(set_pager(0, 3, PAGER_UNSHOWN), STATUS_OK);
    pager.on_wait = [this](const page_request &request) {
        EXPECT_TRUE(request.is_minor);
        ASSERT_EQ(locked(space_show_page, request.va), STATUS_OK);
    };
    EXPECT_EQ(fault(0, ACCESS_WRITE), STATUS_OK);
    EXPECT_EQ(pager.requests.size(), 1u);
    EXPECT_EQ(usage().peak_resident, 1u);
    EXPECT_TRUE(write(0, 9));
    EXPECT_EQ(file.word(0), 9u);
    EXPECT_EQ(show_page(0), STATUS_EXISTS);
    EXPECT_EQ(show_page(2), STATUS_FAULT);
    EXPECT_EQ(fault(2, ACCESS_WRITE), STATUS_OK) << "missing pages are the kernel's";
    EXPECT_EQ(pager.requests.size(), 1u);
    drop_pager();
    ASSERT_EQ(unmap(parent, page_at(0), 16), STATUS_OK);
}

TEST_F(UserPagerTest, APrivatePageOfAFileIsTheProcesssOwn) {
    TestFile file(1);
    ASSERT_EQ(file.resize(4 * PAGE_SIZE), STATUS_OK);
    ASSERT_EQ(map_private(file, 0, 4), STATUS_OK);
    ASSERT_EQ(set_pager(0, 4), STATUS_OK);
    EXPECT_EQ(fill_page(0), STATUS_OK) << "though the file has one";
    EXPECT_EQ(read(0), WORD);
    EXPECT_EQ(fill_with_zeroes(1), STATUS_OK);
    EXPECT_TRUE(write(1, 4));
    EXPECT_EQ(file.word(0), 0x1000u);
    EXPECT_EQ(file.word(1), 0u);
    ASSERT_EQ(discard(0, 1), STATUS_OK);
    EXPECT_EQ(show_page(0), STATUS_OK);
    EXPECT_EQ(read(0), 0x1000u);
    serve();
    EXPECT_EQ(fault(2, ACCESS_WRITE), STATUS_OK);
    EXPECT_EQ(read(2), WORD);
    drop_pager();
    ASSERT_EQ(unmap(parent, page_at(0), 16), STATUS_OK);
}

TEST_F(UserPagerTest, WhereThereIsNoMemoryForACutNothingChanges) { // law 2
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    ASSERT_EQ(map_memory(8, 3), STATUS_OK);
    ASSERT_EQ(set_pager(8, 3), STATUS_OK);
    std::vector<vm_area *> fillers = fill_slabs();
    {
        FrameDrought drought(0);
        EXPECT_EQ(set_pager(1, 1), STATUS_NO_MEMORY);
        EXPECT_EQ(set_pager(0, 11), STATUS_OK) << "no area is cut";
        EXPECT_EQ(take_pager(9, 1), STATUS_NO_MEMORY);
        EXPECT_EQ(take_pager(0, 3), STATUS_OK);
        EXPECT_EQ(take_pager(1, 1), STATUS_OK) << "it has none";
        EXPECT_EQ(fill_page(8), STATUS_NO_MEMORY);
        EXPECT_EQ(fill_with_zeroes(8), STATUS_NO_MEMORY);
    }
    free_fillers(fillers);
    EXPECT_EQ(areas(), "0+3 8+3");
    EXPECT_EQ(area_at(0).pager, nullptr);
    EXPECT_EQ(area_at(8).pager, pager.pager());
    drop_pager();
}

TEST_F(UserPagerTest, WhatReachesBeyondUserMemoryIsRefused) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    const struct virt_range far = {virt_addr(page_at(0)), (USER_END - VA) / PAGE_SIZE + 1};
    EXPECT_EQ(locked(space_set_pager, far, pager.pager(), PAGER_MISSING), STATUS_INVALID);
    EXPECT_EQ(locked(space_take_pager, far, pager.pager()), STATUS_INVALID);
    EXPECT_EQ(locked(space_check_pager, far), STATUS_INVALID);
}

TEST_F(UserPagerTest, WhatIsDoneToAllAreasNeedsTheLockOfAll) { // L1
    locked_range token;
    space_lock_for_writing(parent, range(0, 1), &token);
    EXPECT_CHECK_FAILS(space_drop_pager(&token, pager.pager()), "virt_range_covers");
    space_unlock(&token);
}

TEST_F(UserPagerTest, FilledPagesCountAsTheAreasOwnCopies) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(set_pager(0, 2), STATUS_OK);
    ASSERT_EQ(fill_with_zeroes(0), STATUS_OK);
    EXPECT_NE(area_at(0).copies_id, 0u);
    drop_pager();
}

TEST_F(UserPagerTest, ASpaceThatGoesGivesUpItsPagers) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(set_pager(0, 1), STATUS_OK);
    address_space *other = nullptr;
    ASSERT_EQ(space_create("other", &other), STATUS_OK);
    locked_range token;
    space_lock_for_writing(other, space_user_range(), &token);
    const space_mapping mapping = {.rights = READ_WRITE, .name = "other"};
    EXPECT_EQ(space_map(&token, range(0, 1), &mapping), STATUS_OK);
    TestPager its;
    EXPECT_EQ(space_set_pager(&token, range(0, 1), its.pager(), PAGER_MISSING), STATUS_OK);
    space_unlock(&token);
    EXPECT_EQ(its.references(), 1);
    ASSERT_EQ(space_destroy(other), STATUS_OK);
    EXPECT_EQ(its.references(), 0);
    drop_pager();
}

} // namespace
