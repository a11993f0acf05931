#include "host_tests/audit/audit_test.h"

/* What the audit says of tables, entries, areas and the kernel's half. */

namespace {

TEST_F(AuditTest, T1AShareCountThatIsNotTheNumberOfEntriesIsFound) {
    Corruption broken(table_frame(space, VA, 0).table.share_count, 2);
    expect_findings({"S2", "T1"}, "page table frame");
}

TEST_F(AuditTest, T1AnEntryCountThatIsWrongIsFound) {
    Corruption broken(table_frame(space, VA, 0).table.entry_count, 3);
    expect_findings({"T1"}, "has 4 entries, its count says 3");
}

TEST_F(AuditTest, T1ATableThatBelongsToAnotherIsFound) {
    auto *kernels = const_cast<page_table *>(space_page_table(kernel_space()));
    Corruption broken(table_frame(space, VA, 0).table.owner, kernels);
    expect_findings({"T1"}, "belongs to another");
}

TEST_F(AuditTest, T1ATableAboveTheLastLevelThatIsNobodysIsFound) {
    Corruption broken(table_frame(space, VA, 1).table.owner, nullptr);
    expect_findings({"T1"}, "belongs to another");
}

TEST_F(AuditTest, T1ATableThatIsWrittenThroughAndIsNobodysIsFound) {
    Corruption broken(table_frame(space, VA, 0).table.owner, nullptr);
    expect_findings({"T1"}, "0x400000 can be written through, and is nobody's");
}

TEST_F(AuditTest, T1ATableEntryThatRefersToNoTableIsFound) {
    uint64_t raw = entry(space, VA, 1);
    uint64_t other = frame_address(&frame_at(space, VA)).value;
    Corruption broken(entry(space, VA, 1), (raw & ~0x000ffffffffff000) | other);
    expect_findings({"F2", "T1"}, "is no table frame");
}

TEST_F(AuditTest, T1ATableEntryThatLeadsOutOfMemoryIsFound) {
    uint64_t raw = entry(space, VA, 1);
    Corruption broken(entry(space, VA, 1), (raw & ~0x000ffffffffff000) | 0xfed00000);
    expect_findings({"F2", "T1"}, "0xfed00000, is no table frame");
}

TEST_F(AuditTest, T1ARootThatIsNoTableIsFoundAndNotFollowed) {
    Corruption broken(frame_of(space_page_table(space)->root)->state, FRAME_KERNEL);
    expect_findings({"F1", "F2", "T1"}, "init: its root 0x");
}

TEST_F(AuditTest, T1ATableOfTheWrongLevelIsFound) {
    Corruption broken(table_frame(space, VA, 0).level, 1);
    expect_findings({"T1"}, "is of level 1, not 0");
}

TEST_F(AuditTest, T3AnEmptyTableThatAProcessKeepsIsFound) {
    auto *table = const_cast<page_table *>(space_page_table(space));
    struct virt_range far_away = virt_range(virt_addr(VA + (1ull << 40)), 1);
    ASSERT_EQ(page_table_reserve(table, far_away, 0), STATUS_OK);
    expect_findings({"T3"}, "init: the level 0 table");
    ASSERT_EQ(unmap(space, far_away.start.value, 1), STATUS_OK);
}

TEST_F(AuditTest, P1AReservedBitIsFound) {
    Corruption broken(entry(space, VA), entry(space, VA) | 1ull << 51);
    expect_findings({"F2", "P1"}, "has reserved bits 0x8000000000000");
}

TEST_F(AuditTest, P2AParkedEntryThatPointsToMemoryIsFound) {
    uint64_t not_inverted = entry(space, VA) & ~1ull;
    Corruption broken(entry(space, VA), not_inverted);
    expect_findings({"F2", "P2"}, "the parked entry for 0x400000 points to memory");
}

TEST_F(AuditTest, S1AMappingOutsideOfEveryAreaIsFound) {
    auto *table = const_cast<page_table *>(space_page_table(space));
    struct virt_range range = virt_range(virt_addr(VA + 9 * PAGE_SIZE), 1);
    page_attributes attributes = {RIGHT_READ | RIGHT_USER, CACHE_WRITE_BACK, 0};
    ASSERT_EQ(page_table_map(table, range, phys_addr(KERNEL_PA), attributes, 0), STATUS_OK);
    expect_findings({"S1"}, "0x409000 is mapped, but in no area");
    ASSERT_EQ(unmap(space, range.start.value, 1), STATUS_OK);
}

TEST_F(AuditTest, S1AMappingBelowTheFirstAreaIsFound) {
    auto *table = const_cast<page_table *>(space_page_table(space));
    struct virt_range range = virt_range(virt_addr(VA - PAGE_SIZE), 1);
    page_attributes attributes = {RIGHT_READ | RIGHT_USER, CACHE_WRITE_BACK, 0};
    ASSERT_EQ(page_table_map(table, range, phys_addr(KERNEL_PA), attributes, 0), STATUS_OK);
    expect_findings({"S1"}, "0x3ff000 is mapped, but in no area");
    ASSERT_EQ(unmap(space, range.start.value, 1), STATUS_OK);
}

TEST_F(AuditTest, ParkedPagesAreLookedAtToo) {
    TextLog log;
    uint64_t before = audit_run(log.sink()).leaf_count;
    ASSERT_EQ(protect(space, VA, 2, 0), STATUS_OK);
    EXPECT_EQ(audit_run(log.sink()).leaf_count, before);
}

TEST_F(AuditTest, S1ALargeLeafThatSticksOutOfItsAreaIsFound) {
    struct virt_range &direct_map = area_at(kernel_space(), DIRECT_MAP_BASE).range;
    Corruption broken(direct_map, virt_range(direct_map.start, direct_map.page_count - 1));
    expect_findings({"S1"}, "is mapped, but in no area");
}

TEST_F(AuditTest, S2ATableThatIsSharedAndCanBeWrittenThroughIsFound) {
    Corruption broken(table_frame(space, VA, 0).table.share_count, 2);
    expect_findings({"S2", "T1"}, "0x400000 can be written through, and is shared by 2");
}

TEST_F(AuditTest, S2APageOfTwoThatOneOfThemMayWriteToIsFound) {
    Corruption broken(frame_at(space, VA).map_count, 2);
    expect_findings({"F2", "S2"}, "init: 0x400000 is writable, and 2 entries own 0x");
}

TEST_F(AuditTest, S2APageOfTwoBelowATableThatNobodyCanWriteThroughIsSound) {
    address_space *child;
    ASSERT_EQ(space_fork(space, "child", &child), STATUS_OK);
    expect_sound();
    destroy(child);
    expect_sound();
}

TEST_F(AuditTest, S2AWritablePageOfZeroesIsFound) {
    constexpr uint64_t untouched = VA + 8 * PAGE_SIZE;
    ASSERT_EQ(map(space, untouched, 1, READ_WRITE, "more"), STATUS_OK);
    ASSERT_EQ(space_resolve_fault(space, virt_addr(untouched), ACCESS_READ), STATUS_OK);
    expect_sound();
    Corruption broken(entry(space, untouched), entry(space, untouched) | 2);
    expect_findings({"S2"}, "init: 0x408000 is the page of zeroes, and is writable");
}

TEST_F(AuditTest, V1AMappingInAGuardIsFound) {
    Corruption broken(area_at(space, VA).kind, AREA_GUARD);
    expect_findings({"V1"}, "is mapped in data, which is a guard");
}

TEST_F(AuditTest, V1AMappingInAReservationIsFound) {
    Corruption broken(area_at(space, VA).kind, AREA_RESERVED);
    expect_findings({"V1"}, "is mapped in data, which is only reserved");
}

TEST_F(AuditTest, V1AreasThatOverlapAreFound) {
    Corruption broken(area_at(space, VA + 4 * PAGE_SIZE).range,
                      virt_range(virt_addr(VA + 3 * PAGE_SIZE), 2));
    expect_findings({"V1"}, "the area guard at 0x403000 overlaps the one before");
}

TEST_F(AuditTest, V1AnAreaInTheWrongHalfIsFound) {
    Corruption broken(area_at(space, VA + 4 * PAGE_SIZE).range,
                      virt_range(virt_addr(KERNEL_RANGES_BASE), 1));
    expect_findings({"V1"}, "is not in its half");
}

TEST_F(AuditTest, V1EveryAreaInTheWrongHalfIsFound) {
    constexpr struct virt_range upper = {{KERNEL_RANGES_BASE}, 1};
    Corruption first(area_at(space, VA + 4 * PAGE_SIZE).range, upper);
    Corruption second(area_at(space, VA).range, upper);
    expect_findings({"S1", "V1"}, "the area data at 0xffffc00000000000 is not in its half");
    expect_findings({"S1", "V1"}, "the area guard at 0xffffc00000000000 is not in its half");
}

TEST_F(AuditTest, V1AnAreaWhereNoAddressIsFound) {
    constexpr struct virt_range nowhere = {{0x0180000000000000}, 1};
    Corruption broken(area_at(space, VA + 4 * PAGE_SIZE).range, nowhere);
    expect_findings({"V1"}, "the area guard at 0x180000000000000 is not in its half");
}

TEST_F(AuditTest, V2AnEntryThatGrantsMoreThanItsAreaIsFound) {
    Corruption broken(area_at(space, VA).attributes.rights, RIGHT_READ | RIGHT_USER);
    expect_findings({"V2"}, "0x400000 grants rights 0x2 that data does not");
}

TEST_F(AuditTest, V2AUsersPageThatWouldOutliveASwitchOfSpacesIsFound) {
    Corruption broken(entry(space, VA), entry(space, VA) | 1ull << 8);
    expect_findings({"V2"}, "0x400000 grants rights 0x10 that data does not");
}

TEST_F(AuditTest, UsersMayWriteWhatTheyExecute) { // K2 is of the upper half
    ASSERT_EQ(map(space, VA + 8 * PAGE_SIZE, 1, READ_WRITE | RIGHT_EXECUTE, "code"), STATUS_OK);
    ASSERT_EQ(populate(space, VA + 8 * PAGE_SIZE, 1), STATUS_OK);
    expect_sound();
}

TEST_F(AuditTest, V2AnotherCachePolicyThanTheAreasIsFound) {
    Corruption broken(area_at(space, VA).attributes.cache, CACHE_UNCACHED);
    expect_findings({"V2"}, "is not cached as data says");
}

TEST_F(AuditTest, S25K1AnEntryOfTheUpperHalfThatLetsUsersInIsFoundAtEveryLevel) {
    for (unsigned level : {0u, 1u, 2u}) {
        Corruption broken(entry(kernel_space(), DATA, level),
                          entry(kernel_space(), DATA, level) | 4);
        TextLog log;
        EXPECT_GE(audit_run(log.sink()).finding_count, 1);
        std::string part = "K1: the level " + std::to_string(level) + " entry";
        EXPECT_NE(log.text().find(part), std::string::npos) << log.text();
    }
}

TEST_F(AuditTest, K2WritableAndExecutableMemoryIsFound) {
    Corruption broken(entry(kernel_space(), DATA), entry(kernel_space(), DATA) & ~(1ull << 63));
    expect_findings({"K2", "K3", "V2"}, "is writable and executable");
}

TEST_F(AuditTest, K3TextThatIsWritableAtAnotherAddressIsFound) {
    void *address;
    phys_addr_t text = phys_addr(KERNEL_PA + 3 * PAGE_SIZE);
    ASSERT_EQ(kernel_range_map_device(text, 8, CACHE_WRITE_BACK, "alias", &address), STATUS_OK);
    expect_findings({"K3"}, "0x403000 is writable at 0xffffc00000001000");
    ASSERT_EQ(kernel_range_unmap_device(address), STATUS_OK);
}

TEST_F(AuditTest, WritableMemoryRightBehindTextIsSound) {
    void *address;
    phys_addr_t behind = phys_addr(KERNEL_PA + 16 * PAGE_SIZE);
    ASSERT_EQ(kernel_range_map_device(behind, 8, CACHE_WRITE_BACK, "alias", &address), STATUS_OK);
    expect_sound();
    ASSERT_EQ(kernel_range_unmap_device(address), STATUS_OK);
}

/* Executable memory at an address of its own: what was written elsewhere, as patches of text are.
 */
class TextAuditTest : public AuditTest {
  protected:
    void reserve_text(uint64_t page_count) {
        ASSERT_EQ(kernel_range_reserve(page_count, PAGE_SIZE, "patches", &range), STATUS_OK);
    }

    /* Maps the pages at `pa` from page `first` of the range on. */
    void map_text(uint64_t first, uint64_t page_count, uint64_t pa) {
        auto *table = const_cast<page_table *>(space_page_table(kernel_space()));
        struct virt_range part = virt_range(virt_add(range.start, first * PAGE_SIZE), page_count);
        page_attributes attributes = {RIGHT_READ | RIGHT_EXECUTE | RIGHT_GLOBAL, CACHE_WRITE_BACK,
                                      0};
        ASSERT_EQ(page_table_map(table, part, phys_addr(pa), attributes, 0), STATUS_OK);
    }

    void adopt_text() {
        ASSERT_EQ(kernel_range_adopt(range, RIGHT_READ | RIGHT_EXECUTE), STATUS_OK);
    }

    /* One executable page. */
    void add_text(uint64_t pa) {
        reserve_text(1);
        map_text(0, 1, pa);
        adopt_text();
    }

    struct virt_range range = {};
};

TEST_F(TextAuditTest, TextOfManyPagesIsOnePiece) {
    reserve_text(32);
    map_text(0, 16, KERNEL_PA);
    map_text(16, 16, KERNEL_PA);
    adopt_text();
    expect_sound();
    ASSERT_EQ(kernel_range_free(range.start), STATUS_OK);
}

TEST_F(AuditTest, K3TextThatALargeWritableLeafCoversIsFound) {
    /* The direct map as it would be without a hole for text: one large leaf. */
    uint64_t large = KERNEL_PA | 0x80 | 0x163 | 1ull << 63;
    Corruption broken(entry(kernel_space(), DIRECT_MAP_BASE + KERNEL_PA, 1), large);
    expect_findings({"K3", "T1"}, "0x400000 is writable at 0xffff800000400000");
}

TEST_F(TextAuditTest, K3TextInTheFirstPageOfMemoryIsComparedToo) {
    phys_addr_t lowest;
    ASSERT_EQ(frame_alloc_block(7, FRAME_KERNEL, ZONE_LOW, &lowest), STATUS_OK);
    ASSERT_EQ(lowest.value, 0u);
    add_text(0);
    expect_findings({"K3"}, "0x0 is writable at 0xffff800000000000");
    ASSERT_EQ(kernel_range_free(range.start), STATUS_OK);
    frame_free(lowest);
}

TEST_F(TextAuditTest, K3TextInsideALargeWritableLeafIsToldByItsOwnAddress) {
    phys_addr_t large;
    ASSERT_EQ(frame_alloc_block(9, FRAME_KERNEL, ZONE_NORMAL, &large), STATUS_OK);
    uint64_t inside = large.value + 5 * PAGE_SIZE;
    add_text(inside);
    std::ostringstream expected;
    expected << std::hex << "0x" << inside << " is writable at 0x" << DIRECT_MAP_BASE + large.value;
    expect_findings({"K3"}, expected.str());
    ASSERT_EQ(kernel_range_free(range.start), STATUS_OK);
    frame_free(large);
}

TEST_F(TextAuditTest, K3ExecutableMemoryInTooManyPiecesToCompareIsReportedOnce) {
    reserve_text(32);
    for (uint64_t i = 0; i < 32; i++) { /* backwards, so that no two pages are neighbours */
        map_text(i, 1, KERNEL_PA + (31 - i) * PAGE_SIZE);
    }
    adopt_text();
    expect_findings({"K3"}, "in more than 32 pieces");
    EXPECT_EQ(audit_run(TextLog().sink()).finding_count, 1u);
    ASSERT_EQ(kernel_range_free(range.start), STATUS_OK);
}

TEST_F(AuditTest, S32K4ATableInLoaderMemoryIsFound) {
    phys_addr_t table = frame_address(&table_frame(space, VA, 0));
    ASSERT_EQ(audit_forbid_range(phys_addr(table.value + 8), 16, "the loader's stack"), STATUS_OK);
    expect_findings({"K4"}, "lies in the loader's stack");
    audit_forget();
    phys_addr_t root = space_page_table(kernel_space())->root;
    ASSERT_EQ(audit_forbid_range(root, PAGE_SIZE, "the loader's tables"), STATUS_OK);
    expect_findings({"K4"}, "kernel: the level 3 table");
}

TEST_F(AuditTest, S32K4AStackInLoaderMemoryIsFound) {
    struct virt_range stack;
    ASSERT_EQ(kernel_range_alloc(2, "stack", &stack), STATUS_OK);
    ASSERT_EQ(audit_add_live(stack.start, 2 * PAGE_SIZE, "the stack of init"), STATUS_OK);
    expect_sound();
    phys_addr_t second = frame_address(&frame_at(kernel_space(), stack.start.value + PAGE_SIZE));
    ASSERT_EQ(audit_forbid_range(second, PAGE_SIZE, "boot_info"), STATUS_OK);
    expect_findings({"K4"}, "the stack of init at 0xffffc00000002000 is in use, and lies in boot");
    ASSERT_EQ(kernel_range_free(stack.start), STATUS_OK);
}

TEST_F(AuditTest, AStackBetweenLoaderMemoryIsSound) {
    struct virt_range stack;
    ASSERT_EQ(kernel_range_alloc(1, "stack", &stack), STATUS_OK);
    ASSERT_EQ(audit_add_live(stack.start, PAGE_SIZE, "the stack of init"), STATUS_OK);
    uint64_t pa = frame_address(&frame_at(kernel_space(), stack.start.value)).value;
    ASSERT_EQ(audit_forbid_range(phys_addr(pa - PAGE_SIZE), PAGE_SIZE, "right before"), STATUS_OK);
    ASSERT_EQ(audit_forbid_range(phys_addr(pa + PAGE_SIZE), PAGE_SIZE, "right after"), STATUS_OK);
    TextLog log;
    audit_run(log.sink());
    EXPECT_EQ(log.text().find("the stack of init"), std::string::npos) << log.text();
    ASSERT_EQ(kernel_range_free(stack.start), STATUS_OK);
}

TEST_F(AuditTest, K4ADescriptorTableThatIsNotMappedIsFound) {
    ASSERT_EQ(audit_add_live(virt_addr(0x7000), 0x100, "the GDT"), STATUS_OK);
    expect_findings({"K4"}, "the GDT at 0x7000 is in use, but not mapped");
}

TEST_F(AuditTest, MoreRangesThanCanBeKnownAreRefused) {
    for (int i = 0; i < 32; i++) {
        ASSERT_EQ(audit_forbid_range(phys_addr(0), PAGE_SIZE, "loader"), STATUS_OK);
    }
    EXPECT_EQ(audit_forbid_range(phys_addr(0), PAGE_SIZE, "loader"), STATUS_NO_MEMORY);
    for (int i = 0; i < 64; i++) {
        ASSERT_EQ(audit_add_live(virt_addr(TEXT), 1, "live"), STATUS_OK);
    }
    EXPECT_EQ(audit_add_live(virt_addr(TEXT), 1, "live"), STATUS_NO_MEMORY);
}

TEST_F(AuditTest, S54K5AKernelSlotThatIsAnotherInOneSpaceIsFound) {
    auto *root = static_cast<uint64_t *>(platform_phys_to_virt(space_page_table(space)->root));
    {
        Corruption stale(root[level_index(virt_addr(KERNEL_RANGES_BASE), 3)], 0);
        expect_findings({"K5", "T1"}, "init: root slot 384 holds 0x0");
    }
    {
        Corruption broken(root[300], 0x1003);
        expect_findings({"K5", "T1"}, "init: root slot 300 holds 0x1003, not 0x0");
    }
}

TEST_F(AuditTest, S54AnAccessedFlagIsNoDifference) {
    space_switch(space);
    EXPECT_TRUE(cpu().read(TEXT).succeeded());
    space_switch(kernel_space());
    expect_sound();
}

TEST_F(AuditTest, S06K5AnIdentityMappingThatWasNotDroppedIsFound) {
    auto *root =
        static_cast<uint64_t *>(platform_phys_to_virt(space_page_table(kernel_space())->root));
    Corruption left(root[0], 0x9003);
    expect_findings({"K5", "T1"}, "kernel: root slot 0 holds 0x9003, not 0x0");
}

} // namespace
