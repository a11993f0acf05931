#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host_tests/machine/sizes.h"
#include "host_tests/space/space_test.h"
#include "host_tests/sweep/failing.h"
#include "mm/heap/heap.h"
#include "mm/paging/page_table.h"

/*
 * The sweep: every public operation of mm runs with memory that fails at each of its allocations
 * in turn, and leaves no trace (law 2). A row is a test named as the operation is, with what is
 * special about it behind: `space_unmap_OutOfTheMiddle`. rows_test.py holds the rows against the
 * headers.
 */

constexpr uint64_t DEVICE = 3 * GIB; /* contiguous, and no RAM */
constexpr uint64_t VA = 17 * GIB;
constexpr uint8_t READ_WRITE = RIGHT_READ | RIGHT_WRITE;

struct SweepMachine {
    const char *name;
    unsigned levels;
    bool has_context_ids;
};

inline void PrintTo(const SweepMachine &machine, std::ostream *out) {
    *out << machine.name;
}

/* What an operation that fails must leave as it was. */
struct SweepState {
    std::map<std::string, std::vector<uint64_t>> words; /* by what they say */
    std::string audit;

    /* What differs, in words; empty where nothing does. */
    std::string differences(const SweepState &other) const;
};

/* What a row must have run by its end, for rows_test.py and the report. */
class SweepLedger {
  public:
    static void begin();
    static void add(uint64_t failure_points);
    static bool has_run();
};

/* A PC with 16 MiB whose kernel space stands, and a process whose memory is at VA. */
class SweepTest : public SpaceTest, public testing::WithParamInterface<SweepMachine> {
  protected:
    machine::Config config() const override;
    void SetUp() override;
    void TearDown() override;

    /*
     * Runs the operation with its first, second, .. allocation failing, that one alone and all
     * from there on, until it succeeds because it asks for no more. Returns how many it asks for,
     * which is not 0.
     */
    uint64_t fails(const std::function<status()> &operation);

    /* Runs the operation with no memory left: it succeeds, and does not even ask. */
    void takes_no_memory(const std::function<void()> &operation);
    void takes_no_memory_and_succeeds(const std::function<status()> &operation);

    /* Runs the operation with its first, its first two, .. all allocations failing: its answer does
     * not change. Returns how many it asks for when none is granted. */
    uint64_t makes_do(const std::function<std::string()> &operation);

    /* The words of every space's tables and areas, of every frame, and of all counts. */
    SweepState sweep_state();

    /* The tables of a space, to use them without its areas. */
    static page_table *table_of(address_space *of) {
        return const_cast<page_table *>(space_page_table(of));
    }

    address_space *space = nullptr;

  private:
    static void add_space(void *state, address_space *space);
    void fail_at(uint64_t number, Failure failure, const std::function<status()> &operation,
                 uint64_t *asked, status *result);
};

constexpr SweepMachine SWEEP_MACHINES[] = {
    {"FourLevels", 4, false}, {"FiveLevels", 5, false}, {"ContextIds", 4, true}};

#define SWEEP_EVERY_MACHINE(Rows)                                                                  \
    INSTANTIATE_TEST_SUITE_P(Machines, Rows, testing::ValuesIn(SWEEP_MACHINES),                    \
                             [](const auto &info) { return std::string(info.param.name); })
