#include "host_tests/machine/caches.h"

namespace machine {
namespace {

constexpr unsigned LARGEST_LEAF_LEVEL = 2;
constexpr unsigned HIGHEST_TABLE_LEVEL = 3; /* a PML5E refers to a table of level 3 */

uint64_t block_start(uint64_t va, unsigned level) {
    return va & ~(page_size(level) - 1);
}

CacheKey key_of(uint64_t va, unsigned level, uint16_t context) {
    return {block_start(va, level) >> 12, level, context};
}

} // namespace

size_t CacheKeyHash::operator()(const CacheKey &key) const {
    uint64_t mixed = key.page ^ (uint64_t{key.context} << 45) ^ (uint64_t{key.level} << 61);
    mixed *= 0x9e3779b97f4a7c15;
    return mixed ^ mixed >> 32;
}

void Tlb::insert(uint64_t va, uint16_t context, const Leaf &leaf) {
    uint16_t tag = leaf.global ? GLOBAL_CONTEXT : context;
    whole_[key_of(va, leaf.level, tag)] = {block_start(va, leaf.level), leaf.level, tag, leaf};
    if (leaf.level > 0) {
        insert_piece(va, whole_.at(key_of(va, leaf.level, tag)));
    }
}

void Tlb::insert_piece(uint64_t va, const CachedLeaf &whole) {
    CachedLeaf piece = {block_start(va, 0), 0, whole.context, whole.leaf};
    piece.leaf.pa += piece.va - whole.va;
    pieces_[key_of(va, 0, whole.context)] = piece;
}

const CachedLeaf *Tlb::find(uint64_t va, uint16_t context) const {
    for (uint16_t tag : {context, GLOBAL_CONTEXT}) {
        if (auto piece = pieces_.find(key_of(va, 0, tag)); piece != pieces_.end()) {
            return &piece->second;
        }
        for (unsigned level = 0; level <= LARGEST_LEAF_LEVEL; level++) {
            if (auto found = whole_.find(key_of(va, level, tag)); found != whole_.end()) {
                return &found->second;
            }
        }
    }
    return nullptr;
}

void Tlb::forget(uint64_t va, uint16_t context) {
    pieces_.erase(key_of(va, 0, context));
    for (unsigned level = 0; level <= LARGEST_LEAF_LEVEL; level++) {
        whole_.erase(key_of(va, level, context));
    }
}

void Tlb::forget_pieces(uint64_t va, unsigned level, uint16_t context) {
    std::erase_if(pieces_, [=](const auto &item) {
        const CachedLeaf &piece = item.second;
        return piece.context == context && piece.leaf.level == level &&
               block_start(piece.va, level) == block_start(va, level);
    });
}

void Tlb::forget_context(uint16_t context) {
    auto belongs = [=](const auto &item) { return item.second.context == context; };
    std::erase_if(whole_, belongs);
    std::erase_if(pieces_, belongs);
}

void Tlb::forget_all_but_global() {
    auto is_local = [](const auto &item) { return item.second.context != GLOBAL_CONTEXT; };
    std::erase_if(whole_, is_local);
    std::erase_if(pieces_, is_local);
}

void Tlb::clear() {
    whole_.clear();
    pieces_.clear();
}

void Tlb::for_each(const std::function<void(const CachedLeaf &)> &visit) const {
    for (const auto &[key, entry] : whole_) {
        visit(entry);
    }
    for (const auto &[key, entry] : pieces_) {
        visit(entry);
    }
}

void TableCache::insert(uint64_t va, uint16_t context, const TableStep &step) {
    unsigned covered = step.level + 1;
    entries_[key_of(va, covered, context)] = {block_start(va, covered), context, step};
}

const CachedTable *TableCache::find_lowest(uint64_t va, uint16_t context) const {
    for (unsigned level = 0; level <= HIGHEST_TABLE_LEVEL; level++) {
        auto found = entries_.find(key_of(va, level + 1, context));
        if (found != entries_.end()) {
            return &found->second;
        }
    }
    return nullptr;
}

void TableCache::forget(uint64_t va, uint16_t context) {
    for (unsigned level = 0; level <= HIGHEST_TABLE_LEVEL; level++) {
        entries_.erase(key_of(va, level + 1, context));
    }
}

void TableCache::forget_context(uint16_t context) {
    std::erase_if(entries_, [=](const auto &item) { return item.second.context == context; });
}

void TableCache::clear() {
    entries_.clear();
}

void TableCache::for_each(const std::function<void(const CachedTable &)> &visit) const {
    for (const auto &[key, entry] : entries_) {
        visit(entry);
    }
}

} // namespace machine
