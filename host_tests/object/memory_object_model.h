#pragma once

#include <map>
#include <set>
#include <string>

#include "host_tests/models/choices.h"
#include "host_tests/space/space_test.h"
#include "mm/object/memory_object.h"

/*
 * An object and a map of its pages, which must always agree: about what becomes of each operation,
 * the size, the contents, and which pages have a frame and are used. Half of what is asked for
 * touches an edge of the index of pages or of what an object can hold, or is nonsense. Now and then
 * memory is out.
 */
class MemoryObjectModel : public SpaceTest {
  public:
    explicit MemoryObjectModel(const Choices &given) : choices(given) {}

    void step();
    void check();

    Choices choices;
    uint64_t idle_steps = 0; /* stays 0: every step does something */

  protected:
    machine::Config config() const override;
    void SetUp() override;
    void TearDown() override;

  private:
    uint64_t pick_offset();
    uint64_t pick_length();

    status in_a_drought(const std::function<status()> &operation);

    void write_somewhere();
    void get_a_page();
    void reserve_somewhere();
    void give_a_size();
    void punch_somewhere();
    void read_somewhere();

    std::string content(uint64_t offset, uint64_t length) const;
    void put(uint64_t offset, const std::string &text);
    void zero(uint64_t offset, uint64_t end);
    uint64_t next(uint64_t offset, bool is_used) const;

    memory_object *object_ = nullptr;
    std::map<uint64_t, std::string> pages_; /* those that have a frame, by number */
    std::set<uint64_t> unused_;             /* of those, the pages that nobody has used yet */
    uint64_t size_bytes_ = 0;
};
