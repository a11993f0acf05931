#include "host_tests/machine/mmu.h"

#include <cstdlib>

namespace machine {
namespace {

/* Tables 4-14 to 4-20. */
constexpr uint64_t PRESENT = 1ull << 0;
constexpr uint64_t WRITABLE = 1ull << 1;
constexpr uint64_t USER = 1ull << 2;
constexpr uint64_t DIRTY = 1ull << 6;
constexpr uint64_t PAGE_SIZE_BIT = 1ull << 7; /* PAT in an entry that maps 4 KiB */
constexpr uint64_t GLOBAL = 1ull << 8;
constexpr uint64_t LARGE_PAT = 1ull << 12;
constexpr uint64_t EXECUTE_DISABLE = 1ull << 63;

uint64_t bits(unsigned last, unsigned first) {
    return last < first ? 0 : (UINT64_MAX >> (63 - last)) & (UINT64_MAX << first);
}

uint64_t reserved_bits(const Control &control, unsigned level, bool is_leaf) {
    uint64_t reserved = bits(51, control.phys_addr_bits);
    if (!control.nxe) {
        reserved |= EXECUTE_DISABLE;
    }
    if (level > 2 || (level == 2 && !control.has_1g_leaves)) {
        reserved |= PAGE_SIZE_BIT;
    }
    if (is_leaf && level > 0) {
        reserved |= bits(11 + 9 * level, 13);
    }
    return reserved;
}

std::string join(const std::string &left, const std::string &right) {
    return left.empty() ? right : left + ", " + right;
}

} // namespace

uint32_t PageFault::error_code() const {
    return was_present | was_write << 1 | was_user << 2 | was_reserved_bit << 3 | was_fetch << 4;
}

std::string PageFault::words() const {
    std::string text = was_present ? "present" : "not present";
    text = join(text, was_fetch ? "fetch" : was_write ? "write" : "read");
    text = join(text, was_user ? "user" : "supervisor");
    return was_reserved_bit ? join(text, "reserved bit") : text;
}

bool tlb_model_is_on() {
    static const char *const model = getenv("QUIRE_TLB_MODEL");
    return model == nullptr || std::string(model) != "off";
}

bool is_canonical(uint64_t va, unsigned levels) {
    unsigned shift = 64 - (12 + 9 * levels);
    return static_cast<uint64_t>(static_cast<int64_t>(va << shift) >> shift) == va;
}

uint64_t entry_address(uint64_t table, uint64_t va, unsigned level) {
    return table + 8 * (va >> (12 + 9 * level) & 511);
}

Entry decode(const Control &control, uint64_t raw, unsigned level) {
    bool is_leaf = level == 0 || (level <= 2 && (raw & PAGE_SIZE_BIT) != 0);
    uint64_t address = raw & bits(51, is_leaf ? 12 + 9 * level : 12);
    return {
        .raw = raw,
        .is_present = (raw & PRESENT) != 0,
        .has_reserved_bit = (raw & reserved_bits(control, level, is_leaf)) != 0,
        .is_leaf = is_leaf,
        .address = address,
        .rights = {.writable = (raw & WRITABLE) != 0,
                   .user = (raw & USER) != 0,
                   .executable = (raw & EXECUTE_DISABLE) == 0},
    };
}

Rights operator&(const Rights &a, const Rights &b) {
    return {a.writable && b.writable, a.user && b.user, a.executable && b.executable};
}

Leaf leaf_of(const Control &control, const Entry &entry, unsigned level, const Rights &above) {
    uint64_t pat = entry.raw & (level == 0 ? PAGE_SIZE_BIT : LARGE_PAT);
    return {
        .pa = entry.address,
        .level = level,
        .rights = above & entry.rights,
        .global = control.pge && (entry.raw & GLOBAL) != 0,
        .dirty = (entry.raw & DIRTY) != 0,
        .memory_type = static_cast<uint8_t>((pat != 0) << 2 | (entry.raw >> 3 & 3)),
    };
}

bool allows(const Control &control, const Rights &rights, Access access, Privilege privilege) {
    if (privilege == Privilege::USER) {
        return rights.user && (access != Access::WRITE || rights.writable) &&
               (access != Access::EXECUTE || rights.executable);
    }
    if (access == Access::EXECUTE) {
        return rights.executable && !(control.smep && rights.user);
    }
    if (control.smap && rights.user && !control.ac) {
        return false;
    }
    return access == Access::READ || rights.writable || !control.wp;
}

std::optional<TableStep> peek_table(const Ram &ram, const Control &control, uint64_t root,
                                    uint64_t va, unsigned level) {
    TableStep at = {control.levels - 1, root, {}};
    while (at.level > level) {
        Entry entry = decode(control, ram.load(entry_address(at.table, va, at.level)), at.level);
        if (!entry.is_present || entry.has_reserved_bit || entry.is_leaf) {
            return std::nullopt;
        }
        at = {at.level - 1, entry.address, at.rights & entry.rights};
    }
    return at;
}

std::optional<Leaf> peek(const Ram &ram, const Control &control, uint64_t root, uint64_t va) {
    TableStep at = {control.levels - 1, root, {}};
    while (true) {
        Entry entry = decode(control, ram.load(entry_address(at.table, va, at.level)), at.level);
        if (!entry.is_present || entry.has_reserved_bit) {
            return std::nullopt;
        }
        if (entry.is_leaf) {
            return leaf_of(control, entry, at.level, at.rights);
        }
        at = {at.level - 1, entry.address, at.rights & entry.rights};
    }
}

} // namespace machine
