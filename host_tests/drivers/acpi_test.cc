#include "drivers/acpi.h"

#include <gtest/gtest.h>

#include "host_tests/drivers/fake_acpi.h"
#include "lib/status.h"

namespace {

constexpr uint64_t EBDA = 0x9fc00;
constexpr uint64_t RSDP_IN_ROM = 0xf5ad0;
constexpr uint64_t RSDT = 0x7fe1550;
constexpr uint64_t XSDT = 0x7fe1600;
constexpr uint64_t FADT = 0x7fe1400;
constexpr uint64_t DSDT = 0x7fe0040;
constexpr uint64_t SSDT = 0x7fe2000;

constexpr size_t HEADER_BYTES = 36;
constexpr size_t FADT_V1_BYTES = 116;
constexpr size_t FADT_V3_BYTES = 244;

// Name (_S5, Package (4) {5, 6, 0, 0}), as iasl writes it.
const Bytes S5_PACKAGE = {0x08, '_', 'S', '5', '_', 0x12, 0x08, 0x04, 0x0a, 5, 0x0a, 6, 0x00, 0x00};

Bytes concat(Bytes a, const Bytes &b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

// A PC of 2005: RSDP in the ROM, RSDT, FADT with a reset register, DSDT with \_S5.
class AcpiTest : public testing::Test {
  protected:
    AcpiTest() {
        put_rsdp(RSDP_IN_ROM);
        put_rsdt({FADT});
        fadt_ = Bytes(FADT_V3_BYTES - HEADER_BYTES);
        set_fadt32(40, DSDT);
        set_fadt32(48, 0xb2);
        set_fadt8(52, 0xf1);
        set_fadt32(64, 0x604);
        set_fadt32(112, 1 << 10);
        set_reset(1, 0xcf9, 6);
        put_fadt();
        put_dsdt(concat({0x10, 0x20, 0x5b, 0x80}, S5_PACKAGE));
    }

    void TearDown() override {
        EXPECT_EQ(fake_.live_mappings(), 0u);
    }

    void put_rsdp(uint64_t pa) {
        Bytes rsdp(20);
        std::copy_n("RSD PTR ", 8, rsdp.begin());
        put32(rsdp, 16, RSDT);
        fix_checksum(rsdp, 20, 8);
        fake_.put(pa, rsdp);
    }

    void put_rsdp_with_xsdt(uint64_t pa) {
        Bytes rsdp(36);
        std::copy_n("RSD PTR ", 8, rsdp.begin());
        rsdp[15] = 2;
        put32(rsdp, 16, RSDT);
        put32(rsdp, 20, 36);
        put64(rsdp, 24, XSDT);
        fix_checksum(rsdp, 20, 8);
        fix_checksum(rsdp, 36, 32);
        fake_.put(pa, rsdp);
    }

    void put_rsdt(const std::vector<uint64_t> &tables) {
        Bytes body(4 * tables.size());
        for (size_t i = 0; i < tables.size(); i++) {
            put32(body, 4 * i, static_cast<uint32_t>(tables[i]));
        }
        fake_.put(RSDT, make_table("RSDT", body));
    }

    void put_xsdt(const std::vector<uint64_t> &tables) {
        Bytes body(8 * tables.size());
        for (size_t i = 0; i < tables.size(); i++) {
            put64(body, 8 * i, tables[i]);
        }
        fake_.put(XSDT, make_table("XSDT", body));
    }

    void set_fadt8(size_t offset, uint8_t value) {
        fadt_.at(offset - HEADER_BYTES) = value;
    }
    void set_fadt32(size_t offset, uint64_t value) {
        put32(fadt_, offset - HEADER_BYTES, static_cast<uint32_t>(value));
    }
    void set_fadt64(size_t offset, uint64_t value) {
        put64(fadt_, offset - HEADER_BYTES, value);
    }
    void set_reset(uint8_t space, uint64_t address, uint8_t value) {
        set_fadt8(116, space);
        set_fadt64(120, address);
        set_fadt8(128, value);
    }
    void put_fadt() {
        fake_.put(FADT, make_table("FACP", fadt_));
    }
    void put_dsdt(const Bytes &aml) {
        fake_.put(DSDT, make_table("DSDT", aml));
    }

    status find() {
        return acpi_find_power(fake_.memory(), &power_);
    }

    FakeAcpiMemory fake_;
    Bytes fadt_;
    acpi_power power_ = {};
};

TEST_F(AcpiTest, AnOrdinaryPcCanBeTurnedOffAndReset) {
    ASSERT_EQ(find(), STATUS_OK);
    EXPECT_TRUE(power_.can_power_off);
    EXPECT_EQ(power_.pm1a_control, 0x604);
    EXPECT_EQ(power_.pm1b_control, 0);
    EXPECT_EQ(power_.sleep_type_a, 5);
    EXPECT_EQ(power_.sleep_type_b, 6);
    EXPECT_EQ(power_.smi_command, 0xb2);
    EXPECT_EQ(power_.acpi_enable, 0xf1);
    EXPECT_TRUE(power_.can_reset);
    EXPECT_EQ(power_.reset_space, ACPI_SPACE_PORT);
    EXPECT_EQ(power_.reset_address, 0xcf9u);
    EXPECT_EQ(power_.reset_value, 6);
}

TEST_F(AcpiTest, TheRsdpMayLieInTheExtendedDataArea) {
    fake_.put(RSDP_IN_ROM, Bytes(20));
    fake_.put(0x40e, {EBDA >> 4 & 0xff, EBDA >> 12});
    put_rsdp(EBDA + 0x3e0);
    EXPECT_EQ(find(), STATUS_OK);
}

TEST_F(AcpiTest, AnEbdaPointerOfZeroIsNotFollowed) {
    fake_.put(RSDP_IN_ROM, Bytes(20));
    put_rsdp(0);
    EXPECT_EQ(find(), STATUS_NOT_FOUND);
}

TEST_F(AcpiTest, AnRsdpWithAWrongChecksumIsSkippedForALaterGoodOne) {
    Bytes damaged(20);
    std::copy_n("RSD PTR ", 8, damaged.begin());
    damaged[16] = 0x55;
    fake_.put(0xe0000, damaged);
    EXPECT_EQ(find(), STATUS_OK);
}

TEST_F(AcpiTest, AnRsdpOffItsAlignmentIsNotSeen) {
    fake_.put(RSDP_IN_ROM, Bytes(20));
    put_rsdp(0xf5ad8);
    EXPECT_EQ(find(), STATUS_NOT_FOUND);
}

TEST_F(AcpiTest, TheXsdtIsPreferred) {
    put_rsdp_with_xsdt(RSDP_IN_ROM);
    put_xsdt({FADT});
    put_rsdt({});
    EXPECT_EQ(find(), STATUS_OK);
}

TEST_F(AcpiTest, ADamagedXsdtFallsBackToTheRsdt) {
    put_rsdp_with_xsdt(RSDP_IN_ROM);
    Bytes xsdt = make_table("XSDT", Bytes(8));
    xsdt.back()++;
    fake_.put(XSDT, xsdt);
    EXPECT_EQ(find(), STATUS_OK);
}

TEST_F(AcpiTest, TablesThatAreNotMappedAreSkipped) {
    put_rsdt({0x80000000, 0, FADT});
    EXPECT_EQ(find(), STATUS_OK);
}

TEST_F(AcpiTest, AFadtWithAWrongChecksumIsNotUsed) {
    Bytes fadt = make_table("FACP", fadt_);
    fadt[70]++;
    fake_.put(FADT, fadt);
    EXPECT_EQ(find(), STATUS_INVALID);
    EXPECT_FALSE(power_.can_power_off);
}

TEST_F(AcpiTest, AFadtOfTheFirstVersionHasNoResetRegister) {
    fadt_.resize(FADT_V1_BYTES - HEADER_BYTES);
    put_fadt();
    ASSERT_EQ(find(), STATUS_OK);
    EXPECT_TRUE(power_.can_power_off);
    EXPECT_FALSE(power_.can_reset);
}

TEST_F(AcpiTest, AFadtThatEndsBeforeItsFlagsIsNotUsed) {
    fadt_.resize(FADT_V1_BYTES - HEADER_BYTES - 1);
    put_fadt();
    EXPECT_EQ(find(), STATUS_INVALID);
}

TEST_F(AcpiTest, WithoutTheFlagTheResetRegisterMeansNothing) {
    set_fadt32(112, 0);
    put_fadt();
    ASSERT_EQ(find(), STATUS_OK);
    EXPECT_FALSE(power_.can_reset);
}

TEST_F(AcpiTest, AResetRegisterInAnUnknownSpaceIsNotUsed) {
    set_reset(3, 0xcf9, 6);
    put_fadt();
    ASSERT_EQ(find(), STATUS_OK);
    EXPECT_FALSE(power_.can_reset);
}

TEST_F(AcpiTest, AResetPortPastTheLastOneIsNotUsed) {
    set_reset(1, 0x10cf9, 6);
    put_fadt();
    ASSERT_EQ(find(), STATUS_OK);
    EXPECT_FALSE(power_.can_reset);
}

TEST_F(AcpiTest, TheGenericControlRegisterServesWhereThePlainOneIsEmpty) {
    set_fadt32(64, 0);
    set_fadt8(172, 1);
    set_fadt64(176, 0x1804);
    put_fadt();
    ASSERT_EQ(find(), STATUS_OK);
    EXPECT_EQ(power_.pm1a_control, 0x1804);
}

TEST_F(AcpiTest, WithoutAControlRegisterThereIsNoPowerOff) {
    set_fadt32(64, 0);
    put_fadt();
    ASSERT_EQ(find(), STATUS_OK);
    EXPECT_FALSE(power_.can_power_off);
}

TEST_F(AcpiTest, TheWideDsdtAddressWins) {
    set_fadt32(40, 0xdead0000);
    set_fadt64(140, DSDT);
    put_fadt();
    ASSERT_EQ(find(), STATUS_OK);
    EXPECT_TRUE(power_.can_power_off);
}

TEST_F(AcpiTest, ASecondaryTableMayHoldTheSleepPackage) {
    put_dsdt({0x10, 0x20});
    fake_.put(SSDT, make_table("SSDT", S5_PACKAGE));
    put_rsdt({FADT, SSDT});
    ASSERT_EQ(find(), STATUS_OK);
    EXPECT_TRUE(power_.can_power_off);
    EXPECT_EQ(power_.sleep_type_a, 5);
}

TEST_F(AcpiTest, ATableThatClaimsGigabytesIsNotMapped) {
    Bytes dsdt = make_table("DSDT", S5_PACKAGE);
    put32(dsdt, 4, 0xfffffff0);
    fake_.put(DSDT, dsdt);
    ASSERT_EQ(find(), STATUS_OK);
    EXPECT_FALSE(power_.can_power_off);
    EXPECT_LT(fake_.largest_request(), 1u << 20);
}

struct SleepCase {
    const char *name;
    Bytes aml;
    bool is_found;
    uint8_t type_a, type_b;
};

void PrintTo(const SleepCase &value, std::ostream *out) {
    *out << value.name;
}

class AcpiSleepTest : public AcpiTest, public testing::WithParamInterface<SleepCase> {};

TEST_P(AcpiSleepTest, ReadsThePackage) {
    put_dsdt(GetParam().aml);
    ASSERT_EQ(find(), STATUS_OK);
    ASSERT_EQ(power_.can_power_off, GetParam().is_found);
    EXPECT_EQ(power_.sleep_type_a, GetParam().type_a);
    EXPECT_EQ(power_.sleep_type_b, GetParam().type_b);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, AcpiSleepTest,
    testing::Values(
        SleepCase{"ZeroAndOne", {8, '_', 'S', '5', '_', 0x12, 4, 2, 0, 1}, true, 0, 1},
        SleepCase{"RootPrefix", {8, '\\', '_', 'S', '5', '_', 0x12, 4, 2, 1, 0}, true, 1, 0},
        SleepCase{"LongLength", {8, '_', 'S', '5', '_', 0x12, 0x46, 0, 2, 10, 7, 1}, true, 7, 1},
        SleepCase{"Word", {8, '_', 'S', '5', '_', 0x12, 6, 2, 11, 3, 0, 1}, true, 3, 1},
        SleepCase{"Dword", {8, '_', 'S', '5', '_', 0x12, 8, 2, 12, 3, 0, 0, 0, 1}, true, 3, 1},
        SleepCase{"NoNameOp", {9, '_', 'S', '5', '_', 0x12, 4, 2, 0, 1}, false, 0, 0},
        SleepCase{"NotAPackage", {8, '_', 'S', '5', '_', 0x11, 4, 2, 0, 1}, false, 0, 0},
        SleepCase{"OneElement", {8, '_', 'S', '5', '_', 0x12, 3, 1, 5, 5}, false, 0, 0},
        SleepCase{"TooLarge", {8, '_', 'S', '5', '_', 0x12, 5, 2, 10, 8, 1}, false, 0, 0},
        SleepCase{"NotAnInteger", {8, '_', 'S', '5', '_', 0x12, 4, 2, 0x0d, 1}, false, 0, 0},
        SleepCase{"CutAfterName", {8, '_', 'S', '5', '_'}, false, 0, 0},
        SleepCase{"CutInLength", {8, '_', 'S', '5', '_', 0x12, 0xc6, 0}, false, 0, 0},
        SleepCase{"CutInValue", {8, '_', 'S', '5', '_', 0x12, 6, 2, 11, 3}, false, 0, 0},
        SleepCase{"CutBetween", {8, '_', 'S', '5', '_', 0x12, 4, 2, 1}, false, 0, 0},
        SleepCase{"NameIsFirst", {'_', 'S', '5', '_', 0x12, 4, 2, 1, 1}, false, 0, 0},
        SleepCase{"SecondTry",
                  {8, '_', 'S', '5', '_', 0x11, 8, '_', 'S', '5', '_', 0x12, 4, 2, 1, 1},
                  true,
                  1,
                  1},
        SleepCase{"Empty", {}, false, 0, 0}),
    [](const testing::TestParamInfo<SleepCase> &info) { return std::string(info.param.name); });

} // namespace
