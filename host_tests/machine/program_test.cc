#include "host_tests/machine/program.h"

#include "host_tests/machine/machine_test.h"
#include "host_tests/machine/raw_tables.h"

/* Two CPUs, step by step: what stops a program, and what makes it go on. */

using namespace machine;

namespace {

constexpr uint64_t VA = 0x7f1234400000;
constexpr uint64_t PAGE = 0x400000;
constexpr uint64_t USER_RW = RAW_P | RAW_W | RAW_U;

class ProgramTest : public MachineTest {
  protected:
    void SetUp() override {
        MachineTest::SetUp();
        tables = std::make_unique<RawTables>(pc().ram(), 4, 0x200000);
        tables->set(VA, 0, PAGE | USER_RW);
        cpu(1).mov_to_cr3(tables->root());
        cpu(1).speculate(VA, 4096);
    }

    /* Takes the page out and has both CPUs forget it. */
    void take_out() {
        tables->set(VA, 0, 0);
        request = {.scope = TLB_FLUSH_PAGES, .page_count = 1};
        request.cpus.bits = 3;
        request.pages[0] = virt_addr(VA);
        platform_tlb_flush_start(&request);
        platform_tlb_flush_wait(&request);
        is_forgotten = true;
    }

    bool cpu_1_reaches_the_page() {
        return cpu(1).read(VA, Privilege::USER).succeeded();
    }

    std::unique_ptr<RawTables> tables;
    tlb_flush request = {};
    bool is_forgotten = false;
};

TEST_F(ProgramTest, DoesNothingBeforeItIsRun) {
    Program program(pc(), 0, [&] { take_out(); });
    EXPECT_EQ(tables->get(VA, 0), PAGE | USER_RW | RAW_A);
}

TEST_F(ProgramTest, StopsBeforeItsFirstLockAndAfterItsLast) {
    std::string steps;
    Program program(pc(), 0, [&] {
        steps += "look ";
        platform_preempt_disable();
        platform_preempt_disable();
        steps += "locked ";
        platform_preempt_enable();
        platform_preempt_enable();
        steps += "unlocked ";
    });
    EXPECT_EQ(program.run_to(Moment::LOCKING), Moment::LOCKING);
    EXPECT_EQ(steps, "look ");
    EXPECT_EQ(program.run_to(Moment::UNLOCKED), Moment::UNLOCKED);
    EXPECT_EQ(steps, "look locked ");
    EXPECT_EQ(program.run_to(Moment::LOCKING), Moment::DONE);
    EXPECT_EQ(steps, "look locked unlocked ");
}

TEST_F(ProgramTest, StopsWhereItIsToldToAndGoesOnFromThere) {
    Program program(pc(), 0, [&] { take_out(); });
    EXPECT_EQ(program.run_to(Moment::FLUSH_STARTED), Moment::FLUSH_STARTED);
    EXPECT_EQ(tables->get(VA, 0), 0u);
    EXPECT_TRUE(cpu_1_reaches_the_page());
    EXPECT_EQ(program.run_to(Moment::FLUSH_AWAITED), Moment::FLUSH_AWAITED);
    EXPECT_TRUE(cpu_1_reaches_the_page());
    program.finish();
    EXPECT_FALSE(cpu_1_reaches_the_page());
}

TEST_F(ProgramTest, PlaysItsOwnCpuAndLeavesTheTestsAlone) {
    unsigned seen = 0;
    Program program(pc(), 1, [&] {
        take_out();
        seen = platform_current_cpu();
    });
    program.run_to(Moment::FLUSH_STARTED);
    EXPECT_EQ(platform_current_cpu(), 0u);
    program.finish();
    EXPECT_EQ(seen, 1u);
}

TEST_F(ProgramTest, WaitsForACpuWhoseInterruptsAreOff) {
    pc().interrupts_off(1);
    Program program(pc(), 0, [&] { take_out(); });
    EXPECT_THROW(program.finish(), std::logic_error);
    EXPECT_EQ(program.run_to(Moment::DONE), Moment::FLUSH_AWAITED);
    EXPECT_TRUE(cpu_1_reaches_the_page());
    EXPECT_FALSE(is_forgotten);
    pc().interrupts_on(1);
    EXPECT_FALSE(cpu_1_reaches_the_page()) << "it forgets at once, whoever waits";
    program.finish();
    EXPECT_TRUE(is_forgotten);
}

TEST_F(ProgramTest, ACpuAsksNothingOfItselfThatInterruptsCouldDelay) {
    pc().run_on(1);
    pc().interrupts_off(1);
    take_out();
    EXPECT_FALSE(cpu_1_reaches_the_page());
    pc().interrupts_on(1);
}

TEST_F(ProgramTest, WithoutAProgramAWaitThatCannotEndIsABrokenContract) {
    pc().interrupts_off(1);
    EXPECT_CHECK_FAILS(take_out(), "waits for ever");
    pc().interrupts_on(1);
    platform_tlb_flush_wait(&request);
}

TEST_F(ProgramTest, SleepsUntilTheWordChanges) {
    uint32_t word = 1;
    Program program(pc(), 0, [&] {
        while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) == 1) {
            platform_sleep_while(&word, 1);
        }
    });
    EXPECT_EQ(program.run_to(Moment::DONE), Moment::ASLEEP);
    EXPECT_EQ(program.run_to(Moment::DONE), Moment::ASLEEP);
    word = 0;
    program.finish();
}

TEST_F(ProgramTest, WhatItThrowsArrivesInTheTest) {
    Program program(pc(), 0, [] { throw CheckFailure("broken"); });
    EXPECT_CHECK_FAILS(program.finish(), "broken");
}

TEST_F(ProgramTest, IsBrokenOffWhereItCannotGoOn) {
    uint32_t word = 1;
    bool has_come_through = false;
    {
        Program program(pc(), 0, [&] {
            while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) == 1) {
                platform_sleep_while(&word, 1);
            }
            has_come_through = true;
        });
        program.run_to(Moment::DONE);
    }
    EXPECT_FALSE(has_come_through);
}

} // namespace
