#include <string>

#include "host_tests/machine/machine_test.h"
#include "host_tests/machine/mmu.h"
#include "host_tests/paging/pte_calls.h"
#include "mm/paging/pte_words.h"

/* The encoding, checked against the machine's own decoder, which shares no code with it. */

namespace pte_calls {
namespace {

constexpr uint64_t PAGE = 0x40000000; /* aligned for every level */
constexpr uint8_t RW = RIGHT_READ | RIGHT_WRITE;
constexpr uint8_t USER_READ = RIGHT_READ | RIGHT_USER;

class PteTest : public MachineTest {
  protected:
    pte_t leaf(uint8_t rights, unsigned level = 0, cache_policy cache = CACHE_WRITE_BACK) {
        return pte_of_form(pte_form({rights, cache, 0}, false), phys_addr(PAGE), level);
    }
    machine::Leaf decoded(pte_t pte, unsigned level) {
        machine::Entry entry = machine::decode(cpu().control, pte.raw, level);
        EXPECT_TRUE(entry.is_present && entry.is_leaf && !entry.has_reserved_bit);
        return machine::leaf_of(cpu().control, entry, level, {});
    }
};

class PteWithoutFeaturesTest : public PteTest {
  protected:
    machine::Config config() const override {
        machine::Config config;
        config.has_pat = false;
        config.control.nxe = false;
        config.control.pge = false;
        return config;
    }
};

TEST_F(PteTest, ALeafOfEachLevelReachesItsPage) { // S03
    for (unsigned level = 0; level <= LEAF_LEVEL_MAX; level++) {
        EXPECT_EQ(decoded(leaf(RW, level), level).pa, PAGE);
        EXPECT_EQ(pte_page(leaf(RW, level), level).value, PAGE);
        EXPECT_EQ(pte_kind(leaf(RW, level), level), PTE_LEAF);
    }
}

struct RightsCase {
    const char *name;
    uint8_t rights;
    machine::Rights expected;
    bool global;
};

class PteRightsTest : public PteTest, public testing::WithParamInterface<RightsCase> {};

TEST_P(PteRightsTest, MeanToTheCpuWhatTheCallerSaid) { // S11
    for (unsigned level = 0; level <= LEAF_LEVEL_MAX; level++) {
        machine::Leaf seen = decoded(leaf(GetParam().rights, level), level);
        EXPECT_EQ(seen.rights, GetParam().expected);
        EXPECT_EQ(seen.global, GetParam().global);
        EXPECT_EQ(pte_attributes(leaf(GetParam().rights, level), level).rights, GetParam().rights);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Rights, PteRightsTest,
    testing::Values(
        RightsCase{"KernelRead", RIGHT_READ, {false, false, false}, false},
        RightsCase{"KernelWrite", RW, {true, false, false}, false},
        RightsCase{"KernelExecute", RIGHT_READ | RIGHT_EXECUTE, {false, false, true}, false},
        RightsCase{"KernelGlobal", RW | RIGHT_GLOBAL, {true, false, false}, true},
        RightsCase{"UserRead", USER_READ, {false, true, false}, false},
        RightsCase{"UserAll", RW | RIGHT_USER | RIGHT_EXECUTE, {true, true, true}, false}),
    [](const auto &info) { return info.param.name; });

TEST_F(PteWithoutFeaturesTest, NoBitIsSetThatTheCpuReserves) {
    EXPECT_TRUE(decoded(leaf(RW | RIGHT_GLOBAL), 0).rights.executable);
    EXPECT_FALSE(pte_is_global(leaf(RW | RIGHT_GLOBAL)));
}

struct CacheCase {
    const char *name;
    cache_policy cache;
    uint8_t with_pat; /* index into IA32_PAT as platform.h fixes it: WB WC UC- UC WT */
    uint8_t without;  /* into its reset value: WB WT UC- UC */
    cache_policy seen_without;
};

constexpr CacheCase CACHE_CASES[] = {
    {"WriteBack", CACHE_WRITE_BACK, 0, 0, CACHE_WRITE_BACK},
    {"WriteThrough", CACHE_WRITE_THROUGH, 4, 1, CACHE_WRITE_THROUGH},
    {"WriteCombining", CACHE_WRITE_COMBINING, 1, 3, CACHE_UNCACHED},
    {"Uncached", CACHE_UNCACHED, 3, 3, CACHE_UNCACHED},
};

TEST_F(PteTest, EachCachePolicySelectsItsPatEntryAtEachLevel) {
    for (const CacheCase &cached : CACHE_CASES) {
        for (unsigned level = 0; level <= LEAF_LEVEL_MAX; level++) {
            pte_t pte = leaf(RW, level, cached.cache);
            EXPECT_EQ(decoded(pte, level).memory_type, cached.with_pat) << cached.name;
            EXPECT_EQ(pte_attributes(pte, level).cache, cached.cache) << cached.name;
        }
    }
}

TEST_F(PteWithoutFeaturesTest, CachePoliciesFallBackToWhatACpuWithoutPatHas) {
    for (const CacheCase &cached : CACHE_CASES) {
        pte_t pte = leaf(RW, 1, cached.cache);
        EXPECT_EQ(decoded(pte, 1).memory_type, cached.without) << cached.name;
        EXPECT_EQ(pte_attributes(pte, 1).cache, cached.seen_without) << cached.name;
    }
}

TEST_F(PteTest, AParkedEntryKeepsItsPageButHoldsNoUsableAddress) { // P2
    for (unsigned level = 0; level <= LEAF_LEVEL_MAX; level++) {
        pte_t parked = leaf(RIGHT_NONE, level);
        EXPECT_EQ(pte_kind(parked, level), PTE_PARKED);
        EXPECT_EQ(pte_page(parked, level).value, PAGE);
        EXPECT_FALSE(pc().ram().contains(parked.raw & 0x000ffffffffff000));
        EXPECT_GE(parked.raw & 0x000ffffffffff000, 1ull << cpu().control.phys_addr_bits);
    }
}

class PteOnAFullBusTest : public MachineTest {
  protected:
    machine::Config config() const override {
        machine::Config config;
        config.control.nxe = false;
        config.control.phys_addr_bits = 52;
        return config;
    }
};

TEST_F(PteOnAFullBusTest, TheTopmostPageParkedIsNotAbsent) { // P2
    phys_addr_t topmost = phys_addr((1ull << 52) - PAGE_SIZE);
    pte_t parked = pte_of_form(pte_form({RIGHT_NONE, CACHE_WRITE_BACK, 0}, false), topmost, 0);
    EXPECT_EQ(pte_kind(parked, 0), PTE_PARKED);
    EXPECT_EQ(pte_page(parked, 0).value, topmost.value);
}

TEST_F(PteTest, ReformingKeepsThePageAndWhatTheCpuSet) { // P3
    pte_t old =
        pte_of_form(pte_form({RW | RIGHT_USER, CACHE_WRITE_BACK, 3}, true), phys_addr(PAGE), 0);
    old.raw |= PTE_DIRTY | PTE_ACCESSED;
    struct pte_form none = pte_form({RIGHT_NONE, CACHE_WRITE_BACK, 0}, false);
    struct pte_form read = pte_form({USER_READ, CACHE_UNCACHED, 5}, false);
    pte_t back = pte_reformed(pte_reformed(old, none, 0), read, 0);
    EXPECT_EQ(pte_page(back, 0).value, PAGE);
    EXPECT_TRUE(pte_is_dirty(back) && pte_is_accessed(back) && pte_is_owned(back));
    EXPECT_EQ(pte_attributes(back, 0).rights, USER_READ);
    EXPECT_EQ(pte_attributes(back, 0).protection_key, 5);
}

TEST_F(PteTest, ThePiecesOfALargeLeafSayWhatItSays) { // S28
    for (unsigned level = 1; level <= LEAF_LEVEL_MAX; level++) {
        for (const CacheCase &cached : CACHE_CASES) {
            pte_t large = leaf(RW | RIGHT_USER, level, cached.cache);
            large.raw |= PTE_DIRTY;
            machine::Leaf whole = decoded(large, level);
            machine::Leaf piece = decoded(pte_piece(large, level, 511), level - 1);
            EXPECT_EQ(piece.pa, PAGE + 511 * level_size(level - 1));
            EXPECT_EQ(piece.rights, whole.rights);
            EXPECT_EQ(piece.memory_type, whole.memory_type);
            EXPECT_TRUE(piece.dirty);
        }
    }
}

TEST_F(PteTest, ThePiecesOfALargeParkedEntryAreParked) {
    pte_t piece = pte_piece(leaf(RIGHT_NONE, 1, CACHE_WRITE_THROUGH), 1, 7);
    EXPECT_EQ(pte_kind(piece, 0), PTE_PARKED);
    EXPECT_EQ(pte_page(piece, 0).value, PAGE + 7 * PAGE_SIZE);
}

TEST_F(PteTest, JoiningThePiecesGivesTheLargeLeafBack) {
    for (unsigned level = 1; level <= LEAF_LEVEL_MAX; level++) {
        for (const CacheCase &cached : CACHE_CASES) {
            pte_t large = leaf(RW, level, cached.cache);
            pte_t first = pte_piece(large, level, 0);
            EXPECT_TRUE(pte_continues(first, pte_piece(large, level, 300), level - 1, 300));
            EXPECT_FALSE(pte_continues(first, pte_piece(large, level, 300), level - 1, 301));
            EXPECT_EQ(pte_joined(first, level).raw, large.raw);
        }
    }
}

/*
 * Law 6 over its domain: from each kind of entry, each single thing that can change, at a user and
 * at a kernel address.
 */
struct ChangeCase {
    const char *name;
    uint64_t old_bits, next_bits; /* of a leaf of PAGE; next 0: absent */
    bool user_needs, kernel_needs;
};

constexpr uint64_t P = PTE_PRESENT | PTE_ACCESSED;
constexpr uint64_t W = PTE_WRITABLE;
constexpr uint64_t D = PTE_DIRTY;
constexpr uint64_t XD = PTE_EXECUTE_DISABLE;

class ChangeTest : public PteTest, public testing::WithParamInterface<ChangeCase> {};

pte_t at_page(uint64_t bits) {
    return pte_from_raw(bits == 0 ? 0 : bits | PAGE);
}

TEST_P(ChangeTest, OwesAFlushOrNot) {
    const ChangeCase &change = GetParam();
    uint64_t user = (change.old_bits & PTE_PRESENT) != 0 ? PTE_USER : 0;
    uint64_t next_user = (change.next_bits & PTE_PRESENT) != 0 ? PTE_USER : 0;
    EXPECT_EQ(pte_change_needs_flush(at_page(change.old_bits | user),
                                     at_page(change.next_bits | next_user)),
              change.user_needs);
    EXPECT_EQ(pte_change_needs_flush(at_page(change.old_bits), at_page(change.next_bits)),
              change.kernel_needs);
}

INSTANTIATE_TEST_SUITE_P(
    Law6, ChangeTest,
    testing::Values(ChangeCase{"AbsentToLeaf", 0, P | W, false, false},
                    ChangeCase{"LeafToAbsent", P, 0, true, true},
                    ChangeCase{"NeverAccessedLeafToAbsent", PTE_PRESENT, 0, false, false},
                    ChangeCase{"LeafToParked", P, PTE_ACCESSED | W, true, true},
                    ChangeCase{"ParkedToLeaf", PTE_ACCESSED | W, P, false, false},
                    ChangeCase{"Nothing", P | W, P | W, false, false},
                    ChangeCase{"ReadOnlyToWritable", P, P | W, false, true},
                    ChangeCase{"WritableToReadOnly", P | W, P, true, true},
                    ChangeCase{"NoExecuteToExecute", P | XD, P, false, true},
                    ChangeCase{"ExecuteToNoExecute", P, P | XD, true, true},
                    ChangeCase{"OneGainedOneLost", P | XD | W, P, true, true},
                    ChangeCase{"CachePolicy", P, P | PTE_PCD, true, true},
                    ChangeCase{"PatBit", P, P | PTE_SMALL_PAT, true, true},
                    ChangeCase{"Global", P, P | PTE_GLOBAL, true, true},
                    ChangeCase{"ProtectionKey", P, P | 1ull << PTE_KEY_SHIFT, true, true},
                    ChangeCase{"DirtyCleared", P | D, P, true, true},
                    ChangeCase{"DirtySet", P, P | D, false, false},
                    ChangeCase{"AccessedCleared", P, PTE_PRESENT, true, true},
                    ChangeCase{"AnotherFrame", P, P | 1ull << 20, true, true},
                    ChangeCase{"OwnedByTheFrame", P, P | PTE_OWNED, false, false}),
    [](const auto &info) { return info.param.name; });

TEST_F(PteTest, LosingTheUserBitOwesAFlush) {
    EXPECT_TRUE(pte_change_needs_flush(at_page(P | PTE_USER), at_page(P)));
}

TEST_F(PteTest, ATableThatMayBeWrittenThroughAgainOwesNothingToUsers) { // law 12
    pte_t user = pte_from_raw(pte_table(phys_addr(PAGE), true).raw | PTE_ACCESSED);
    pte_t kernel = pte_from_raw(pte_table(phys_addr(PAGE), false).raw | PTE_ACCESSED);
    EXPECT_FALSE(pte_change_needs_flush(pte_without_write(user), user));
    EXPECT_TRUE(pte_change_needs_flush(user, pte_without_write(user)));
    EXPECT_TRUE(pte_change_needs_flush(pte_without_write(kernel), kernel));
}

TEST_F(PteTest, AUsedTableOwesAFlushWhateverReplacesIt) {
    pte_t table = pte_from_raw(pte_table(phys_addr(PAGE), true).raw | PTE_ACCESSED);
    pte_t leaf_there = pte_from_raw(table.raw | PTE_LARGE);
    EXPECT_EQ(pte_kind(table, 1), PTE_TABLE);
    EXPECT_TRUE(pte_change_needs_flush(table, pte_absent()));
    EXPECT_TRUE(pte_change_needs_flush(table, pte_from_raw(table.raw + PAGE_SIZE)));
    EXPECT_TRUE(pte_change_needs_flush(table, leaf_there));
    EXPECT_TRUE(pte_change_needs_flush(leaf_there, table));
}

std::string words(pte_t pte, unsigned level) {
    char text[96];
    pte_words(pte, level, text, sizeof text);
    return text;
}

TEST_F(PteTest, WordsSayWhatAnEntrySays) { // S91
    EXPECT_EQ(words(pte_absent(), 3), "not present");
    EXPECT_EQ(words(leaf(RIGHT_NONE), 0), "parked: not present, keeps its page");
    EXPECT_EQ(words(pte_table(phys_addr(PAGE), true), 2), "present, writable, user, table");
    EXPECT_EQ(words(leaf(RW | RIGHT_USER | RIGHT_EXECUTE, 1), 1),
              "present, writable, user, 2 MiB leaf");
    EXPECT_EQ(words(leaf(RIGHT_READ | RIGHT_GLOBAL, 2, CACHE_WRITE_COMBINING), 2),
              "present, read-only, kernel, no-execute, accessed, dirty, global, write-combining, "
              "1 GiB leaf");
}

TEST_F(PteTest, WordsThatDoNotFitAreCutOff) {
    char text[12];
    pte_words(leaf(RW), 0, text, sizeof text);
    EXPECT_STREQ(text, "present, wr");
}

} // namespace
} // namespace pte_calls
