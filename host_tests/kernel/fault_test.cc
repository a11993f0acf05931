#include "kernel/fault/fault.h"
#include "kernel/signal/signal.h"

#include <cstring>

#include <gtest/gtest.h>

#include "host_tests/kernel/captured_text.h"
#include "mm/addr/layout.h"

namespace {

enum : uint32_t { kPresent = 1, kWrite = 2, kUser = 4, kReserved = 8, kFetch = 16 };

constexpr uint64_t kUserPage = 0x401000;

class FaultTest : public ::testing::Test {
  protected:
    FaultTest() {
        facts_.who = "process 3 (hello)";
        facts_.instruction = 0x401136;
        facts_.is_smap_in_force = true;
        facts_.is_smep_in_force = true;
        facts_.query.kind = PAGE_ABSENT;
    }

    void Touch(uint64_t address, uint32_t error_code) {
        facts_.address = virt_addr(address);
        facts_.error_code = error_code;
    }

    void Map(uint8_t effective_rights) {
        facts_.query.kind = PAGE_MAPPED;
        facts_.query.effective_rights = effective_rights;
    }

    static vm_area Area(uint64_t start, uint64_t pages, area_kind kind, uint8_t rights,
                        const char *name) {
        vm_area area{};
        area.range = virt_range(virt_addr(start), pages);
        area.kind = kind;
        area.attributes.rights = rights;
        strcpy(area.name, name);
        return area;
    }

    void AddStep(uint8_t level, uint16_t index, uint64_t table, uint64_t raw, const char *words) {
        page_walk_step &step = facts_.walk.steps[facts_.walk.step_count++];
        step = {level, index, phys_addr(table), raw, 0, RIGHT_NONE, ""};
        strcpy(step.words, words);
    }

    void AddChange(table_operation operation) {
        table_change &change = facts_.changes[facts_.change_count++].change;
        change = {.ticks = 12, .root = phys_addr(0x7fd3000), .operation = operation};
        change.range = virt_range(virt_addr(kUserPage), 2);
        change.caller = 0xffffffff80012345;
        change.process_id = 3;
        change.rights = RIGHT_READ | RIGHT_WRITE | RIGHT_USER;
        strcpy(change.name, "hello");
    }

    fault_verdict Judge() {
        return fault_judge(&facts_);
    }

    fault_facts facts_{};
    CapturedText report_;
};

TEST_F(FaultTest, AReadThroughANullPointerHitsTheNullGuard) {
    Touch(0x10, kUser);
    EXPECT_EQ(Judge(), FAULT_NULL_POINTER);
    Touch(NULL_GUARD_END, kUser);
    EXPECT_EQ(Judge(), FAULT_NEVER_MAPPED);
}

TEST_F(FaultTest, AReadRightBeforeNullIsANullPointerToo) {
    Touch(uint64_t(-8), kUser);
    EXPECT_EQ(Judge(), FAULT_NULL_POINTER);
    Touch(uint64_t(-PAGE_SIZE) - 1, kUser);
    EXPECT_EQ(Judge(), FAULT_KERNEL_ADDRESS);
    fault_explain(&facts_, report_.sink());
    Touch(uint64_t(-8), kUser);
    fault_explain(&facts_, report_.sink());
    EXPECT_NE(report_.text().find("verdict: null minus 0x8: the topmost page is never mapped\n"),
              std::string::npos);
}

TEST_F(FaultTest, WhatTheLastChangeTookAwayWasUnmapped) {
    Touch(kUserPage, kUser);
    for (table_operation operation :
         {TABLE_UNMAP, TABLE_UNMAP_KEEPING_FRAMES, TABLE_UNMAP_STRICT}) {
        facts_.change_count = 0;
        AddChange(operation);
        EXPECT_EQ(Judge(), FAULT_UNMAPPED);
    }
    facts_.change_count = 0;
    AddChange(TABLE_CREATE);
    EXPECT_EQ(Judge(), FAULT_NEVER_MAPPED);
}

TEST_F(FaultTest, AnOverflowIsToldFromAnAddressThatIsNoStacks) {
    constexpr uint64_t limit = 4ull << 20;
    constexpr uint64_t end = kUserPage + 10 * limit;
    facts_.has_area_above = true;
    facts_.area_above = {.range = virt_range(virt_addr(end - PAGE_SIZE), 1), .grows_down = true};
    facts_.stack_limit_bytes = limit;
    Touch(end - limit - 1, kUser);
    EXPECT_EQ(Judge(), FAULT_STACK_LIMIT);
    EXPECT_EQ(fault_stack_bytes(&facts_), limit + PAGE_SIZE);
    Touch(end - limit, kUser);
    EXPECT_EQ(Judge(), FAULT_NEVER_MAPPED) << "within the limit, something else is in the way";
    Touch(end - 2 * limit, kUser);
    EXPECT_EQ(Judge(), FAULT_STACK_LIMIT);
    Touch(end - 2 * limit - 1, kUser);
    EXPECT_EQ(Judge(), FAULT_NEVER_MAPPED) << "far below";
    facts_.stack_limit_bytes = PAGE_SIZE;
    Touch(end - PAGE_SIZE - (1 << 20), kUser);
    EXPECT_EQ(Judge(), FAULT_STACK_LIMIT) << "a small limit is missed by much";
    facts_.area_above.grows_down = false;
    EXPECT_EQ(Judge(), FAULT_NEVER_MAPPED);
    facts_.area_above.grows_down = true;
    AddChange(TABLE_UNMAP);
    EXPECT_EQ(Judge(), FAULT_UNMAPPED);
}

TEST_F(FaultTest, AnAreaSaysWhatItMeansThatNothingIsMapped) {
    Touch(kUserPage, kUser);
    AddChange(TABLE_UNMAP);
    const struct {
        area_kind kind;
        fault_verdict verdict;
    } cases[] = {
        {AREA_RESERVED, FAULT_NOT_FILLED},
        {AREA_GUARD, FAULT_GUARD_PAGE},
        {AREA_ANON, FAULT_NOT_FILLED},
        {AREA_DEVICE, FAULT_ENTRY_LOST},
    };
    facts_.has_area = true;
    for (const auto &expected : cases) {
        facts_.area = Area(kUserPage, 1, expected.kind, RIGHT_READ, "area");
        EXPECT_EQ(Judge(), expected.verdict) << expected.kind;
    }
}

TEST_F(FaultTest, AProcessesMemoryHasLostItsEntryOnlyWhereItIsKnownToHaveHadOne) {
    Touch(kUserPage, 0);
    facts_.has_area = true;
    facts_.area = Area(kUserPage, 1, AREA_ANON, RIGHT_READ, "area");
    EXPECT_EQ(Judge(), FAULT_NOT_FILLED);
    for (table_operation operation :
         {TABLE_MAP, TABLE_MAP_FRAMES, TABLE_REMAP, TABLE_REMAP_FRAMES}) {
        facts_.change_count = 0;
        AddChange(operation);
        EXPECT_EQ(Judge(), FAULT_ENTRY_LOST);
    }
}

TEST_F(FaultTest, TheKernelsMemoryHasItsEntriesFromTheStart) {
    constexpr uint64_t stack = 0xffffc00000010000;
    Touch(stack, kWrite);
    facts_.has_area = true;
    facts_.area = Area(stack, 1, AREA_ANON, RIGHT_READ | RIGHT_WRITE, "stack");
    EXPECT_EQ(Judge(), FAULT_ENTRY_LOST);
}

TEST_F(FaultTest, WhatAnAreaForbidsIsRefusedBeforeThereIsAnEntryToo) {
    const struct {
        uint8_t rights;
        uint32_t error_code;
        fault_verdict verdict;
    } cases[] = {
        {RIGHT_NONE, kUser, FAULT_NO_ACCESS},
        {RIGHT_READ, kUser | kWrite, FAULT_READ_ONLY},
        {RIGHT_READ | RIGHT_WRITE, kUser | kFetch, FAULT_NO_EXECUTE},
    };
    facts_.has_area = true;
    for (const auto &expected : cases) {
        Touch(kUserPage, expected.error_code);
        facts_.area = Area(kUserPage, 1, AREA_ANON, expected.rights, "area");
        EXPECT_EQ(Judge(), expected.verdict) << expected.error_code;
    }
}

TEST_F(FaultTest, WhatTheBootMappedMayHaveHolesUnlessItIsTheImage) {
    const struct {
        uint64_t address;
        fault_verdict verdict;
    } cases[] = {
        {DIRECT_MAP_BASE + PAGE_SIZE, FAULT_HOLE},
        {FRAME_ARRAY_BASE, FAULT_HOLE},
        {KERNEL_IMAGE_BASE - PAGE_SIZE, FAULT_HOLE},
        {KERNEL_IMAGE_BASE, FAULT_ENTRY_LOST},
    };
    facts_.has_area = true;
    for (const auto &expected : cases) {
        Touch(expected.address, kWrite);
        facts_.area = Area(expected.address, 1, AREA_BOOT, RIGHT_READ | RIGHT_WRITE, "area");
        EXPECT_EQ(Judge(), expected.verdict) << std::hex << expected.address;
    }
}

TEST_F(FaultTest, AnAddressInAGuardAreaHitsAGuardPage) {
    Touch(0x7fffff000000, kUser | kWrite);
    facts_.has_area = true;
    facts_.area = Area(0x7fffff000000, 1, AREA_GUARD, 0, "stack");
    EXPECT_EQ(Judge(), FAULT_GUARD_PAGE);
}

TEST_F(FaultTest, UserModeInTheUpperHalfReachesForTheKernelMappedOrNot) {
    Touch(0xffffffff80000000, kUser | kPresent);
    Map(RIGHT_READ | RIGHT_EXECUTE);
    EXPECT_EQ(Judge(), FAULT_KERNEL_ADDRESS);
    Touch(0xffff900000000000, kUser);
    facts_.query.kind = PAGE_ABSENT;
    EXPECT_EQ(Judge(), FAULT_KERNEL_ADDRESS);
}

TEST_F(FaultTest, APageWithoutAnyRightIsParked) {
    Touch(kUserPage, kUser);
    facts_.query.kind = PAGE_PARKED;
    EXPECT_EQ(Judge(), FAULT_NO_ACCESS);
}

TEST_F(FaultTest, AWriteToCodeIsReadOnly) {
    Touch(kUserPage, kUser | kPresent | kWrite);
    Map(RIGHT_READ | RIGHT_EXECUTE | RIGHT_USER);
    EXPECT_EQ(Judge(), FAULT_READ_ONLY);
}

TEST_F(FaultTest, AJumpIntoDataIsNoExecute) {
    Touch(kUserPage, kUser | kPresent | kFetch);
    Map(RIGHT_READ | RIGHT_WRITE | RIGHT_USER);
    EXPECT_EQ(Judge(), FAULT_NO_EXECUTE);
}

TEST_F(FaultTest, TheKernelReadingUserMemoryIsSmap) {
    Touch(kUserPage, kPresent);
    Map(RIGHT_READ | RIGHT_WRITE | RIGHT_USER);
    EXPECT_EQ(Judge(), FAULT_SMAP);
}

TEST_F(FaultTest, TheKernelReadingUserMemoryWithUserCopyIsAllowed) {
    Touch(kUserPage, kPresent);
    Map(RIGHT_READ | RIGHT_WRITE | RIGHT_USER);
    facts_.is_smap_in_force = false;
    EXPECT_EQ(Judge(), FAULT_STALE_TLB);
}

// Law 6: what the kernel may write by now is tried again, and user_copy does not fail.
TEST_F(FaultTest, WithoutSmapTheKernelWritingUserMemoryByAStaleTlbIsAllowed) {
    facts_.is_smap_in_force = false;
    Touch(kUserPage, kPresent | kWrite);
    Map(RIGHT_READ | RIGHT_WRITE | RIGHT_USER);
    EXPECT_EQ(Judge(), FAULT_STALE_TLB);
    EXPECT_TRUE(fault_is_spurious(Judge()));
}

TEST_F(FaultTest, TheKernelWritingReadOnlyUserMemoryIsReadOnlyBeforeItIsSmap) {
    Touch(kUserPage, kPresent | kWrite);
    Map(RIGHT_READ | RIGHT_USER);
    EXPECT_EQ(Judge(), FAULT_READ_ONLY);
}

TEST_F(FaultTest, TheKernelRunningUserMemoryIsSmep) {
    Touch(kUserPage, kPresent | kFetch);
    Map(RIGHT_READ | RIGHT_EXECUTE | RIGHT_USER);
    EXPECT_EQ(Judge(), FAULT_SMEP);
}

TEST_F(FaultTest, WithoutSmepOnlyTheUsersDataKeepsTheKernelFromRunningIt) {
    facts_.is_smep_in_force = false;
    Touch(kUserPage, kPresent | kFetch);
    Map(RIGHT_READ | RIGHT_WRITE | RIGHT_USER);
    EXPECT_EQ(Judge(), FAULT_NO_EXECUTE);
    Map(RIGHT_READ | RIGHT_EXECUTE | RIGHT_USER);
    EXPECT_EQ(Judge(), FAULT_STALE_TLB);
}

TEST_F(FaultTest, TheKernelRunningItsDataIsNoExecute) {
    Touch(DIRECT_MAP_BASE, kPresent | kFetch);
    Map(RIGHT_READ | RIGHT_WRITE);
    EXPECT_EQ(Judge(), FAULT_NO_EXECUTE);
}

TEST_F(FaultTest, ASupervisorPageInUserMemoryIsTheKernelsMistake) {
    Touch(kUserPage, kUser | kPresent);
    Map(RIGHT_READ);
    EXPECT_EQ(Judge(), FAULT_KERNEL_PAGE_IN_LOW);
}

TEST_F(FaultTest, AReservedBitIsACorruptEntryWhateverElseIsTrue) {
    Touch(0xffffffff80000000, kUser | kPresent | kReserved);
    Map(RIGHT_READ);
    EXPECT_EQ(Judge(), FAULT_RESERVED_BIT);
}

TEST_F(FaultTest, ProtectionKeysShadowStacksAndEnclavesAreNamed) {
    Touch(kUserPage, kUser | kPresent | 1 << 5);
    EXPECT_EQ(Judge(), FAULT_PROTECTION_KEY);
    Touch(kUserPage, kUser | kPresent | 1 << 6);
    EXPECT_EQ(Judge(), FAULT_SHADOW_STACK);
    Touch(kUserPage, kUser | kPresent | 1 << 15);
    EXPECT_EQ(Judge(), FAULT_SGX);
}

TEST_F(FaultTest, ANonCanonicalAddressIsNoAddress) {
    Touch(0x0100000000000000, kUser);
    EXPECT_EQ(Judge(), FAULT_NON_CANONICAL);
}

TEST_F(FaultTest, AFaultThatTheTablesNowAllowIsAStaleTlbWhereTheCpuSawAnEntry) {
    Touch(kUserPage, kUser | kWrite | kPresent);
    Map(RIGHT_READ | RIGHT_WRITE | RIGHT_USER);
    EXPECT_EQ(Judge(), FAULT_STALE_TLB);
    Touch(kUserPage, kUser | kPresent);
    EXPECT_EQ(Judge(), FAULT_STALE_TLB);
    Touch(kUserPage, kUser | kWrite);
    EXPECT_EQ(Judge(), FAULT_MAPPED_SINCE);
    EXPECT_TRUE(fault_is_spurious(FAULT_STALE_TLB) && fault_is_spurious(FAULT_MAPPED_SINCE));
    EXPECT_FALSE(fault_is_spurious(FAULT_READ_ONLY));
}

TEST_F(FaultTest, APresentBitWhosePageIsGoneByNowIsJudgedByWhatIsThere) {
    Touch(kUserPage, kUser | kPresent | kWrite);
    EXPECT_EQ(Judge(), FAULT_NEVER_MAPPED);
}

TEST_F(FaultTest, TheBitThatStopsUserMemoryUnderSmapIsTheUserBit) {
    Touch(kUserPage, kPresent);
    AddStep(0, 1, 0x7fd6000, 0x67, "present, writable, user, accessed, 4 KiB leaf");
    facts_.walk.steps[0].rights = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_USER;
    EXPECT_TRUE(fault_find_stop(&facts_).is_stopped);
    facts_.is_smap_in_force = false;
    EXPECT_FALSE(fault_find_stop(&facts_).is_stopped);
    Touch(kUserPage, kPresent | kFetch);
    EXPECT_STREQ(fault_find_stop(&facts_).name, "U/S") << "SMEP does not ask for EFLAGS.AC";
    facts_.is_smep_in_force = false;
    EXPECT_FALSE(fault_find_stop(&facts_).is_stopped);
}

TEST_F(FaultTest, AReservedBitThatWasRepairedSinceHasNoNumber) {
    Touch(kUserPage, kUser | kPresent | kReserved);
    Map(RIGHT_READ | RIGHT_USER);
    fault_explain(&facts_, report_.sink());
    EXPECT_NE(report_.text().find("verdict: reserved bit: a page-table entry is corrupt\n"),
              std::string::npos);
    EXPECT_NE(report_.text().find("; found: r--, "), std::string::npos) << report_.text();
}

TEST_F(FaultTest, AnEntryThatIsCorruptNowIsFoundWhateverTheCpuSaid) {
    Touch(kUserPage, kUser);
    AddStep(0, 1, 0x7fd6000, 0x8000000000005, "present, read-only, user, 4 KiB leaf");
    facts_.walk.steps[0].reserved_bits = 1ull << 51;
    fault_explain(&facts_, report_.sink());
    EXPECT_NE(report_.text().find("; found: a corrupt entry\n"), std::string::npos)
        << report_.text();
}

TEST_F(FaultTest, WhatIsFoundIsComparedWithWhatTheAreaSays) {
    const struct {
        uint8_t rights;
        const char *words;
    } cases[] = {
        {RIGHT_READ | RIGHT_WRITE | RIGHT_USER, "found: rw-, just that"},
        {RIGHT_READ | RIGHT_USER, "found: r--, less than that"},
        {RIGHT_READ | RIGHT_EXECUTE | RIGHT_USER, "found: r-x, more than that"},
        {RIGHT_READ | RIGHT_WRITE, "found: rw-, but not for user mode"},
        {RIGHT_READ, "found: r--, less than that"},
    };
    Touch(kUserPage, kUser | kPresent | kWrite);
    facts_.has_area = true;
    facts_.area = Area(kUserPage, 1, AREA_DEVICE, RIGHT_READ | RIGHT_WRITE | RIGHT_USER, "area");
    for (const auto &expected : cases) {
        Map(expected.rights);
        fault_explain(&facts_, report_.sink());
        EXPECT_NE(
            report_.text().find("  expected: device memory, rw-; " + std::string(expected.words)),
            std::string::npos)
            << report_.text();
    }
}

TEST_F(FaultTest, APageOfTheKernelsThatLetsUsersInIsFoundSo) {
    Touch(KERNEL_RANGES_BASE, kPresent | kWrite);
    facts_.has_area = true;
    facts_.area = Area(KERNEL_RANGES_BASE, 1, AREA_ANON, RIGHT_READ | RIGHT_WRITE, "area");
    Map(RIGHT_READ | RIGHT_WRITE | RIGHT_USER);
    fault_explain(&facts_, report_.sink());
    EXPECT_NE(report_.text().find("rw-; found: rw-, but for user mode too\n"), std::string::npos)
        << report_.text();
}

TEST_F(FaultTest, TheReportOfAUseAfterUnmappingSaysWhoDidItWhenAndFromWhere) {
    Touch(kUserPage, kUser);
    AddChange(TABLE_UNMAP);
    facts_.changes[0].function = "space_unmap";
    facts_.changes[0].offset = 0x1b;
    AddChange(TABLE_MAP);
    fault_explain(&facts_, report_.sink());
    EXPECT_EQ(report_.text(),
              "page fault: process 3 (hello) read address 0x0000000000401000\n"
              "  by the instruction at 0x0000000000401136\n"
              "  error code 0x4: not present, U: user mode\n"
              "  verdict: unmapped by process 3 (hello) at tick 12\n"
              "  expected: nothing, in no area; found: nothing\n"
              "  last change: unmapped 0x401000 + 2 pages of root 0x7fd3000 by process 3 (hello) "
              "at tick 12\n"
              "      for 0xffffffff80012345 space_unmap+0x1b\n"
              "  before that: mapped 0x401000 + 2 pages of root 0x7fd3000 as rw- by process 3 "
              "(hello) at tick 12\n"
              "      for 0xffffffff80012345\n");
}

// S90, S91: the whole report, word for word.
TEST_F(FaultTest, TheReportOfAStackOverflowSaysWhoWhereWhyAndWhatIsNear) {
    Touch(0x7ffffffbeff8, kUser | kWrite);
    facts_.has_area = true;
    facts_.area = Area(0x7ffffffaf000, 16, AREA_GUARD, 0, "stack");
    facts_.has_area_above = true;
    facts_.area_above = Area(0x7ffffffbf000, 64, AREA_ANON, RIGHT_READ | RIGHT_WRITE, "stack");
    AddStep(3, 255, 0x7fd3000, 0x7fd4067, "present, writable, user, accessed, table");
    AddStep(2, 511, 0x7fd4000, 0, "absent");
    fault_explain(&facts_, report_.sink());
    EXPECT_EQ(report_.text(), "page fault: process 3 (hello) wrote address 0x00007ffffffbeff8\n"
                              "  by the instruction at 0x0000000000401136\n"
                              "  error code 0x6: not present, W: write, U: user mode\n"
                              "  level 3: entry 255 of table 0x7fd3000 is 0x0000000007fd4067\n"
                              "           present, writable, user, accessed, table\n"
                              "  level 2: entry 511 of table 0x7fd4000 is 0x0000000000000000\n"
                              "           absent\n"
                              "  stopped at level 2: bit 0 (P) is clear\n"
                              "  verdict: guard page of 'stack': an overflow ends here\n"
                              "  inside 00007ffffffaf000-00007ffffffbefff --- 'stack'\n"
                              "  after  00007ffffffbf000-00007fffffffefff rw- 'stack'\n"
                              "  expected: nothing, ever; found: nothing\n");
}

TEST_F(FaultTest, TheReportOfAJumpToTheKernelDoesNotNameTheKernelsAreas) {
    Touch(0xffffffff80000000, kUser | kPresent | kFetch);
    Map(RIGHT_READ | RIGHT_EXECUTE);
    facts_.has_area = true;
    facts_.area = Area(0xffffffff80000000, 16, AREA_BOOT, RIGHT_READ | RIGHT_EXECUTE, "kernel");
    fault_explain(&facts_, report_.sink());
    EXPECT_EQ(report_.text(),
              "page fault: process 3 (hello) ran address 0xffffffff80000000\n"
              "  by the instruction at 0x0000000000401136\n"
              "  error code 0x15: P: present, I: instruction fetch, U: user mode\n"
              "  verdict: kernel address: user mode may not touch the upper half\n");
}

TEST_F(FaultTest, EveryBitOfTheErrorCodeHasItsWord) {
    Touch(kUserPage, 0x807f);
    fault_explain(&facts_, report_.sink());
    EXPECT_NE(report_.text().find("error code 0x807f: P: present, W: write, I: instruction fetch, "
                                  "U: user mode, RSVD: reserved bit set, PK: protection key, SS: "
                                  "shadow stack, SGX: enclave rule\n"),
              std::string::npos)
        << report_.text();
}

TEST(Signal, ExceptionsEndAProcessByTheSignalThatLinuxSends) {
    EXPECT_EQ(fault_signal(0), 8u);
    EXPECT_EQ(fault_signal(3), 5u);
    EXPECT_EQ(fault_signal(6), 4u);
    EXPECT_EQ(fault_signal(13), 11u);
    EXPECT_EQ(fault_signal(14), 11u);
    EXPECT_EQ(fault_signal(17), 7u);
    EXPECT_EQ(fault_signal(19), 8u);
    EXPECT_STREQ(signal_name(11), "SIGSEGV");
    EXPECT_STREQ(signal_name(8), "SIGFPE");
}

} // namespace
