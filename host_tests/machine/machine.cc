#include "host_tests/machine/machine.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "host_tests/machine/oracle.h"

namespace machine {
namespace {

Machine *the_machine = nullptr;

struct platform_features features_of(const Config &config) {
    return {
        .phys_addr_bits = static_cast<uint8_t>(config.control.phys_addr_bits),
        .paging_levels = static_cast<uint8_t>(config.control.levels),
        .has_no_execute = config.control.nxe,
        .has_global_pages = config.control.pge,
        .has_1g_leaves = config.control.has_1g_leaves,
        .has_pat = config.has_pat,
        .has_pcid = config.control.pcide,
    };
}

} // namespace

FlushCounts &FlushCounts::operator+=(const FlushCounts &other) {
    requests += other.requests;
    pages += other.pages;
    contexts += other.contexts;
    all += other.all;
    needless += other.needless;
    asked += other.asked;
    asked_needlessly += other.asked_needlessly;
    return *this;
}

Machine::Machine(const Config &config)
    : config_(config), features_(features_of(config)), ram_(config.ram, config.identity) {
    if (the_machine != nullptr) {
        throw std::logic_error("there is one pretend PC at a time");
    }
    for (unsigned id = 0; id < config.cpu_count; id++) {
        cpus_.emplace_back(ram_, config.control, id);
    }
    the_machine = this;
}

Machine::~Machine() {
    the_machine = nullptr;
}

Machine &Machine::current() {
    if (the_machine == nullptr) {
        throw std::logic_error("no pretend PC is switched on");
    }
    return *the_machine;
}

void Machine::speculate_at_every_chance(uint64_t va, uint64_t size_bytes) {
    at_every_chance([this, va, size_bytes] {
        for (Cpu &cpu : cpus_) {
            cpu.speculate(va, size_bytes);
        }
    });
}

void Machine::take_chance() {
    if (!adversary_ || is_adversary_acting_) {
        return;
    }
    is_adversary_acting_ = true;
    adversary_();
    is_adversary_acting_ = false;
}

void Machine::look(const std::string &when) {
    if (!pending_.empty()) {
        add_finding(when + ": a flush was started that nobody waited for");
    }
    for (const Cpu &cpu : cpus_) {
        for (const std::string &finding : find_stale_entries(ram_, cpu)) {
            add_finding(when + ": " + finding);
        }
        for (const std::string &finding : find_terminal_faults(ram_, cpu)) {
            add_finding(when + ": " + finding);
        }
    }
    look_for_free_pages(when);
}

void Machine::look_for_lost_writes(const std::string &when) {
    for (const Cpu &cpu : cpus_) {
        for (const std::string &finding : find_lost_writes(ram_, cpu)) {
            add_finding(when + ": " + finding);
        }
    }
}

void Machine::look_for_free_pages(const std::string &when) {
    for (const Cpu &cpu : cpus_) {
        for (const std::string &finding :
             is_free_ ? find_free_pages(cpu, is_free_) : std::vector<std::string>()) {
            add_finding(when + ": " + finding);
        }
    }
}

std::vector<std::string> Machine::take_findings() {
    return std::exchange(findings_, {});
}

void Machine::start_flush(tlb_flush *request) {
    take_chance();
    look_for_lost_writes("when a flush was asked for");
    look_for_free_pages("when a flush was asked for");
    PendingFlush pending = {.request = request};
    for (const Cpu &cpu : cpus_) {
        pending.cpus_left |= request->cpus.bits & 1ull << cpu.id();
    }
    pending.counts = {
        .requests = 1,
        .pages = request->scope == TLB_FLUSH_PAGES ? request->page_count : 0u,
        .contexts = request->scope == TLB_FLUSH_CONTEXT,
        .all = request->scope == TLB_FLUSH_ALL,
        .asked = static_cast<unsigned>(std::popcount(pending.cpus_left)),
    };
    pending_.push_back(pending);
}

Machine::PendingFlush &Machine::pending_of(const tlb_flush *request) {
    auto found = std::find_if(pending_.begin(), pending_.end(),
                              [=](const PendingFlush &it) { return it.request == request; });
    if (found == pending_.end()) {
        throw CheckFailure("waiting for a flush that was not started");
    }
    return *found;
}

/* Whether a CPU that is asked does not hear it. */
bool Machine::is_ignored(const tlb_flush *request) {
    uint64_t others = ~(1ull << current_cpu_);
    return (pending_of(request).cpus_left & deaf_cpus_ & others) != 0;
}

/* CPUs forget as late as they may: when somebody waits for it. */
void Machine::wait_flush(tlb_flush *request) {
    take_chance();
    PendingFlush &pending = pending_of(request);
    for (Cpu &cpu : cpus_) {
        acknowledge(pending, cpu);
    }
    count(pending);
    std::erase_if(pending_, [=](const PendingFlush &it) { return it.request == request; });
    if (looks_at_flushes_) {
        look("after a flush");
    }
}

void Machine::interrupts_on(unsigned id) {
    deaf_cpus_ &= ~(1ull << id);
    for (PendingFlush &pending : pending_) {
        acknowledge(pending, cpus_.at(id));
    }
}

/* The upper half belongs to every context; global translations go with INVLPG alone. */
static void apply_to_page(Cpu &cpu, uint16_t context, uint64_t va) {
    if (context == cpu.context() || va >> 63 != 0) {
        cpu.invlpg(va);
    } else {
        cpu.invpcid_address(context, va);
    }
}

static void apply(Cpu &cpu, const tlb_flush &request) {
    switch (request.scope) {
    case TLB_FLUSH_PAGES:
        for (unsigned i = 0; i < request.page_count; i++) {
            apply_to_page(cpu, request.context_id, request.pages[i].value);
        }
        return;
    case TLB_FLUSH_CONTEXT:
        cpu.invpcid_context(request.context_id);
        return;
    case TLB_FLUSH_ALL:
        cpu.toggle_cr4_pge();
        return;
    }
}

/* The CPU does what it was asked to, if it was and has not done it yet. */
void Machine::acknowledge(PendingFlush &pending, Cpu &cpu) {
    uint64_t bit = 1ull << cpu.id();
    if ((pending.cpus_left & bit) == 0) {
        return;
    }
    pending.cpus_left &= ~bit;
    pending.counts.asked_needlessly += find_stale_entries(ram_, cpu).empty();
    apply(cpu, *pending.request);
}

void Machine::count(const PendingFlush &done) {
    FlushCounts counts = done.counts;
    counts.needless = counts.asked_needlessly == counts.asked;
    flush_counts_ += counts;
    if (!operation_.empty()) {
        counts_by_operation_[operation_] += counts;
    }
}

} // namespace machine
