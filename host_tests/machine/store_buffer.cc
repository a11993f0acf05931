#include "host_tests/machine/store_buffer.h"

#include <stdexcept>
#include <utility>

namespace machine {

void StoreBuffer::hold(unsigned cpu, uint64_t pa, uint64_t old_value) {
    if (!words_.empty() && owner_ != cpu) {
        throw std::logic_error("one CPU at a time holds its stores back");
    }
    owner_ = cpu;
    words_.emplace(pa, old_value);
}

void StoreBuffer::drain(unsigned cpu) {
    if (owner_ == cpu) {
        words_.clear();
    }
}

const uint64_t *StoreBuffer::in_place_of(unsigned viewer, uint64_t pa) const {
    if (words_.empty() || viewer == owner_) {
        return nullptr;
    }
    auto found = words_.find(pa & ~uint64_t{7});
    return found == words_.end() ? nullptr : &found->second;
}

uint64_t *StoreBuffer::in_place_of(unsigned viewer, uint64_t pa) {
    return const_cast<uint64_t *>(std::as_const(*this).in_place_of(viewer, pa));
}

} // namespace machine
