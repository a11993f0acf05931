#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>

#include "host_tests/machine/mmu.h"

/* What one CPU remembers of the tables (SDM 3A 4.10). Nothing leaves on its own. */
namespace machine {

/* In place of a PCID: a translation for every one (4.10.2.4). */
constexpr uint16_t GLOBAL_CONTEXT = 0xffff;

/* A cached translation of the page_size(covered_level) bytes at `va`. */
struct CachedLeaf {
    uint64_t va;
    unsigned covered_level; /* below leaf.level: a piece of a large page */
    uint16_t context;
    Leaf leaf; /* pa is that of `va` */
};

/* A cached upper entry (4.10.3.1): walks of page_size(step.level + 1) bytes at `va` start there. */
struct CachedTable {
    uint64_t va;
    uint16_t context;
    TableStep step;
};

struct CacheKey {
    uint64_t page; /* va >> 12, rounded down to what the entry covers */
    unsigned level;
    uint16_t context;

    bool operator==(const CacheKey &) const = default;
};

struct CacheKeyHash {
    size_t operator()(const CacheKey &key) const;
};

/*
 * A large page is remembered twice, whole and as the 4 KiB piece that was used, since a CPU may do
 * either (4.10.2.3): whoever forgets one of them has not forgotten the page.
 */
class Tlb {
  public:
    void insert(uint64_t va, uint16_t context, const Leaf &leaf);

    /* Remembers the piece of a large page that is used now. */
    void insert_piece(uint64_t va, const CachedLeaf &whole);

    /* What a CPU in `context` finds for `va`; the smallest first. */
    const CachedLeaf *find(uint64_t va, uint16_t context) const;

    /* Forgets what covers `va` in `context`; pieces of the same large page only where they cover
     * it themselves. */
    void forget(uint64_t va, uint16_t context);

    /* Forgets the pieces of the large page of `level` around `va`. */
    void forget_pieces(uint64_t va, unsigned level, uint16_t context);

    void forget_context(uint16_t context);
    void forget_all_but_global();
    void clear();
    void for_each(const std::function<void(const CachedLeaf &)> &visit) const;
    size_t size() const {
        return whole_.size() + pieces_.size();
    }
    bool has_pieces() const {
        return !pieces_.empty();
    }

  private:
    using Entries = std::unordered_map<CacheKey, CachedLeaf, CacheKeyHash>;
    Entries whole_;
    Entries pieces_;
};

/* The paging-structure caches: PML5E, PML4E, PDPTE and PDE caches in one. */
class TableCache {
  public:
    void insert(uint64_t va, uint16_t context, const TableStep &step);

    /* The lowest table that a walk of `va` can start from. */
    const CachedTable *find_lowest(uint64_t va, uint16_t context) const;

    /* Forgets what a walk of `va` would use. */
    void forget(uint64_t va, uint16_t context);
    void forget_context(uint16_t context);
    void clear();
    void for_each(const std::function<void(const CachedTable &)> &visit) const;
    size_t size() const {
        return entries_.size();
    }

  private:
    std::unordered_map<CacheKey, CachedTable, CacheKeyHash> entries_;
};

} // namespace machine
