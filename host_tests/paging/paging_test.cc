#include "host_tests/paging/paging_test.h"

#include "lib/capability.h"
#include "mm/paging/pte.h"

namespace {

void add_entries(phys_addr_t table, unsigned level, std::vector<uint64_t> &entries) {
    const pte_t *slots = static_cast<const pte_t *>(platform_phys_to_virt(table));
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        entries.push_back(slots[i].raw);
        if (pte_kind(slots[i], level) == PTE_TABLE) {
            add_entries(pte_table_address(slots[i]), level - 1, entries);
        }
    }
}

} // namespace

std::vector<uint64_t> snapshot(const page_table &table) {
    std::vector<uint64_t> entries;
    add_entries(table.root, table.levels - 1u, entries);
    return entries;
}

machine::Config PagingTest::config() const {
    machine::Config config;
    config.control.levels = setup().levels;
    config.control.pcide = setup().pcid;
    config.identity = setup().identity;
    if (setup().identity) {
        config.ram = {{machine::Ram::IDENTITY_BASE, 32 * MIB}};
    }
    return config;
}

void PagingTest::boot_with_early_allocator() {
    ASSERT_EQ(page_table_create_kernel(&kernel), STATUS_OK);
    struct virt_range region = pages_at(KERNEL_RANGES_BASE, 512 * GIB / PAGE_SIZE);
    ASSERT_EQ(page_table_reserve(&kernel, region, 2), STATUS_OK);
    ASSERT_EQ(page_table_reserve(&kernel, pages_at(DIRECT_MAP_BASE, 1), 2), STATUS_OK);
    struct virt_range used_by_tests = pages_at(KERNEL_RANGES_BASE, 4 * MIB / PAGE_SIZE);
    ASSERT_EQ(page_table_reserve(&kernel, used_by_tests, 0), STATUS_OK);
    struct virt_range large = pages_at(KERNEL_BLOCKS, GIB / PAGE_SIZE);
    ASSERT_EQ(page_table_reserve(&kernel, large, 1), STATUS_OK);
}

void PagingTest::boot_with_frames() {
    page_table_adopt_kernel(&kernel);
}

void PagingTest::SetUp() {
    BootedMachineTest::SetUp();
    ASSERT_EQ(page_table_create_user(&user, &kernel), STATUS_OK);
    ASSERT_EQ(page_table_create_user(&other, &kernel), STATUS_OK);
    if (setup().pcid) {
        user.context_id = 1;
        other.context_id = 2;
    }
    switch_to(1, user);
    switch_to(0, user);
}

/* What was owed must have been paid before a change of CR3 pays it by chance. */
void PagingTest::TearDown() {
    if (current_[0] == nullptr) {
        MachineTest::TearDown(); /* SetUp has failed */
        return;
    }
    pc().look("before the processes end");
    for (unsigned id : {1, 0}) {
        switch_to(id, kernel);
    }
    EXPECT_EQ(page_table_destroy_user(&user), STATUS_OK);
    EXPECT_EQ(page_table_destroy_user(&other), STATUS_OK);
    BootedMachineTest::TearDown();
}

void PagingTest::switch_to(unsigned id, page_table &table) {
    pc().run_on(id);
    page_table_activate(&table, current_[id]);
    current_[id] = &table;
}

std::vector<phys_addr_t> PagingTest::new_frames(uint64_t count) {
    std::vector<phys_addr_t> frames(count);
    for (phys_addr_t &frame : frames) {
        EXPECT_EQ(frame_alloc_zeroed(FRAME_ANON, ZONE_NORMAL, &frame), STATUS_OK);
    }
    return frames;
}

status PagingTest::map_new(struct virt_range range, page_attributes attributes) {
    std::vector<phys_addr_t> frames = new_frames(range.page_count);
    page_table &table = table_of(range.start.value);
    status status = page_table_map_frames(&table, range, frames.data(), attributes);
    for (phys_addr_t frame : frames) {
        if (status != STATUS_OK) {
            frame_free(frame);
        }
    }
    return status;
}

status PagingTest::map(struct virt_range range, uint64_t pa, page_attributes attributes,
                       unsigned largest_level) {
    return page_table_map(&table_of(range.start.value), range, phys_addr(pa), attributes,
                          largest_level);
}

status PagingTest::unmap(struct virt_range range, uint64_t *unmapped_pages) {
    page_table &table = table_of(range.start.value);
    tlb_gather gather;
    tlb_gather_begin(&gather, &table);
    status status = page_table_unmap(&table, range, &gather, unmapped_pages);
    tlb_gather_finish(&gather);
    return status;
}

status PagingTest::protect(struct virt_range range, page_attributes attributes) {
    page_table &table = table_of(range.start.value);
    tlb_gather gather;
    tlb_gather_begin(&gather, &table);
    status status = page_table_protect(&table, range, attributes, &gather);
    tlb_gather_finish(&gather);
    return status;
}

status PagingTest::remap(struct virt_range range, uint64_t pa, page_attributes attributes,
                         unsigned largest_level) {
    page_table &table = table_of(range.start.value);
    tlb_gather gather;
    tlb_gather_begin(&gather, &table);
    status status =
        page_table_remap(&table, range, phys_addr(pa), attributes, largest_level, &gather);
    tlb_gather_finish(&gather);
    return status;
}

void PagingTest::merge(struct virt_range range) {
    page_table &table = table_of(range.start.value);
    tlb_gather gather;
    tlb_gather_begin(&gather, &table);
    page_table_merge(&table, range, &gather);
    tlb_gather_finish(&gather);
}

void PagingTest::unmap_in_both(struct virt_range range, const std::function<void()> &between) {
    pc().look_only_at_the_end();
    tlb_gather of_user;
    tlb_gather of_other;
    tlb_gather_begin(&of_user, &user);
    tlb_gather_begin(&of_other, &other);
    EXPECT_EQ(page_table_unmap(&user, range, &of_user, nullptr), STATUS_OK);
    EXPECT_EQ(page_table_unmap(&other, range, &of_other, nullptr), STATUS_OK);
    tlb_gather_finish(&of_other);
    between();
    tlb_gather_finish(&of_user);
}
