#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "host_tests/machine/machine.h"

namespace machine {

/* Where a program can be stopped. */
enum class Moment {
    MEMORY_REACHED, /* it asked where a page is seen; not while pre-emption is off */
    LOCKING,        /* it is about to turn pre-emption off and to take a spinlock */
    UNLOCKED,       /* it has released its last spinlock, and pre-emption is on again */
    TABLE_LOADED,   /* CR3 is loaded, and what comes after has not begun */
    FLUSH_STARTED,  /* the others are asked to forget */
    FLUSH_AWAITED,  /* waits until all have; again each time that it looks in vain */
    ASLEEP,         /* waits for a wake-up; again each time that it looks in vain */
    DONE,
};

/*
 * What one CPU runs, step by step between the programs of others:
 *
 *     Program unmapping(pc(), 0, [&] { (void)!unmap(range); });
 *     unmapping.run_to(Moment::FLUSH_AWAITED);
 *     EXPECT_TRUE(cpu(1).read(VA, USER).succeeded());
 *     unmapping.finish();
 *
 * Only one runs at a time, so every run of a test is the same. A program that holds a spinlock is
 * not stopped, for the others would spin.
 */
class Program {
  public:
    Program(Machine &machine, unsigned cpu, std::function<void()> code);
    ~Program(); /* runs to the end, or breaks off where it cannot go on */
    Program(const Program &) = delete;
    Program &operator=(const Program &) = delete;

    /* Runs to the next moment of this kind. Returns where it stopped: there, or where it cannot go
     * on by itself (ASLEEP, FLUSH_AWAITED), or DONE. Throws what the code throws. */
    Moment run_to(Moment moment);

    /* Runs to the end; throws where that waits for somebody. */
    void finish();

    /* For the seam. The program that calls, if one does, has come to `moment`. */
    static void reach(Moment moment);

    /* It cannot go on before somebody else has; false where no program calls. */
    static bool block(Moment moment);

  private:
    enum class Turn { TESTS, PROGRAMS };

    void run();
    void stop(Moment moment);
    void hand_over(Turn to);
    bool wants(Moment moment) const;

    Machine &machine_;
    unsigned cpu_;
    std::function<void()> code_;
    Moment wanted_ = Moment::DONE;
    Moment stopped_at_ = Moment::MEMORY_REACHED;
    bool is_abandoned_ = false;
    std::exception_ptr thrown_;
    std::mutex lock_;
    std::condition_variable turned_;
    Turn turn_ = Turn::TESTS; /* guarded by lock_ */
    std::thread thread_;
};

} // namespace machine
