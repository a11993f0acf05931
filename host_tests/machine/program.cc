#include "host_tests/machine/program.h"

#include <utility>

namespace machine {
namespace {

thread_local Program *calling = nullptr;

} // namespace

Program::Program(Machine &machine, unsigned cpu, std::function<void()> code)
    : machine_(machine), cpu_(cpu), code_(std::move(code)), thread_([this] { run(); }) {}

Program::~Program() {
    wanted_ = Moment::DONE;
    is_abandoned_ = true;
    while (stopped_at_ != Moment::DONE) {
        hand_over(Turn::PROGRAMS);
    }
    thread_.join();
}

/* Gives the turn away, and returns when it has come back. */
void Program::hand_over(Turn to) {
    std::unique_lock guard(lock_);
    turn_ = to;
    turned_.notify_all();
    turned_.wait(guard, [&] { return turn_ != to; });
}

void Program::run() {
    calling = this;
    {
        std::unique_lock guard(lock_);
        turned_.wait(guard, [&] { return turn_ == Turn::PROGRAMS; });
    }
    try {
        code_();
    } catch (...) {
        thrown_ = std::current_exception();
    }
    stopped_at_ = Moment::DONE;
    std::unique_lock guard(lock_);
    turn_ = Turn::TESTS;
    turned_.notify_all();
}

bool Program::wants(Moment moment) const {
    bool may_hold_spinlock = moment == Moment::MEMORY_REACHED && machine_.preemption_depth() > 0;
    return moment == wanted_ && !may_hold_spinlock;
}

void Program::stop(Moment moment) {
    stopped_at_ = moment;
    hand_over(Turn::TESTS);
}

Moment Program::run_to(Moment moment) {
    if (stopped_at_ == Moment::DONE) {
        return Moment::DONE;
    }
    unsigned before = machine_.current_cpu();
    wanted_ = moment;
    machine_.run_on(cpu_);
    hand_over(Turn::PROGRAMS);
    machine_.run_on(before);
    if (thrown_) {
        std::rethrow_exception(std::exchange(thrown_, nullptr));
    }
    return stopped_at_;
}

void Program::finish() {
    Moment stopped = run_to(Moment::DONE);
    if (stopped != Moment::DONE) {
        throw std::logic_error(stopped == Moment::ASLEEP
                                   ? "the program sleeps, and nobody wakes it"
                                   : "the program waits for a CPU that does not forget");
    }
}

void Program::reach(Moment moment) {
    if (calling != nullptr && calling->wants(moment)) {
        calling->stop(moment);
    }
}

bool Program::block(Moment moment) {
    if (calling == nullptr) {
        return false;
    }
    if (calling->is_abandoned_) {
        throw CheckFailure("a program was left where it cannot go on");
    }
    calling->stop(moment);
    return true;
}

} // namespace machine
