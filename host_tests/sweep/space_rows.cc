#include <gtest/gtest.h>

#include "host_tests/sweep/sweep.h"
#include "mm/addr/layout.h"
#include "mm/lock/sleep_lock.h"
#include "mm/object/memory_object.h"
#include "mm/space/area.h"
#include "mm/space/fault_decide.h"
#include "mm/space/space_usage.h"
#include "mm/space/user_memory.h"
#include "mm/space/zero_page.h"

namespace {

constexpr uint64_t PAGES = 5;
constexpr uint64_t INNER = VA + PAGE_SIZE; /* its neighbours are of the same area */

/* A process with an area of five pages. */
class SpaceRows : public SweepTest {
  protected:
    void SetUp() override {
        SweepTest::SetUp();
        ASSERT_EQ(map(space, VA, PAGES, READ_WRITE, "data"), STATUS_OK);
        ASSERT_EQ(populate(space, VA, PAGES), STATUS_OK);
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

    std::string area_name(bool (*find)(address_space *, virt_addr_t, vm_area *), uint64_t va) {
        vm_area area = {};
        takes_no_memory([&] { EXPECT_TRUE(find(space, virt_addr(va), &area)); });
        return area.name;
    }
};

TEST_P(SpaceRows, space_create) {
    address_space *fresh = nullptr;
    EXPECT_EQ(fails([&] { return space_create("fresh", &fresh); }), 4u)
        << "the space, its family, its null guard, its root";
    destroy(fresh);
}

TEST_P(SpaceRows, space_create_WhereTheHeapIsFull) {
    std::vector<vm_area *> fillers = fill_slabs();
    address_space *fresh = nullptr;
    EXPECT_EQ(fails([&] { return space_create("fresh", &fresh); }), 5u) << "and a slab";
    destroy(fresh);
    free_fillers(fillers);
}

TEST_P(SpaceRows, space_destroy) {
    address_space *doomed = create("doomed");
    ASSERT_EQ(map(doomed, VA, PAGES, READ_WRITE), STATUS_OK);
    takes_no_memory_and_succeeds([&] { return space_destroy(doomed); });
}

TEST_P(SpaceRows, space_map) {
    auto operation = [&] { return map(space, VA + GIB - PAGE_SIZE, 2, READ_WRITE, "more"); };
    EXPECT_EQ(fails(operation), 1u) << "an area, and nothing to fill it";
}

TEST_P(SpaceRows, space_map_BesideMemoryThatItJoins) {
    auto operation = [&] { return map(space, VA + PAGES * PAGE_SIZE, 3, READ_WRITE, "data"); };
    EXPECT_EQ(fails(operation), 1u);
}

TEST_P(SpaceRows, space_populate) {
    ASSERT_EQ(map(space, VA + GIB, 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(fails([&] { return populate(space, VA + GIB, 1); }), 3u) << "a page and two tables";
}

TEST_P(SpaceRows, space_populate_OfWhatIsThere) {
    takes_no_memory_and_succeeds([&] { return populate(space, VA, PAGES); });
}

TEST_P(SpaceRows, space_resolve_fault_OfAWrite) {
    ASSERT_EQ(map(space, VA + GIB, 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(fails([&] { return space_resolve_fault(space, virt_addr(VA + GIB), ACCESS_WRITE); }),
              3u);
}

TEST_P(SpaceRows, space_resolve_fault_OfARead) {
    ASSERT_EQ(map(space, VA + GIB, 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(fails([&] { return space_resolve_fault(space, virt_addr(VA + GIB), ACCESS_READ); }),
              2u)
        << "tables, since there is a page of zeroes already";
}

TEST_P(SpaceRows, space_resolve_fault_ThatIsRefused) {
    takes_no_memory([&] {
        EXPECT_EQ(space_resolve_fault(space, virt_addr(VA), ACCESS_EXECUTE), STATUS_ACCESS_DENIED);
    });
}

TEST_P(SpaceRows, space_fork) {
    address_space *child = nullptr;
    EXPECT_EQ(fails([&] { return space_fork(space, "child", &child); }), GetParam().levels + 2u)
        << "the space, two areas, and every table but the last, which is shared";
    destroy(child);
}

TEST_P(SpaceRows, space_frame_owner) {
    takes_no_memory([&] { EXPECT_NE(space_frame_owner(space), nullptr); });
}

TEST_P(SpaceRows, zero_page) {
    takes_no_memory([&] { EXPECT_NE(zero_page().value, 0u); });
}

TEST_P(SpaceRows, fault_decide) {
    fault_walk nothing = {};
    takes_no_memory(
        [&] { EXPECT_EQ(fault_decide(nullptr, &nothing, ACCESS_READ), REFUSE_NOT_MAPPED); });
}

TEST_P(SpaceRows, fault_decide_load) {
    fault_walk nothing = {};
    takes_no_memory([&] { EXPECT_EQ(fault_decide_load(nullptr, &nothing), REFUSE_NOT_MAPPED); });
}

TEST_P(SpaceRows, space_find_gap) {
    uint64_t va = 0;
    takes_no_memory_and_succeeds([&] { return find_gap(space, 3, PAGE_SIZE, &va); });
}

TEST_P(SpaceRows, space_find_gap_WhereThereIsNone) {
    uint64_t va = 0;
    takes_no_memory(
        [&] { EXPECT_EQ(find_gap(space, 1ull << 35, PAGE_SIZE, &va), STATUS_NO_MEMORY); });
}

TEST_P(SpaceRows, space_reserve_guard) {
    EXPECT_EQ(fails([&] { return guard(space, VA + GIB, 1, "guard"); }), 1u);
}

TEST_P(SpaceRows, space_unmap) {
    takes_no_memory_and_succeeds([&] { return unmap(space, VA, PAGES); });
}

TEST_P(SpaceRows, space_unmap_OutOfTheMiddle) {
    EXPECT_EQ(fails([&] { return unmap(space, INNER, 1); }), 2u);
}

TEST_P(SpaceRows, space_unmap_OfTheEndsOfTwoAreas) {
    ASSERT_EQ(map(space, VA + PAGES * PAGE_SIZE, PAGES, RIGHT_READ, "text"), STATUS_OK);
    EXPECT_EQ(fails([&] { return unmap(space, VA + 3 * PAGE_SIZE, 4); }), 2u);
}

TEST_P(SpaceRows, space_protect) {
    EXPECT_EQ(fails([&] { return protect(space, INNER, 2, RIGHT_READ); }), 2u);
}

TEST_P(SpaceRows, space_protect_Parking) {
    EXPECT_EQ(fails([&] { return protect(space, VA, 2, RIGHT_NONE); }), 1u);
}

TEST_P(SpaceRows, space_protect_OfAWholeArea) {
    takes_no_memory_and_succeeds([&] { return protect(space, VA, PAGES, RIGHT_READ); });
}

TEST_P(SpaceRows, space_remap) {
    struct space_remap what = {.old = pages_at(INNER, 2),
                               .new_page_count = 2,
                               .may_move = true,
                               .is_fixed = true,
                               .new_start = virt_addr(VA + GIB)};
    virt_addr_t start;
    EXPECT_EQ(fails([&] { return locked(space, space_remap, &what, &start); }), 3u + 2u)
        << "three areas, two tables";
}

TEST_P(SpaceRows, space_remap_InPlace) {
    struct space_remap what = {.old = pages_at(VA, PAGES), .new_page_count = PAGES + 2};
    virt_addr_t start;
    takes_no_memory_and_succeeds([&] { return locked(space, space_remap, &what, &start); });
}

TEST_P(SpaceRows, space_set_mmap_end) {
    takes_no_memory([&] { space_set_mmap_end(space, virt_addr(VA)); });
}

TEST_P(SpaceRows, space_discard) {
    takes_no_memory_and_succeeds([&] { return locked(space, space_discard, pages_at(INNER, 2)); });
}

TEST_P(SpaceRows, space_discard_locked) {
    takes_no_memory_and_succeeds(
        [&] { return locked(space, space_discard_locked, pages_at(INNER, 2)); });
}

TEST_P(SpaceRows, space_discard_lazily) {
    takes_no_memory_and_succeeds(
        [&] { return locked(space, space_discard_lazily, pages_at(INNER, 2)); });
}

TEST_P(SpaceRows, space_set_fork_policy) {
    EXPECT_EQ(
        fails([&] { return locked(space, space_set_fork_policy, pages_at(INNER, 2), FORK_WIPES); }),
        2u);
}

TEST_P(SpaceRows, space_seal) {
    EXPECT_EQ(fails([&] { return locked(space, space_seal, pages_at(INNER, 2)); }), 2u);
}

TEST_P(SpaceRows, space_set_memory_policy) {
    const memory_policy policy = {.mode = 2, .has_home_node = false, .nodes = 1};
    EXPECT_EQ(
        fails([&] { return locked(space, space_set_memory_policy, pages_at(INNER, 2), &policy); }),
        2u);
}

TEST_P(SpaceRows, space_set_home_node) {
    const memory_policy policy = {.mode = 2, .has_home_node = false, .nodes = 1};
    ASSERT_EQ(locked(space, space_set_memory_policy, pages_at(VA, PAGES), &policy), STATUS_OK);
    EXPECT_EQ(
        fails([&] { return locked(space, space_set_home_node, pages_at(INNER, 2), 1u << 2); }), 2u);
}

TEST_P(SpaceRows, space_residency) {
    uint8_t bytes[PAGES];
    takes_no_memory_and_succeeds(
        [&] { return locked(space, space_residency, pages_at(VA, PAGES), bytes); });
}

TEST_P(SpaceRows, space_lock_memory) {
    EXPECT_EQ(
        fails([&] { return locked(space, space_lock_memory, pages_at(INNER, 2), MEMORY_LOCKED); }),
        2u);
}

TEST_P(SpaceRows, space_lock_all) {
    takes_no_memory_and_succeeds(
        [&] { return locked(space, space_lock_all, MEMORY_LOCKED, MEMORY_LOCKED); });
}

TEST_P(SpaceRows, space_check_mapped) {
    takes_no_memory_and_succeeds(
        [&] { return locked(space, space_check_mapped, pages_at(VA, PAGES), true); });
}

TEST_P(SpaceRows, space_set_limits) {
    const struct space_limits limits = {1, 2, 3, 4, false, false};
    takes_no_memory([&] { space_set_limits(space, &limits); });
}

TEST_P(SpaceRows, space_ask_limits) {
    takes_no_memory([&] { space_ask_limits(space, nullptr); });
}

TEST_P(SpaceRows, space_stack_limit_bytes) {
    takes_no_memory([&] { EXPECT_EQ(space_stack_limit_bytes(space), SPACE_UNLIMITED); });
}

TEST_P(SpaceRows, space_usage) {
    struct space_usage usage;
    takes_no_memory([&] { space_usage(space, &usage); });
    EXPECT_EQ(usage.resident_anonymous, PAGES);
}

TEST_P(SpaceRows, space_area_usage) {
    vm_area area;
    struct area_usage usage;
    ASSERT_TRUE(space_find_area(space, virt_addr(VA), &area));
    takes_no_memory([&] { space_area_usage(space, &area, &usage); });
    EXPECT_EQ(usage.resident, PAGES);
}

TEST_P(SpaceRows, space_committed_pages) {
    takes_no_memory([&] { EXPECT_GE(space_committed_pages(), PAGES); });
}

TEST_P(SpaceRows, space_commit_limit_pages) {
    takes_no_memory([&] { EXPECT_GT(space_commit_limit_pages(), 0u); });
}

TEST_P(SpaceRows, area_source_create_unreserved) {
    area_source *source = nullptr;
    EXPECT_EQ(fails([&] { return area_source_create_unreserved(PAGE_SIZE, &source); }), 3u)
        << "the source, its object, a slab";
    area_source_unref(source);
}

TEST_P(SpaceRows, area_source_create_anonymous) {
    area_source *source = nullptr;
    EXPECT_EQ(fails([&] { return area_source_create_anonymous(PAGE_SIZE, &source); }), 3u)
        << "the source, its object, a slab";
    area_source_unref(source);
}

/* A process that shows three pages of shared memory, of which it has used the first. */
class SharedMemoryRows : public SpaceRows {
  protected:
    static constexpr uint64_t SHARED = VA + GIB;

    void SetUp() override {
        SpaceRows::SetUp();
        ASSERT_EQ(area_source_create_anonymous(3 * PAGE_SIZE, &source), STATUS_OK);
        const space_mapping mapping = {
            .rights = READ_WRITE, .source = source, .is_shared = true, .name = "shared"};
        ASSERT_EQ(locked(space, space_map, pages_at(SHARED, 3), &mapping), STATUS_OK);
        ASSERT_EQ(fault(SHARED), STATUS_OK);
    }

    void TearDown() override {
        ASSERT_EQ(unmap(space, SHARED, 3), STATUS_OK);
        area_source_unref(source);
        SpaceRows::TearDown();
    }

    status fault(uint64_t va) {
        return space_resolve_fault(space, virt_addr(va), ACCESS_WRITE);
    }

    area_source *source = nullptr;
};

TEST_P(SharedMemoryRows, area_source_ref) {
    takes_no_memory([&] { area_source_ref(source); });
    area_source_unref(source);
}

TEST_P(SharedMemoryRows, area_source_unref) {
    area_source_ref(source);
    takes_no_memory([&] { area_source_unref(source); });
}

TEST_P(SharedMemoryRows, space_resolve_fault_OfSharedMemory) {
    EXPECT_EQ(fails([&] { return fault(SHARED + PAGE_SIZE); }), 1u);
}

TEST_P(SharedMemoryRows, space_show) {
    EXPECT_EQ(fails([&] { return locked(space, space_show, pages_at(SHARED + PAGE_SIZE, 1), 0); }),
              3u)
        << "the new area, and two for the cuts";
}

TEST_P(SharedMemoryRows, space_punch) {
    takes_no_memory_and_succeeds([&] { return locked(space, space_punch, pages_at(SHARED, 2)); });
}

TEST_P(SharedMemoryRows, memory_object_resize_OfWhatIsShown) {
    takes_no_memory_and_succeeds([&] { return memory_object_resize(source->object, 0); });
}

TEST_P(SpaceRows, space_lock_for_writing) {
    takes_no_memory([&] {
        locked_range token;
        space_lock_for_writing(space, space_user_range(), &token);
        space_unlock(&token);
    });
}

TEST_P(SpaceRows, space_lock_for_reading) {
    takes_no_memory([&] {
        locked_range token;
        space_lock_for_reading(space, space_user_range(), &token);
        space_unlock(&token);
    });
}

TEST_P(SpaceRows, space_unlock) {
    takes_no_memory([&] {
        locked_range token;
        for (unsigned i = 0; i < 2; i++) { /* what was not unlocked could not be locked again */
            space_lock_for_writing(space, space_user_range(), &token);
            space_unlock(&token);
        }
    });
}

TEST_P(SpaceRows, space_user_range) {
    takes_no_memory([&] { EXPECT_EQ(space_user_range().start.value, 0u); });
}

TEST_P(SpaceRows, space_switch) {
    takes_no_memory([&] {
        EXPECT_EQ(space_switch(kernel_space()), space);
        EXPECT_EQ(space_switch(space), kernel_space());
    });
}

TEST_P(SpaceRows, space_current) {
    takes_no_memory([&] { EXPECT_EQ(space_current(), space); });
}

TEST_P(SpaceRows, space_translate) {
    translation found;
    takes_no_memory_and_succeeds([&] { return space_translate(space, virt_addr(VA), &found); });
}

TEST_P(SpaceRows, space_read) {
    uint64_t word = 1;
    takes_no_memory_and_succeeds(
        [&] { return space_read(space, virt_addr(VA), &word, sizeof word, nullptr); });
    EXPECT_EQ(word, 0u);
}

TEST_P(SpaceRows, space_write) {
    uint64_t word = 1;
    takes_no_memory_and_succeeds(
        [&] { return space_write(space, virt_addr(VA), &word, sizeof word, nullptr); });
}

TEST_P(SpaceRows, space_write_initial) {
    uint64_t word = 1;
    takes_no_memory_and_succeeds(
        [&] { return space_write_initial(space, virt_addr(VA), &word, sizeof word, nullptr); });
}

TEST_P(SpaceRows, space_find_area) {
    EXPECT_EQ(area_name(space_find_area, VA), "data");
}

TEST_P(SpaceRows, space_find_area_below) {
    EXPECT_EQ(area_name(space_find_area_below, VA), "null guard");
}

TEST_P(SpaceRows, space_find_area_above) {
    EXPECT_EQ(area_name(space_find_area_above, NULL_GUARD_END), "data");
}

TEST_P(SpaceRows, space_find_area_unlocked) {
    vm_area area;
    takes_no_memory([&] { EXPECT_TRUE(space_find_area_unlocked(space, virt_addr(VA), &area)); });
}

TEST_P(SpaceRows, space_for_each_area) {
    unsigned visited = 0;
    auto count = [](void *context, const vm_area *) {
        ++*static_cast<unsigned *>(context);
        return true;
    };
    takes_no_memory([&] { space_for_each_area(space, count, &visited); });
    EXPECT_EQ(visited, 2u);
}

TEST_P(SpaceRows, space_for_each_area_from) {
    unsigned visited = 0;
    auto count = [](void *context, const vm_area *) {
        ++*static_cast<unsigned *>(context);
        return true;
    };
    takes_no_memory([&] { space_for_each_area_from(space, virt_addr(VA), count, &visited); });
    EXPECT_EQ(visited, 1u);
}

TEST_P(SpaceRows, space_dump) {
    TextLog log;
    takes_no_memory([&] { space_dump(space, log.sink()); });
    EXPECT_NE(log.text(), "");
}

TEST_P(SpaceRows, space_page_table) {
    takes_no_memory([&] { EXPECT_EQ(space_page_table(space)->half, HALF_USER); });
}

TEST_P(SpaceRows, space_name) {
    takes_no_memory([&] { EXPECT_STREQ(space_name(space), "process"); });
}

TEST_P(SpaceRows, space_for_each) {
    unsigned visited = 0;
    auto count = [](void *context, address_space *) { ++*static_cast<unsigned *>(context); };
    takes_no_memory([&] { space_for_each(count, &visited); });
    EXPECT_EQ(visited, 2u);
}

TEST_P(SpaceRows, sleep_lock_acquire) {
    takes_no_memory([&] {
        sleep_lock lock = {};
        sleep_lock_acquire(&lock);
        EXPECT_NE(lock.state, 0u);
        sleep_lock_release(&lock);
    });
}

TEST_P(SpaceRows, sleep_lock_release) {
    takes_no_memory([&] {
        sleep_lock lock = {};
        sleep_lock_acquire(&lock);
        sleep_lock_release(&lock);
        EXPECT_EQ(lock.state, 0u);
    });
}

SWEEP_EVERY_MACHINE(SpaceRows);
SWEEP_EVERY_MACHINE(SharedMemoryRows);

} // namespace
