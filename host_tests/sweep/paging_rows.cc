#include <gtest/gtest.h>

#include "host_tests/sweep/sweep.h"
#include "lib/capability.h"
#include "mm/addr/layout.h"
#include "mm/paging/pte_words.h"

namespace {

constexpr page_attributes USER_RW = {READ_WRITE | RIGHT_USER, CACHE_WRITE_BACK, 0};
constexpr page_attributes USER_RO = {RIGHT_READ | RIGHT_USER, CACHE_WRITE_BACK, 0};
constexpr page_attributes NO_RIGHTS = {RIGHT_NONE, CACHE_WRITE_BACK, 0};
constexpr page_attributes KERNEL_DEVICE = {READ_WRITE | RIGHT_GLOBAL, CACHE_UNCACHED, 0};
constexpr uint64_t KERNEL_VA = KERNEL_RANGES_BASE + 100 * GIB;

/* The process's table and the kernel's, used without their areas. */
class PagingRows : public SweepTest {
  protected:
    void SetUp() override {
        SweepTest::SetUp();
        user = table_of(space);
        kernel = table_of(kernel_space());
    }

    void TearDown() override {
        EXPECT_EQ(unmap(*user, space_user_range()), STATUS_OK);
        EXPECT_EQ(unmap(*kernel, pages_at(KERNEL_VA, PAGES_1G)), STATUS_OK);
        SweepTest::TearDown();
    }

    using Change = std::function<status(tlb_gather &)>;

    /* The change in a gather of its own. */
    static status gathered(page_table &table, const Change &change) {
        tlb_gather gather;
        tlb_gather_begin(&gather, &table);
        status result = change(gather);
        tlb_gather_finish(&gather);
        return result;
    }
    static status unmap(page_table &table, struct virt_range range) {
        return gathered(table, [&](tlb_gather &gather) REQUIRES(gather) {
            return page_table_unmap(&table, range, &gather, nullptr);
        });
    }
    status map(struct virt_range range, unsigned largest_level = 2) {
        return page_table_map(user, range, phys_addr(DEVICE), USER_RW, largest_level);
    }
    status unmap(struct virt_range range) {
        return unmap(*user, range);
    }
    status protect(struct virt_range range, page_attributes attributes) {
        return gathered(*user, [&](tlb_gather &gather) REQUIRES(gather) {
            return page_table_protect(user, range, attributes, &gather);
        });
    }
    status remap(struct virt_range range, page_attributes attributes) {
        return gathered(*user, [&](tlb_gather &gather) REQUIRES(gather) {
            return page_table_remap(user, range, phys_addr(DEVICE + PAGE_SIZE), attributes, 2,
                                    &gather);
        });
    }
    status share(page_table &child) {
        return gathered(*user, [&](tlb_gather &gather) REQUIRES(gather) {
            return page_table_share(user, &child, pages_at(VA, 1024), &gather);
        });
    }
    status map_new(struct virt_range range) {
        return page_table_map_frames(user, range, new_frames(range.page_count).data(), USER_RW);
    }
    static std::vector<phys_addr_t> new_frames(uint64_t count) {
        std::vector<phys_addr_t> frames(count);
        for (phys_addr_t &frame : frames) {
            EXPECT_EQ(frame_alloc_zeroed(FRAME_ANON, ZONE_NORMAL, &frame), STATUS_OK);
        }
        return frames;
    }

    page_table *user = nullptr;
    page_table *kernel = nullptr;
};

TEST_P(PagingRows, page_table_create_user) {
    page_table fresh;
    EXPECT_EQ(fails([&] { return page_table_create_user(&fresh, kernel); }), 1u);
    EXPECT_EQ(page_table_destroy_user(&fresh), STATUS_OK);
}

TEST_P(PagingRows, page_table_destroy_user) {
    page_table fresh;
    ASSERT_EQ(page_table_create_user(&fresh, kernel), STATUS_OK);
    ASSERT_EQ(page_table_map(&fresh, pages_at(VA, PAGES_1G + 1), phys_addr(DEVICE), USER_RW, 2),
              STATUS_OK);
    takes_no_memory_and_succeeds([&] { return page_table_destroy_user(&fresh); });
}

TEST_P(PagingRows, page_table_reserve) {
    struct virt_range range = pages_at(VA, PAGES_2M + 1);
    EXPECT_EQ(fails([&] { return page_table_reserve(user, range, 0); }), user->levels);
    ASSERT_EQ(map(range), STATUS_OK); /* with the tables, so that they go again */
}

TEST_P(PagingRows, page_table_map) {
    struct virt_range all_sizes = pages_at(VA - PAGE_SIZE, 1 + PAGES_1G + PAGES_2M + 1);
    auto operation = [&] {
        return page_table_map(user, all_sizes, phys_addr(DEVICE - PAGE_SIZE), USER_RW, 2);
    };
    EXPECT_EQ(fails(operation), user->levels + 1u);
}

TEST_P(PagingRows, page_table_map_IntoTheKernelsHalf) {
    struct virt_range range = pages_at(KERNEL_VA, PAGES_2M + 1);
    auto operation = [&] {
        return page_table_map(kernel, range, phys_addr(DEVICE), KERNEL_DEVICE, 0);
    };
    EXPECT_EQ(fails(operation), 3u) << "since the root's slots are there from the boot on";
}

TEST_P(PagingRows, page_table_map_frames) {
    std::vector<phys_addr_t> frames = new_frames(513);
    struct virt_range range = pages_at(VA, 513);
    auto operation = [&] { return page_table_map_frames(user, range, frames.data(), USER_RW); };
    EXPECT_EQ(fails(operation), user->levels);
}

TEST_P(PagingRows, page_table_remap) {
    ASSERT_EQ(map(pages_at(VA, PAGES_2M)), STATUS_OK);
    ASSERT_EQ(map_new(pages_at(VA + 2 * MIB + PAGE_SIZE, 3)), STATUS_OK);
    struct virt_range over_everything = pages_at(VA + PAGE_SIZE, 3 * PAGES_2M);
    EXPECT_EQ(fails([&] { return remap(over_everything, USER_RO); }), 2u);
}

TEST_P(PagingRows, page_table_remap_frames) {
    std::vector<phys_addr_t> frames = new_frames(513);
    ASSERT_EQ(map_new(pages_at(VA, 3)), STATUS_OK);
    auto operation = [&] {
        return gathered(*user, [&](tlb_gather &gather) REQUIRES(gather) {
            return page_table_remap_frames(user, pages_at(VA, 513), frames.data(), USER_RW,
                                           &gather);
        });
    };
    EXPECT_EQ(fails(operation), 1u);
}

TEST_P(PagingRows, page_table_share) {
    page_table child;
    ASSERT_EQ(page_table_create_user(&child, kernel), STATUS_OK);
    ASSERT_EQ(map_new(pages_at(VA, 600)), STATUS_OK);
    EXPECT_EQ(fails([&] { return share(child); }), user->levels - 2u);
    EXPECT_EQ(page_table_destroy_user(&child), STATUS_OK);
}

TEST_P(PagingRows, page_table_move) {
    ASSERT_EQ(map_new(pages_at(VA, 3)), STATUS_OK);
    auto operation = [&] {
        return gathered(*user, [&](tlb_gather &gather) REQUIRES(gather) {
            return page_table_move(user, pages_at(VA, 3), virt_addr(VA + GIB - PAGE_SIZE), &gather);
        });
    };
    EXPECT_EQ(fails(operation), 3u) << "two of the last level, and one above";
}

TEST_P(PagingRows, page_table_count) {
    takes_no_memory([&] { EXPECT_GE(page_table_count(user), 1u); });
}

/* A process that shares both of its tables. */
class SharingRows : public PagingRows {
  protected:
    void SetUp() override {
        PagingRows::SetUp();
        ASSERT_EQ(page_table_create_user(&child, kernel), STATUS_OK);
        ASSERT_EQ(map_new(pages_at(VA, 600)), STATUS_OK);
        ASSERT_EQ(share(child), STATUS_OK);
    }

    void TearDown() override {
        EXPECT_EQ(page_table_destroy_user(&child), STATUS_OK);
        PagingRows::TearDown();
    }

    page_table child = {};
};

TEST_P(SharingRows, page_table_unshare) {
    auto operation = [&] {
        return gathered(*user, [&](tlb_gather &gather) REQUIRES(gather) {
            return page_table_unshare(user, pages_at(VA, 600), &gather);
        });
    };
    EXPECT_EQ(fails(operation), 2u);
}

TEST_P(SharingRows, page_table_unmap_OfPartsOfSharedTables) {
    EXPECT_EQ(fails([&] { return unmap(pages_at(VA + PAGE_SIZE, 598)); }), 2u);
}

TEST_P(SharingRows, page_table_unmap_OfSharedTables) {
    takes_no_memory_and_succeeds([&] { return unmap(pages_at(VA, 1024)); });
}

TEST_P(SharingRows, page_table_protect_OfPagesInSharedTables) {
    EXPECT_EQ(fails([&] { return protect(pages_at(VA, 600), USER_RO); }), 2u);
}

TEST_P(PagingRows, page_table_unmap) {
    ASSERT_EQ(map(pages_at(VA, PAGES_1G)), STATUS_OK);
    struct virt_range inner = pages_at(VA + PAGE_SIZE, PAGES_1G - 2);
    EXPECT_EQ(fails([&] { return unmap(inner); }), 3u);
}

TEST_P(PagingRows, page_table_unmap_AcrossTwoLargeLeaves) {
    ASSERT_EQ(map(pages_at(VA, 2 * PAGES_2M)), STATUS_OK);
    struct virt_range range = pages_at(VA + 2 * MIB - PAGE_SIZE, 2);
    EXPECT_EQ(fails([&] { return unmap(range); }), 2u);
}

TEST_P(PagingRows, page_table_unmap_OfWholeLeaves) {
    ASSERT_EQ(map(pages_at(VA, PAGES_1G), 1), STATUS_OK);
    takes_no_memory_and_succeeds([&] { return unmap(pages_at(VA, PAGES_1G)); });
}

TEST_P(PagingRows, page_table_unmap_OfAParkedLargeLeaf) {
    ASSERT_EQ(map(pages_at(VA, PAGES_2M)), STATUS_OK);
    ASSERT_EQ(protect(pages_at(VA, PAGES_2M), NO_RIGHTS), STATUS_OK);
    EXPECT_EQ(fails([&] { return unmap(pages_at(VA + PAGE_SIZE, 1)); }), 1u);
}

TEST_P(PagingRows, page_table_unmap_keeping_frames) {
    ASSERT_EQ(map(pages_at(VA, PAGES_2M)), STATUS_OK);
    struct virt_range range = pages_at(VA + 5 * PAGE_SIZE, 3);
    auto operation = [&] {
        return gathered(*user, [&](tlb_gather &gather) REQUIRES(gather) {
            return page_table_unmap_keeping_frames(user, range, &gather, nullptr);
        });
    };
    EXPECT_EQ(fails(operation), 1u);
}

TEST_P(PagingRows, page_table_unmap_strict) {
    ASSERT_EQ(map(pages_at(VA, PAGES_1G)), STATUS_OK);
    struct virt_range range = pages_at(VA + 5 * PAGE_SIZE, 3);
    auto operation = [&] {
        return gathered(*user, [&](tlb_gather &gather) REQUIRES(gather) {
            return page_table_unmap_strict(user, range, &gather);
        });
    };
    EXPECT_EQ(fails(operation), 2u);
}

TEST_P(PagingRows, page_table_protect) {
    ASSERT_EQ(map(pages_at(VA, PAGES_1G)), STATUS_OK);
    struct virt_range range = pages_at(VA + PAGE_SIZE, PAGES_2M);
    EXPECT_EQ(fails([&] { return protect(range, USER_RO); }), 3u);
}

TEST_P(PagingRows, page_table_protect_Parking) {
    ASSERT_EQ(map(pages_at(VA, PAGES_2M)), STATUS_OK);
    EXPECT_EQ(fails([&] { return protect(pages_at(VA + PAGE_SIZE, 1), NO_RIGHTS); }), 1u);
}

TEST_P(PagingRows, page_table_merge) {
    ASSERT_EQ(map(pages_at(VA, PAGES_1G), 0), STATUS_OK);
    takes_no_memory_and_succeeds([&] {
        return gathered(*user, [&](tlb_gather &gather) REQUIRES(gather) {
            page_table_merge(user, pages_at(VA, PAGES_1G), &gather);
            return STATUS_OK;
        });
    });
    EXPECT_EQ(page_table_query(user, virt_addr(VA)).level, 2);
}

TEST_P(PagingRows, page_table_query) {
    ASSERT_EQ(map(pages_at(VA, 1)), STATUS_OK);
    takes_no_memory([&] { EXPECT_EQ(page_table_query(user, virt_addr(VA)).pa.value, DEVICE); });
}

TEST_P(PagingRows, page_table_half_range) {
    takes_no_memory([&] { EXPECT_EQ(page_table_half_range(user).start.value, 0u); });
}

TEST_P(PagingRows, page_table_for_each) {
    ASSERT_EQ(map(pages_at(VA, 3)), STATUS_OK);
    auto count = [](void *context, virt_addr_t, const page_query *) {
        ++*static_cast<unsigned *>(context);
        return true;
    };
    unsigned visited = 0;
    takes_no_memory([&] { page_table_for_each(user, space_user_range(), count, &visited); });
    EXPECT_EQ(visited, 3u);
}

TEST_P(PagingRows, page_table_walk) {
    ASSERT_EQ(map(pages_at(VA, 1)), STATUS_OK);
    page_walk walk;
    takes_no_memory([&] { page_table_walk(user, virt_addr(VA), &walk); });
    EXPECT_EQ(walk.step_count, user->levels);
}

TEST_P(PagingRows, page_walk_find_stop) {
    page_walk walk;
    page_table_walk(user, virt_addr(VA), &walk);
    takes_no_memory(
        [&] { EXPECT_TRUE(page_walk_find_stop(&walk, RIGHT_READ, RIGHT_NONE).is_stopped); });
}

TEST_P(PagingRows, pte_words) {
    char words[96];
    takes_no_memory([&] { pte_words(pte_absent(), 0, words, sizeof words); });
    EXPECT_STREQ(words, "not present");
}

TEST_P(PagingRows, page_table_activate) {
    takes_no_memory([&] {
        page_table_activate(kernel, user);
        page_table_activate(user, kernel);
    });
}

/* A gather that comes with every kind of debt, and pays it all with no memory. */
class GatherRows : public PagingRows {
  protected:
    void SetUp() override {
        PagingRows::SetUp();
        ASSERT_EQ(map_new(pages_at(VA, 2)), STATUS_OK);
    }
};

TEST_P(GatherRows, tlb_gather_begin) {
    takes_no_memory_and_succeeds(
        [&] { return gathered(*user, [](tlb_gather &) { return STATUS_OK; }); });
}

TEST_P(GatherRows, tlb_gather_finish) {
    takes_no_memory_and_succeeds([&] { return unmap(*user, pages_at(VA, 2)); });
    EXPECT_GT(pc().flush_counts().requests, 0u);
}

TEST_P(GatherRows, tlb_gather_leaf) {
    takes_no_memory_and_succeeds([&] {
        return gathered(*user, [](tlb_gather &gather) REQUIRES(gather) {
            for (uint64_t page = 0; page <= TLB_FLUSH_PAGE_MAX; page++) {
                tlb_gather_leaf(&gather, virt_addr(VA + (page << PAGE_SHIFT)));
            }
            return STATUS_OK;
        });
    });
}

TEST_P(GatherRows, tlb_gather_everything) {
    takes_no_memory_and_succeeds([&] {
        return gathered(*kernel, [](tlb_gather &gather) REQUIRES(gather) {
            tlb_gather_everything(&gather);
            return STATUS_OK;
        });
    });
}

TEST_P(GatherRows, tlb_gather_way) {
    takes_no_memory_and_succeeds([&] {
        return gathered(*user, [](tlb_gather &gather) REQUIRES(gather) {
            tlb_gather_way(&gather, virt_addr(VA), 1);
            return STATUS_OK;
        });
    });
}

TEST_P(GatherRows, tlb_gather_table) {
    phys_addr_t unhooked;
    ASSERT_EQ(frame_alloc_zeroed(FRAME_TABLE, ZONE_NORMAL, &unhooked), STATUS_OK);
    takes_no_memory_and_succeeds([&] {
        return gathered(*user, [&](tlb_gather &gather) REQUIRES(gather) {
            tlb_gather_table(&gather, unhooked);
            return STATUS_OK;
        });
    });
    EXPECT_EQ(frame_state_of(unhooked), FRAME_FREE);
}

TEST_P(GatherRows, tlb_gather_shared_table) {
    phys_addr_t unhooked;
    ASSERT_EQ(frame_alloc_zeroed(FRAME_TABLE, ZONE_NORMAL, &unhooked), STATUS_OK);
    frame_of(unhooked)->table.share_count = 1;
    takes_no_memory_and_succeeds([&] {
        return gathered(*user, [&](tlb_gather &gather) REQUIRES(gather) {
            tlb_gather_shared_table(&gather, unhooked);
            return STATUS_OK;
        });
    });
    EXPECT_EQ(frame_state_of(unhooked), FRAME_FREE);
}

TEST_P(GatherRows, tlb_gather_frame) {
    phys_addr_t unmapped = new_frames(1).front();
    frame_of(unmapped)->map_count = 1; /* by the entry that is just gone */
    takes_no_memory_and_succeeds([&] {
        return gathered(*user, [&](tlb_gather &gather) REQUIRES(gather) {
            tlb_gather_frame(&gather, frame_of(unmapped));
            return STATUS_OK;
        });
    });
    EXPECT_EQ(frame_state_of(unmapped), FRAME_FREE);
}

SWEEP_EVERY_MACHINE(PagingRows);
SWEEP_EVERY_MACHINE(SharingRows);
SWEEP_EVERY_MACHINE(GatherRows);

} // namespace
