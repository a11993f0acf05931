#pragma once

#include "host_tests/space/space_test.h"
#include "mm/object/memory_object.h"
#include "mm/space/address_space.h"
#include "mm/space/space_usage.h"
#include "mm/space/user_memory.h"

constexpr uint8_t READ_WRITE = RIGHT_READ | RIGHT_WRITE;
constexpr uint64_t VA = 0x40000000; /* aligned to what a last-level table covers */

constexpr uint64_t page_at(uint64_t index) {
    return VA + index * PAGE_SIZE;
}

/* A file in memory, as an open one embeds a source. */
class TestFile {
  public:
    explicit TestFile(uint64_t page_count, uint64_t first_word = 0x1000);
    ~TestFile();
    TestFile(const TestFile &) = delete;
    TestFile &operator=(const TestFile &) = delete;

    memory_object *object() const {
        return file_.source.object;
    }
    area_source *source() {
        return &file_.source;
    }
    int references() const {
        return file_.references;
    }

    /* How often a write has had a shared page mapped. */
    int stores() const {
        return file_.stores;
    }

    /* The first word of a page; page i begins with first_word + i. */
    uint64_t word(uint64_t page) const;
    status resize(uint64_t size_bytes);
    status punch(uint64_t page, uint64_t page_count);

  private:
    struct File {
        area_source source; /* first */
        int references;
        int stores;
    };
    static const area_source_operations operations;
    File file_ = {};
};

/* A process on CPU 0 and, after fork(), its child on CPU 1. At the end all is sound and freed. */
class ProcessTest : public SpaceTest {
  protected:
    void SetUp() override;
    void TearDown() override;

    void run(unsigned id, address_space *space);
    void fork();

    /* Mappings of the parent, at page_at(index). */
    status map_with(uint64_t index, uint64_t page_count, const space_mapping &mapping);
    status map_memory(uint64_t index, uint64_t page_count, uint8_t rights = READ_WRITE);
    status map_private(TestFile &file, uint64_t index, uint64_t page_count,
                       uint8_t rights = READ_WRITE, uint64_t source_page = 0);
    status map_shared(TestFile &file, uint64_t index, uint64_t page_count,
                      uint8_t rights = READ_WRITE, uint64_t source_page = 0);

    status remap(const struct space_remap &what, uint64_t *start = nullptr);
    status discard(uint64_t index, uint64_t page_count, address_space *space = nullptr);
    status set_policy(uint64_t index, uint64_t page_count, fork_policy policy);
    status lock_pages(uint64_t index, uint64_t page_count, memory_lock lock = MEMORY_LOCKED);
    status lock_all(memory_lock current, memory_lock future);
    status fill(uint64_t index, uint64_t page_count, space_access_kind access);

    /* One limit of the parent; the others are none. */
    void limit(uint64_t space_limits::*field, uint64_t pages);

    static struct virt_range range(uint64_t index, uint64_t page_count) {
        return virt_range(virt_addr(page_at(index)), page_count);
    }

    bool write(uint64_t index, uint64_t value, unsigned id = 0) {
        return write_as_user(page_at(index), value, id).succeeded();
    }
    bool can_read(uint64_t index, unsigned id = 0) {
        return read_as_user(page_at(index), id).succeeded();
    }
    uint64_t read(uint64_t index, unsigned id = 0) {
        machine::Outcome outcome = read_as_user(page_at(index), id);
        EXPECT_TRUE(outcome.succeeded()) << "page " << index;
        return outcome.value;
    }
    status fault(uint64_t index, space_access_kind access) {
        return space_resolve_fault(parent, virt_addr(page_at(index)), access);
    }

    /* "0+4 6+2": the areas above the null guard, by their first pages and page counts. */
    std::string areas(address_space *space = nullptr);
    struct space_usage usage(address_space *space = nullptr);

    address_space *parent = nullptr;
    address_space *child = nullptr;
};
