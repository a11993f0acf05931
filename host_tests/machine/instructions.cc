/* What the instructions that change registers do to the caches (SDM 3A 4.10.4.1). */
#include <stdexcept>

#include "host_tests/machine/cpu.h"

namespace machine {
namespace {

constexpr uint64_t CR3_ADDRESS = 0x000ffffffffff000;
constexpr uint64_t CONTEXT_MASK = 0xfff; /* of CR3, and of an INVPCID descriptor */
constexpr uint64_t CR3_KEEP = 1ull << 63;
constexpr unsigned LARGEST_LEAF_LEVEL = 2;

void protect(bool is_legal, const char *why) {
    if (!is_legal) {
        throw std::logic_error(std::string("a general protection fault: ") + why);
    }
}

} // namespace

uint64_t Cpu::root() const {
    return cr3_ & CR3_ADDRESS;
}

uint16_t Cpu::context() const {
    return control.pcide ? cr3_ & CONTEXT_MASK : 0;
}

std::optional<uint64_t> Cpu::root_of(uint16_t context) const {
    if (context == GLOBAL_CONTEXT) {
        return is_translating_ ? std::optional(root()) : std::nullopt;
    }
    auto found = roots_.find(context);
    return found == roots_.end() ? std::nullopt : std::optional(found->second);
}

void Cpu::mov_to_cr3(uint64_t value) {
    bool keeps = (value & CR3_KEEP) != 0;
    protect(!keeps || control.pcide, "bit 63 of CR3 without CR4.PCIDE");
    protect((value & ~CR3_KEEP) >> control.phys_addr_bits == 0, "CR3 beyond MAXPHYADDR");
    cr3_ = value & ~CR3_KEEP;
    is_translating_ = true;
    roots_[context()] = root();
    if (!keeps) {
        forget_context(context());
    }
}

void Cpu::set_cr4_pge(bool is_set) {
    if (control.pge != is_set) {
        control.pge = is_set;
        forget_everything();
    }
}

void Cpu::toggle_cr4_pge() {
    set_cr4_pge(!control.pge);
    set_cr4_pge(!control.pge);
}

void Cpu::set_cr4_pcide(bool is_set) {
    if (control.pcide == is_set) {
        return;
    }
    protect(!is_set || (cr3_ & CONTEXT_MASK) == 0, "CR4.PCIDE with something in CR3[11:0]");
    control.pcide = is_set;
    if (!is_set) {
        forget_everything();
        roots_ = {{context(), root()}};
    }
}

void Cpu::set_cr4_smep(bool is_set) {
    if (is_set && !control.smep) {
        forget_context(context());
    }
    control.smep = is_set;
}

void Cpu::invlpg(uint64_t va) {
    if (!is_canonical(va, control.levels)) {
        return;
    }
    for (uint16_t tag : {context(), GLOBAL_CONTEXT}) {
        forget_page(va, tag, root());
    }
    tables_.forget_context(context());
}

void Cpu::invpcid(uint64_t type, const InvpcidDescriptor &descriptor) {
    uint64_t pcid = descriptor.pcid;
    bool is_of_one = type == INVPCID_ADDRESS || type == INVPCID_CONTEXT;
    protect(type <= INVPCID_ALL_BUT_GLOBAL, "no such type of INVPCID");
    protect((pcid & ~CONTEXT_MASK) == 0, "bits 63:12 of an INVPCID descriptor");
    protect(!is_of_one || control.pcide || pcid == 0, "INVPCID of a context without CR4.PCIDE");
    switch (type) {
    case INVPCID_ADDRESS:
        protect(is_canonical(descriptor.va, control.levels), "INVPCID of no canonical address");
        forget_page(descriptor.va, pcid, root_of(pcid));
        tables_.forget(descriptor.va, pcid);
        return;
    case INVPCID_CONTEXT:
        forget_context(pcid);
        return;
    case INVPCID_ALL:
        forget_everything();
        return;
    case INVPCID_ALL_BUT_GLOBAL:
        tlb_.forget_all_but_global();
        tables_.clear();
        return;
    }
}

void Cpu::invpcid_address(uint16_t context, uint64_t va) {
    invpcid(INVPCID_ADDRESS, {context, va});
}

void Cpu::invpcid_context(uint16_t context) {
    invpcid(INVPCID_CONTEXT, {context, 0});
}

/* One INVLPG is enough for an entry that maps a large page, not for one that has come to refer to a
 * table: that one owes an INVLPG for each page (4.10.4.2). */
void Cpu::forget_page(uint64_t va, uint16_t tag, std::optional<uint64_t> root) {
    tlb_.forget(va, tag);
    for (unsigned level = 1; tlb_.has_pieces() && level <= LARGEST_LEAF_LEVEL; level++) {
        if (!root || !peek_table(ram_, control, *root, va, level - 1)) {
            tlb_.forget_pieces(va, level, tag);
        }
    }
}

void Cpu::forget_context(uint16_t context) {
    tlb_.forget_context(context);
    tables_.forget_context(context);
}

void Cpu::forget_everything() {
    tlb_.clear();
    tables_.clear();
}

} // namespace machine
