#include <gtest/gtest.h>

#include <map>
#include <random>

#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"
#include "mm/heap/heap.h"
#include "mm/space/address_space.h"

namespace {

using machine::Privilege;

constexpr uint64_t PAGES = 64;           /* that the operations play with */
constexpr uint64_t BASE = 0x7fffffe0000; /* so that they lie in two tables of every level */

/* What a page of the model says. */
struct Page {
    uint8_t rights = RIGHT_NONE;
    bool is_guard = false;
    uint64_t value = 0; /* its first word */
};

/*
 * A space and a map of pages that must always agree: about rights, as a CPU sees them, contents,
 * and the result of each operation.
 */
class SpaceModelTest : public SpaceTest, public testing::WithParamInterface<unsigned> {
  protected:
    void SetUp() override {
        SpaceTest::SetUp();
        space = create();
        space_switch(space);
    }

    void TearDown() override {
        space_switch(kernel_space());
        destroy(space);
        SpaceTest::TearDown();
    }

    uint64_t below(uint64_t limit) {
        return random() % limit;
    }

    bool is_all_memory(uint64_t first, uint64_t count) {
        for (uint64_t page = first; page < first + count; page++) {
            if (model.count(page) == 0 || model[page].is_guard) {
                return false;
            }
        }
        return true;
    }

    bool is_all_empty(uint64_t first, uint64_t count) {
        auto next = model.lower_bound(first);
        return next == model.end() || next->first >= first + count;
    }

    void map_somewhere(uint64_t first, uint64_t count, uint8_t rights) {
        status expected = is_all_empty(first, count) ? STATUS_OK : STATUS_EXISTS;
        ASSERT_EQ(map(space, at(first), count, rights), expected);
        for (uint64_t page = first; expected == STATUS_OK && page < first + count; page++) {
            model[page] = {rights, false, 0};
        }
    }

    void guard_somewhere(uint64_t first, uint64_t count) {
        status expected = is_all_empty(first, count) ? STATUS_OK : STATUS_EXISTS;
        ASSERT_EQ(guard(space, at(first), count, "guard"), expected);
        for (uint64_t page = first; expected == STATUS_OK && page < first + count; page++) {
            model[page] = {RIGHT_NONE, true, 0};
        }
    }

    void unmap_somewhere(uint64_t first, uint64_t count) {
        ASSERT_EQ(unmap(space, at(first), count), STATUS_OK);
        for (uint64_t page = first; page < first + count; page++) {
            model.erase(page);
        }
    }

    void protect_somewhere(uint64_t first, uint64_t count, uint8_t rights) {
        status expected = is_all_memory(first, count) ? STATUS_OK : STATUS_NO_MEMORY;
        ASSERT_EQ(protect(space, at(first), count, rights), expected);
        for (uint64_t page = first; expected == STATUS_OK && page < first + count; page++) {
            model[page].rights = rights;
        }
    }

    void write_somewhere(uint64_t page) {
        bool is_allowed = model.count(page) != 0 && (model[page].rights & RIGHT_WRITE) != 0;
        uint64_t value = random();
        machine::Outcome outcome = cpu().write(at(page), value, Privilege::USER);
        if (!outcome.succeeded()) {
            outcome = cpu().write(at(page), value, Privilege::USER); /* it may have been spurious */
        }
        ASSERT_EQ(outcome.succeeded(), is_allowed);
        if (is_allowed) {
            model[page].value = value;
        }
    }

    void take_a_step() {
        static constexpr uint8_t RIGHTS[] = {RIGHT_NONE, RIGHT_READ, RIGHT_READ | RIGHT_WRITE,
                                             RIGHT_READ | RIGHT_EXECUTE};
        uint64_t first = below(PAGES);
        uint64_t count = 1 + below(std::min<uint64_t>(12, PAGES - first));
        uint8_t rights = RIGHTS[below(4)];
        switch (below(6)) {
        case 0:
        case 1:
            return map_somewhere(first, count, rights);
        case 2:
            return unmap_somewhere(first, count);
        case 3:
            return protect_somewhere(first, count, rights);
        case 4:
            return guard_somewhere(first, 1);
        default:
            return write_somewhere(first);
        }
    }

    void expect_page_as_in_model(uint64_t page) {
        uint8_t rights = model.count(page) != 0 ? model[page].rights : RIGHT_NONE;
        machine::Outcome outcome = cpu().read(at(page), Privilege::USER);
        ASSERT_EQ(outcome.succeeded(), (rights & RIGHT_READ) != 0);
        if (outcome.succeeded()) {
            ASSERT_EQ(outcome.value, model[page].value);
        }
        ASSERT_EQ(cpu().execute(at(page), Privilege::USER).succeeded(),
                  (rights & RIGHT_EXECUTE) != 0);
    }

    static uint64_t at(uint64_t page) {
        return BASE + page * PAGE_SIZE;
    }

    address_space *space = nullptr;
    std::mt19937 random{GetParam()};
    std::map<uint64_t, Page> model;
};

TEST_P(SpaceModelTest, RandomOperationsDoWhatAMapOfPagesSays) {
    for (int step = 0; step < 250; step++) {
        take_a_step();
        for (uint64_t page = 0; page < PAGES && !HasFatalFailure(); page++) {
            expect_page_as_in_model(page);
        }
        expect_sound();
        ASSERT_FALSE(HasFailure()) << "step " << step << " of seed " << GetParam();
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SpaceModelTest, testing::Values(1, 2, 3, 4));

} // namespace
