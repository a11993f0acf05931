#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host_tests/machine/booted_machine_test.h"
#include "host_tests/machine/sizes.h"
#include "mm/addr/layout.h"
#include "mm/paging/page_table.h"

/* The machines that the suite runs on. */
struct PagingSetup {
    const char *name;
    bool identity = false; /* memory is seen at its physical address, as before the direct map */
    unsigned levels = 4;
    bool pcid = false;
};

inline void PrintTo(const PagingSetup &setup, std::ostream *out) {
    *out << setup.name;
}

constexpr page_attributes USER_RW = {RIGHT_READ | RIGHT_WRITE | RIGHT_USER, CACHE_WRITE_BACK, 0};
constexpr page_attributes USER_RO = {RIGHT_READ | RIGHT_USER, CACHE_WRITE_BACK, 0};
constexpr page_attributes USER_RX = {RIGHT_READ | RIGHT_EXECUTE | RIGHT_USER, CACHE_WRITE_BACK, 0};
constexpr page_attributes NO_RIGHTS = {RIGHT_NONE, CACHE_WRITE_BACK, 0};
constexpr page_attributes KERNEL_RW = {RIGHT_READ | RIGHT_WRITE | RIGHT_GLOBAL, CACHE_WRITE_BACK,
                                       0};
constexpr page_attributes KERNEL_RO = {RIGHT_READ | RIGHT_GLOBAL, CACHE_WRITE_BACK, 0};

constexpr machine::Privilege USER = machine::Privilege::USER;

/* Every entry of every table below `table`'s root, the upper half's too. */
std::vector<uint64_t> snapshot(const page_table &table);

/*
 * A kernel table with the slot of the kernel ranges filled, and two processes. CPU 0 and CPU 1
 * translate through `user`. Device memory lies where there is no RAM.
 */
class PagingTest : public BootedMachineTest {
  protected:
    static constexpr uint64_t DEVICE = 3 * GIB; /* contiguous, not RAM */

    /* The first 4 MiB of the kernel ranges have all their tables; a GiB further on, those for
     * large leaves. */
    static constexpr uint64_t KERNEL_BLOCKS = KERNEL_RANGES_BASE + GIB;

    machine::Config config() const override;
    void boot_with_early_allocator() override;
    void boot_with_frames() override;
    void SetUp() override;
    void TearDown() override;

    virtual PagingSetup setup() const {
        return {"DirectMap"};
    }

    /* Whichever table the address belongs to. */
    page_table &table_of(uint64_t va) {
        return va >> 63 != 0 ? kernel : user;
    }

    /* Fresh frames with 4 KiB leaves that own them. */
    status map_new(struct virt_range range, page_attributes attributes = USER_RW);
    std::vector<phys_addr_t> new_frames(uint64_t count);

    /* One operation in a gather of its own; the table is that of the range. */
    status unmap(struct virt_range range, uint64_t *unmapped_pages = nullptr);
    status protect(struct virt_range range, page_attributes attributes);
    status remap(struct virt_range range, uint64_t pa, page_attributes attributes,
                 unsigned largest_level);
    void merge(struct virt_range range);
    status map(struct virt_range range, uint64_t pa, page_attributes attributes,
               unsigned largest_level = 2);

    /* Unmaps the range from `user`, then from `other`, in two gathers that are open at once. That
     * of `other` is finished first, and `between` runs before that of `user` is. */
    void unmap_in_both(struct virt_range range, const std::function<void()> &between);

    /* Makes `id` translate through `table`, as a scheduler does. */
    void switch_to(unsigned id, page_table &table);

    page_query query(uint64_t va) {
        return page_table_query(&table_of(va), virt_addr(va));
    }
    bool is_mapped(uint64_t va) {
        return query(va).kind == PAGE_MAPPED;
    }

    page_table kernel = {};
    page_table user = {};
    page_table other = {};

  private:
    page_table *current_[2] = {};
};

class PagingOnEveryMachineTest : public PagingTest,
                                 public testing::WithParamInterface<PagingSetup> {
  protected:
    PagingSetup setup() const override {
        return GetParam();
    }
};

inline std::string name_of_setup(const testing::TestParamInfo<PagingSetup> &info) {
    return info.param.name;
}

constexpr PagingSetup EVERY_MACHINE[] = {
    {"DirectMap"},
    {"Identity", true},
    {"FiveLevels", false, 5},
    {"ContextIds", false, 4, true},
};
