#pragma once

#include <functional>
#include <map>
#include <set>

#include "host_tests/models/choices.h"
#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"

/*
 * Kernel ranges against a map of them: where they lie, what is filled, which device memory they
 * reach and with which policy, and the page on either side that nobody may touch.
 */
class KernelRangeModel : public SpaceTest {
  public:
    explicit KernelRangeModel(const Choices &given) : choices(given) {}

    void step();
    void check();

    Choices choices;
    uint64_t idle_steps = 0;

  protected:
    machine::Config config() const override;
    void TearDown() override;

  private:
    struct Range {
        uint64_t page_count = 0;
        bool has_guards = false;
        std::set<uint64_t> filled; /* pages of it, from 0, with frames of their own */
        bool is_writable = false;  /* what is filled or mapped */
        bool is_device = false;    /* all of it reaches `pa` */
        uint64_t pa = 0;           /* of its first page */
        cache_policy cache = CACHE_WRITE_BACK;
        std::map<uint64_t, uint64_t> values; /* first words that were written, by page */

        uint64_t claimed_pages() const {
            return page_count + (has_guards ? 2 : 0);
        }
    };
    using Ranges = std::map<uint64_t, Range>; /* by address */

    static uint64_t claim_of(Ranges::const_iterator range) {
        return range->first - (range->second.has_guards ? PAGE_SIZE : 0);
    }

    uint64_t lowest_gap(uint64_t page_count, uint64_t alignment) const;
    bool is_claimed(uint64_t va, uint64_t page_count) const;
    Ranges::iterator pick_range();
    Ranges::iterator range_around(uint64_t va, uint64_t page_count);
    bool succeeds(status expected, const std::function<status()> &operation);

    void reserve();
    void reserve_at();
    void fill();
    void alloc();
    void map_device();
    void adopt();
    void free_range();
    void free_what_is_none();
    void write();

    void check_page(uint64_t va, const Range *range, uint64_t page);

    Ranges ranges_;
};
