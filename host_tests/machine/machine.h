#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "host_tests/machine/cpu.h"
#include "host_tests/machine/mmu.h"
#include "host_tests/machine/ram.h"
#include "mm/platform.h"

/*
 * The pretend PC: RAM full of garbage, CPUs whose TLBs and paging-structure caches forget nothing
 * unless told to, and the seam of mm/platform.h answered for the rooms under test. An oracle
 * compares what the CPUs have cached with what the tables say; a difference that could hurt is a
 * finding. MachineTest (machine_test.h) turns findings into test failures.
 */
namespace machine {

/*
 * What a broken CHECK throws. Rooms are built with -fexceptions for the host, so it passes through
 * them; what they had locked stays locked, so provoke it at the contract of a call.
 */
class CheckFailure : public std::logic_error {
  public:
    using std::logic_error::logic_error;
};

struct Config {
    std::vector<Region> ram = {{0, 0x9f000}, {0x100000, 0x1f00000}}; /* a PC of 32 MiB */
    unsigned cpu_count = 2;
    bool identity = false; /* RAM lies at its physical address (Ram::IDENTITY_BASE) */
    bool has_pat = true;
    Control control; /* of every CPU at power-on */
};

struct FlushCounts {
    unsigned requests = 0;
    unsigned pages = 0;            /* over all requests of TLB_FLUSH_PAGES */
    unsigned contexts = 0;         /* requests of TLB_FLUSH_CONTEXT */
    unsigned all = 0;              /* requests of TLB_FLUSH_ALL */
    unsigned needless = 0;         /* requests without which no CPU had believed anything untrue */
    unsigned asked = 0;            /* CPUs, over all requests */
    unsigned asked_needlessly = 0; /* of these, CPUs that believed nothing untrue */

    FlushCounts &operator+=(const FlushCounts &other);
};

/* One at a time; the seam's functions belong to the one that exists. */
class Machine {
  public:
    explicit Machine(const Config &config);
    ~Machine();
    Machine(const Machine &) = delete;
    Machine &operator=(const Machine &) = delete;

    /* The one that exists; throws where none does. */
    static Machine &current();

    const Config &config() const {
        return config_;
    }
    Ram &ram() {
        return ram_;
    }
    Cpu &cpu(unsigned id) {
        return cpus_.at(id);
    }

    /* The CPU whose code the test now plays. */
    void run_on(unsigned id) {
        current_cpu_ = id;
    }

    unsigned current_cpu() const {
        return current_cpu_;
    }

    /* What others ask of a CPU whose interrupts are off, it does when they are on again. What it
     * asks of itself it does always. */
    void interrupts_off(unsigned id) {
        deaf_cpus_ |= 1ull << id;
    }
    void interrupts_on(unsigned id);

    /*
     * The adversary. `act` is called at each step of the seam that mm takes, so between most of
     * its changes; typically it makes a CPU touch or speculate. Not called from within itself.
     */
    void at_every_chance(std::function<void()> act) {
        adversary_ = std::move(act);
    }

    /* Every CPU speculates over the range at every chance. */
    void speculate_at_every_chance(uint64_t va, uint64_t size_bytes);

    /* The process that runs is to end: platform_is_interrupted. */
    void interrupt_process(bool is_interrupted) {
        is_interrupted_ = is_interrupted;
    }

    /* Calls `keep` with each operation that mm/paging reports; it changes nothing. */
    void trace(std::function<void(const table_event &)> keep) {
        trace_ = std::move(keep);
    }

    /* Tells the oracle which physical pages are FREE (F3); without it that is not checked. */
    void know_free_pages(std::function<bool(uint64_t pa)> is_free) {
        is_free_ = std::move(is_free);
    }

    /* By default the oracle looks after each flush. A test that holds two unfinished gathers at
     * once owes more than one flush, and calls this. */
    void look_only_at_the_end() {
        looks_at_flushes_ = false;
    }

    /* Compares every cached entry of every CPU with the tables; adds to the findings. */
    void look(const std::string &when);

    /* For tests that provoke findings: hands them over and forgets them. */
    std::vector<std::string> take_findings();
    void add_finding(std::string finding) {
        findings_.push_back(std::move(finding));
    }

    /* Whether the machine itself is at work, and must not be asked for more. */
    bool is_busy() const {
        return busy_depth_ > 0;
    }

    const FlushCounts &flush_counts() const {
        return flush_counts_;
    }

    /* Counts the flushes from here on also under this name, until it is given another. */
    void name_operation(std::string name) {
        operation_ = std::move(name);
    }
    const std::map<std::string, FlushCounts> &flush_counts_by_operation() const {
        return counts_by_operation_;
    }
    int preemption_depth() const {
        return preemption_depth_;
    }

  private:
    friend struct Seam;

    /* A flush between its start and the end of the wait for it. */
    struct PendingFlush {
        tlb_flush *request;
        uint64_t cpus_left;
        FlushCounts counts;
    };

    void take_chance();
    void start_flush(tlb_flush *request);
    void wait_flush(tlb_flush *request);
    bool is_ignored(const tlb_flush *request);
    void acknowledge(PendingFlush &pending, Cpu &cpu);
    PendingFlush &pending_of(const tlb_flush *request);
    void count(const PendingFlush &done);
    void look_for_lost_writes(const std::string &when);
    void look_for_free_pages(const std::string &when);

    Config config_;
    struct platform_features features_ = {};
    Ram ram_;
    std::vector<Cpu> cpus_;
    unsigned current_cpu_ = 0;
    int preemption_depth_ = 0;
    volatile int busy_depth_ = 0;
    uint64_t deaf_cpus_ = 0; /* whose interrupts are off */
    std::vector<PendingFlush> pending_;
    FlushCounts flush_counts_;
    std::string operation_;
    std::map<std::string, FlushCounts> counts_by_operation_;
    std::function<void()> adversary_;
    bool is_adversary_acting_ = false;
    bool is_interrupted_ = false;
    std::function<void(const table_event &)> trace_;
    std::function<bool(uint64_t)> is_free_;
    bool looks_at_flushes_ = true;
    std::vector<std::string> findings_;
};

} // namespace machine
