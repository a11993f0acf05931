#include <algorithm>

#include "host_tests/machine/machine_test.h"
#include "host_tests/machine/moments.h"
#include "host_tests/machine/raw_tables.h"

/* Each thing that the oracle objects to, and each that it lets pass. */

using namespace machine;

namespace {

constexpr uint64_t VA = 0x7f1234400000;
constexpr uint64_t KERNEL_VA = 0xffffc00000000000;
constexpr uint64_t PAGE = 0x400000;
constexpr uint64_t OTHER_PAGE = 0x600000;
constexpr uint64_t USER_RW = RAW_P | RAW_W | RAW_U;

class OracleTest : public MachineTest {
  protected:
    void SetUp() override {
        MachineTest::SetUp();
        tables = std::make_unique<RawTables>(pc().ram(), 4, 0x200000);
        cpu().mov_to_cr3(tables->root());
    }

    void TearDown() override {
        (void)pc().take_findings();
        cpu().toggle_cr4_pge();
        pc().know_free_pages(nullptr);
        MachineTest::TearDown();
    }

    /* Has the CPU cache `before`, puts `after` in its place, and asks the oracle. */
    std::string change(uint64_t va, uint64_t before, uint64_t after, unsigned level = 0) {
        tables->set(va, level, before);
        cpu().speculate(va, 4096);
        tables->set(va, level, after == 0 ? 0 : after | RAW_A);
        return findings();
    }

    std::string findings() {
        pc().look("now");
        std::string all;
        for (const std::string &finding : pc().take_findings()) {
            all += finding + "\n";
        }
        return all;
    }

    std::unique_ptr<RawTables> tables;
};

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(OracleTest, HasNothingToSayOfATrueTranslation) {
    EXPECT_EQ(change(VA, PAGE | USER_RW, PAGE | USER_RW), "");
}

TEST_F(OracleTest, NamesTheCpuTheAddressAndWhatIsWrong) {
    EXPECT_EQ(change(VA, PAGE | USER_RW, 0),
              "now: CPU 0 still translates 0x7f1234400000 to the 4 KiB page at 0x400000 (rwxu, "
              "memory type 0); the tables have nothing there\n");
}

TEST_F(OracleTest, ObjectsToAnotherPage) {
    EXPECT_SAYS(change(VA, PAGE | USER_RW, OTHER_PAGE | USER_RW), "another page");
}

TEST_F(OracleTest, ObjectsToARightTooMany) {
    EXPECT_SAYS(change(VA, PAGE | USER_RW, PAGE | RAW_P | RAW_U), "a right too many");
    cpu().toggle_cr4_pge();
    EXPECT_SAYS(change(VA, PAGE | USER_RW, PAGE | USER_RW | RAW_XD), "a right too many");
}

TEST_F(OracleTest, LetsAUserRightTooFewPass) { // 4.10.4.3
    EXPECT_EQ(change(VA, PAGE | RAW_P | RAW_U, PAGE | USER_RW), "");
}

TEST_F(OracleTest, ObjectsToAKernelRightTooFew) {
    EXPECT_SAYS(change(KERNEL_VA, PAGE | RAW_P, PAGE | RAW_P | RAW_W), "a right too few");
}

TEST_F(OracleTest, ObjectsToAnotherMemoryTypeAndGlobalFlag) {
    EXPECT_SAYS(change(VA, PAGE | USER_RW, PAGE | USER_RW | 1 << 4), "another memory type");
    cpu().toggle_cr4_pge();
    EXPECT_SAYS(change(VA, PAGE | USER_RW | RAW_G, PAGE | USER_RW), "another global flag");
}

TEST_F(OracleTest, ObjectsToAnotherProtectionKey) {
    uint64_t key_1 = 1ull << 59;
    EXPECT_SAYS(change(VA, PAGE | USER_RW | key_1, PAGE | USER_RW), "another protection key");
}

TEST_F(OracleTest, ObjectsToADirtyFlagThatWasClearedBehindTheCpu) {
    EXPECT_SAYS(change(VA, PAGE | USER_RW | RAW_D, PAGE | USER_RW), "a dirty flag");
}

TEST_F(OracleTest, ObjectsToAWriteThatWasForgottenBeforeItsFlush) { // P3
    tables->set(VA, 0, PAGE | USER_RW);
    cpu().write(VA, 1, Privilege::USER);
    tables->set(VA, 0, PAGE | RAW_P | RAW_U | RAW_A);
    tlb_flush request = {.scope = TLB_FLUSH_CONTEXT};
    request.cpus.bits = 1;
    platform_tlb_flush_start(&request);
    platform_tlb_flush_wait(&request);
    EXPECT_SAYS(findings(), "when a flush was asked for: CPU 0 has written through the 4 KiB page");
}

TEST_F(OracleTest, ObjectsToAnotherPageSize) {
    tables->set(VA, 1, PAGE | USER_RW | RAW_PS);
    cpu().read(VA, Privilege::USER);
    tables->set(VA, 1, 0);
    tables->set(VA, 0, PAGE | USER_RW | RAW_A);
    EXPECT_SAYS(findings(), "another page size");
}

TEST_F(OracleTest, ObjectsToATableThatIsNotHookedAnyMore) {
    tables->set(VA, 0, 0);
    cpu().read(VA, Privilege::USER); /* a fault forgets, speculation remembers */
    cpu().speculate(VA, 4096);
    tables->set(VA, 2, 0);
    EXPECT_SAYS(findings(), "through the level 0 table at");
}

TEST_F(OracleTest, ObjectsToAFreePageWhoeverReachesIt) { // F3
    tables->set(VA, 0, PAGE | USER_RW);
    cpu().speculate(VA, 4096);
    pc().know_free_pages([](uint64_t pa) { return pa == PAGE; });
    EXPECT_SAYS(findings(), "still reaches the free frame 0x400000 at 0x7f1234400000");
}

TEST_F(OracleTest, LetsTheDirectMapReachFreePages) {
    uint64_t direct_map = 0xffff800000000000;
    tables->set(direct_map, 0, PAGE | RAW_P | RAW_W);
    cpu().speculate(direct_map, 4096);
    pc().know_free_pages([](uint64_t pa) { return pa == PAGE; });
    EXPECT_EQ(findings(), "");
}

TEST_F(OracleTest, ObjectsToARootThatIsFree) { // S53
    pc().know_free_pages([this](uint64_t pa) { return pa == tables->root(); });
    EXPECT_SAYS(findings(), "translates through the root");
}

TEST_F(OracleTest, ObjectsToAnEntryThatIsNotPresentButShowsMemory) { // P2, L1TF
    tables->set(VA, 0, PAGE | RAW_U);
    EXPECT_SAYS(findings(), "holds the address of memory");
    tables->set(VA, 0, 0);
}

TEST_F(OracleTest, ObjectsToAFlushThatNobodyWaitedFor) {
    tlb_flush request = {};
    request.cpus.bits = 1;
    platform_tlb_flush_start(&request);
    EXPECT_SAYS(findings(), "nobody waited");
    platform_tlb_flush_wait(&request);
}

TEST_F(OracleTest, AFlushIsDoneWhenSomebodyWaitsAndNotBefore) {
    tables->set(VA, 0, PAGE | USER_RW);
    cpu().speculate(VA, 4096);
    tables->set(VA, 0, 0);
    tlb_flush request = {.scope = TLB_FLUSH_PAGES, .page_count = 1};
    request.cpus.bits = 1;
    request.pages[0] = virt_addr(VA);
    platform_tlb_flush_start(&request);
    EXPECT_TRUE(cpu().read(VA, Privilege::USER).succeeded());
    platform_tlb_flush_wait(&request);
    EXPECT_FALSE(cpu().read(VA, Privilege::USER).succeeded());
}

TEST_F(OracleTest, CountsFlushesThatNobodyNeeded) {
    tlb_flush request = {.scope = TLB_FLUSH_CONTEXT};
    request.cpus.bits = 1;
    platform_tlb_flush_start(&request);
    platform_tlb_flush_wait(&request);
    EXPECT_EQ(pc().flush_counts().needless, 1u);
}

TEST_F(OracleTest, MemoryThatIsNotRamCannotBeSeen) {
    EXPECT_CHECK_FAILS(platform_phys_to_virt(phys_addr(0xfee00000)), "not RAM");
}

TEST_F(OracleTest, EnablingPreemptionTooOftenIsABrokenContract) {
    EXPECT_CHECK_FAILS(platform_preempt_enable(), "more often");
    platform_preempt_disable();
}

TEST_F(OracleTest, AnActComesJustBeforeAWrite) {
    uint64_t slot = tables->slot(VA, 0);
    volatile uint64_t *word = reinterpret_cast<uint64_t *>(pc().ram().at(slot));
    uint64_t seen = 0;
    EXPECT_TRUE(act_before_write(pc(), slot, [&] { *word = 5; }, [&] { seen = *word + 1; }));
    EXPECT_EQ(seen, 1u);
    EXPECT_EQ(*word, 5u);
}

TEST_F(OracleTest, AnActComesBetweenInstructions) {
    volatile int counter = 0;
    int last_seen = 0;
    uint64_t acted = act_between_instructions(
        pc(),
        [&] {
            for (int i = 0; i < 10; i++) {
                counter = counter + 1;
            }
        },
        [&] { last_seen = counter; });
    EXPECT_GT(acted, 30u);
    EXPECT_EQ(last_seen, 10);
}

} // namespace
