#include "host_tests/sweep/failing.h"

#include <cstddef>

#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/frame/frame.h"

namespace {

FailingAllocations *current;

/* The early allocator's two functions call each other; one request counts once. */
class EarlyRequest {
  public:
    EarlyRequest() {
        depth++;
    }
    ~EarlyRequest() {
        depth--;
    }
    bool fails() const {
        return depth == 1 && FailingAllocations::is_next_failing();
    }

  private:
    static inline unsigned depth;
};

} // namespace

FailingAllocations::FailingAllocations(uint64_t number, Failure failure)
    : number_(number), failure_(failure) {
    current = this;
}

FailingAllocations::~FailingAllocations() {
    current = nullptr;
}

bool FailingAllocations::is_next_failing() {
    if (current == nullptr) {
        return false;
    }
    current->asked_++;
    return current->is_failing();
}

bool FailingAllocations::is_failing() const {
    switch (failure_) {
    case Failure::ONCE:
        return asked_ == number_;
    case Failure::FROM_THERE_ON:
        return asked_ >= number_;
    case Failure::UP_TO_THERE:
        return asked_ <= number_;
    }
    __builtin_unreachable();
}

extern "C" {

struct zone;

bool __real_zone_take(struct zone *zone, unsigned order, frame_state state, uint64_t *page);
bool __wrap_zone_take(struct zone *zone, unsigned order, frame_state state, uint64_t *page);
void *__real_heap_alloc(size_t size_bytes);
void *__wrap_heap_alloc(size_t size_bytes);
status __real_early_alloc(uint64_t page_count, uint64_t alignment, phys_addr_t *start);
status __wrap_early_alloc(uint64_t page_count, uint64_t alignment, phys_addr_t *start);
status __real_early_alloc_below(uint64_t page_count, uint64_t alignment, uint64_t page_limit,
                                phys_addr_t *start);
status __wrap_early_alloc_below(uint64_t page_count, uint64_t alignment, uint64_t page_limit,
                                phys_addr_t *start);

bool __wrap_zone_take(struct zone *zone, unsigned order, frame_state state, uint64_t *page) {
    return !FailingAllocations::is_next_failing() && __real_zone_take(zone, order, state, page);
}

void *__wrap_heap_alloc(size_t size_bytes) {
    return FailingAllocations::is_next_failing() ? nullptr : __real_heap_alloc(size_bytes);
}

status __wrap_early_alloc(uint64_t page_count, uint64_t alignment, phys_addr_t *start) {
    EarlyRequest request;
    return request.fails() ? STATUS_NO_MEMORY : __real_early_alloc(page_count, alignment, start);
}

status __wrap_early_alloc_below(uint64_t page_count, uint64_t alignment, uint64_t page_limit,
                                phys_addr_t *start) {
    EarlyRequest request;
    return request.fails() ? STATUS_NO_MEMORY
                           : __real_early_alloc_below(page_count, alignment, page_limit, start);
}
}
