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

class ForgetfulCpuTest : public CpuTest {
  protected:
    Config config() const override {
        Config config = CpuTest::config();
        config.control.remembers = false;
        return config;
    }
};

TEST_F(ForgetfulCpuTest, EveryAccessWalksTheTablesAsTheyAre) {
    tables->set(VA, 0, PAGE | RW);
    cpu().write(VA, 1);
    cpu().speculate(VA, page_size(0));
    EXPECT_EQ(cpu().cached_count(), 0u);
    tables->set(VA, 0, 0);
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

/* Two contexts with a page each, and a global page of the first. */
class TwoContextsTest : public CpuTest {
  protected:
    static constexpr uint64_t GLOBAL_VA = VA + 4096;

    void SetUp() override {
        CpuTest::SetUp();
        tables->set(VA, 0, PAGE | RW);
        tables->set(GLOBAL_VA, 0, OTHER_PAGE | RW | RAW_G);
        others->set(VA, 0, OTHER_PAGE | RW);
        cpu().read(VA);
        cpu().read(GLOBAL_VA);
        cpu().mov_to_cr3(others->root() | 2);
        cpu().read(VA);
    }

    /* Which of them the CPU still has: those of contexts 1 and 2, and the global one. */
    std::string remembered() {
        bool has_first = cpu().tlb().find(VA, 1) != nullptr;
        bool has_second = cpu().tlb().find(VA, 2) != nullptr;
        bool has_global = cpu().tlb().find(GLOBAL_VA, GLOBAL_CONTEXT) != nullptr;
        return std::string(has_first ? "1" : "") + (has_second ? "2" : "") +
               (has_global ? "G" : "");
    }

    /* The contexts whose upper entries it still has. */
    std::string walks_remembered() {
        bool has_first = cpu().tables().find_lowest(VA, 1) != nullptr;
        bool has_second = cpu().tables().find_lowest(VA, 2) != nullptr;
        return std::string(has_first ? "1" : "") + (has_second ? "2" : "");
    }
};

TEST_F(TwoContextsTest, InvpcidOfAnAddressForgetsItInOneContext) { // 4.10.4.1, type 0
    cpu().invpcid(INVPCID_ADDRESS, {1, VA});
    cpu().invpcid(INVPCID_ADDRESS, {1, GLOBAL_VA});
    EXPECT_EQ(remembered() + walks_remembered(), "2G2");
}

TEST_F(TwoContextsTest, InvpcidOfAnAddressLeavesTheUpperEntriesOfOthers) { // 4.10.4.1, type 0
    cpu().invpcid(INVPCID_ADDRESS, {1, VA - (1ull << 40)});
    EXPECT_EQ(remembered() + walks_remembered(), "12G12");
}

TEST_F(TwoContextsTest, InvpcidOfAContextLeavesGlobalPagesAlone) { // 4.10.4.1, type 1
    cpu().invpcid(INVPCID_CONTEXT, {1, 0});
    EXPECT_EQ(remembered() + walks_remembered(), "2G2");
}

TEST_F(TwoContextsTest, InvpcidOfAllForgetsGlobalPagesToo) { // 4.10.4.1, type 2
    cpu().invpcid(INVPCID_ALL, {});
    EXPECT_EQ(remembered() + walks_remembered(), "");
    EXPECT_EQ(cpu().cached_count(), 0u);
}

TEST_F(TwoContextsTest, InvpcidOfAllButGlobalLeavesGlobalPagesAlone) { // 4.10.4.1, type 3
    cpu().invpcid(INVPCID_ALL_BUT_GLOBAL, {});
    EXPECT_EQ(remembered() + walks_remembered(), "G");
}

TEST_F(TwoContextsTest, InvpcidOfWhatDoesNotExistIsAProtectionFault) { // INVPCID, exceptions
    EXPECT_THROW(cpu().invpcid(4, {}), std::logic_error);
    EXPECT_THROW(cpu().invpcid(INVPCID_CONTEXT, {0x1000, 0}), std::logic_error);
    EXPECT_THROW(cpu().invpcid(INVPCID_ADDRESS, {1, 1ull << 47}), std::logic_error);
    cpu().set_cr4_pcide(false);
    EXPECT_THROW(cpu().invpcid(INVPCID_CONTEXT, {1, 0}), std::logic_error);
    EXPECT_NO_THROW(cpu().invpcid(INVPCID_ALL, {1, 0}));
}

TEST_F(TwoContextsTest, SwitchingGlobalPagesOffOrOnForgetsEverything) { // 4.10.4.1
    cpu().set_cr4_pge(false);
    EXPECT_EQ(cpu().cached_count(), 0u);
    cpu().read(VA);
    cpu().set_cr4_pge(true);
    EXPECT_EQ(cpu().cached_count(), 0u);
}

TEST_F(TwoContextsTest, WritingCr4WithoutAChangeForgetsNothing) { // 4.10.4.1
    cpu().set_cr4_pge(true);
    cpu().set_cr4_pcide(true);
    EXPECT_EQ(remembered(), "12G");
}

TEST_F(TwoContextsTest, WithGlobalPagesOffTheFlagMeansNothing) { // 4.10.2.4
    cpu().set_cr4_pge(false);
    cpu().mov_to_cr3(tables->root() | 1);
    cpu().read(GLOBAL_VA);
    cpu().mov_to_cr3(tables->root() | 1);
    EXPECT_FALSE(remembers(GLOBAL_VA));
}

TEST_F(TwoContextsTest, SwitchingContextsOffForgetsEverything) { // 4.10.4.1
    cpu().set_cr4_pcide(false);
    EXPECT_EQ(cpu().cached_count(), 0u);
    EXPECT_EQ(cpu().context(), 0u);
    EXPECT_EQ(cpu().read(VA).pa, OTHER_PAGE) << "still through the same root";
}

TEST_F(TwoContextsTest, SwitchingContextsOnForgetsNothing) { // 4.10.4.1: only from 1 to 0
    cpu().mov_to_cr3(tables->root());
    cpu().set_cr4_pcide(false);
    cpu().read(VA);
    cpu().set_cr4_pcide(true);
    EXPECT_TRUE(remembers(VA));
}

TEST_F(TwoContextsTest, ContextsBeginWithZero) { // 4.10.1: CR3[11:0] must be 0
    cpu().set_cr4_pcide(false);
    EXPECT_THROW(cpu().set_cr4_pcide(true), std::logic_error);
    cpu().mov_to_cr3(tables->root());
    EXPECT_NO_THROW(cpu().set_cr4_pcide(true));
}

TEST_F(TwoContextsTest, SwitchingSmepOnForgetsTheCurrentContext) { // 4.10.4.1
    cpu().set_cr4_smep(false);
    EXPECT_EQ(remembered(), "12G");
    cpu().set_cr4_smep(true);
    EXPECT_EQ(remembered() + walks_remembered(), "1G1");
}

TEST_F(CpuTest, Cr3BeyondTheLastAddressBitIsAProtectionFault) { // MOV to CR, exceptions; 4.5
    EXPECT_THROW(cpu().mov_to_cr3(1ull << cpu().control.phys_addr_bits), std::logic_error);
}

TEST_F(CpuTest, InvlpgOfNoCanonicalAddressDoesNothing) { // INVLPG
    tables->set(VA, 0, PAGE | RW);
    cpu().read(VA);
    cpu().invlpg(1ull << 47);
    EXPECT_EQ(cpu().tables().size(), 3u);
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
