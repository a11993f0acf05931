#pragma once

#include <stdint.h>

#include "mm/addr/addr.h"
#include "mm/paging/attributes.h"
#include "mm/platform.h"

/*
 * The only file that knows how an x86-64 paging-structure entry is encoded (SDM 3A 4.5, tables 4-14
 * to 4-20). An entry is one of four kinds. `level` is that of the table the entry lies in: 0 maps 4
 * KiB, each level more 512 times that.
 */

typedef struct pte {
    uint64_t raw;
} pte_t;

enum pte_kind : uint8_t {
    PTE_ABSENT, /* nothing, all bits clear */
    PTE_PARKED, /* P=0, but holds a frame: no CPU can use it, and its contents stay */
    PTE_TABLE,  /* refers to a table of the next lower level */
    PTE_LEAF,   /* maps a page of the level's size */
};

constexpr unsigned LEAF_LEVEL_MAX = 2;  /* 1 GiB */
constexpr unsigned TABLE_LEVEL_MAX = 5; /* levels of tables, with CR4.LA57 */

constexpr uint64_t PTE_PRESENT = 1ull << 0;
constexpr uint64_t PTE_WRITABLE = 1ull << 1;
constexpr uint64_t PTE_USER = 1ull << 2;
constexpr uint64_t PTE_PWT = 1ull << 3;
constexpr uint64_t PTE_PCD = 1ull << 4;
constexpr uint64_t PTE_ACCESSED = 1ull << 5;
constexpr uint64_t PTE_DIRTY = 1ull << 6;
constexpr uint64_t PTE_LARGE = 1ull << 7; /* PS, in levels 1 and 2 */
constexpr uint64_t PTE_SMALL_PAT = 1ull << 7;
constexpr uint64_t PTE_GLOBAL = 1ull << 8;
constexpr uint64_t PTE_OWNED = 1ull << 9; /* ignored by the CPU: counts in its frame's map_count */
constexpr uint64_t PTE_PARKED_MARK = 1ull << 10; /* ignored by the CPU: an entry that is parked is
                                                    not all clear, whatever page it keeps */
constexpr uint64_t PTE_LARGE_PAT = 1ull << 12;
constexpr unsigned PTE_KEY_SHIFT = 59;
constexpr uint64_t PTE_KEY = 0xfull << PTE_KEY_SHIFT;
constexpr uint64_t PTE_EXECUTE_DISABLE = 1ull << 63;
constexpr uint64_t PTE_ADDRESS = 0x000ffffffffff000;

/* What a table entry grants by itself: all that its half may, the leaf decides (S25). */
constexpr uint64_t PTE_TABLE_KERNEL = PTE_PRESENT | PTE_WRITABLE;
constexpr uint64_t PTE_TABLE_USER = PTE_PRESENT | PTE_WRITABLE | PTE_USER;

static inline pte_t pte_from_raw(uint64_t raw) {
    pte_t pte = {raw};
    return pte;
}

static inline pte_t pte_absent(void) {
    return pte_from_raw(0);
}

static inline bool pte_is_present(pte_t pte) {
    return (pte.raw & PTE_PRESENT) != 0;
}

static inline enum pte_kind pte_kind(pte_t pte, unsigned level) {
    if (!pte_is_present(pte)) {
        return pte.raw == 0 ? PTE_ABSENT : PTE_PARKED;
    }
    bool is_leaf = level == 0 || (level <= LEAF_LEVEL_MAX && (pte.raw & PTE_LARGE) != 0);
    return is_leaf ? PTE_LEAF : PTE_TABLE;
}

/* Whether the CPU has pages of the level's size. */
static inline bool pte_can_be_leaf(unsigned level) {
    return level < LEAF_LEVEL_MAX ||
           (level == LEAF_LEVEL_MAX && platform_features()->has_1g_leaves);
}

/* The bits of the address in an entry that maps a page of `level`. */
static inline uint64_t pte_address_mask(unsigned level) {
    return PTE_ADDRESS & ~(level_size(level) - 1);
}

/*
 * The bits that are set in a present entry and make every use of it fault (SDM 3A 4.5.4 and tables
 * 4-14 to 4-20): address bits from MAXPHYADDR on and below the page's size, XD without NXE, and PS
 * where no leaf can be.
 */
static inline uint64_t pte_reserved_bits(pte_t pte, unsigned level) {
    const struct platform_features *features = platform_features();
    uint64_t reserved = PTE_ADDRESS & ~((1ull << features->phys_addr_bits) - 1);
    reserved |= features->has_no_execute ? 0 : PTE_EXECUTE_DISABLE;
    if (pte_kind(pte, level) == PTE_LEAF) {
        reserved |= PTE_ADDRESS & (level_size(level) - 1) & ~PTE_LARGE_PAT;
    }
    reserved |= pte_can_be_leaf(level) ? 0 : PTE_LARGE;
    return pte_is_present(pte) ? pte.raw & reserved : 0;
}

/* Where a leaf or parked entry's page lies. A parked address is inverted, so that a CPU that looks
 * through an entry that is not present finds no memory there (P2). */
static inline phys_addr_t pte_page(pte_t pte, unsigned level) {
    uint64_t raw = pte_is_present(pte) ? pte.raw : ~pte.raw;
    return phys_addr(raw & pte_address_mask(level));
}

/* Where the table lies that a table entry refers to. */
static inline phys_addr_t pte_table_address(pte_t pte) {
    return phys_addr(pte.raw & PTE_ADDRESS);
}

/* Whether the last-level table that a table entry refers to may be referred to by others as well:
 * none of them can write through it (law 12). */
static inline bool pte_is_shared_table(pte_t pte, unsigned level) {
    return level == 1 && pte_kind(pte, level) == PTE_TABLE && (pte.raw & PTE_WRITABLE) == 0;
}

static inline pte_t pte_without_write(pte_t pte) {
    return pte_from_raw(pte.raw & ~PTE_WRITABLE);
}

static inline pte_t pte_with_write(pte_t pte) {
    return pte_from_raw(pte.raw | PTE_WRITABLE);
}

static inline pte_t pte_table(phys_addr_t table, bool is_user) {
    return pte_from_raw(table.value | (is_user ? PTE_TABLE_USER : PTE_TABLE_KERNEL));
}

/*
 * PAT, PCD and PWT as an index into IA32_PAT, which platform.h fixes (SDM 3A 4.9.2, table 12-12 for
 * the reset value that a CPU without a PAT obeys: write-through is 1 there).
 */
static inline unsigned pte_cache_index(enum cache_policy cache, bool has_pat) {
    switch (cache) {
    case CACHE_WRITE_BACK:
        return 0;
    case CACHE_WRITE_THROUGH:
        return has_pat ? 4 : 1;
    case CACHE_WRITE_COMBINING:
        return has_pat ? 1 : 3;
    case CACHE_UNCACHED:
        return 3;
    }
    __builtin_unreachable();
}

static inline enum cache_policy pte_cache_of_index(unsigned index, bool has_pat) {
    switch (index) {
    case 0:
        return CACHE_WRITE_BACK;
    case 1:
        return has_pat ? CACHE_WRITE_COMBINING : CACHE_WRITE_THROUGH;
    case 4:
        return CACHE_WRITE_THROUGH;
    default:
        return CACHE_UNCACHED;
    }
}

/*
 * All bits of a leaf but its address, for 4 KiB and for large leaves: they differ in PS and in
 * where the PAT bit is. Made once for an operation, used for each of its leaves.
 */
struct pte_form {
    uint64_t small;
    uint64_t large;
};

static inline uint64_t pte_right_bits(uint8_t rights, const struct platform_features *features) {
    uint64_t bits = 0;
    bits |= (rights & RIGHT_WRITE) != 0 ? PTE_WRITABLE : 0;
    bits |= (rights & RIGHT_USER) != 0 ? PTE_USER : 0;
    bits |= (rights & RIGHT_GLOBAL) != 0 && features->has_global_pages ? PTE_GLOBAL : 0;
    bits |= (rights & RIGHT_EXECUTE) == 0 && features->has_no_execute ? PTE_EXECUTE_DISABLE : 0;
    return bits;
}

/*
 * The form of leaves with these attributes; parked ones for RIGHT_NONE. Kernel leaves are born
 * accessed and dirty, which spares the CPU an update that nobody reads.
 */
static inline struct pte_form pte_form(struct page_attributes attributes, bool is_owned) {
    const struct platform_features *features = platform_features();
    unsigned cache = pte_cache_index(attributes.cache, features->has_pat);
    uint64_t bits = pte_right_bits(attributes.rights, features);
    bits |= (uint64_t)(cache & 3) * PTE_PWT;
    bits |= (uint64_t)attributes.protection_key << PTE_KEY_SHIFT;
    bits |= is_owned ? PTE_OWNED : 0;
    if (attributes.rights != RIGHT_NONE) {
        bits |= PTE_PRESENT;
        bits |= (attributes.rights & RIGHT_USER) == 0 ? PTE_ACCESSED | PTE_DIRTY : 0;
    } else {
        bits |= PTE_PARKED_MARK;
    }
    struct pte_form form = {bits | (cache >> 2) * PTE_SMALL_PAT,
                            bits | (cache >> 2) * PTE_LARGE_PAT | PTE_LARGE};
    return form;
}

/* A leaf, or parked, entry of this form for the page at `pa`. */
static inline pte_t pte_of_form(struct pte_form form, phys_addr_t pa, unsigned level) {
    uint64_t bits = level == 0 ? form.small : form.large;
    bool is_present = (bits & PTE_PRESENT) != 0;
    return pte_from_raw(bits | (is_present ? pa.value : ~pa.value & pte_address_mask(level)));
}

/* The same page in another form; whether it is owned, accessed and dirty is kept (P3). */
static inline pte_t pte_reformed(pte_t old, struct pte_form form, unsigned level) {
    pte_t next = pte_of_form(form, pte_page(old, level), level);
    constexpr uint64_t kept = PTE_ACCESSED | PTE_DIRTY | PTE_OWNED;
    return pte_from_raw((next.raw & ~kept) | (old.raw & kept));
}

/* What takes the place of `old`: a page that stays keeps what CPUs have noted of it (P3). */
static inline pte_t pte_replacing(pte_t old, pte_t next, unsigned level) {
    enum pte_kind kind = pte_kind(old, level);
    bool is_page = kind == PTE_LEAF || kind == PTE_PARKED;
    if (!is_page || pte_page(old, level).value != pte_page(next, level).value) {
        return next;
    }
    return pte_from_raw(next.raw | (old.raw & (PTE_ACCESSED | PTE_DIRTY)));
}

static inline bool pte_is_owned(pte_t pte) {
    return (pte.raw & PTE_OWNED) != 0;
}

static inline bool pte_is_accessed(pte_t pte) {
    return (pte.raw & PTE_ACCESSED) != 0;
}

static inline bool pte_is_dirty(pte_t pte) {
    return (pte.raw & PTE_DIRTY) != 0;
}

static inline bool pte_is_global(pte_t pte) {
    return (pte.raw & PTE_GLOBAL) != 0;
}

/* What an entry by itself allows: a leaf's rights, or those a table entry leaves to what is below
 * it. The rights of a walk are the AND of all its levels (SDM 3A 4.6.1). */
static inline uint8_t pte_rights(pte_t pte) {
    unsigned rights = RIGHT_READ | RIGHT_GLOBAL;
    rights |= (pte.raw & PTE_WRITABLE) != 0 ? RIGHT_WRITE : 0;
    rights |= (pte.raw & PTE_USER) != 0 ? RIGHT_USER : 0;
    rights |= (pte.raw & PTE_EXECUTE_DISABLE) == 0 ? RIGHT_EXECUTE : 0;
    return pte_is_present(pte) ? (uint8_t)rights : (uint8_t)RIGHT_NONE;
}

/* What a leaf's maker asked for. */
static inline struct page_attributes pte_attributes(pte_t pte, unsigned level) {
    uint64_t pat = level == 0 ? PTE_SMALL_PAT : PTE_LARGE_PAT;
    unsigned index = (unsigned)(pte.raw / PTE_PWT & 3) | ((pte.raw & pat) != 0 ? 4 : 0);
    uint8_t global = pte_is_global(pte) ? RIGHT_GLOBAL : RIGHT_NONE;
    struct page_attributes attributes = {
        (uint8_t)((pte_rights(pte) & ~RIGHT_GLOBAL) | global),
        pte_cache_of_index(index, platform_features()->has_pat),
        (uint8_t)((pte.raw & PTE_KEY) >> PTE_KEY_SHIFT),
    };
    return attributes;
}

/*
 * Whether a CPU may have cached anything because of this entry: only what is present and accessed
 * ever enters a TLB or a paging-structure cache (SDM 3A 4.10.2.3, 4.10.3.1).
 */
static inline bool pte_may_be_cached(pte_t pte) {
    return pte_is_present(pte) && pte_is_accessed(pte);
}

/*
 * Whether replacing `old` by `next` owes a flush (law 6). What is gained at a
 * user address does not: the spurious fault that may follow is resolved by looking again. The
 * kernel cannot take one everywhere, so what it gains is flushed too.
 */
static inline bool pte_change_needs_flush(pte_t old, pte_t next) {
    if (!pte_may_be_cached(old)) {
        return false;
    }
    /* What becomes another kind of entry differs in P or PS, and neither is ever harmless. */
    uint64_t changed = (old.raw ^ next.raw) & ~PTE_OWNED;
    uint64_t gained = (next.raw & (PTE_WRITABLE | PTE_DIRTY)) | (old.raw & PTE_EXECUTE_DISABLE);
    bool is_user = (old.raw & next.raw & PTE_USER) != 0;
    uint64_t harmless = is_user ? gained : gained & PTE_DIRTY;
    return (changed & ~harmless) != 0;
}

/* One of the 512 entries of `level` - 1 that together say what the large `old` of `level` says. */
static inline pte_t pte_piece(pte_t old, unsigned level, unsigned index) {
    uint64_t offset = index * level_size(level - 1);
    uint64_t address = pte_page(old, level).value + offset;
    uint64_t bits = old.raw & ~pte_address_mask(level);
    if (level == 1) {
        bool has_pat = (bits & PTE_LARGE_PAT) != 0;
        bits &= ~(PTE_LARGE | PTE_LARGE_PAT);
        bits |= has_pat ? PTE_SMALL_PAT : 0;
    }
    uint64_t field = pte_is_present(old) ? address : ~address & pte_address_mask(level - 1);
    return pte_from_raw(bits | field);
}

/* The leaf of `level` that says what 512 pieces say, of which `first` is the first. Accessed, and
 * dirty if it can be: a CPU may set those in a piece until it has been made to forget it. */
static inline pte_t pte_joined(pte_t first, unsigned level) {
    uint64_t bits = first.raw | PTE_ACCESSED;
    bits |= (bits & PTE_WRITABLE) != 0 ? PTE_DIRTY : 0;
    if (level == 1) {
        bool has_pat = (bits & PTE_SMALL_PAT) != 0;
        bits |= PTE_LARGE | (has_pat ? PTE_LARGE_PAT : 0);
    }
    return pte_from_raw(bits);
}

/* Whether `pte` is the piece `index` next to `first`, accessed and dirty flags aside. */
static inline bool pte_continues(pte_t first, pte_t pte, unsigned level, unsigned index) {
    uint64_t expected = first.raw + index * level_size(level);
    return ((expected ^ pte.raw) & ~(PTE_ACCESSED | PTE_DIRTY)) == 0;
}

/*
 * Live entries. CPUs set accessed and dirty flags at any moment, so an entry is taken out by an
 * exchange, changed by a compare-exchange, and only put in place of an absent one by a store (P3).
 */

static inline pte_t pte_load(const pte_t *slot) {
    return pte_from_raw(__atomic_load_n(&slot->raw, __ATOMIC_ACQUIRE));
}

/* Into an absent slot; what it refers to is complete before it can be seen. */
static inline void pte_publish(pte_t *slot, pte_t pte) {
    __atomic_store_n(&slot->raw, pte.raw, __ATOMIC_RELEASE);
}

/* Returns what was there, with all that the CPUs have set in it. */
static inline pte_t pte_exchange(pte_t *slot, pte_t next) {
    return pte_from_raw(__atomic_exchange_n(&slot->raw, next.raw, __ATOMIC_ACQ_REL));
}

/* False, and `*expected` is what is there, where it no longer was `*expected`. */
[[nodiscard]] static inline bool pte_compare_exchange(pte_t *slot, pte_t *expected, pte_t next) {
    return __atomic_compare_exchange_n(&slot->raw, &expected->raw, next.raw, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}
