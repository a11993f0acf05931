#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace machine {

/*
 * What one CPU has stored and the others do not see yet (x86-TSO; SDM 3A 8.2.2, 8.2.3.4). Its own
 * loads are answered from here, so RAM holds what it stored, and this the words as they were. It
 * leaves all at once, as late as it may: in between lies nothing that the CPU's program could rule
 * out. Only one CPU holds stores back at a time.
 */
class StoreBuffer {
  public:
    /* `cpu` has stored to the word at `pa`, where `old_value` was. */
    void hold(unsigned cpu, uint64_t pa, uint64_t old_value);

    /* What `cpu` has stored is seen by all. */
    void drain(unsigned cpu);

    /* The word that `viewer` sees at `pa` in place of RAM's, or null. */
    uint64_t *in_place_of(unsigned viewer, uint64_t pa);
    const uint64_t *in_place_of(unsigned viewer, uint64_t pa) const;

    size_t size() const {
        return words_.size();
    }

  private:
    unsigned owner_ = 0;
    std::unordered_map<uint64_t, uint64_t> words_; /* by physical address */
};

} // namespace machine
