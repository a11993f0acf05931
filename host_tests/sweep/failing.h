#pragma once

#include <cstdint>

/* Which of the allocations that are asked for fail: one alone, or with all that come after it, or
 * with all that came before it. */
enum class Failure { ONCE, FROM_THERE_ON, UP_TO_THERE };

/*
 * Counts what mm asks for while it lives, and lets it fail: objects of the heap, blocks of a zone,
 * pages of the early allocator. The linker has put the counting in their place (the `--wrap`
 * options in BUILD.bazel), so nothing of it is in mm.
 */
class FailingAllocations {
  public:
    /* `number` counts from 1. */
    FailingAllocations(uint64_t number, Failure failure);
    ~FailingAllocations();
    FailingAllocations(const FailingAllocations &) = delete;
    FailingAllocations &operator=(const FailingAllocations &) = delete;

    uint64_t asked() const {
        return asked_;
    }

    /* Of the allocation that asks now: whether it fails. */
    static bool is_next_failing();

  private:
    bool is_failing() const;

    uint64_t number_;
    Failure failure_;
    uint64_t asked_ = 0;
};
