#pragma once

#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>
#include <type_traits>

#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"
#include "mm/audit/audit.h"
#include "mm/paging/page_table.h"
#include "mm/space/address_space.h"

constexpr uint8_t READ_WRITE = RIGHT_READ | RIGHT_WRITE;
constexpr uint64_t VA = SPACE_IMAGE_BASE;
constexpr uint64_t TEXT = KERNEL_IMAGE_BASE;
constexpr uint64_t DATA = KERNEL_IMAGE_BASE + 32 * PAGE_SIZE;

/* Changes a value for as long as it lives. */
template <typename T> class Corruption {
  public:
    Corruption(T &where, std::type_identity_t<T> what) : where_(where), before_(where) {
        where = what;
    }
    ~Corruption() {
        where_ = before_;
    }
    Corruption(const Corruption &) = delete;
    Corruption &operator=(const Corruption &) = delete;

  private:
    T &where_;
    T before_;
};

/* Each test breaks one thing by hand, sees it reported, and mends it; the fixture's own audit at
 * the end sees nothing any more. */
class AuditTest : public SpaceTest {
  protected:
    void SetUp() override {
        SpaceTest::SetUp();
        space = create("init");
        ASSERT_EQ(map(space, VA, 4, READ_WRITE, "data"), STATUS_OK);
        ASSERT_EQ(populate(space, VA, 4), STATUS_OK);
        ASSERT_EQ(guard(space, VA + 4 * PAGE_SIZE, 1, "guard"), STATUS_OK);
    }

    void TearDown() override {
        audit_forget();
        destroy(space);
        SpaceTest::TearDown();
    }

    /* Expects findings of these invariants and no others, and one line with `part` in it. */
    void expect_findings(const std::set<std::string> &invariants, const std::string &part) {
        TextLog log;
        audit_result result = audit_run(log.sink());
        std::set<std::string> found;
        uint64_t lines = 0;
        std::istringstream text(log.text());
        for (std::string line; std::getline(text, line); lines++) {
            found.insert(line.substr(7, 2)); /* behind "audit: " */
        }
        EXPECT_EQ(found, invariants) << log.text();
        EXPECT_EQ(result.finding_count, lines);
        EXPECT_NE(log.text().find(part), std::string::npos) << part << "\nin\n" << log.text();
    }

    /* The entry that maps `va`, or the one of a higher level on the way. */
    uint64_t &entry(address_space *of, uint64_t va, unsigned level = 0) {
        page_walk walk;
        page_table_walk(space_page_table(of), virt_addr(va), &walk);
        const page_walk_step &step = walk.steps[space_page_table(of)->levels - 1u - level];
        return static_cast<uint64_t *>(platform_phys_to_virt(step.table))[step.index];
    }

    static struct frame &frame_at(address_space *of, uint64_t va) {
        translation found = {};
        EXPECT_EQ(space_translate(of, virt_addr(va), &found), STATUS_OK);
        return *frame_of(phys_addr(align_down(found.pa.value, PAGE_SIZE)));
    }

    static struct frame &table_frame(address_space *of, uint64_t va, unsigned level) {
        page_walk walk;
        page_table_walk(space_page_table(of), virt_addr(va), &walk);
        return *frame_of(walk.steps[space_page_table(of)->levels - 1u - level].table);
    }

    static vm_area &area_at(address_space *of, uint64_t va) {
        struct Search {
            uint64_t va;
            vm_area *found;
        } search = {va, nullptr};
        space_for_each_area(
            of,
            [](void *context, const vm_area *area) {
                auto *wanted = static_cast<Search *>(context);
                if (virt_range_contains(area->range, virt_addr(wanted->va))) {
                    wanted->found = const_cast<vm_area *>(area);
                }
                return wanted->found == nullptr;
            },
            &search);
        return *search.found;
    }

    /* The first frame of some free block of the order. An audit of this machine borrows one of
     * order 3, or cuts it from the next larger one there is. */
    static struct frame &free_block(unsigned order) {
        struct Search {
            unsigned order;
            struct frame *found;
        } search = {order, nullptr};
        frame_for_each_free_block(
            [](void *context, phys_addr_t pa, unsigned block_order, frame_zone zone) {
                auto *wanted = static_cast<Search *>(context);
                if (block_order == wanted->order && zone == ZONE_DMA32) {
                    wanted->found = frame_of(pa);
                }
            },
            &search);
        EXPECT_NE(search.found, nullptr) << "no free block of order " << order;
        return *search.found;
    }

    address_space *space = nullptr;
};
