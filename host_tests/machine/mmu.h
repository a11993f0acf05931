#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host_tests/machine/ram.h"

/* The page walk, written from SDM 3A chapter 4 and from nothing of mm. */
namespace machine {

enum class Access { READ, WRITE, EXECUTE };
enum class Privilege { SUPERVISOR, USER };

/* Not with QUIRE_TLB_MODEL=off in the environment, which shows what the model finds. */
bool tlb_model_is_on();

/* What a CPU can do, and what its registers are set to. */
struct Control {
    unsigned phys_addr_bits = 46; /* MAXPHYADDR */
    unsigned levels = 4;          /* 5: CR4.LA57 */
    bool has_1g_leaves = true;
    bool nxe = true;  /* EFER.NXE */
    bool pge = true;  /* CR4.PGE */
    bool wp = true;   /* CR0.WP */
    bool smep = true; /* CR4.SMEP */
    bool smap = true; /* CR4.SMAP */
    bool pcide = false;
    bool ac = false;                    /* EFLAGS.AC */
    bool remembers = tlb_model_is_on(); /* false: every access walks the tables */
};

/* What an entry, or the entries down to it, allow (4.6.1). */
struct Rights {
    bool writable = true;
    bool user = true;
    bool executable = true;

    bool operator==(const Rights &) const = default;
};

/* Where a walk stands: about to read the entry for an address in the table at `table`. */
struct TableStep {
    unsigned level; /* of the table's entries: 0 maps 4 KiB */
    uint64_t table;
    Rights rights; /* of the entries that led here */
};

/* A translation as the tables give it (4.5) and as a TLB holds it (4.10.2.2). */
struct Leaf {
    uint64_t pa;    /* of the page's first byte */
    unsigned level; /* page size is 4 KiB << 9 * level */
    Rights rights;
    bool global;
    bool dirty;
    uint8_t memory_type; /* index into the PAT: PAT * 4 + PCD * 2 + PWT (4.9.2) */

    bool operator==(const Leaf &) const = default;
};

/* A page fault (4.7). */
struct PageFault {
    uint64_t address;
    bool was_present; /* P: a right was missing, or a reserved bit set */
    bool was_write;
    bool was_user;
    bool was_reserved_bit;
    bool was_fetch; /* only with NXE or SMEP */

    uint32_t error_code() const;
    std::string words() const;
    bool operator==(const PageFault &) const = default;
};

/* One entry, as the walk understands it. */
struct Entry {
    uint64_t raw;
    bool is_present;
    bool has_reserved_bit;
    bool is_leaf;
    uint64_t address; /* of the table or the page it refers to */
    Rights rights;    /* its own */
};

inline uint64_t page_size(unsigned level) {
    return uint64_t{4096} << (9 * level);
}

bool is_canonical(uint64_t va, unsigned levels);
uint64_t entry_address(uint64_t table, uint64_t va, unsigned level);
Entry decode(const Control &control, uint64_t raw, unsigned level);
Rights operator&(const Rights &a, const Rights &b);

/* The leaf that a present leaf entry with the rights above it gives. */
Leaf leaf_of(const Control &control, const Entry &entry, unsigned level, const Rights &above);

/* Whether a translation with `rights` allows the access (4.6.1). */
bool allows(const Control &control, const Rights &rights, Access access, Privilege privilege);

/* What the tables under `root` say of `va` now, changing nothing: no caches, no accessed flags. */
std::optional<Leaf> peek(const Ram &ram, const Control &control, uint64_t root, uint64_t va);

/* The table that the walk of `va` reads at `level`, and the rights down to it; nothing where the
 * walk ends above it. */
std::optional<TableStep> peek_table(const Ram &ram, const Control &control, uint64_t root,
                                    uint64_t va, unsigned level);

} // namespace machine
