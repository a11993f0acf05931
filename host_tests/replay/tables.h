#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "host_tests/replay/replay.h"
#include "kernel/trace/table_hash.h"
#include "mm/frame/frame.h"
#include "mm/paging/page_table.h"

namespace replay {

/* The frames of the recording that entries own, one to one with frames of the pretend RAM. Other
 * memory is mapped where the kernel mapped it: nobody looks there. */
class Frames {
  public:
    phys_addr_t replayed(uint64_t recorded, frame_state state);

    /* Back again; memory that nobody owns is where it was. */
    uint64_t recorded(uint64_t replayed) const;

    /* Forgets the frames that have been freed. */
    void drop_free();

    /* Frees those of objects that nothing maps: what objects do with theirs is not recorded. No
     * CPU may still know of them. */
    void free_unused_objects();

  private:
    std::map<uint64_t, uint64_t> to_replayed_;
    std::map<uint64_t, uint64_t> to_recorded_;
};

/* One page table of the recording, with the gather of its operations that are not paid for. */
class Table {
  public:
    page_table table = {}; /* its caching_cpus stay 0: mm asks no CPU for anything by itself */
    bool is_dying = false;
    unsigned early_payments = 0; /* made in the midst of an operation, and not yet recorded */

    bool has_debt() const {
        return gather_.has_value();
    }
    tlb_gather *gather(); /* begins it where there is none */

    /* Frees what the gather holds; the recording says which CPUs were asked to forget. */
    void pay();

  private:
    std::optional<tlb_gather> gather_;
};

/* What the table maps, with the recording's own frames. */
table_hash hash_of(const page_table &table, const Frames &frames);

} // namespace replay
