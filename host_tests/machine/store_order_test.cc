#include <set>

#include "host_tests/machine/machine_test.h"
#include "host_tests/machine/moments.h"
#include "host_tests/machine/raw_tables.h"
#include "host_tests/machine/store_watch.h"

/* When other CPUs see what one has stored: the memory model of SDM 3A 8.2, by its own examples. */

using namespace machine;

namespace {

constexpr uint64_t VA = 0x7f1234400000;
constexpr uint64_t PAGE = 0x400000;
constexpr uint64_t OTHER_PAGE = 0x600000;
constexpr uint64_t USER_RW = RAW_P | RAW_W | RAW_U;

class StoreOrderTest : public MachineTest {
  protected:
    void SetUp() override {
        MachineTest::SetUp();
        tables = std::make_unique<RawTables>(pc().ram(), 4, 0x200000);
        tables->set(VA, 0, PAGE | USER_RW | RAW_A);
        cpu(1).mov_to_cr3(tables->root());
        word = reinterpret_cast<uint64_t *>(pc().ram().at(tables->slot(VA, 0)));
    }

    void TearDown() override {
        cpu(1).toggle_cr4_pge();
        MachineTest::TearDown();
    }

    /* CPU 0 runs `code`; what CPU 1 finds at VA, each time anew, whenever `is_time` says so. */
    void run(const std::function<void()> &code, const volatile bool &is_time) {
        act_ahead_of_stores(pc(), code, [&] {
            if (is_time) {
                cpu(1).toggle_cr4_pge();
                pages_seen.insert(cpu(1).read(VA, Privilege::USER).pa);
            }
        });
    }

    std::unique_ptr<RawTables> tables;
    uint64_t *word = nullptr; /* the entry of VA, as CPU 0's program sees it */
    std::set<uint64_t> pages_seen;
};

using Pages = std::set<uint64_t>;

TEST_F(StoreOrderTest, ALaterLoadRunsAheadOfAStore) { // 8.2.3.4
    volatile bool has_gone_on = false;
    uint64_t loaded = 0;
    run(
        [&] {
            __atomic_store_n(word, OTHER_PAGE | USER_RW, __ATOMIC_RELEASE);
            loaded = __atomic_load_n(word, __ATOMIC_ACQUIRE);
            has_gone_on = true;
            (void)__atomic_load_n(word, __ATOMIC_ACQUIRE);
        },
        has_gone_on);
    EXPECT_EQ(pages_seen, Pages{PAGE}) << "CPU 1 sees the store too early to be cruel";
    EXPECT_EQ(loaded, OTHER_PAGE | USER_RW) << "8.2.3.5: a CPU sees its own stores at once";
}

TEST_F(StoreOrderTest, AFenceWaitsForTheStoresBeforeIt) { // 8.2.5
    volatile bool is_fenced = false;
    run(
        [&] {
            __atomic_store_n(word, OTHER_PAGE | USER_RW, __ATOMIC_RELEASE);
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            is_fenced = true;
            (void)__atomic_load_n(word, __ATOMIC_ACQUIRE);
        },
        is_fenced);
    EXPECT_EQ(pages_seen, Pages{OTHER_PAGE});
}

TEST_F(StoreOrderTest, ALockedInstructionWaitsForTheStoresBeforeIt) { // 8.2.3.9
    volatile bool is_locked = false;
    uint64_t elsewhere = 0;
    run(
        [&] {
            __atomic_store_n(word, OTHER_PAGE | USER_RW, __ATOMIC_RELEASE);
            __atomic_fetch_or(&elsewhere, 1, __ATOMIC_RELAXED);
            is_locked = true;
            (void)__atomic_load_n(word, __ATOMIC_ACQUIRE);
        },
        is_locked);
    EXPECT_EQ(pages_seen, Pages{OTHER_PAGE});
}

TEST_F(StoreOrderTest, AnExchangeIsSeenAtOnce) { // 8.2.3.8
    volatile bool is_done = false;
    run(
        [&] {
            (void)__atomic_exchange_n(word, OTHER_PAGE | USER_RW, __ATOMIC_RELAXED);
            is_done = true;
            (void)__atomic_load_n(word, __ATOMIC_ACQUIRE);
        },
        is_done);
    EXPECT_EQ(pages_seen, Pages{OTHER_PAGE});
}

TEST_F(StoreOrderTest, AnAccessedFlagInAStoresWayIsLost) { // 8.2.2: the store comes last
    volatile bool is_stored = false;
    run(
        [&] {
            __atomic_store_n(word, OTHER_PAGE | USER_RW, __ATOMIC_RELEASE);
            is_stored = true;
            (void)__atomic_load_n(word, __ATOMIC_ACQUIRE);
        },
        is_stored);
    EXPECT_EQ(tables->get(VA, 0), OTHER_PAGE | USER_RW);
}

TEST_F(StoreOrderTest, WhatWasStoredIsSeenInTheEnd) {
    const volatile bool never = false;
    run([&] { __atomic_store_n(word, OTHER_PAGE | USER_RW, __ATOMIC_RELEASE); }, never);
    EXPECT_EQ(pc().ram().stores.size(), 0u);
    EXPECT_EQ(cpu(1).read(VA, Privilege::USER).pa, OTHER_PAGE);
}

struct InstructionCase {
    const char *name;
    std::vector<uint8_t> bytes;
    bool drains;
};

class DrainingInstructionTest : public testing::TestWithParam<InstructionCase> {};

TEST_P(DrainingInstructionTest, IsKnown) {
    EXPECT_EQ(drains_stores(GetParam().bytes.data()), GetParam().drains);
}

INSTANTIATE_TEST_SUITE_P(
    Section825, DrainingInstructionTest,
    testing::Values(InstructionCase{"LockOr", {0xf0, 0x48, 0x09, 0x07}, true},
                    InstructionCase{"LockCmpxchg16", {0x66, 0xf0, 0x0f, 0xb1, 0x0f}, true},
                    InstructionCase{"XchgWithMemory", {0x48, 0x87, 0x07}, true},
                    InstructionCase{"XchgOfRegisters", {0x48, 0x87, 0xc7}, false},
                    InstructionCase{"Mfence", {0x0f, 0xae, 0xf0}, true},
                    InstructionCase{"Sfence", {0x0f, 0xae, 0xf8}, false},
                    InstructionCase{"Lfence", {0x0f, 0xae, 0xe8}, false},
                    InstructionCase{"Cpuid", {0x0f, 0xa2, 0x90}, true},
                    InstructionCase{"Mov", {0x48, 0x89, 0x07}, false}),
    [](const auto &info) { return info.param.name; });

} // namespace
