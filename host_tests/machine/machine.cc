#include "host_tests/machine/machine.h"

#include <algorithm>
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
    flush_counts_.requests++;
    flush_counts_.pages += request->scope == TLB_FLUSH_PAGES ? request->page_count : 0;
    flush_counts_.contexts += request->scope == TLB_FLUSH_CONTEXT;
    flush_counts_.all += request->scope == TLB_FLUSH_ALL;
    pending_.push_back(request);
}

/* CPUs forget as late as they may: when somebody waits for it. */
void Machine::wait_flush(tlb_flush *request) {
    take_chance();
    auto found = std::find(pending_.begin(), pending_.end(), request);
    if (found == pending_.end()) {
        throw CheckFailure("waiting for a flush that was not started");
    }
    pending_.erase(found);
    bool was_needed = false;
    for (Cpu &cpu : cpus_) {
        if ((request->cpus.bits >> cpu.id() & 1) != 0) {
            was_needed |= apply(cpu, *request);
        }
    }
    flush_counts_.needless += !was_needed;
    if (looks_at_flushes_) {
        look("after a flush");
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

/* Whether the CPU had anything to forget. */
bool Machine::apply(Cpu &cpu, const tlb_flush &request) {
    size_t before = cpu.cached_count();
    switch (request.scope) {
    case TLB_FLUSH_PAGES:
        for (unsigned i = 0; i < request.page_count; i++) {
            apply_to_page(cpu, request.context_id, request.pages[i].value);
        }
        break;
    case TLB_FLUSH_CONTEXT:
        cpu.invpcid_context(request.context_id);
        break;
    case TLB_FLUSH_ALL:
        cpu.toggle_cr4_pge();
        break;
    }
    return cpu.cached_count() != before;
}

} // namespace machine
