#include "kernel/elf/elf.h"

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host_tests/kernel/captured_text.h"
#include "mm/addr/layout.h"

namespace {

constexpr virt_addr_t kBase = {0x555555554000};
constexpr uint64_t kHeaderSize = 64;
constexpr uint64_t kProgramHeaderSize = 56;

enum : uint32_t { kExecute = 1, kWrite = 2, kRead = 4 };

// A program header as the file spells it.
struct Segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, alignment;
};
static_assert(sizeof(Segment) == kProgramHeaderSize);

// Builds ELF files byte by byte, from the figures of the gABI rather than from the code under test.
class ElfTest : public ::testing::Test {
  protected:
    ElfTest() {
        const uint8_t identity[16] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
        Put(0, identity);
        Put<uint16_t>(16, 2);
        Put<uint16_t>(18, 62);
        Put<uint32_t>(20, 1);
        Put<uint64_t>(24, 0x401000);
        Put<uint64_t>(32, kHeaderSize);
        Put<uint16_t>(54, kProgramHeaderSize);
        Put<uint16_t>(56, 0);
        file_.resize(0x3000, 0xcc);
    }

    template <typename T> void Put(size_t offset, const T &value) {
        if (file_.size() < offset + sizeof(value)) {
            file_.resize(offset + sizeof(value));
        }
        memcpy(file_.data() + offset, &value, sizeof(value));
    }

    void Add(const Segment &segment) {
        Put(kHeaderSize + kProgramHeaderSize * header_count_, segment);
        Put<uint16_t>(56, ++header_count_);
    }

    void AddText() {
        Add({1, kRead | kExecute, 0, 0x400000, 0, 0x1800, 0x1800, 0x1000});
    }

    void AddData() {
        Add({1, kRead | kWrite, 0x1800, 0x402800, 0, 0x200, 0x1900, 0x1000});
    }

    status Plan() {
        return PlanBytes(file_.data());
    }

    status PlanBytes(const void *bytes) {
        elf_memory memory = {bytes};
        const elf_file file = {elf_read_memory, &memory, file_.size()};
        return elf_read(&file, kBase, said_.sink(), &plan_);
    }

    void ExpectRefused(const std::string &number) {
        EXPECT_EQ(Plan(), STATUS_NOT_EXECUTABLE);
        EXPECT_EQ(said_.number(), number) << said_.text();
        EXPECT_EQ(said_.text().back(), '\n');
    }

    std::vector<uint8_t> file_;
    uint16_t header_count_ = 0;
    CapturedText said_;
    elf_plan plan_;
};

TEST_F(ElfTest, AProgramOfTextAndDataIsPlannedPageByPage) {
    AddText();
    AddData();
    ASSERT_EQ(Plan(), STATUS_OK) << said_.text();

    ASSERT_EQ(plan_.segment_count, 2u);
    EXPECT_EQ(plan_.segments[0].range.start.value, 0x400000u);
    EXPECT_EQ(plan_.segments[0].range.page_count, 2u);
    EXPECT_EQ(plan_.segments[0].rights, RIGHT_USER | RIGHT_READ | RIGHT_EXECUTE);
    EXPECT_EQ(plan_.segments[1].range.start.value, 0x402000u);
    EXPECT_EQ(plan_.segments[1].range.page_count, 3u);
    EXPECT_EQ(plan_.segments[1].content.value, 0x402800u);
    EXPECT_EQ(plan_.segments[1].file_offset, 0x1800u);
    EXPECT_EQ(plan_.segments[1].file_size_bytes, 0x200u);
    EXPECT_EQ(plan_.segments[1].rights, RIGHT_USER | RIGHT_READ | RIGHT_WRITE);
    EXPECT_EQ(plan_.total_pages, 5u);
    EXPECT_EQ(plan_.end.value, 0x404100u);
    EXPECT_EQ(plan_.entry.value, 0x401000u);
    EXPECT_EQ(said_.text(), "");
}

TEST_F(ElfTest, TheProgramHeadersAreFoundInTheSegmentThatHoldsThem) {
    AddText();
    ASSERT_EQ(Plan(), STATUS_OK);
    EXPECT_EQ(plan_.program_headers.value, 0x400040u);
    EXPECT_EQ(plan_.program_header_count, 1u);
}

TEST_F(ElfTest, ProgramHeadersThatNoSegmentHoldsHaveNoAddress) {
    Add({1, kRead | kExecute, 0x1000, 0x401000, 0, 0x1000, 0x1000, 0x1000});
    ASSERT_EQ(Plan(), STATUS_OK);
    EXPECT_EQ(plan_.program_headers.value, 0u);
}

TEST_F(ElfTest, APositionIndependentProgramGoesToTheBase) {
    Put<uint16_t>(16, 3);
    Put<uint64_t>(24, 0x1000);
    Add({1, kRead | kExecute, 0, 0, 0, 0x1800, 0x1800, 0x1000});
    ASSERT_EQ(Plan(), STATUS_OK) << said_.text();
    EXPECT_EQ(plan_.segments[0].range.start.value, kBase.value);
    EXPECT_EQ(plan_.entry.value, kBase.value + 0x1000);
    EXPECT_EQ(plan_.program_headers.value, kBase.value + kHeaderSize);
}

TEST_F(ElfTest, AnAlignmentAboveAPageRoundsTheBaseDown) {
    Put<uint16_t>(16, 3);
    Put<uint64_t>(24, 0x1000);
    Add({1, kRead | kExecute, 0, 0, 0, 0x1800, 0x1800, 0x200000});
    ASSERT_EQ(Plan(), STATUS_OK);
    EXPECT_EQ(plan_.segments[0].range.start.value, 0x555555400000u);
}

TEST_F(ElfTest, WritableCodeIsAllowedAsOnLinux) {
    Add({1, kRead | kWrite | kExecute, 0, 0x400000, 0, 0x1800, 0x1800, 0x1000});
    ASSERT_EQ(Plan(), STATUS_OK);
    EXPECT_EQ(plan_.segments[0].rights, RIGHT_USER | RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE);
}

TEST_F(ElfTest, ASegmentWithoutRightsIsPlannedWithoutRights) {
    AddText();
    Add({1, 0, 0, 0x500000, 0, 0, 0x1000, 0x1000});
    ASSERT_EQ(Plan(), STATUS_OK);
    EXPECT_EQ(plan_.segments[1].rights, RIGHT_NONE);
}

TEST_F(ElfTest, TheStackIsExecutableOnlyWhenTheFileAsks) {
    AddText();
    Add({0x6474e551, kRead | kWrite, 0, 0, 0, 0, 0, 16});
    ASSERT_EQ(Plan(), STATUS_OK);
    EXPECT_FALSE(plan_.has_executable_stack);
    Add({0x6474e551, kRead | kWrite | kExecute, 0, 0, 0, 0, 0, 16});
    ASSERT_EQ(Plan(), STATUS_OK);
    EXPECT_TRUE(plan_.has_executable_stack);
}

TEST_F(ElfTest, AnEmptySegmentIsSkipped) {
    AddText();
    Add({1, kRead, 0, 0, 0, 0, 0, 0x1000});
    ASSERT_EQ(Plan(), STATUS_OK);
    EXPECT_EQ(plan_.segment_count, 1u);
}

TEST_F(ElfTest, AFileAtAnOddAddressReadsTheSame) {
    AddText();
    std::vector<uint8_t> shifted(file_.size() + 1);
    memcpy(shifted.data() + 1, file_.data(), file_.size());
    EXPECT_EQ(PlanBytes(shifted.data() + 1), STATUS_OK);
}

TEST_F(ElfTest, AFileShorterThanItsHeaderIsRefused) {
    file_.resize(63);
    ExpectRefused("K401");
}

TEST_F(ElfTest, AShellScriptIsRefused) {
    memcpy(file_.data(), "#!/bin/sh", 9);
    ExpectRefused("K402");
    EXPECT_EQ(said_.text(), "K402: not an ELF file: it begins with 23 21 2f 62\n");
}

TEST_F(ElfTest, TheClassIsNotLookedAtAsOnLinux) {
    AddText();
    file_[4] = 1;
    EXPECT_EQ(Plan(), STATUS_OK) << said_.text();
}

TEST_F(ElfTest, AProgramForAnotherMachineIsRefused) {
    Put<uint16_t>(18, 183);
    ExpectRefused("K403");
}

TEST_F(ElfTest, AnObjectFileIsRefused) {
    Put<uint16_t>(16, 1);
    ExpectRefused("K404");
}

TEST_F(ElfTest, ProgramHeadersOfAnotherSizeAreRefused) {
    Put<uint16_t>(54, 32);
    ExpectRefused("K405");
}

TEST_F(ElfTest, ProgramHeadersPastTheEndAreRefused) {
    AddText();
    Put<uint64_t>(32, file_.size() - kProgramHeaderSize + 1);
    ExpectRefused("K406");
}

TEST_F(ElfTest, AProgramHeaderOffsetThatWrapsIsRefused) {
    AddText();
    Put<uint64_t>(32, ~0ull - 8);
    ExpectRefused("K406");
}

TEST_F(ElfTest, AnAlignmentThatIsNoPowerOfTwoIsRefused) {
    Add({1, kRead | kExecute, 0, 0x400000, 0, 0x1800, 0x1800, 0x3000});
    ExpectRefused("K407");
}

TEST_F(ElfTest, MoreBytesInTheFileThanInMemoryAreRefused) {
    Add({1, kRead | kExecute, 0, 0x400000, 0, 0x1800, 0x17ff, 0x1000});
    ExpectRefused("K408");
}

TEST_F(ElfTest, ASegmentPastTheEndOfTheFileIsRefused) {
    Add({1, kRead | kExecute, 0x2000, 0x400000, 0, 0x1001, 0x1001, 0x1000});
    ExpectRefused("K409");
}

TEST_F(ElfTest, ASegmentWhoseFileRangeWrapsIsRefused) {
    Add({1, kRead | kExecute, ~0ull - 0xfff, 0x400000, 0, 0x2000, 0x2000, 0x1000});
    ExpectRefused("K409");
}

TEST_F(ElfTest, AnAddressNotCongruentToTheOffsetIsRefused) {
    Add({1, kRead | kExecute, 0, 0x400010, 0, 0x1800, 0x1800, 0x1000});
    ExpectRefused("K410");
}

TEST_F(ElfTest, ASegmentInTheNullGuardIsRefused) {
    Add({1, kRead | kExecute, 0, 0xf000, 0, 0x1800, 0x1800, 0x1000});
    ExpectRefused("K411");
}

TEST_F(ElfTest, ASegmentThatReachesTheLastCanonicalPageIsRefused) {
    Add({1, kRead | kExecute, 0, USER_END - 0x1000, 0, 0x1001, 0x1001, 0x1000});
    ExpectRefused("K411");
}

TEST_F(ElfTest, ASegmentThatEndsWithUserMemoryIsPlanned) {
    Put<uint64_t>(24, USER_END - 0x1000);
    Add({1, kRead | kExecute, 0, USER_END - 0x1000, 0, 0x1000, 0x1000, 0x1000});
    EXPECT_EQ(Plan(), STATUS_OK) << said_.text();
}

TEST_F(ElfTest, ANonCanonicalSegmentIsRefused) {
    Add({1, kRead | kExecute, 0, 0x0000800000000000, 0, 0x1000, 0x1000, 0x1000});
    ExpectRefused("K411");
}

TEST_F(ElfTest, ASegmentInTheKernelIsRefused) {
    Add({1, kRead | kExecute, 0, 0xffffffff80000000, 0, 0x1000, 0x1000, 0x1000});
    ExpectRefused("K411");
}

TEST_F(ElfTest, ASegmentWhoseAddressesWrapIsRefused) {
    Add({1, kRead | kWrite, 0, 0x400000, 0, 0, ~0ull - 0x1000, 0x1000});
    ExpectRefused("K411");
}

TEST_F(ElfTest, AMovableSegmentThatWrapsPastTheBaseIsRefused) {
    Put<uint16_t>(16, 3);
    Add({1, kRead | kExecute, 0, ~0ull - 0xfff, 0, 0x1000, 0x1000, 0x1000});
    ExpectRefused("K411");
}

TEST_F(ElfTest, SegmentsThatOverlapAreRefused) {
    AddText();
    Add({1, kRead | kWrite, 0x1000, 0x401000, 0, 0x100, 0x100, 0x1000});
    ExpectRefused("K412");
}

TEST_F(ElfTest, SegmentsThatShareAPageAreRefused) {
    AddText();
    Add({1, kRead | kWrite, 0x1900, 0x401900, 0, 0x100, 0x100, 0x1000});
    ExpectRefused("K412");
}

TEST_F(ElfTest, SegmentsOutOfOrderAreRefused) {
    AddText();
    Add({1, kRead | kWrite, 0, 0x300000, 0, 0x100, 0x100, 0x1000});
    ExpectRefused("K412");
}

TEST_F(ElfTest, OneSegmentTooManyIsRefused) {
    for (uint64_t i = 0; i <= ELF_SEGMENT_MAX; i++) {
        Add({1, kRead | kExecute, 0, 0x400000 + 0x10000 * i, 0, 0x1800, 0x1800, 0x1000});
    }
    ExpectRefused("K413");
}

TEST_F(ElfTest, TheInterpreterOfADynamicProgramIsFound) {
    Add({3, kRead, 0x100, 0x400100, 0, 28, 28, 1});
    AddText();
    ASSERT_EQ(Plan(), STATUS_OK) << said_.text();
    EXPECT_EQ(plan_.interpreter_offset, 0x100u);
    EXPECT_EQ(plan_.interpreter_size_bytes, 28u);
}

TEST_F(ElfTest, AnInterpreterOutsideOfTheFileIsRefused) {
    Add({3, kRead, file_.size() - 27, 0x400100, 0, 28, 28, 1});
    AddText();
    ExpectRefused("K414");
}

TEST_F(ElfTest, AFileThatCannotBeReadIsRefused) {
    AddText();
    const elf_file file = {[](void *, uint64_t, void *, size_t) { return false; }, nullptr,
                           file_.size()};
    EXPECT_EQ(elf_read(&file, kBase, said_.sink(), &plan_), STATUS_NOT_EXECUTABLE);
    EXPECT_EQ(said_.number(), "K417");
}

TEST_F(ElfTest, AFileWithoutSegmentsIsRefused) {
    ExpectRefused("K415");
}

TEST_F(ElfTest, AnEntryPointInDataIsRefused) {
    AddText();
    AddData();
    Put<uint64_t>(24, 0x402900);
    ExpectRefused("K416");
}

} // namespace
