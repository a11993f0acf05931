#include <map>
#include <random>

#include "host_tests/paging/paging_test.h"

/*
 * Random operations against a model: a map from page to what it should reach. The oracle looks
 * after each flush; the model is compared with the tables, and with what the CPUs reach.
 */

namespace {

struct ModelPage {
    uint64_t pa; /* of device memory; frames are told by what was written to them */
    bool is_frame;
    uint8_t rights;
};

class ModelTest : public PagingOnEveryMachineTest {
  protected:
    /* Around the end of a GiB, so that the range meets entries of every level. */
    static constexpr uint64_t FIRST = 21 * GIB - 6 * MIB;
    static constexpr uint64_t PAGE_COUNT = 2 * 6 * MIB / PAGE_SIZE;

    uint64_t pick(uint64_t below) {
        return std::uniform_int_distribution<uint64_t>(0, below - 1)(random_);
    }

    /* Mostly short, sometimes aligned to large leaves. */
    struct virt_range pick_range() {
        uint64_t first = pick(PAGE_COUNT);
        uint64_t count = 1 + pick(pick(4) == 0 ? 1500 : 40);
        if (pick(3) == 0) {
            first = align_down(first, 512);
            count = 512 * (1 + pick(3));
        }
        count = std::min(count, PAGE_COUNT - first);
        return pages_at(FIRST + first * PAGE_SIZE, count);
    }

    page_attributes pick_attributes() {
        static constexpr page_attributes choices[] = {USER_RW, USER_RO, USER_RX, NO_RIGHTS};
        return choices[pick(4)];
    }

    bool is_taken(struct virt_range range) const {
        auto next = model_.lower_bound(range.start.value);
        return next != model_.end() && virt_range_contains(range, virt_addr(next->first));
    }

    void set(struct virt_range range, uint64_t pa, bool is_frame, uint8_t rights) {
        for (uint64_t i = 0; i < range.page_count; i++) {
            uint64_t offset = i * PAGE_SIZE;
            model_[range.start.value + offset] = {is_frame ? 0 : pa + offset, is_frame, rights};
        }
    }

    uint64_t erase(struct virt_range range) {
        auto first = model_.lower_bound(range.start.value);
        auto end = model_.upper_bound(virt_range_last(range).value);
        uint64_t count = std::distance(first, end);
        model_.erase(first, end);
        return count;
    }

    void map_device_somewhere() {
        struct virt_range range = pick_range();
        uint64_t pa = DEVICE + (pick(2) == 0 ? range.start.value - FIRST : pick(64) * PAGE_SIZE);
        page_attributes attributes = pick_attributes();
        status expected = is_taken(range) ? STATUS_EXISTS : STATUS_OK;
        ASSERT_EQ(map(range, pa, attributes, pick(3)), expected);
        if (expected == STATUS_OK) {
            set(range, pa, false, attributes.rights);
        }
    }

    void map_frames_somewhere() {
        struct virt_range range = pick_range();
        range.page_count = std::min<uint64_t>(range.page_count, 64);
        page_attributes attributes = pick_attributes();
        status expected = is_taken(range) ? STATUS_EXISTS : STATUS_OK;
        ASSERT_EQ(map_new(range, attributes), expected);
        if (expected == STATUS_OK) {
            set(range, 0, true, attributes.rights);
        }
    }

    /* Large leaves are never owned, so a range that meets frames is not cut through one. */
    void unmap_somewhere() {
        struct virt_range range = pick_range();
        uint64_t unmapped = 0;
        ASSERT_EQ(unmap(range, &unmapped), STATUS_OK);
        ASSERT_EQ(unmapped, erase(range));
    }

    void protect_somewhere() {
        struct virt_range range = pick_range();
        page_attributes attributes = pick_attributes();
        ASSERT_EQ(protect(range, attributes), STATUS_OK);
        auto end = model_.upper_bound(virt_range_last(range).value);
        for (auto page = model_.lower_bound(range.start.value); page != end; ++page) {
            page->second.rights = attributes.rights;
        }
    }

    void remap_somewhere() {
        struct virt_range range = pick_range();
        uint64_t pa = DEVICE + GIB + range.start.value - FIRST;
        ASSERT_EQ(remap(range, pa, USER_RW, pick(3)), STATUS_OK);
        set(range, pa, false, USER_RW.rights);
    }

    /* What a CPU reaches, and with which rights, is what the model says. */
    void touch_somewhere() {
        uint64_t va = FIRST + pick(PAGE_COUNT) * PAGE_SIZE;
        unsigned id = pick(2);
        auto page = model_.find(va);
        uint8_t rights = page == model_.end() ? RIGHT_NONE : page->second.rights;
        machine::Outcome read = cpu(id).read(va, USER);
        ASSERT_EQ(read.succeeded(), rights != RIGHT_NONE);
        if (!read.succeeded() || page->second.is_frame) {
            return;
        }
        ASSERT_EQ(read.pa, page->second.pa);
        if (!cpu(id).write(va, 1, USER).succeeded()) {
            ASSERT_EQ(cpu(id).write(va, 1, USER).succeeded(), (rights & RIGHT_WRITE) != 0);
        }
    }

    void compare() {
        for (uint64_t va = FIRST; va < FIRST + PAGE_COUNT * PAGE_SIZE; va += PAGE_SIZE) {
            page_query found = query(va);
            auto page = model_.find(va);
            ASSERT_EQ(found.kind == PAGE_ABSENT, page == model_.end());
            if (page == model_.end()) {
                continue;
            }
            ASSERT_EQ(found.kind == PAGE_PARKED, page->second.rights == RIGHT_NONE);
            ASSERT_EQ(found.attributes.rights, page->second.rights);
            ASSERT_EQ(found.is_owned, page->second.is_frame);
            if (!page->second.is_frame) {
                ASSERT_EQ(found.pa.value, page->second.pa);
            }
        }
    }

    void act() {
        switch (pick(10)) {
        case 0:
            return map_device_somewhere();
        case 1:
            return map_frames_somewhere();
        case 2:
            return unmap_somewhere();
        case 3:
            return protect_somewhere();
        case 4:
            return remap_somewhere();
        case 5:
            return merge(pages_at(FIRST, PAGE_COUNT));
        default:
            return touch_somewhere();
        }
    }

    std::mt19937_64 speculation_{1};

  private:
    std::mt19937_64 random_{20261121};
    std::map<uint64_t, ModelPage> model_;
};

TEST_P(ModelTest, RandomOperationsDoWhatTheModelSays) {
    for (unsigned step = 0; step < 1000; step++) {
        ASSERT_NO_FATAL_FAILURE(act()) << "at step " << step;
        if (step % 100 == 0) {
            ASSERT_NO_FATAL_FAILURE(compare()) << "after step " << step;
        }
    }
}

TEST_P(ModelTest, RandomOperationsLeaveNothingToCpusThatSpeculate) {
    pc().at_every_chance([this] {
        uint64_t page = std::uniform_int_distribution<uint64_t>(0, PAGE_COUNT - 1)(speculation_);
        cpu(page % 2).speculate(FIRST + page * PAGE_SIZE, 16 * PAGE_SIZE);
    });
    for (unsigned step = 0; step < 500; step++) {
        ASSERT_NO_FATAL_FAILURE(act()) << "at step " << step;
    }
    ASSERT_NO_FATAL_FAILURE(compare());
    pc().at_every_chance(nullptr);
}

INSTANTIATE_TEST_SUITE_P(Machines, ModelTest, testing::ValuesIn(EVERY_MACHINE), name_of_setup);

} // namespace
