#include <functional>
#include <string>
#include <vector>

#include "host_tests/machine/machine_test.h"
#include "host_tests/machine/mmu.h"
#include "host_tests/paging/pte_calls.h"
#include "mm/addr/layout.h"
#include "mm/paging/pte_words.h"

/*
 * The codec over its whole domain: every set of rights, cache policy, key and owner, at every level
 * and boundary address, on CPUs with and without each feature. The machine's own decoder, which is
 * written from the manual alone, says what an entry means.
 */

namespace pte_calls {
namespace {

constexpr unsigned RIGHTS_END = 32; /* all sets of enum page_right */
constexpr unsigned KEYS_END = 16;
constexpr cache_policy CACHES[] = {CACHE_WRITE_BACK, CACHE_WRITE_THROUGH, CACHE_WRITE_COMBINING,
                                   CACHE_UNCACHED};
constexpr uint64_t SET_BY_THE_CPU = PTE_ACCESSED | PTE_DIRTY;

struct CpuModel {
    const char *name;
    bool has_nx, has_global, has_pat;
    unsigned phys_addr_bits;
    bool has_1g_leaves = true;
};

void PrintTo(const CpuModel &model, std::ostream *out) {
    *out << model.name;
}

class PteDomainTest : public MachineTest, public testing::WithParamInterface<CpuModel> {
  protected:
    machine::Config config() const override {
        machine::Config config;
        config.has_pat = GetParam().has_pat;
        config.control.nxe = GetParam().has_nx;
        config.control.pge = GetParam().has_global;
        config.control.phys_addr_bits = GetParam().phys_addr_bits;
        config.control.has_1g_leaves = GetParam().has_1g_leaves;
        return config;
    }

    const machine::Control &control() {
        return cpu().control;
    }

    /* The lowest and the highest page of the level, and the page of each bit of an address. */
    std::vector<phys_addr_t> boundary_pages(unsigned level) {
        uint64_t end = 1ull << GetParam().phys_addr_bits;
        std::vector<phys_addr_t> pages = {phys_addr(0), phys_addr(end - level_size(level))};
        for (uint64_t bit = level_size(level); bit < end; bit <<= 1) {
            pages.push_back(phys_addr(bit));
        }
        return pages;
    }

    /* The index into IA32_PAT that platform.h fixes, or into what a CPU without PAT has. */
    unsigned memory_type(cache_policy cache) {
        constexpr unsigned with_pat[] = {0, 4, 1, 3};
        constexpr unsigned without[] = {0, 1, 3, 3};
        return (GetParam().has_pat ? with_pat : without)[cache];
    }

    /* What of these rights the CPU can tell apart, as a leaf's attributes say it. */
    uint8_t kept_rights(uint8_t rights) {
        unsigned kept = rights | RIGHT_READ;
        kept |= GetParam().has_nx ? RIGHT_NONE : RIGHT_EXECUTE;
        kept &= GetParam().has_global ? ~0u : ~static_cast<unsigned>(RIGHT_GLOBAL);
        return static_cast<uint8_t>(kept);
    }

    static void for_each_attributes(const std::function<void(page_attributes, bool)> &act) {
        for (unsigned rights = 0; rights < RIGHTS_END; rights++) {
            for (cache_policy cache : CACHES) {
                for (unsigned key = 0; key < KEYS_END; key++) {
                    page_attributes attributes = {static_cast<uint8_t>(rights), cache,
                                                  static_cast<uint8_t>(key)};
                    act(attributes, false);
                    act(attributes, true);
                }
            }
        }
    }

    void expect_leaf(pte_t pte, unsigned level, phys_addr_t page, page_attributes attributes,
                     bool is_owned);
    void expect_parked(pte_t pte, unsigned level, phys_addr_t page, bool is_owned);
};

void PteDomainTest::expect_leaf(pte_t pte, unsigned level, phys_addr_t page,
                                page_attributes attributes, bool is_owned) {
    uint8_t rights = kept_rights(attributes.rights);
    machine::Entry entry = machine::decode(control(), pte.raw, level);
    machine::Leaf leaf = machine::leaf_of(control(), entry, level, {});
    bool is_user = (rights & RIGHT_USER) != 0;
    ASSERT_TRUE(entry.is_present && entry.is_leaf && !entry.has_reserved_bit);
    ASSERT_EQ(leaf.pa, page.value);
    ASSERT_EQ(leaf.rights.writable, (rights & RIGHT_WRITE) != 0);
    ASSERT_EQ(leaf.rights.user, is_user);
    ASSERT_EQ(leaf.rights.executable, (rights & RIGHT_EXECUTE) != 0);
    ASSERT_EQ(leaf.global, (rights & RIGHT_GLOBAL) != 0);
    ASSERT_EQ(leaf.memory_type, memory_type(attributes.cache));
    ASSERT_EQ(pte_kind(pte, level), PTE_LEAF);
    ASSERT_EQ(pte_page(pte, level).value, page.value);
    ASSERT_EQ(pte_attributes(pte, level).rights, rights);
    ASSERT_EQ(memory_type(pte_attributes(pte, level).cache), memory_type(attributes.cache));
    ASSERT_EQ(pte_attributes(pte, level).protection_key, attributes.protection_key);
    ASSERT_EQ(pte_is_owned(pte), is_owned);
    ASSERT_EQ(pte_is_accessed(pte), !is_user);
    ASSERT_EQ(pte_is_dirty(pte), !is_user);
}

void PteDomainTest::expect_parked(pte_t pte, unsigned level, phys_addr_t page, bool is_owned) {
    uint64_t shown = pte.raw & PTE_ADDRESS & ~(level_size(level) - 1);
    ASSERT_EQ(pte_kind(pte, level), PTE_PARKED);
    ASSERT_FALSE(machine::decode(control(), pte.raw, level).is_present);
    ASSERT_EQ(pte_page(pte, level).value, page.value);
    ASSERT_EQ(pte_is_owned(pte), is_owned);
    ASSERT_EQ(pte_rights(pte), RIGHT_NONE);
    ASSERT_EQ(shown, ~page.value & PTE_ADDRESS & ~(level_size(level) - 1)) << "P2";
    if (GetParam().phys_addr_bits < 52) {
        ASSERT_GE(shown, 1ull << GetParam().phys_addr_bits);
    } else { /* no address is above all others, but RAM lies where the direct map shows it */
        ASSERT_TRUE(shown >= DIRECT_MAP_END - DIRECT_MAP_BASE || page.value >> 51 != 0);
    }
}

TEST_P(PteDomainTest, EveryEntryMeansToTheCpuWhatItsMakerSaid) { // P1, P2
    for_each_attributes([&](page_attributes attributes, bool is_owned) {
        struct pte_form form = pte_form(attributes, is_owned);
        for (unsigned level = 0; level <= LEAF_LEVEL_MAX; level++) {
            for (phys_addr_t page : boundary_pages(level)) {
                pte_t pte = pte_of_form(form, page, level);
                if (attributes.rights == RIGHT_NONE) {
                    ASSERT_NO_FATAL_FAILURE(expect_parked(pte, level, page, is_owned))
                        << std::hex << pte.raw << " at level " << level;
                } else {
                    ASSERT_NO_FATAL_FAILURE(expect_leaf(pte, level, page, attributes, is_owned))
                        << std::hex << pte.raw << " at level " << level;
                }
            }
        }
    });
}

TEST_P(PteDomainTest, EveryTableGrantsAllThatItsHalfMay) {
    for (phys_addr_t table : boundary_pages(0)) {
        for (bool is_user : {false, true}) {
            for (unsigned level = 1; level < TABLE_LEVEL_MAX; level++) {
                pte_t pte = pte_table(table, is_user);
                machine::Entry entry = machine::decode(control(), pte.raw, level);
                ASSERT_TRUE(entry.is_present && !entry.is_leaf && !entry.has_reserved_bit);
                ASSERT_EQ(entry.address, table.value);
                ASSERT_EQ(entry.rights, (machine::Rights{true, is_user, true}));
                ASSERT_EQ(pte_kind(pte, level), PTE_TABLE);
                ASSERT_EQ(pte_table_address(pte).value, table.value);
            }
        }
    }
}

/* All flags that an entry can have, and two pages. */
constexpr uint64_t FLAGS[] = {PTE_PRESENT,  PTE_WRITABLE, PTE_USER,   PTE_PWT,
                              PTE_ACCESSED, PTE_DIRTY,    PTE_LARGE,  PTE_GLOBAL,
                              PTE_OWNED,    1ull << 59,   1ull << 40, PTE_EXECUTE_DISABLE};
constexpr unsigned FLAG_SETS_END = 1u << std::size(FLAGS);

std::vector<pte_t> entries_with_every_set_of_flags() {
    std::vector<pte_t> entries(FLAG_SETS_END);
    for (unsigned set = 0; set < FLAG_SETS_END; set++) {
        for (unsigned flag = 0; flag < std::size(FLAGS); flag++) {
            entries[set].raw |= (set >> flag & 1) != 0 ? FLAGS[flag] : 0;
        }
    }
    return entries;
}

TEST_P(PteDomainTest, EveryEntryIsOfTheKindThatTheCpuTakesItFor) {
    for (pte_t pte : entries_with_every_set_of_flags()) {
        for (unsigned level = 0; level < TABLE_LEVEL_MAX; level++) {
            machine::Entry entry = machine::decode(control(), pte.raw, level);
            enum pte_kind expected = entry.is_leaf ? PTE_LEAF : PTE_TABLE;
            if (!entry.is_present) {
                expected = pte.raw == 0 ? PTE_ABSENT : PTE_PARKED;
            }
            ASSERT_EQ(pte_kind(pte, level), expected) << std::hex << pte.raw;
        }
    }
}

/* On CPUs without pages of 1 GiB too. */
class PteReservedTest : public PteDomainTest {};

TEST_P(PteReservedTest, EveryBitThatTheCpuReservesIsToldAndNoOther) { // P1
    for (unsigned level = 0; level < TABLE_LEVEL_MAX; level++) {
        for (uint64_t kind : {uint64_t{0}, PTE_PRESENT, PTE_PRESENT | PTE_LARGE}) {
            for (unsigned bit = 0; bit < 64; bit++) {
                pte_t pte = pte_from_raw(kind | 1ull << bit);
                machine::Entry entry = machine::decode(control(), pte.raw, level);
                bool is_refused = entry.is_present && entry.has_reserved_bit;
                uint64_t told = pte_reserved_bits(pte, level);
                ASSERT_EQ(told != 0, is_refused) << std::hex << pte.raw << " at level " << level;
                ASSERT_EQ(told & ~pte.raw, 0u);
            }
        }
    }
}

TEST_P(PteReservedTest, ALevelHasLeavesWhereTheCpuTakesThem) {
    EXPECT_TRUE(pte_can_be_leaf(0));
    for (unsigned level = 1; level < TABLE_LEVEL_MAX; level++) {
        machine::Entry large = machine::decode(control(), PTE_PRESENT | PTE_LARGE, level);
        EXPECT_EQ(pte_can_be_leaf(level), !large.has_reserved_bit) << "level " << level;
    }
}

TEST_P(PteDomainTest, EveryEntrysWordsFitIntoTheirBuffer) {
    for (pte_t pte : entries_with_every_set_of_flags()) {
        for (unsigned level = 0; level < TABLE_LEVEL_MAX; level++) {
            char words[96], whole[200];
            pte_words(pte, level, words, sizeof words);
            pte_words(pte, level, whole, sizeof whole);
            ASSERT_STREQ(words, whole);
        }
    }
}

/* Every form there is, keys and owners aside. */
std::vector<struct pte_form> every_form() {
    std::vector<struct pte_form> forms;
    for (unsigned rights = 0; rights < RIGHTS_END; rights++) {
        for (cache_policy cache : CACHES) {
            forms.push_back(pte_form({static_cast<uint8_t>(rights), cache, 0}, false));
        }
    }
    return forms;
}

constexpr uint64_t KEPT_SETS[] = {0,
                                  PTE_ACCESSED,
                                  PTE_DIRTY,
                                  PTE_OWNED,
                                  PTE_ACCESSED | PTE_DIRTY,
                                  PTE_ACCESSED | PTE_OWNED,
                                  PTE_DIRTY | PTE_OWNED,
                                  PTE_ACCESSED | PTE_DIRTY | PTE_OWNED};

/* Calls `check` with an entry of every form that has every set of flags, and each form to come. */
void for_every_change_of_form(
    phys_addr_t page, unsigned level, uint64_t flags,
    const std::function<void(pte_t old, uint64_t set, struct pte_form to)> &check) {
    std::vector<struct pte_form> forms = every_form();
    for (struct pte_form from : forms) {
        uint64_t bits = pte_of_form(from, page, level).raw & ~flags;
        for (uint64_t set : KEPT_SETS) {
            for (struct pte_form to : forms) {
                check(pte_from_raw(bits | set), set, to);
            }
        }
    }
}

TEST_P(PteDomainTest, EveryChangeOfFormKeepsThePageItsOwnerAndWhatTheCpuSet) { // P3
    constexpr uint64_t kept = SET_BY_THE_CPU | PTE_OWNED;
    for (unsigned level = 0; level <= LEAF_LEVEL_MAX; level++) {
        phys_addr_t page = phys_addr((1ull << GetParam().phys_addr_bits) - level_size(level));
        auto check = [&](pte_t old, uint64_t set, struct pte_form to) {
            pte_t made = pte_of_form(to, page, level);
            ASSERT_EQ(pte_reformed(old, to, level).raw, (made.raw & ~kept) | set);
        };
        for_every_change_of_form(page, level, kept, check);
    }
}

TEST_P(PteDomainTest, EveryReplacementKeepsWhatTheCpuSetInAPageThatStaysAndInNoOther) { // P3
    for (unsigned level = 0; level <= LEAF_LEVEL_MAX; level++) {
        phys_addr_t page = phys_addr((1ull << GetParam().phys_addr_bits) - level_size(level));
        auto check = [&](pte_t old, uint64_t set, struct pte_form to) {
            pte_t same = pte_of_form(to, page, level);
            pte_t other = pte_of_form(to, phys_addr(0), level);
            ASSERT_EQ(pte_replacing(old, same, level).raw, same.raw | (set & SET_BY_THE_CPU));
            ASSERT_EQ(pte_replacing(old, other, level).raw, other.raw);
        };
        for_every_change_of_form(page, level, SET_BY_THE_CPU, check);
    }
}

TEST_P(PteDomainTest, ALeafThatTakesTheSlotOfATableKeepsNothingOfIt) {
    for (unsigned level = 1; level <= LEAF_LEVEL_MAX; level++) {
        phys_addr_t page = phys_addr(level_size(level));
        pte_t used_table = pte_from_raw(pte_table(page, true).raw | PTE_ACCESSED);
        for (struct pte_form form : every_form()) {
            pte_t leaf = pte_of_form(form, page, level);
            ASSERT_EQ(pte_replacing(used_table, leaf, level).raw, leaf.raw);
            ASSERT_EQ(pte_replacing(pte_absent(), leaf, level).raw, leaf.raw);
        }
    }
}

/* The pieces of a large entry, leaf or parked, of a form. */
class Pieces {
  public:
    Pieces(struct pte_form form, phys_addr_t page, unsigned level, uint64_t set_by_the_cpu)
        : form_(form), page_(page), level_(level), set_(set_by_the_cpu) {}

    pte_t large() const {
        return with_flags(pte_of_form(form_, page_, level_));
    }

    /* What mapping the part of the page by itself would have written. */
    pte_t expected(unsigned index) const {
        phys_addr_t part = phys_add(page_, index * level_size(level_ - 1));
        return with_flags(pte_of_form(form_, part, level_ - 1));
    }

  private:
    pte_t with_flags(pte_t pte) const {
        return pte_from_raw((pte.raw & ~SET_BY_THE_CPU) | set_);
    }

    struct pte_form form_;
    phys_addr_t page_;
    unsigned level_;
    uint64_t set_;
};

TEST_P(PteDomainTest, EveryPieceOfALargeEntryIsWhatMappingItAloneHadMade) { // law 7
    for (unsigned level = 1; level <= LEAF_LEVEL_MAX; level++) {
        phys_addr_t page = phys_addr((1ull << GetParam().phys_addr_bits) - level_size(level));
        for (struct pte_form form : every_form()) {
            for (uint64_t set : {uint64_t{0}, SET_BY_THE_CPU}) {
                Pieces pieces(form, page, level, set);
                for (unsigned index = 0; index < TABLE_ENTRIES; index++) {
                    ASSERT_EQ(pte_piece(pieces.large(), level, index).raw,
                              pieces.expected(index).raw);
                }
            }
        }
    }
}

TEST_P(PteDomainTest, EveryLargeLeafIsItsPiecesJoinedWithTheFlagsThatTheyMayGet) { // P3
    for (unsigned level = 1; level <= LEAF_LEVEL_MAX; level++) {
        for (struct pte_form form : every_form()) {
            Pieces pieces(form, phys_addr(level_size(level)), level, 0);
            pte_t large = pieces.large();
            if (!pte_is_present(large)) {
                continue; /* only leaves are joined */
            }
            bool is_writable = (large.raw & PTE_WRITABLE) != 0;
            uint64_t born = is_writable ? SET_BY_THE_CPU : PTE_ACCESSED;
            ASSERT_EQ(pte_joined(pieces.expected(0), level).raw, large.raw | born);
            for (unsigned index = 0; index < TABLE_ENTRIES; index++) {
                pte_t piece = pieces.expected(index);
                ASSERT_TRUE(pte_continues(pieces.expected(0), piece, level - 1, index));
                ASSERT_FALSE(pte_continues(pieces.expected(0), piece, level - 1, index ^ 1));
            }
        }
    }
}

/* Whether a CPU that still uses `old` may do what `next` forbids, or something else than it says.
 */
bool allows_too_much(const machine::Control &control, pte_t old, pte_t next, unsigned level) {
    machine::Entry before = machine::decode(control, old.raw, level);
    machine::Entry after = machine::decode(control, next.raw, level);
    machine::Leaf cached = machine::leaf_of(control, before, level, {});
    machine::Leaf now = machine::leaf_of(control, after, level, {});
    bool is_same = cached.pa == now.pa && cached.memory_type == now.memory_type &&
                   cached.global == now.global && (!cached.dirty || now.dirty) &&
                   (old.raw & PTE_KEY) == (next.raw & PTE_KEY);
    bool is_within = (!cached.rights.writable || now.rights.writable) &&
                     (!cached.rights.user || now.rights.user) &&
                     (!cached.rights.executable || now.rights.executable);
    return !is_same || !is_within || !pte_is_accessed(next);
}

/* Whether `next` allows what `old` does not: the kernel would fault on it. */
bool gains(const machine::Control &control, pte_t old, pte_t next, unsigned level) {
    machine::Rights before = machine::decode(control, old.raw, level).rights;
    machine::Rights after = machine::decode(control, next.raw, level).rights;
    return (after & before) != after;
}

/* Of a table entry a CPU may cache all it says, so only what grants more may stay (G3). */
bool leads_elsewhere(pte_t old, pte_t next) {
    constexpr uint64_t rights = PTE_WRITABLE | PTE_EXECUTE_DISABLE;
    uint64_t ignored = rights | PTE_OWNED | (next.raw & PTE_DIRTY);
    uint64_t lost =
        (old.raw & ~next.raw & PTE_WRITABLE) | (next.raw & ~old.raw & PTE_EXECUTE_DISABLE);
    return lost != 0 || ((old.raw ^ next.raw) & ~ignored) != 0;
}

/* The table under G1, row by row. */
bool owes_a_flush(const machine::Control &control, pte_t old, pte_t next, unsigned level) {
    if ((old.raw & PTE_PRESENT) == 0 || (old.raw & PTE_ACCESSED) == 0 || old.raw == next.raw) {
        return false;
    }
    machine::Entry before = machine::decode(control, old.raw, level);
    machine::Entry after = machine::decode(control, next.raw, level);
    if (!after.is_present || before.is_leaf != after.is_leaf) {
        return true;
    }
    bool is_user = before.rights.user && after.rights.user;
    bool is_lost =
        before.is_leaf ? allows_too_much(control, old, next, level) : leads_elsewhere(old, next);
    return is_lost || (!is_user && gains(control, old, next, level));
}

/* Sixteen million changes at each level, which depend on no feature. */
class PteChangeDomainTest : public PteDomainTest {};

TEST_P(PteChangeDomainTest, EveryChangeOfAnEntryOwesWhatItsKindOfChangeSays) { // G1, law 6
    std::vector<pte_t> entries = entries_with_every_set_of_flags();
    for (unsigned level : {0, 1}) {
        for (pte_t old : entries) {
            for (pte_t next : entries) {
                ASSERT_EQ(pte_change_needs_flush(old, next),
                          owes_a_flush(control(), old, next, level))
                    << std::hex << old.raw << " -> " << next.raw << " at level " << level;
            }
        }
    }
}

constexpr CpuModel MODELS[] = {
    {"All", true, true, true, 46},
    {"FewAddresses", true, true, true, 36},
    {"AllAddresses", true, true, true, 52},
    {"NoExecuteDisable", false, true, true, 46},
    {"NoGlobalPages", true, false, true, 46},
    {"NoPat", true, true, false, 46},
    {"Nothing", false, false, false, 36},
    {"NothingButAddresses", false, false, false, 52},
};
constexpr CpuModel WITHOUT_1G_LEAVES = {"NoGiantPages", true, true, true, 46, false};

INSTANTIATE_TEST_SUITE_P(Cpus, PteDomainTest, testing::ValuesIn(MODELS),
                         [](const auto &info) { return std::string(info.param.name); });
INSTANTIATE_TEST_SUITE_P(Cpus, PteReservedTest, testing::ValuesIn(MODELS),
                         [](const auto &info) { return std::string(info.param.name); });
INSTANTIATE_TEST_SUITE_P(OldCpu, PteReservedTest, testing::Values(WITHOUT_1G_LEAVES),
                         [](const auto &info) { return std::string(info.param.name); });
INSTANTIATE_TEST_SUITE_P(Cpus, PteChangeDomainTest, testing::Values(MODELS[0]),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
} // namespace pte_calls
