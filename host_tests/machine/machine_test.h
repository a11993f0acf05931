#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "host_tests/machine/machine.h"

/*
 * The fixture of every test that runs rooms on the pretend PC. Whatever a test is about, at its end
 * no CPU may have anything cached that the tables do not grant, no flush may be unpaid, and
 * pre-emption is on again.
 */
class MachineTest : public testing::Test {
  protected:
    /* The machine that SetUp switches on. */
    virtual machine::Config config() const {
        return {};
    }

    void SetUp() override {
        machine_ = std::make_unique<machine::Machine>(config());
    }

    void TearDown() override {
        machine_->look("at the end of the test");
        for (const std::string &finding : machine_->take_findings()) {
            ADD_FAILURE() << finding;
        }
        EXPECT_EQ(machine_->preemption_depth(), 0) << "pre-emption was left disabled";
        machine_.reset();
    }

    machine::Machine &pc() {
        return *machine_;
    }
    machine::Cpu &cpu(unsigned id = 0) {
        return machine_->cpu(id);
    }

  private:
    std::unique_ptr<machine::Machine> machine_;
};

/* The statement breaks a contract whose condition contains `part`. */
#define EXPECT_CHECK_FAILS(statement, part)                                                        \
    do {                                                                                           \
        std::string broken_contract;                                                               \
        try {                                                                                      \
            statement;                                                                             \
        } catch (const machine::CheckFailure &failure) {                                           \
            broken_contract = failure.what();                                                      \
        }                                                                                          \
        EXPECT_NE(broken_contract.find(part), std::string::npos)                                   \
            << (broken_contract.empty() ? "no CHECK failed" : broken_contract);                    \
    } while (false)
