#include "host_tests/paging/tables_audit.h"

#include <map>
#include <sstream>

#include "mm/frame/frame.h"
#include "mm/paging/pte.h"
#include "mm/platform.h"

namespace {

class TablesAudit {
  public:
    /* The kernel's tables are only counted. */
    explicit TablesAudit(const page_table &kernel) {
        kernel_tables_ = 1 + tables_below(kernel.root, kernel.levels - 1u);
    }

    void look_at(const page_table &table) {
        table_ = &table;
        references_[table.root.value]++; /* the page_table's own */
        look_at_table(table.root, table.levels - 1u, 0);
    }

    std::string finish() {
        for (const auto &[pa, count] : references_) {
            const struct frame *frame = frame_of(phys_addr(pa));
            bool is_table = frame->state == FRAME_TABLE;
            uint64_t expected = is_table ? frame->table.share_count : frame->map_count;
            expect(count == expected, is_table ? "T1: share_count" : "F2: map_count", pa);
        }
        expect(frames_of(FRAME_TABLE) + kernel_tables_ == frame_count().by_state[FRAME_TABLE],
               "a table has leaked", 0);
        expect(frames_of(FRAME_ANON) == frame_count().by_state[FRAME_ANON], "a frame has leaked",
               0);
        return faults_.str();
    }

  private:
    void expect(bool holds, const char *what, uint64_t where) {
        if (!holds) {
            faults_ << what << " at 0x" << std::hex << where << std::dec << "\n";
        }
    }

    static const pte_t *slots_of(phys_addr_t table) {
        return static_cast<const pte_t *>(platform_phys_to_virt(table));
    }

    void look_at_table(phys_addr_t pa, unsigned level, uint64_t va) {
        bool is_root = level == table_->levels - 1u;
        unsigned end = is_root ? TABLE_ENTRIES / 2 : TABLE_ENTRIES;
        unsigned used = 0;
        const pte_t *slots = slots_of(pa);
        for (unsigned i = 0; i < end; i++) {
            pte_t entry = pte_load(&slots[i]);
            used += entry.raw != 0;
            look_at_entry(entry, level, va + i * level_size(level));
        }
        const struct frame *frame = frame_of(pa);
        expect(is_root || used > 0, "T3: an empty table", va);
        expect(is_root || frame->table.entry_count == used, "T1: entry_count", va);
        expect(frame->level == level, "T1: level", va);
        expect(frame->table.owner == table_, "T1: owner", va);
    }

    void look_at_entry(pte_t entry, unsigned level, uint64_t va) {
        switch (pte_kind(entry, level)) {
        case PTE_ABSENT:
            expect(entry.raw == 0, "an absent entry with leftovers", va);
            return;
        case PTE_TABLE:
            references_[pte_table_address(entry).value]++;
            look_at_table(pte_table_address(entry), level - 1, va);
            return;
        case PTE_PARKED:
            expect(!frame_exists(phys_addr(entry.raw & PTE_ADDRESS)), "P2: shows memory", va);
            break;
        case PTE_LEAF:
            expect((entry.raw & PTE_USER) != 0, "P1: a leaf that users cannot reach", va);
            break;
        }
        look_at_page(entry, level, va);
    }

    void look_at_page(pte_t entry, unsigned level, uint64_t va) {
        phys_addr_t pa = pte_page(entry, level);
        expect(is_aligned(pa.value, level_size(level)), "P1: an unaligned page", va);
        expect(pa.value >> platform_features()->phys_addr_bits == 0, "P1: above MAXPHYADDR", va);
        if (pte_is_owned(entry)) {
            expect(level == 0 && frame_exists(pa) && frame_of(pa)->state == FRAME_ANON,
                   "F3: owns what is no frame of a user", va);
            references_[pa.value]++;
        }
    }

    /* How many frames of that state were met. */
    uint64_t frames_of(frame_state state) const {
        uint64_t count = 0;
        for (const auto &[pa, references] : references_) {
            count += frame_of(phys_addr(pa))->state == state;
        }
        return count;
    }

    static uint64_t tables_below(phys_addr_t table, unsigned level) {
        uint64_t count = 0;
        const pte_t *slots = slots_of(table);
        for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
            pte_t entry = pte_load(&slots[i]);
            if (pte_kind(entry, level) == PTE_TABLE) {
                count += 1 + tables_below(pte_table_address(entry), level - 1);
            }
        }
        return count;
    }

    const page_table *table_ = nullptr;
    uint64_t kernel_tables_ = 0;
    std::map<uint64_t, uint64_t> references_; /* by the frame's address */
    std::ostringstream faults_;
};

} // namespace

std::string audit_user_tables(const page_table &kernel,
                              const std::vector<const page_table *> &users) {
    TablesAudit audit(kernel);
    for (const page_table *table : users) {
        audit.look_at(*table);
    }
    return audit.finish();
}
