#include "host_tests/machine/cpu.h"

#include <stdexcept>

namespace machine {
namespace {

constexpr uint64_t ACCESSED_FLAG = 1ull << 5;
constexpr uint64_t DIRTY_FLAG = 1ull << 6;

} // namespace

Outcome Cpu::read(uint64_t va, Privilege privilege) {
    Outcome outcome = access(va, Access::READ, privilege);
    if (outcome.succeeded()) {
        outcome.value = ram_.load(outcome.pa);
    }
    return outcome;
}

Outcome Cpu::write(uint64_t va, uint64_t value, Privilege privilege) {
    Outcome outcome = access(va, Access::WRITE, privilege);
    if (outcome.succeeded()) {
        ram_.store(outcome.pa, value);
    }
    return outcome;
}

Outcome Cpu::execute(uint64_t va, Privilege privilege) {
    return access(va, Access::EXECUTE, privilege);
}

void Cpu::speculate(uint64_t va, uint64_t size_bytes) {
    for (uint64_t done = 0; is_translating_ && done < size_bytes;) {
        Walked walked = walk(va + done);
        if (walked.has_leaf() && ram_.set_bits(walked.entry_pa, walked.entry.raw, ACCESSED_FLAG)) {
            remember(va + done, walked.leaf);
        }
        uint64_t step = page_size(walked.level);
        done = ((va + done) / step + 1) * step - va;
    }
}

Outcome Cpu::access(uint64_t va, Access access, Privilege privilege) {
    if (!is_translating_) {
        throw std::logic_error("this CPU has not loaded CR3");
    }
    if (!is_canonical(va, control.levels)) {
        return {.is_general_protection = true};
    }
    PageFault fault = {.address = va,
                       .was_write = access == Access::WRITE,
                       .was_user = privilege == Privilege::USER,
                       .was_fetch = access == Access::EXECUTE && (control.nxe || control.smep)};
    const CachedLeaf *hit = tlb_.find(va, context());
    if (hit && !allows(control, hit->leaf.rights, access, privilege)) {
        fault.was_present = true;
        return fail(fault);
    }
    if (hit && (access != Access::WRITE || hit->leaf.dirty)) {
        uint64_t pa = hit->leaf.pa + (va - hit->va);
        if (hit->covered_level > 0) {
            tlb_.insert_piece(va, *hit);
        }
        return {.pa = pa};
    }
    return walk_and_reach(access, privilege, fault);
}

Outcome Cpu::walk_and_reach(Access access, Privilege privilege, PageFault fault) {
    bool is_write = access == Access::WRITE;
    uint64_t flags = ACCESSED_FLAG | (is_write ? DIRTY_FLAG : 0);
    while (true) {
        Walked walked = walk(fault.address);
        fault.was_present = walked.entry.is_present;
        fault.was_reserved_bit = walked.entry.is_present && walked.entry.has_reserved_bit;
        if (!walked.has_leaf() || !allows(control, walked.leaf.rights, access, privilege)) {
            return fail(fault);
        }
        if (!ram_.set_bits(walked.entry_pa, walked.entry.raw, flags)) {
            continue;
        }
        walked.leaf.dirty |= is_write;
        remember(fault.address, walked.leaf);
        return {.pa = walked.leaf.pa + (fault.address & (page_size(walked.level) - 1))};
    }
}

TableStep Cpu::start_of_walk(uint64_t va) const {
    const CachedTable *cached = tables_.find_lowest(va, context());
    return cached ? cached->step : TableStep{control.levels - 1, root(), {}};
}

Cpu::Walked Cpu::walk(uint64_t va) {
    TableStep at = start_of_walk(va);
    while (true) {
        uint64_t entry_pa = entry_address(at.table, va, at.level);
        Entry entry = decode(control, ram_.load(entry_pa), at.level);
        Walked end = {entry, at.level, entry_pa, {}};
        if (!end.has_leaf()) {
            return end;
        }
        if (entry.is_leaf) {
            end.leaf = leaf_of(control, entry, at.level, at.rights);
            return end;
        }
        if (!ram_.set_bits(entry_pa, entry.raw, ACCESSED_FLAG)) {
            continue;
        }
        at = {at.level - 1, entry.address, at.rights & entry.rights};
        remember(va, at);
    }
}

void Cpu::remember(uint64_t va, const Leaf &leaf) {
    if (control.remembers) {
        tlb_.insert(va, context(), leaf);
    }
}

void Cpu::remember(uint64_t va, const TableStep &step) {
    if (control.remembers) {
        tables_.insert(va, context(), step);
    }
}

/* A fault forgets what it used, so that it does not happen again for nothing (4.10.4.1). */
Outcome Cpu::fail(const PageFault &fault) {
    for (uint16_t tag : {context(), GLOBAL_CONTEXT}) {
        tlb_.forget(fault.address, tag);
    }
    tables_.forget(fault.address, context());
    return {.fault = fault};
}

} // namespace machine
