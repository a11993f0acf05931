#include "mm/space/area_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "host_tests/machine/machine_test.h"
#include "mm/addr/addr.h"
#include "mm/space/area.h"

namespace {

struct virt_range pages(uint64_t first, uint64_t count) {
    return virt_range(virt_addr(first << PAGE_SHIFT), count);
}

uint64_t first_of(struct virt_range range) {
    return range.start.value >> PAGE_SHIFT;
}

class AreaTreeTest : public testing::Test {
  protected:
    AreaTreeTest() {
        area_tree_init(&areas);
    }

    vm_area *add(uint64_t first, uint64_t count) {
        auto area = std::make_unique<vm_area>();
        area->range = pages(first, count);
        area_tree_insert(&areas, area.get());
        return (owned[first] = std::move(area)).get();
    }

    void remove(uint64_t first) {
        area_tree_remove(&areas, owned.at(first).get());
        owned.erase(first);
    }

    std::optional<uint64_t> lowest(gap_request request) {
        struct virt_range range;
        bool is_found = area_tree_find_lowest_gap(&areas, &request, &range);
        return is_found ? std::optional(first_of(range)) : std::nullopt;
    }

    std::optional<uint64_t> highest(gap_request request) {
        struct virt_range range;
        bool is_found = area_tree_find_highest_gap(&areas, &request, &range);
        return is_found ? std::optional(first_of(range)) : std::nullopt;
    }

    /* What a gap search should find, by trying every page. */
    std::vector<uint64_t> all_answers(const gap_request &request) {
        std::vector<uint64_t> answers;
        uint64_t align = request.alignment_bytes >> PAGE_SHIFT;
        uint64_t total = request.page_count + 2 * request.guard_pages;
        uint64_t floor = first_of(request.within);
        uint64_t ceiling = floor + request.within.page_count;
        for (uint64_t start = floor; start + total <= ceiling; start++) {
            bool is_free = !area_tree_overlaps(&areas, pages(start, total));
            if (is_free && (start + request.guard_pages) % align == 0) {
                answers.push_back(start + request.guard_pages);
            }
        }
        return answers;
    }

    /* What the areas at and below the node say of themselves, by looking at each. */
    void expect_summary(const tree_node *node, std::vector<const vm_area *> *all) {
        if (node == nullptr) {
            return;
        }
        std::vector<const vm_area *> below;
        auto *area = TREE_ENTRY(const_cast<tree_node *>(node), vm_area, node);
        expect_summary(node->child[TREE_LEFT], &below);
        below.push_back(area);
        expect_summary(node->child[TREE_RIGHT], &below);
        uint64_t gap = 0;
        for (size_t i = 1; i < below.size(); i++) {
            uint64_t end = first_of(below[i - 1]->range) + below[i - 1]->range.page_count;
            gap = std::max(gap, first_of(below[i]->range) - end);
        }
        ASSERT_EQ(area->subtree_first, first_of(below.front()->range));
        ASSERT_EQ(area->subtree_end,
                  first_of(below.back()->range) + below.back()->range.page_count);
        ASSERT_EQ(area->subtree_gap, gap);
        all->insert(all->end(), below.begin(), below.end());
    }

    area_tree areas;
    std::map<uint64_t, std::unique_ptr<vm_area>> owned;
};

TEST_F(AreaTreeTest, AnAddressIsFoundInItsAreaAndNotBesideIt) {
    vm_area *area = add(10, 5);
    EXPECT_EQ(area_tree_find(&areas, virt_addr(0x9fff)), nullptr);
    EXPECT_EQ(area_tree_find(&areas, virt_addr(0xa000)), area);
    EXPECT_EQ(area_tree_find(&areas, virt_addr(0xefff)), area);
    EXPECT_EQ(area_tree_find(&areas, virt_addr(0xf000)), nullptr);
}

TEST_F(AreaTreeTest, TheTopmostPageOfTheAddressSpaceIsFoundToo) {
    vm_area *top = add(0xfffffffffffff, 1);
    EXPECT_EQ(area_tree_find(&areas, virt_addr(UINT64_MAX)), top);
    EXPECT_EQ(lowest({pages(0xffffffffffff0, 16), 15, PAGE_SIZE, 0}), 0xffffffffffff0u);
    EXPECT_EQ(lowest({pages(0xffffffffffff0, 16), 16, PAGE_SIZE, 0}), std::nullopt);
}

TEST_F(AreaTreeTest, NeighboursOfAnAddressAreFoundFromAGap) {
    vm_area *below = add(10, 2);
    vm_area *above = add(20, 2);
    EXPECT_EQ(area_tree_find_below(&areas, virt_addr(15 << 12)), below);
    EXPECT_EQ(area_tree_find_from(&areas, virt_addr(15 << 12)), above);
    EXPECT_EQ(area_tree_find_below(&areas, virt_addr(10 << 12)), nullptr);
    EXPECT_EQ(area_tree_find_from(&areas, virt_addr(22 << 12)), nullptr);
    EXPECT_EQ(area_tree_find_below(&areas, virt_addr(22 << 12)), above);
}

TEST_F(AreaTreeTest, ARangeIsCoveredOnlyWithoutAHole) {
    add(10, 2);
    add(12, 3);
    add(16, 1);
    EXPECT_TRUE(area_tree_covers(&areas, pages(10, 5)));
    EXPECT_TRUE(area_tree_covers(&areas, pages(11, 2)));
    EXPECT_FALSE(area_tree_covers(&areas, pages(10, 7)));
    EXPECT_FALSE(area_tree_covers(&areas, pages(9, 2)));
    EXPECT_FALSE(area_tree_covers(&areas, pages(16, 2))) << "behind the last there is nothing";
    EXPECT_TRUE(area_tree_overlaps(&areas, pages(15, 2)));
    EXPECT_FALSE(area_tree_overlaps(&areas, pages(15, 1)));
}

TEST_F(AreaTreeTest, S70TheLowestGapThatFitsIsTakenFirst) {
    add(10, 2);
    add(14, 2); // a gap of two pages before it
    add(20, 2); // and of four before this one
    EXPECT_EQ(lowest({pages(10, 100), 2, PAGE_SIZE, 0}), 12u);
    EXPECT_EQ(lowest({pages(10, 100), 3, PAGE_SIZE, 0}), 16u);
    EXPECT_EQ(lowest({pages(10, 100), 5, PAGE_SIZE, 0}), 22u);
}

TEST_F(AreaTreeTest, S70TheHighestGapThatFitsIsTakenFirstFromAbove) {
    add(10, 2);
    add(14, 2);
    add(20, 90);
    EXPECT_EQ(highest({pages(0, 110), 2, PAGE_SIZE, 0}), 18u);
    EXPECT_EQ(highest({pages(0, 110), 5, PAGE_SIZE, 0}), 5u);
    EXPECT_EQ(highest({pages(0, 110), 11, PAGE_SIZE, 0}), std::nullopt);
}

TEST_F(AreaTreeTest, S70GuardsNeedRoomOnBothSidesToo) {
    add(10, 2);
    add(14, 2);
    EXPECT_EQ(lowest({pages(10, 100), 1, PAGE_SIZE, 1}), 17u);
    EXPECT_EQ(lowest({pages(8, 2), 1, PAGE_SIZE, 1}), std::nullopt);
    EXPECT_EQ(lowest({pages(7, 3), 1, PAGE_SIZE, 1}), 8u);
}

TEST_F(AreaTreeTest, S70AlignmentIsOfTheFirstPageBehindTheGuard) {
    add(16, 1);
    EXPECT_EQ(lowest({pages(0, 100), 4, 8 * PAGE_SIZE, 1}), 8u);
    EXPECT_EQ(highest({pages(0, 34), 4, 8 * PAGE_SIZE, 1}), 24u);
}

TEST_F(AreaTreeTest, S70AGapThatIsLongEnoughButLiesBadlyIsPassedOver) {
    add(0, 5);
    add(13, 3); // 8 free pages, none of them a multiple of 8 with 8 behind it
    EXPECT_EQ(lowest({pages(0, 100), 8, 8 * PAGE_SIZE, 0}), 16u);
}

TEST_F(AreaTreeTest, S72AFullRegionSaysSo) {
    add(0, 100);
    EXPECT_EQ(lowest({pages(0, 100), 1, PAGE_SIZE, 0}), std::nullopt);
    EXPECT_EQ(highest({pages(0, 100), 1, PAGE_SIZE, 0}), std::nullopt);
}

TEST_F(AreaTreeTest, ARequestThatCouldOverflowFindsNothing) {
    EXPECT_EQ(lowest({pages(0, 100), UINT64_MAX, PAGE_SIZE, 1}), std::nullopt);
    EXPECT_EQ(lowest({pages(0, 100), 0, PAGE_SIZE, 0}), std::nullopt);
}

TEST_F(AreaTreeTest, V1AnAreaOverAnotherIsABrokenContract) {
    add(10, 5);
    vm_area over = {};
    over.range = pages(14, 2);
    EXPECT_CHECK_FAILS(area_tree_insert(&areas, &over), "overlaps");
    add(20, 5);
    EXPECT_CHECK_FAILS(area_tree_resize(&areas, owned.at(10).get(), pages(10, 11)), "next");
}

TEST_F(AreaTreeTest, AnAreaThatShrinksLeavesAGap) {
    vm_area *area = add(10, 10);
    add(20, 1);
    area_tree_resize(&areas, area, pages(10, 4));
    EXPECT_EQ(lowest({pages(10, 20), 6, PAGE_SIZE, 0}), 14u);
}

TEST_F(AreaTreeTest, EachSubtreeKnowsItsEndsAndItsLargestGapWhateverIsDone) {
    std::mt19937 random(11);
    std::vector<const vm_area *> all;
    for (int step = 0; step < 400; step++) {
        uint64_t first = random() % 60 * 4;
        if (owned.count(first) == 0) {
            add(first, 1 + random() % 4);
        } else if (random() % 2 == 0) {
            remove(first);
        } else {
            area_tree_resize(&areas, owned.at(first).get(), pages(first, 1 + random() % 4));
        }
        expect_summary(areas.tree.root, &all);
        ASSERT_FALSE(HasFatalFailure()) << "step " << step;
    }
}

TEST_F(AreaTreeTest, AMillionPagesWithManyAreasAreSearchedByTheSummaries) {
    for (uint64_t i = 0; i < 20000; i++) {
        add(i * 4, 3);
    }
    remove(4 * 12345);
    EXPECT_EQ(lowest({pages(0, 80000), 4, PAGE_SIZE, 0}), 4u * 12345 - 1);
    EXPECT_EQ(highest({pages(0, 80000), 5, PAGE_SIZE, 0}), 4u * 12345 - 1);
}

TEST_F(AreaTreeTest, RandomAreasAndRequestsAgreeWithTryingEveryPage) {
    std::mt19937 random(7);
    for (int step = 0; step < 3000; step++) {
        uint64_t first = random() % 200;
        uint64_t count = 1 + random() % 8;
        if (owned.count(first) != 0) {
            remove(first);
        } else if (!area_tree_overlaps(&areas, pages(first, count))) {
            add(first, count);
        }
        gap_request request = {pages(random() % 100, 20 + random() % 100), 1 + random() % 12,
                               PAGE_SIZE << (random() % 4), random() % 3};
        std::vector<uint64_t> answers = all_answers(request);
        auto low = answers.empty() ? std::nullopt : std::optional(answers.front());
        auto high = answers.empty() ? std::nullopt : std::optional(answers.back());
        ASSERT_EQ(lowest(request), low) << "step " << step;
        ASSERT_EQ(highest(request), high) << "step " << step;
    }
}

} // namespace
