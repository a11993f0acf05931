#include "host_tests/machine/machine_test.h"
#include "host_tests/machine/raw_tables.h"

using namespace machine;

namespace {

constexpr uint64_t TABLES = 0x200000;
constexpr uint64_t PAGE = 0x400000;
constexpr uint64_t VA = 0x7f1234567000;

class MmuTest : public MachineTest {
  protected:
    void SetUp() override {
        MachineTest::SetUp();
        tables = std::make_unique<RawTables>(pc().ram(), cpu().control.levels, TABLES);
        cpu().mov_to_cr3(tables->root());
    }

    std::unique_ptr<RawTables> tables;
};

uint32_t error_code(const Outcome &outcome) {
    return outcome.fault ? outcome.fault->error_code() : UINT32_MAX;
}

TEST_F(MmuTest, AWriteGoesToThePageAndCanBeReadBack) {
    tables->set(VA, 0, PAGE | RAW_P | RAW_W);
    EXPECT_TRUE(cpu().write(VA + 0x128, 42).succeeded());
    EXPECT_EQ(pc().ram().load(PAGE + 0x128), 42u);
    EXPECT_EQ(cpu().read(VA + 0x128).value, 42u);
}

TEST_F(MmuTest, RamStartsAsGarbageAndNotAtItsPhysicalAddress) {
    EXPECT_NE(pc().ram().load(PAGE), 0u);
    EXPECT_NE(pc().ram().load(PAGE), pc().ram().load(PAGE + 8));
    EXPECT_NE(pc().ram().at(PAGE), reinterpret_cast<uint8_t *>(PAGE));
}

TEST_F(MmuTest, AReadSetsAccessedAtEveryLevelAndDirtyNowhere) {
    tables->set(VA, 0, PAGE | RAW_P | RAW_W);
    cpu().read(VA);
    EXPECT_EQ(tables->get(VA, 0), PAGE | RAW_P | RAW_W | RAW_A);
    EXPECT_EQ(tables->get(VA, 3) & (RAW_A | RAW_D), RAW_A);
}

TEST_F(MmuTest, AWriteAfterAReadStillSetsDirty) {
    tables->set(VA, 0, PAGE | RAW_P | RAW_W);
    cpu().read(VA);
    cpu().write(VA, 1);
    EXPECT_EQ(tables->get(VA, 0), PAGE | RAW_P | RAW_W | RAW_A | RAW_D);
}

TEST_F(MmuTest, LargeLeavesReachTheirWholeBlock) {
    tables->set(0x40000000, 2, RAW_P | RAW_W | RAW_PS);
    tables->set(0x80000000, 1, 0x600000 | RAW_P | RAW_W | RAW_PS);
    EXPECT_EQ(cpu().read(0x40000000 + 0x1234568).pa, 0x1234568u);
    EXPECT_EQ(cpu().read(0x80000000 + 0x12345).pa, 0x612345u);
}

struct RightsCase {
    const char *name;
    uint64_t flags; /* of the leaf, with P */
    Access access;
    Privilege privilege;
    uint32_t error; /* UINT32_MAX: allowed */
};

constexpr uint32_t ALLOWED = UINT32_MAX;

class RightsTest : public MmuTest, public testing::WithParamInterface<RightsCase> {};

TEST_P(RightsTest, AreThoseOfTheManual) {
    const RightsCase &rights = GetParam();
    tables->set(VA, 0, PAGE | RAW_P | rights.flags);
    Outcome outcome = rights.access == Access::READ    ? cpu().read(VA, rights.privilege)
                      : rights.access == Access::WRITE ? cpu().write(VA, 1, rights.privilege)
                                                       : cpu().execute(VA, rights.privilege);
    EXPECT_EQ(error_code(outcome), rights.error);
}

constexpr Access R = Access::READ;
constexpr Access W = Access::WRITE;
constexpr Access X = Access::EXECUTE;
constexpr Privilege SUP = Privilege::SUPERVISOR;
constexpr Privilege USR = Privilege::USER;

INSTANTIATE_TEST_SUITE_P(Table46, RightsTest,
                         testing::Values(RightsCase{"KernelReads", 0, R, SUP, ALLOWED},
                                         RightsCase{"KernelWritesReadOnly", 0, W, SUP, 0x3},
                                         RightsCase{"KernelWrites", RAW_W, W, SUP, ALLOWED},
                                         RightsCase{"KernelExecutes", 0, X, SUP, ALLOWED},
                                         RightsCase{"KernelExecutesData", RAW_XD, X, SUP, 0x11},
                                         RightsCase{"UserReadsKernel", RAW_W, R, USR, 0x5},
                                         RightsCase{"UserWritesKernel", RAW_W, W, USR, 0x7},
                                         RightsCase{"UserExecutesKernel", 0, X, USR, 0x15},
                                         RightsCase{"UserReads", RAW_U, R, USR, ALLOWED},
                                         RightsCase{"UserWritesReadOnly", RAW_U, W, USR, 0x7},
                                         RightsCase{"UserWrites", RAW_U | RAW_W, W, USR, ALLOWED},
                                         RightsCase{"UserExecutes", RAW_U, X, USR, ALLOWED},
                                         RightsCase{"UserExecutesData", RAW_U | RAW_XD, X, USR,
                                                    0x15},
                                         RightsCase{"SmapStopsReading", RAW_U, R, SUP, 0x1},
                                         RightsCase{"SmepStopsFetching", RAW_U, X, SUP, 0x11}),
                         [](const auto &info) { return info.param.name; });

TEST_F(MmuTest, SmapLetsTheKernelThroughWithTheAcFlag) {
    tables->set(VA, 0, PAGE | RAW_P | RAW_W | RAW_U);
    cpu().control.ac = true;
    EXPECT_TRUE(cpu().write(VA, 1).succeeded());
}

TEST_F(MmuTest, WithoutWriteProtectTheKernelWritesReadOnlyPages) {
    tables->set(VA, 0, PAGE | RAW_P);
    cpu().control.wp = false;
    EXPECT_TRUE(cpu().write(VA, 1).succeeded());
}

struct KeyCase {
    const char *name;
    uint32_t pkru; /* the page has key 5 */
    uint64_t flags;
    Access access;
    Privilege privilege;
    uint32_t error;
    bool wp = true;
};

class KeyTest : public MmuTest, public testing::WithParamInterface<KeyCase> {};

TEST_P(KeyTest, RightsAreThoseOfTheManual) {
    const KeyCase &key = GetParam();
    tables->set(VA, 0, PAGE | RAW_P | key.flags | 5ull << 59);
    cpu().control.pkru = key.pkru;
    cpu().control.wp = key.wp;
    cpu().control.ac = true;
    cpu().control.smep = false;
    Outcome outcome = key.access == Access::READ    ? cpu().read(VA, key.privilege)
                      : key.access == Access::WRITE ? cpu().write(VA, 1, key.privilege)
                                                    : cpu().execute(VA, key.privilege);
    EXPECT_EQ(error_code(outcome), key.error);
}

constexpr uint32_t NO_ACCESS = 1u << 10;
constexpr uint32_t NO_WRITING = 1u << 11;
constexpr uint64_t UW = RAW_U | RAW_W;

INSTANTIATE_TEST_SUITE_P(
    Section462, KeyTest,
    testing::Values(KeyCase{"ForbidsReading", NO_ACCESS, UW, R, USR, 0x25},
                    KeyCase{"ForbidsAnyWriting", NO_ACCESS, UW, W, USR, 0x27},
                    KeyCase{"ForbidsOnlyWriting", NO_WRITING, UW, W, USR, 0x27},
                    KeyCase{"LetsReadWhatItForbidsToWrite", NO_WRITING, UW, R, USR, ALLOWED},
                    KeyCase{"DoesNotConcernFetching", NO_ACCESS, UW, X, USR, ALLOWED},
                    KeyCase{"ForbidsTheKernelToo", NO_ACCESS, UW, R, SUP, 0x21},
                    KeyCase{"ForbidsTheKernelToWrite", NO_WRITING, UW, W, SUP, 0x23},
                    KeyCase{"WithoutWpTheKernelWrites", NO_WRITING, UW, W, SUP, ALLOWED, false},
                    KeyCase{"WithoutWpTheKernelHasAccess", NO_ACCESS, UW, W, SUP, 0x23, false},
                    KeyCase{"DoesNotConcernPagesOfTheKernel", NO_ACCESS, RAW_W, W, SUP, ALLOWED},
                    KeyCase{"OfOthersDoesNotMatter", ~(NO_ACCESS | NO_WRITING), UW, W, USR,
                            ALLOWED},
                    KeyCase{"IsReportedBesideOtherRights", NO_ACCESS, RAW_U, W, USR, 0x27}),
    [](const auto &info) { return info.param.name; });

TEST_F(MmuTest, WithoutPkeTheKeyIsIgnored) { // 4.6.2
    tables->set(VA, 0, PAGE | RAW_P | RAW_U | 5ull << 59);
    cpu().control.pke = false;
    cpu().control.pkru = NO_ACCESS;
    EXPECT_TRUE(cpu().read(VA, USR).succeeded());
}

TEST_F(MmuTest, PkruCountsForWhatIsCachedAlready) { // 4.6.2: no flush is owed for a change of it
    tables->set(VA, 0, PAGE | RAW_P | RAW_U | 5ull << 59);
    EXPECT_TRUE(cpu().read(VA, USR).succeeded());
    cpu().control.pkru = NO_ACCESS;
    EXPECT_EQ(error_code(cpu().read(VA, USR)), 0x25u);
}

TEST_F(MmuTest, TheRightsOfEveryLevelCount) {
    tables->set(VA, 0, PAGE | RAW_P | RAW_W | RAW_U);
    tables->set(VA, 2, tables->get(VA, 2) & ~RAW_W);
    EXPECT_EQ(error_code(cpu().write(VA, 1, USR)), 0x7u);
}

struct ReservedCase {
    const char *name;
    unsigned level;
    uint64_t bits; /* added to a present entry */
};

class ReservedBitTest : public MmuTest, public testing::WithParamInterface<ReservedCase> {
  protected:
    Config config() const override {
        Config config;
        config.control.phys_addr_bits = 40;
        config.control.nxe = false;
        config.control.has_1g_leaves = false;
        return config;
    }
};

TEST_P(ReservedBitTest, IsAFault) {
    tables->set(VA, 0, PAGE | RAW_P);
    tables->set(VA, GetParam().level, tables->get(VA, GetParam().level) | GetParam().bits);
    EXPECT_EQ(error_code(cpu().read(VA)), 0x9u);
}

INSTANTIATE_TEST_SUITE_P(Tables414To420, ReservedBitTest,
                         testing::Values(ReservedCase{"PageAboveMaxPhyAddr", 0, 1ull << 40},
                                         ReservedCase{"TableAboveMaxPhyAddr", 2, 1ull << 51},
                                         ReservedCase{"ExecuteDisableWithoutNxe", 0, RAW_XD},
                                         ReservedCase{"OneGigabyteLeafWithoutSupport", 2, RAW_PS},
                                         ReservedCase{"PageSizeInPml4e", 3, RAW_PS},
                                         ReservedCase{"Bit13OfA2MiBLeaf", 1, RAW_PS | 1 << 13},
                                         ReservedCase{"Bit20OfA2MiBLeaf", 1, RAW_PS | 1 << 20}),
                         [](const auto &info) { return info.param.name; });

class FiveLevelTest : public MmuTest {
  protected:
    Config config() const override {
        Config config;
        config.control.levels = 5;
        return config;
    }
};

TEST_F(FiveLevelTest, AnAddressOf57BitsIsTranslated) {
    tables->set(0x00ff123456789000, 0, PAGE | RAW_P);
    EXPECT_EQ(cpu().read(0x00ff123456789000).pa, PAGE);
    EXPECT_TRUE(cpu().read(0x0100000000000000).is_general_protection);
}

TEST_F(FiveLevelTest, CanonicalIsWhatRepeatsBit56) { // 3.3.7.1
    EXPECT_FALSE(cpu().read(0x00ffffffffffffff & ~7ull).is_general_protection);
    EXPECT_TRUE(cpu().read(0xfe00000000000000).is_general_protection);
    EXPECT_FALSE(cpu().read(0xff00000000000000).is_general_protection);
}

TEST_F(FiveLevelTest, AReservedBitOfAPml5eIsAFault) { // 4.5.5: PS is reserved in a PML5E
    tables->set(VA, 0, PAGE | RAW_P);
    tables->set(VA, 4, tables->get(VA, 4) | RAW_PS);
    EXPECT_EQ(error_code(cpu().read(VA)), 0x9u);
}

TEST_F(FiveLevelTest, TheRightsOfAPml5eCount) { // 4.6.1
    tables->set(VA, 0, PAGE | RAW_P | RAW_W | RAW_U);
    tables->set(VA, 4, tables->get(VA, 4) | RAW_XD);
    EXPECT_EQ(error_code(cpu().execute(VA, Privilege::USER)), 0x15u);
}

TEST_F(FiveLevelTest, APml5eIsRememberedUntilAnInvlpg) { // 4.10.3.1, 4.10.4.1
    tables->set(VA, 0, PAGE | RAW_P);
    cpu().read(VA);
    EXPECT_EQ(cpu().tables().size(), 4u);
    uint64_t elsewhere = VA + (1ull << 39);
    tables->set(elsewhere, 0, PAGE | RAW_P);
    tables->set(VA, 4, 0);
    EXPECT_TRUE(cpu().read(elsewhere).succeeded()) << "walks through the PML5E it remembers";
    cpu().invlpg(elsewhere);
    EXPECT_FALSE(cpu().read(elsewhere).succeeded());
    cpu().toggle_cr4_pge();
}

TEST_F(MmuTest, AWriteThatIsRefusedSetsNoFlags) { // 4.8: dirty is for writes that are done
    tables->set(VA, 0, PAGE | RAW_P | RAW_U);
    cpu().write(VA, 1, USR);
    EXPECT_EQ(tables->get(VA, 0) & RAW_D, 0u);
}

TEST_F(MmuTest, AllAddressBitsMayBeUsedUpToMaxPhyAddr) { // 4.1.4
    uint64_t last_page = (1ull << cpu().control.phys_addr_bits) - 4096;
    tables->set(VA, 0, last_page | RAW_P);
    EXPECT_EQ(cpu().read(VA).pa, last_page);
}

TEST_F(MmuTest, ANonCanonicalAddressIsNoPageFault) {
    EXPECT_TRUE(cpu().read(0x0000800000000000).is_general_protection);
    EXPECT_FALSE(cpu().read(0xffff800000000000).is_general_protection);
}

} // namespace
