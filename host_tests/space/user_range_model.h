#pragma once

#include <functional>
#include <map>

#include "host_tests/models/choices.h"
#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"

/*
 * Two spaces and for each a map of pages, which must always agree: about the result of each
 * operation, the areas, the rights and contents that a CPU sees, and what the kernel may copy. Half
 * of what is asked for touches an edge of user memory, or is nonsense.
 */
class UserRangeModel : public SpaceTest {
  public:
    explicit UserRangeModel(const Choices &given) : choices(given) {}

    void step();
    void check();

    Choices choices;
    uint64_t idle_steps = 0;

  protected:
    machine::Config config() const override;
    void SetUp() override;
    void TearDown() override;

  private:
    /* What a page of the model says. */
    struct Page {
        uint8_t rights = RIGHT_NONE;
        bool is_guard = false;
        uint64_t value = 0; /* its first word */
    };

    struct Side {
        address_space *space = nullptr;
        std::map<uint64_t, Page> pages; /* by number */
    };

    /* As unchecked as a program's request. */
    struct Request {
        uint64_t va;
        uint64_t page_count;

        uint64_t first() const {
            return va / PAGE_SIZE;
        }
        uint64_t end() const {
            return first() + page_count;
        }
        bool is_valid() const;
        bool meets_null_guard() const {
            return va < NULL_GUARD_END;
        }
    };

    static constexpr uint64_t WINDOW_PAGES = 64;

    Request pick_request();
    Side &pick_side() {
        return sides_[choices.below(2)];
    }
    uint8_t pick_rights();

    static bool is_empty(const Side &side, const Request &request);
    /* The first page from the request's start that is no memory, or the request's end. */
    static uint64_t end_of_memory(const Side &side, const Request &request);
    static void note_protected(Side &side, uint64_t first, uint64_t end, uint8_t rights);
    static void erase(Side &side, const Request &request);

    bool succeeds(Side &side, status expected, const std::function<status()> &operation);

    void map_somewhere();
    void guard_somewhere();
    void unmap_somewhere();
    void protect_somewhere();
    void find_a_gap();
    void touch_somewhere();
    void copy_somewhere();
    void begin_anew();
    void switch_somebody();

    uint64_t highest_gap(const Side &side, uint64_t page_count, uint64_t alignment) const;
    Side *side_of(unsigned id);
    void check_page(Side &side, uint64_t number);
    void check_page_as_seen_by(unsigned id, const Side &side, uint64_t number);

    Side sides_[2];
    address_space *current_[2] = {};
};
