#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "host_tests/machine/caches.h"
#include "host_tests/machine/mmu.h"
#include "host_tests/machine/ram.h"

namespace machine {

/* What became of one access. */
struct Outcome {
    std::optional<PageFault> fault;
    bool is_general_protection = false; /* the address was not canonical */
    uint64_t pa = 0;                    /* where it went; of the byte */
    uint64_t value = 0;                 /* what was read */

    bool succeeded() const {
        return !fault && !is_general_protection;
    }
};

/* What INVPCID is to forget. */
enum : uint64_t {
    INVPCID_ADDRESS = 0, /* one address in one context, global translations aside */
    INVPCID_CONTEXT = 1, /* one context, global translations aside */
    INVPCID_ALL = 2,
    INVPCID_ALL_BUT_GLOBAL = 3,
};

struct InvpcidDescriptor {
    uint64_t pcid;
    uint64_t va;
};

/*
 * One CPU: its registers, its caches and its page walker. Accesses are of 8 aligned bytes. The
 * walker prefers whatever it has cached, however old.
 */
class Cpu {
  public:
    Cpu(Ram &ram, const Control &control, unsigned id) : control(control), ram_(ram), id_(id) {}

    Control control;

    Outcome read(uint64_t va, Privilege privilege = Privilege::SUPERVISOR);
    Outcome write(uint64_t va, uint64_t value, Privilege privilege = Privilege::SUPERVISOR);
    Outcome execute(uint64_t va, Privilege privilege = Privilege::SUPERVISOR);

    /* Instructions (SDM 3A 4.10.4.1). Each forgets what the manual says it must, and nothing more.
     * What would be a general protection fault throws std::logic_error. */
    void mov_to_cr3(uint64_t value);
    void invlpg(uint64_t va);
    void invpcid(uint64_t type, const InvpcidDescriptor &descriptor);
    void invpcid_address(uint16_t context, uint64_t va);
    void invpcid_context(uint16_t context);

    /* MOV to CR4, by the flag that it changes. */
    void set_cr4_pge(bool is_set);
    void toggle_cr4_pge(); /* there and back */
    void set_cr4_pcide(bool is_set);
    void set_cr4_smep(bool is_set);

    /* Caches every translation of the range, and every upper entry on the way, as a CPU may at any
     * moment (4.10.2.3). Sets accessed flags, never dirty ones. */
    void speculate(uint64_t va, uint64_t size_bytes);

    bool is_translating() const {
        return is_translating_;
    }
    unsigned id() const {
        return id_;
    }
    uint64_t root() const;
    uint16_t context() const;

    /* The root that a context was last loaded with. */
    std::optional<uint64_t> root_of(uint16_t context) const;

    size_t cached_count() const {
        return tlb_.size() + tables_.size();
    }
    const Tlb &tlb() const {
        return tlb_;
    }
    const TableCache &tables() const {
        return tables_;
    }

  private:
    /* Where a walk ended, and what it found. */
    struct Walked {
        Entry entry;
        unsigned level;
        uint64_t entry_pa;
        Leaf leaf; /* only of a leaf that can be used */

        bool has_leaf() const {
            return entry.is_present && !entry.has_reserved_bit;
        }
    };

    Outcome access(uint64_t va, Access access, Privilege privilege);
    Walked walk(uint64_t va);
    void remember(uint64_t va, const Leaf &leaf);
    void remember(uint64_t va, const TableStep &step);
    TableStep start_of_walk(uint64_t va) const;
    Outcome walk_and_reach(Access access, Privilege privilege, PageFault fault);
    Outcome fail(const PageFault &fault);
    void forget_page(uint64_t va, uint16_t tag, std::optional<uint64_t> root);
    void forget_context(uint16_t context);
    void forget_everything();

    Ram &ram_;
    unsigned id_;
    bool is_translating_ = false;
    uint64_t cr3_ = 0;
    std::map<uint16_t, uint64_t> roots_;
    Tlb tlb_;
    TableCache tables_;
};

} // namespace machine
