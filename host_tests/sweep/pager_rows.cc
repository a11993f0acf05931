#include <gtest/gtest.h>

#include "host_tests/sweep/sweep.h"
#include "mm/space/user_memory.h"
#include "mm/space/user_pager.h"

namespace {

constexpr uint64_t PAGES = 5;
constexpr uint64_t INNER = VA + PAGE_SIZE; /* its neighbours are of the same area */

/* A process whose memory somebody else fills, once he is asked. */
class PagerRows : public SweepTest {
  protected:
    static constexpr uint64_t MISSING = VA + GIB;

    void SetUp() override {
        SweepTest::SetUp();
        ASSERT_EQ(map(space, VA, PAGES, READ_WRITE, "data"), STATUS_OK);
        ASSERT_EQ(populate(space, VA, PAGES), STATUS_OK);
        area_pager_init(&pager, &operations);
        ASSERT_EQ(map(space, MISSING, 3, READ_WRITE, "missing"), STATUS_OK);
        ASSERT_EQ(locked(space, space_set_pager, pages_at(MISSING, 3), &pager, PAGER_MISSING),
                  STATUS_OK);
    }

    void TearDown() override {
        drop();
        SweepTest::TearDown();
    }

    void drop() {
        locked_range token;
        space_lock_for_writing(space, space_user_range(), &token);
        space_drop_pager(&token, &pager);
        space_unlock(&token);
    }

    /* A call on a space that is locked for it. */
    template <typename Operation, typename... Arguments>
    static status locked(address_space *space, Operation operation,
                         Arguments... arguments) NO_CAPABILITY_CHECK {
        locked_range token;
        space_lock_for_writing(space, space_user_range(), &token);
        status result = operation(&token, arguments...);
        space_unlock(&token);
        return result;
    }

    static void count(area_pager *) {}
    static status refuse(page_request *) {
        return STATUS_BUS;
    }
    const area_pager_operations operations = {count, count, refuse, refuse};
    area_pager pager = {};
};

TEST_P(PagerRows, area_pager_init) {
    area_pager other;
    takes_no_memory([&] { area_pager_init(&other, &operations); });
}

TEST_P(PagerRows, space_set_pager) {
    EXPECT_EQ(fails([&] {
                  return locked(space, space_set_pager, pages_at(INNER, 2), &pager, PAGER_MISSING);
              }),
              2u);
}

TEST_P(PagerRows, space_take_pager) {
    EXPECT_EQ(fails([&] {
                  return locked(space, space_take_pager, pages_at(MISSING + PAGE_SIZE, 1), &pager);
              }),
              2u);
}

TEST_P(PagerRows, space_drop_pager) {
    takes_no_memory([&] { drop(); });
}

TEST_P(PagerRows, space_check_pager) {
    takes_no_memory_and_succeeds(
        [&] { return locked(space, space_check_pager, pages_at(MISSING, 3)); });
}

TEST_P(PagerRows, space_fill_page) {
    const std::vector<char> contents(PAGE_SIZE, 'c');
    EXPECT_EQ(fails([&] {
                  return locked(space, space_fill_page, virt_addr(MISSING),
                                (const void *)contents.data());
              }),
              3u)
        << "a page and two tables";
}

TEST_P(PagerRows, space_fill_page_WithZeroes) {
    EXPECT_EQ(fails([&] {
                  return locked(space, space_fill_page, virt_addr(MISSING), (const void *)nullptr);
              }),
              2u);
}

TEST_P(PagerRows, space_resolve_fault_of_program_ThatIsRefused) {
    takes_no_memory([&] {
        EXPECT_EQ(space_resolve_fault_of_program(space, virt_addr(MISSING), ACCESS_READ),
                  STATUS_BUS);
    });
}

TEST_P(PagerRows, space_show_page) {
    constexpr uint64_t SHARED = VA + 2 * GIB;
    area_source *source = nullptr;
    ASSERT_EQ(area_source_create_anonymous(3 * PAGE_SIZE, &source), STATUS_OK);
    const space_mapping mapping = {
        .rights = READ_WRITE, .source = source, .is_shared = true, .name = "shared"};
    ASSERT_EQ(locked(space, space_map, pages_at(SHARED, 3), &mapping), STATUS_OK);
    ASSERT_EQ(populate(space, SHARED, 1), STATUS_OK);
    ASSERT_EQ(locked(space, space_set_pager, pages_at(SHARED, 3), &pager, PAGER_UNSHOWN),
              STATUS_OK);
    ASSERT_EQ(locked(space, space_discard, pages_at(SHARED, 1)), STATUS_OK);
    EXPECT_EQ(fails([&] { return locked(space, space_show_page, virt_addr(SHARED)); }), 2u)
        << "tables";
    ASSERT_EQ(unmap(space, SHARED, 3), STATUS_OK);
    area_source_unref(source);
}

SWEEP_EVERY_MACHINE(PagerRows);

} // namespace
