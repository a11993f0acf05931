#pragma once

#include <functional>
#include <map>
#include <set>

#include "host_tests/models/choices.h"
#include "host_tests/paging/paging_test.h"

/*
 * Random operations on a process's page table against a map of what its pages should reach. The
 * oracle looks after each flush; the model is compared with the tables, and with what the CPUs
 * reach. After each operation the tables are audited.
 */
class PageTableModel : public PagingTest {
  public:
    PageTableModel(const PagingSetup &setup, const Choices &choices)
        : choices(choices), setup_(setup) {}

    /* The machine is chosen too. */
    explicit PageTableModel(const Choices &given) : choices(given), setup_() {
        setup_ = choices.of(EVERY_MACHINE);
    }

    void step();
    void check();

    Choices choices;
    uint64_t idle_steps = 0;

  protected:
    machine::Config config() const override;
    PagingSetup setup() const override {
        return setup_;
    }
    void SetUp() override;
    void TearDown() override;

    /* Four GiB, and in them the ends of two, around which most is done: there a range meets entries
     * of every level. */
    static constexpr uint64_t FIRST = 20 * GIB;
    static constexpr uint64_t SIZE_BYTES = 4 * GIB;

  private:
    /* Pages that reach memory in a row. Pages with a frame of their own are runs of one. */
    struct Run {
        uint64_t size_bytes;
        uint64_t pa;
        bool is_frame;
        uint8_t rights;
    };
    using Runs = std::map<uint64_t, Run>; /* by address */

    struct virt_range pick_range();
    uint64_t pick_edge();
    unsigned pick_level(struct virt_range range);
    page_attributes pick_attributes();

    bool is_taken(struct virt_range range);
    void cut_at(uint64_t va);
    std::pair<Runs::iterator, Runs::iterator> runs_of(struct virt_range range);
    uint64_t erase(struct virt_range range);
    void set(struct virt_range range, uint64_t pa, uint8_t rights);
    const Run *find(uint64_t va, uint64_t *offset) const;
    std::vector<phys_addr_t> frames_of(struct virt_range range);
    std::vector<uint64_t> tables_now() const;

    /* Now and then there is no memory. Then, and only then, STATUS_NO_MEMORY is as good as
     * `expected`, and nothing has changed. Whether the model may follow: it was STATUS_OK. */
    bool succeeds(status expected, const std::function<status()> &operation);

    void map_device();
    void map_frames();
    void map_what_is_reserved();
    void unmap_range();
    void unmap_strictly();
    void unmap_keeping_frames();
    void protect_range();
    void remap_range();
    void ask_for_the_impossible();
    void switch_somebody();
    void touch();
    void speculate();
    void look_at(uint64_t va);

    void compare();
    static bool agrees(const Run &run, uint64_t offset, const page_query &entry);
    void compare_entry(virt_addr_t va, const page_query &entry);
    void compare_dirty_pages();

    PagingSetup setup_;
    Runs runs_;
    std::set<uint64_t> written_; /* pages that a CPU has written through the mapping they have */
    page_table *current_[2] = {};
    uint64_t compared_bytes_ = 0;
};
