#include "host_tests/machine/machine_test.h"
#include "host_tests/machine/raw_tables.h"

/* The caches of a CPU: what they remember, and which instruction makes them forget it. */

using namespace machine;

namespace {

constexpr uint64_t VA = 0x7f1234400000; /* at the start of a 2 MiB block */
constexpr uint64_t PAGE = 0x400000;
constexpr uint64_t OTHER_PAGE = 0x600000;
constexpr uint64_t RW = RAW_P | RAW_W;

class CpuTest : public MachineTest {
  protected:
    Config config() const override {
        Config config;
        config.control.pcide = true;
        return config;
    }

    void SetUp() override {
        MachineTest::SetUp();
        tables = std::make_unique<RawTables>(pc().ram(), 4, 0x200000);
        others = std::make_unique<RawTables>(pc().ram(), 4, 0x300000);
        cpu().mov_to_cr3(tables->root() | 1);
    }

    /* These tests are about staleness. */
    void TearDown() override {
        cpu().toggle_cr4_pge();
        MachineTest::TearDown();
    }

    bool remembers(uint64_t va) {
        return cpu().tlb().find(va, cpu().context()) != nullptr;
    }

    std::unique_ptr<RawTables> tables;
    std::unique_ptr<RawTables> others;
};

TEST_F(CpuTest, ATranslationStaysUntilItIsInvalidated) {
    tables->set(VA, 0, PAGE | RW);
    cpu().write(VA, 1);
    tables->set(VA, 0, 0);
    EXPECT_TRUE(cpu().read(VA).succeeded());
    cpu().invlpg(VA);
    EXPECT_FALSE(cpu().read(VA).succeeded());
}

TEST_F(CpuTest, WhatIsAbsentIsNotRemembered) { // 4.10.2.3
    EXPECT_FALSE(cpu().read(VA).succeeded());
    tables->set(VA, 0, PAGE | RW);
    EXPECT_TRUE(cpu().read(VA).succeeded());
}

TEST_F(CpuTest, ATableStaysInThePagingStructureCachesUntilAnyInvlpg) { // 4.10.4.1
    tables->set(VA, 0, PAGE | RW);
    tables->set(VA + 4096, 0, PAGE | RW);
    cpu().read(VA);
    tables->set(VA, 1, 0);
    EXPECT_TRUE(cpu().read(VA + 4096).succeeded()) << "walks through the PDE it remembers";
    cpu().invlpg(0x123000);
    cpu().invlpg(VA + 4096);
    EXPECT_FALSE(cpu().read(VA + 4096).succeeded());
}

TEST_F(CpuTest, AFaultForgetsWhatItUsed) { // 4.10.4.1
    tables->set(VA, 0, PAGE | RAW_P);
    cpu().read(VA);
    tables->set(VA, 0, PAGE | RW);
    EXPECT_FALSE(cpu().write(VA, 1).succeeded()) << "spurious";
    EXPECT_TRUE(cpu().write(VA, 1).succeeded());
}

TEST_F(CpuTest, LoadingCr3ForgetsItsContextButNotGlobalPages) { // 4.10.4.1
    tables->set(VA, 0, PAGE | RW);
    tables->set(VA + 4096, 0, PAGE | RW | RAW_G);
    cpu().read(VA);
    cpu().read(VA + 4096);
    cpu().mov_to_cr3(tables->root() | 1);
    EXPECT_FALSE(remembers(VA));
    EXPECT_TRUE(remembers(VA + 4096));
}

TEST_F(CpuTest, LoadingCr3WithBit63KeepsWhatTheContextHad) { // 4.10.4.1
    tables->set(VA, 0, PAGE | RW);
    cpu().read(VA);
    cpu().mov_to_cr3(others->root() | 2);
    EXPECT_FALSE(remembers(VA));
    cpu().mov_to_cr3(tables->root() | 1 | 1ull << 63);
    EXPECT_TRUE(remembers(VA));
}

TEST_F(CpuTest, LoadingCr3WithBit63NeedsContexts) { // MOV to CR3, protected mode exceptions
    cpu().control.pcide = false;
    EXPECT_THROW(cpu().mov_to_cr3(tables->root() | 1ull << 63), std::logic_error);
    cpu().control.pcide = true;
}

TEST_F(CpuTest, InvlpgLeavesOtherContextsAlone) { // 4.10.4.1
    tables->set(VA, 0, PAGE | RW);
    cpu().read(VA);
    cpu().mov_to_cr3(others->root() | 2);
    cpu().invlpg(VA);
    cpu().mov_to_cr3(tables->root() | 1 | 1ull << 63);
    EXPECT_TRUE(remembers(VA));
}

TEST_F(CpuTest, InvlpgForgetsAGlobalPageInAnyContext) { // 4.10.4.1
    tables->set(VA, 0, PAGE | RW | RAW_G);
    cpu().read(VA);
    cpu().mov_to_cr3(others->root() | 2);
    EXPECT_TRUE(remembers(VA));
    cpu().invlpg(VA);
    EXPECT_FALSE(remembers(VA));
}

TEST_F(CpuTest, InvpcidOfAnAddressLeavesGlobalPagesAlone) { // 4.10.4.1
    tables->set(VA, 0, PAGE | RW | RAW_G);
    tables->set(VA + 4096, 0, PAGE | RW);
    cpu().read(VA);
    cpu().read(VA + 4096);
    cpu().invpcid_address(1, VA);
    cpu().invpcid_address(1, VA + 4096);
    EXPECT_TRUE(remembers(VA));
    EXPECT_FALSE(remembers(VA + 4096));
}

TEST_F(CpuTest, TogglingGlobalPagesForgetsEverything) { // 4.10.4.1
    tables->set(VA, 0, PAGE | RW | RAW_G);
    cpu().read(VA);
    cpu().toggle_cr4_pge();
    EXPECT_EQ(cpu().cached_count(), 0u);
}

TEST_F(CpuTest, OneInvlpgForgetsAWholeLargePageThatWasTakenOut) { // 4.10.4.2
    tables->set(VA, 1, PAGE | RW | RAW_PS);
    cpu().read(VA);
    cpu().read(VA + 7 * 4096);
    tables->set(VA, 1, 0);
    cpu().invlpg(VA + 4096);
    EXPECT_EQ(cpu().tlb().size(), 0u);
}

TEST_F(CpuTest, OneInvlpgDoesNotForgetALargePageThatWasSplit) { // 4.10.2.3, 4.10.4.2
    tables->set(VA, 1, PAGE | RW | RAW_PS);
    cpu().read(VA);
    cpu().read(VA + 7 * 4096);
    tables->set(VA, 1, 0);
    tables->set(VA, 0, PAGE | RW);
    cpu().invlpg(VA);
    EXPECT_FALSE(remembers(VA));
    EXPECT_TRUE(remembers(VA + 7 * 4096));
}

TEST_F(CpuTest, AWriteLooksAgainToSetTheDirtyFlag) { // 4.8
    tables->set(VA, 0, PAGE | RW);
    cpu().read(VA);
    tables->set(VA, 0, OTHER_PAGE | RW);
    EXPECT_EQ(cpu().read(VA).pa, PAGE);
    EXPECT_EQ(cpu().write(VA, 1).pa, OTHER_PAGE);
}

TEST_F(CpuTest, SpeculationFillsEverythingWithoutBeingAsked) { // 4.10.2.3
    tables->set(VA, 0, PAGE | RW);
    tables->set(VA + 4096, 0, OTHER_PAGE | RW);
    cpu().speculate(VA, 0x200000);
    EXPECT_TRUE(remembers(VA) && remembers(VA + 4096));
    EXPECT_EQ(cpu().tables().size(), 3u);
    EXPECT_EQ(tables->get(VA, 0), PAGE | RW | RAW_A) << "accessed, not dirty";
}

} // namespace
