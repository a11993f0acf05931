#include "kernel/fault/scenarios/scenarios.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "host_tests/space/space_test.h"
#include "kernel/trace/history.h"

/*
 * The fault scenarios on the pretend PC. What they say is compared with the golden text, and with
 * the machine's, by system_tests/scenarios_test.py, which has it written to $SCENARIOS_FILE.
 */

namespace {

using machine::Privilege;

constexpr uint64_t STALE_PAGE = 0x50000000;

trace_ring changes;
const symbol_table no_symbols = {};
const fault_sources sources = {&changes, &no_symbols};

class ScenariosTest : public SpaceTest {
  protected:
    void SetUp() override {
        SpaceTest::SetUp();
        pc().trace([](const table_event &event) {
            const change_circumstances circumstances = {.name = "main"};
            history_add(&changes, &event, &circumstances);
        });
    }

    void TearDown() override {
        pc().trace({});
        SpaceTest::TearDown();
    }
};

machine::Outcome access(machine::Cpu &cpu, const scenario_touch &touch) {
    Privilege privilege = touch.is_user ? Privilege::USER : Privilege::SUPERVISOR;
    if (touch.is_user) {
        EXPECT_TRUE(cpu.execute(SCENARIO_USER_CODE, privilege).succeeded());
    }
    uint64_t word = align_down(touch.address.value, 8);
    switch (touch.kind) {
    case ACCESS_READ:
        return cpu.read(word, privilege);
    case ACCESS_WRITE:
        return cpu.write(word, 0, privilege);
    case ACCESS_EXECUTE:
        return cpu.execute(word, privilege);
    }
    __builtin_unreachable();
}

TEST_F(ScenariosTest, EveryFaultIsExplained) {
    TextLog log;
    EXPECT_GE(scenarios_run(log.sink()), 20u);
    if (const char *path = getenv("SCENARIOS_FILE")) {
        std::ofstream(path) << log.text();
    }
}

// A CPU that has nothing of what some of them need.
class PlainCpuTest : public ScenariosTest {
  protected:
    machine::Config config() const override {
        machine::Config config = ScenariosTest::config();
        config.control.smap = false;
        config.control.smep = false;
        config.control.nxe = false;
        config.control.phys_addr_bits = 52;
        return config;
    }
};

TEST_F(PlainCpuTest, WhatDoesNotFaultThereIsLeftOutAndNamed) {
    TextLog log;
    EXPECT_GE(scenarios_run(log.sink()), 20u);
    std::string left_out;
    std::istringstream lines(log.text());
    for (std::string line; std::getline(lines, line);) {
        const std::string beginning = "scenario not claimed by this CPU: ";
        if (line.starts_with(beginning)) {
            left_out += line.substr(beginning.size()) + '\n';
        }
    }
    EXPECT_EQ(left_out, "a program runs its data\n"
                        "a program runs data that it has not written yet\n"
                        "a leaf has a reserved bit\n"
                        "a table entry has a reserved bit\n"
                        "the kernel reads user memory\n"
                        "the kernel runs user memory\n"
                        "the kernel runs its stack\n");
}

// Law 6: a right that is gained at a user address owes no flush, so a CPU may not know of it yet.
TEST_F(ScenariosTest, ATlbThatIsReallyStaleIsNamedSo) {
    address_space *space = create();
    ASSERT_EQ(map(space, STALE_PAGE, 1, RIGHT_READ | RIGHT_WRITE), STATUS_OK);
    ASSERT_EQ(populate(space, STALE_PAGE, 1), STATUS_OK);
    ASSERT_EQ(protect(space, STALE_PAGE, 1, RIGHT_READ), STATUS_OK);
    address_space *previous = space_switch(space);
    ASSERT_TRUE(cpu().read(STALE_PAGE, Privilege::USER).succeeded());
    ASSERT_EQ(protect(space, STALE_PAGE, 1, RIGHT_READ | RIGHT_WRITE), STATUS_OK);
    machine::Outcome outcome = cpu().write(STALE_PAGE, 1, Privilege::USER);
    ASSERT_TRUE(outcome.fault.has_value());
    fault_facts facts = {.who = "process 1 (scenario)",
                         .address = virt_addr(STALE_PAGE),
                         .error_code = outcome.fault->error_code()};
    fault_gather(space, &sources, &facts);
    EXPECT_EQ(fault_judge(&facts), FAULT_STALE_TLB);
    EXPECT_TRUE(cpu().write(STALE_PAGE, 1, Privilege::USER).succeeded());
    space_switch(previous);
    destroy(space);
}

} // namespace

void scenario_provoke(const struct scenario_touch *touch, struct scenario_fault *fault) {
    machine::Machine &pc = machine::Machine::current();
    address_space *previous = space_switch(touch->space);
    machine::Outcome outcome = access(pc.cpu(platform_current_cpu()), *touch);
    space_switch(previous);
    *fault = {.has_faulted = outcome.fault.has_value()};
    if (outcome.fault) {
        fault->error_code = outcome.fault->error_code();
    }
}

const struct fault_sources *scenario_sources(void) {
    return &sources;
}

bool scenario_has_smap(void) {
    return machine::Machine::current().config().control.smap;
}

bool scenario_has_smep(void) {
    return machine::Machine::current().config().control.smep;
}
