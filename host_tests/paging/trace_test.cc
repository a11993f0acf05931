#include <string>
#include <vector>

#include "host_tests/paging/paging_test.h"
#include "mm/paging/table_event.h"

namespace {

constexpr uint64_t VA = 4 * GIB;

/* What was reported, with what it pointed to. */
struct Kept {
    table_event event;
    std::vector<uint64_t> pages;
    std::vector<uint64_t> flushed;
    uint8_t mapped_before; /* enum page_kind of the range's start, at the report */
};

class TraceTest : public PagingTest {
  protected:
    void SetUp() override {
        PagingTest::SetUp();
        listen();
    }

    void listen() {
        kept.clear();
        pc().trace([this](const table_event &event) { keep(event); });
    }

    const Kept &only(table_operation operation) {
        const Kept *found = nullptr;
        for (const Kept &one : kept) {
            if (one.event.operation == operation) {
                EXPECT_EQ(found, nullptr) << "reported twice";
                found = &one;
            }
        }
        static const Kept nothing = {};
        EXPECT_NE(found, nullptr) << "not reported";
        return found != nullptr ? *found : nothing;
    }

    std::vector<int> operations() {
        std::vector<int> result;
        for (const Kept &one : kept) {
            result.push_back(one.event.operation);
        }
        return result;
    }

    std::vector<Kept> kept;

  private:
    void keep(const table_event &event) {
        Kept one = {.event = event};
        if (event.pages != nullptr) {
            for (uint64_t i = 0; i < event.range.page_count; i++) {
                one.pages.push_back(event.pages[i].value);
            }
        }
        for (unsigned i = 0; event.flush != nullptr && i < event.flush->page_count; i++) {
            one.flushed.push_back(event.flush->pages[i].value);
        }
        if (event.range.page_count != 0 && event.table->root.value != 0) {
            one.mapped_before = page_table_query(event.table, event.range.start).kind;
        }
        kept.push_back(std::move(one));
    }
};

void expect_range(const table_event &event, uint64_t va, uint64_t page_count) {
    EXPECT_EQ(event.range.start.value, va);
    EXPECT_EQ(event.range.page_count, page_count);
}

} // namespace

TEST_F(TraceTest, MappingSaysWhatGoesWhereBeforeItIsThere) {
    ASSERT_EQ(map(pages_at(VA, 512), DEVICE, USER_RO, 1), STATUS_OK);
    const Kept &one = only(TABLE_MAP);
    EXPECT_EQ(one.event.status, STATUS_OK);
    EXPECT_EQ(one.event.table, &user);
    expect_range(one.event, VA, 512);
    EXPECT_EQ(one.event.pa.value, DEVICE);
    EXPECT_EQ(one.event.level, 1);
    EXPECT_EQ(one.event.attributes.rights, USER_RO.rights);
    EXPECT_NE(one.event.caller, nullptr);
    EXPECT_EQ(one.mapped_before, PAGE_ABSENT);
}

TEST_F(TraceTest, MappingFramesNamesEachOfThem) {
    std::vector<phys_addr_t> frames = new_frames(3);
    ASSERT_EQ(page_table_map_frames(&user, pages_at(VA, 3), frames.data(), USER_RW), STATUS_OK);
    const Kept &one = only(TABLE_MAP_FRAMES);
    expect_range(one.event, VA, 3);
    EXPECT_EQ(one.event.attributes.rights, USER_RW.rights);
    EXPECT_NE(one.event.caller, nullptr);
    EXPECT_EQ(one.pages,
              (std::vector<uint64_t>{frames[0].value, frames[1].value, frames[2].value}));
    EXPECT_EQ(one.mapped_before, PAGE_ABSENT);
}

TEST_F(TraceTest, AnOperationThatIsRefusedSaysWhy) {
    ASSERT_EQ(map(pages_at(VA, 2), DEVICE, USER_RO), STATUS_OK);
    kept.clear();
    EXPECT_EQ(map(pages_at(VA, 2), DEVICE, USER_RO), STATUS_EXISTS);
    EXPECT_EQ(only(TABLE_MAP).event.status, STATUS_EXISTS);
    phys_addr_t page = phys_addr(0);
    EXPECT_EQ(page_table_map_frames(&user, pages_at(VA, 1), &page, KERNEL_RW), STATUS_INVALID);
    EXPECT_EQ(only(TABLE_MAP_FRAMES).event.status, STATUS_INVALID);
    EXPECT_EQ(page_table_reserve(&user, pages_at(KERNEL_RANGES_BASE, 1), 0), STATUS_INVALID);
    EXPECT_EQ(only(TABLE_RESERVE).event.status, STATUS_INVALID);
    EXPECT_EQ(protect(pages_at(VA, 2), KERNEL_RW), STATUS_INVALID);
    EXPECT_EQ(only(TABLE_PROTECT).event.status, STATUS_INVALID);
    EXPECT_EQ(page_table_destroy_user(&user), STATUS_BUSY);
    EXPECT_EQ(only(TABLE_DESTROY).event.status, STATUS_BUSY);
    tlb_gather gather;
    tlb_gather_begin(&gather, &user);
    EXPECT_EQ(page_table_unmap_strict(&user, pages_at(VA, 3), &gather), STATUS_NOT_FOUND);
    tlb_gather_finish(&gather);
    EXPECT_EQ(only(TABLE_UNMAP_STRICT).event.status, STATUS_NOT_FOUND);
    ASSERT_EQ(unmap(pages_at(VA, 2)), STATUS_OK);
}

TEST_F(TraceTest, UnmappingIsReportedThenItsFlushThenThatItIsPaid) {
    ASSERT_EQ(map_new(pages_at(VA, 2)), STATUS_OK);
    cpu(0).read(VA, USER);
    cpu(0).read(VA + PAGE_SIZE, USER);
    kept.clear();
    ASSERT_EQ(unmap(pages_at(VA, 2)), STATUS_OK);
    EXPECT_EQ(operations(),
              (std::vector<int>{TABLE_UNMAP, TABLE_FLUSH_START, TABLE_FLUSH_DONE, TABLE_PAID}));
    EXPECT_EQ(kept[0].mapped_before, PAGE_MAPPED);
    expect_range(kept[0].event, VA, 2);
    EXPECT_EQ(kept[1].flushed, (std::vector<uint64_t>{VA, VA + PAGE_SIZE}));
    EXPECT_EQ(kept[1].event.table, &user);
    EXPECT_EQ(kept[2].flushed, kept[1].flushed);
    EXPECT_EQ(kept[3].event.flush, nullptr);
    for (const Kept &one : kept) {
        EXPECT_NE(one.event.caller, nullptr);
    }
}

TEST_F(TraceTest, TheThreeKindsOfUnmappingAreTold) {
    ASSERT_EQ(map(pages_at(VA, 3), DEVICE, USER_RO), STATUS_OK);
    tlb_gather gather;
    tlb_gather_begin(&gather, &user);
    EXPECT_EQ(page_table_unmap(&user, pages_at(VA, 1), &gather, nullptr), STATUS_OK);
    EXPECT_EQ(page_table_unmap_keeping_frames(&user, pages_at(VA + PAGE_SIZE, 1), &gather, nullptr),
              STATUS_OK);
    EXPECT_EQ(page_table_unmap_strict(&user, pages_at(VA + 2 * PAGE_SIZE, 1), &gather), STATUS_OK);
    tlb_gather_finish(&gather);
    expect_range(only(TABLE_UNMAP).event, VA, 1);
    expect_range(only(TABLE_UNMAP_KEEPING_FRAMES).event, VA + PAGE_SIZE, 1);
    expect_range(only(TABLE_UNMAP_STRICT).event, VA + 2 * PAGE_SIZE, 1);
    for (table_operation operation :
         {TABLE_UNMAP, TABLE_UNMAP_KEEPING_FRAMES, TABLE_UNMAP_STRICT}) {
        EXPECT_NE(only(operation).event.caller, nullptr);
    }
}

TEST_F(TraceTest, ChangesOfWhatIsMappedAreReportedWhileTheOldIsThere) {
    ASSERT_EQ(map(pages_at(VA, 512), DEVICE, USER_RW, 0), STATUS_OK);
    ASSERT_EQ(protect(pages_at(VA, 512), USER_RO), STATUS_OK);
    merge(pages_at(VA, 512));
    ASSERT_EQ(remap(pages_at(VA, 512), DEVICE + 2 * MIB, USER_RO, 1), STATUS_OK);
    EXPECT_EQ(only(TABLE_PROTECT).event.attributes.rights, USER_RO.rights);
    expect_range(only(TABLE_MERGE).event, VA, 512);
    EXPECT_EQ(only(TABLE_REMAP).event.pa.value, DEVICE + 2 * MIB);
    EXPECT_EQ(only(TABLE_REMAP).event.level, 1);
    EXPECT_EQ(only(TABLE_REMAP).event.attributes.rights, USER_RO.rights);
    for (table_operation operation : {TABLE_PROTECT, TABLE_MERGE, TABLE_REMAP}) {
        EXPECT_EQ(only(operation).mapped_before, PAGE_MAPPED);
        EXPECT_EQ(only(operation).event.table, &user);
        expect_range(only(operation).event, VA, 512);
        EXPECT_NE(only(operation).event.caller, nullptr);
    }
    ASSERT_EQ(unmap(pages_at(VA, 512)), STATUS_OK);
}

TEST_F(TraceTest, MovingTellsWhereTo) {
    ASSERT_EQ(map_new(pages_at(VA, 2)), STATUS_OK);
    tlb_gather gather;
    tlb_gather_begin(&gather, &user);
    EXPECT_EQ(page_table_move(&user, pages_at(VA, 2), virt_addr(VA + GIB), &gather), STATUS_OK);
    tlb_gather_finish(&gather);
    const table_event &event = only(TABLE_MOVE).event;
    EXPECT_EQ(event.to.value, VA + GIB);
    EXPECT_EQ(event.table, &user);
    EXPECT_EQ(only(TABLE_MOVE).mapped_before, PAGE_MAPPED);
    EXPECT_FALSE(only(TABLE_MAP_FRAMES).event.are_objects);
    expect_range(event, VA, 2);
    EXPECT_NE(event.caller, nullptr);
    ASSERT_EQ(unmap(pages_at(VA + GIB, 2)), STATUS_OK);
}

TEST_F(TraceTest, SharingTellsWithWhomAndUnsharingBeforeItIsDone) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    tlb_gather gather;
    tlb_gather_begin(&gather, &user);
    EXPECT_EQ(page_table_share(&user, &other, pages_at(VA, 512), &gather), STATUS_OK);
    EXPECT_EQ(page_table_unshare(&user, pages_at(VA, 2), &gather), STATUS_OK);
    EXPECT_EQ(page_table_unshare(&user, pages_at(KERNEL_RANGES_BASE, 1), &gather), STATUS_INVALID);
    tlb_gather_finish(&gather);
    const table_event &shared = only(TABLE_SHARE).event;
    EXPECT_EQ(shared.table, &user);
    EXPECT_EQ(shared.other, &other);
    EXPECT_NE(shared.caller, nullptr);
    expect_range(shared, VA, 512);
    ASSERT_EQ(operations().size(), 5u) << "map, share, two unshares, and what was owed";
    const table_event &unshared = kept[2].event;
    EXPECT_EQ(unshared.operation, TABLE_UNSHARE);
    EXPECT_EQ(unshared.status, STATUS_OK);
    EXPECT_EQ(unshared.table, &user);
    EXPECT_NE(unshared.caller, nullptr);
    expect_range(unshared, VA, 2);
    EXPECT_EQ(kept[3].event.status, STATUS_INVALID);
}

TEST_F(TraceTest, WhoseFramesAreMappedIsTold) {
    phys_addr_t page;
    ASSERT_EQ(frame_alloc_zeroed(FRAME_FILE, ZONE_NORMAL, &page), STATUS_OK);
    ASSERT_EQ(page_table_map_frames(&user, pages_at(VA, 1), &page, USER_RW), STATUS_OK);
    EXPECT_TRUE(only(TABLE_MAP_FRAMES).event.are_objects);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
    frame_free(page);
}

TEST_F(TraceTest, ReservingTellsDownToWhichLevel) {
    ASSERT_EQ(page_table_reserve(&user, pages_at(VA, 4), 1), STATUS_OK);
    const table_event &event = only(TABLE_RESERVE).event;
    EXPECT_EQ(event.level, 1);
    EXPECT_EQ(event.table, &user);
    expect_range(event, VA, 4);
    EXPECT_NE(event.caller, nullptr);
    ASSERT_EQ(unmap(pages_at(VA, 4)), STATUS_OK);
}

TEST_F(TraceTest, ATablesLifeIsReportedFromItsRootToItsEnd) {
    page_table third = {};
    ASSERT_EQ(page_table_create_user(&third, &kernel), STATUS_OK);
    expect_range(only(TABLE_CREATE).event, 0, USER_END / PAGE_SIZE);
    EXPECT_EQ(only(TABLE_CREATE).event.table, &third);
    switch_to(0, third);
    EXPECT_EQ(only(TABLE_ACTIVATE).event.table, &third);
    EXPECT_EQ(only(TABLE_ACTIVATE).event.other, &user);
    kept.clear();
    switch_to(0, user);
    kept.clear();
    ASSERT_EQ(page_table_destroy_user(&third), STATUS_OK);
    EXPECT_EQ(operations(), (std::vector<int>{TABLE_UNMAP, TABLE_DESTROY, TABLE_PAID}));
    expect_range(kept[1].event, 0, USER_END / PAGE_SIZE);
    EXPECT_NE(kept[1].event.caller, nullptr);
}

TEST_F(TraceTest, ACreationThatFailsHasNoRoot) {
    page_table third = {};
    FrameDrought drought(0);
    EXPECT_EQ(page_table_create_user(&third, &kernel), STATUS_NO_MEMORY);
    EXPECT_EQ(only(TABLE_CREATE).event.status, STATUS_NO_MEMORY);
    EXPECT_EQ(third.root.value, 0u);
}

/* The boot's own tables. */
class BootTraceTest : public TraceTest {
  protected:
    void boot_with_early_allocator() override {
        listen();
        TraceTest::boot_with_early_allocator();
        created_ = only(TABLE_CREATE).event;
    }
    void boot_with_frames() override {
        kept.clear();
        TraceTest::boot_with_frames();
        adopted_ = only(TABLE_ADOPT).event;
    }

    table_event created_ = {};
    table_event adopted_ = {};
};

TEST_F(BootTraceTest, TheKernelsTableIsCreatedAndAdopted) {
    uint64_t half = uint64_t{1} << 47;
    EXPECT_EQ(created_.table, &kernel);
    expect_range(created_, -half, half / PAGE_SIZE);
    EXPECT_EQ(adopted_.table, &kernel);
    expect_range(adopted_, -half, half / PAGE_SIZE);
    EXPECT_NE(adopted_.caller, nullptr);
}
