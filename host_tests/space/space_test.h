#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host_tests/machine/booted_machine_test.h"
#include "mm/audit/audit.h"
#include "mm/frame/frame.h"
#include "mm/space/address_space.h"
#include "mm/space/area.h"
#include "mm/space/kernel_space.h"

/* Where the firmware has put the kernel of these tests, and how much of it there is. */
constexpr uint64_t KERNEL_PA = 0x400000;
constexpr uint64_t KERNEL_PAGES = 48;

/* A sink that keeps the text. */
class TextLog {
  public:
    TextLog();
    const text_sink *sink() const {
        return &sink_;
    }
    const std::string &text() const {
        return text_;
    }

  private:
    std::string text_;
    text_sink sink_;
};

/* The kernel's space on the pretend PC, as the kernel builds it at boot. */
class KernelBoot {
  public:
    explicit KernelBoot(machine::Machine &pc);
    ~KernelBoot();
    KernelBoot(const KernelBoot &) = delete;
    KernelBoot &operator=(const KernelBoot &) = delete;

    /* Sanitises the map, begins the early allocator, keeps the image from it. */
    void begin(std::vector<memory_region> firmware_map);

    /* Text, rodata and data, 16 pages each. */
    static std::vector<kernel_section> sections();

    status build(const std::vector<kernel_section> &sections);

    /* Activates the space on every CPU, and starts the frame allocator. */
    void start();

    const kernel_space_summary &summary() const {
        return summary_;
    }
    const memory_map &map() const {
        return map_;
    }

  private:
    machine::Machine &pc_;
    std::vector<memory_region> regions_;
    memory_map map_ = {};
    kernel_space_summary summary_ = {};
    void *array_ = nullptr;
    uint64_t array_bytes_ = 0;
};

/*
 * A test on a PC whose kernel space stands. Whatever it does, at its end the audit passes and
 * every frame is back.
 */
class SpaceTest : public MachineTest {
  protected:
    void SetUp() override;
    void TearDown() override;

    /* From power-on to a kernel whose space stands and whose frame allocator runs. */
    virtual void bring_up();

    KernelBoot &boot() {
        return *boot_;
    }

    static uint64_t free_frames() {
        return frame_count().by_state[FRAME_FREE];
    }

    /* Runs the audit; every finding fails the test. */
    static void expect_sound();

    static address_space *create(const char *name = "init");
    static void destroy(address_space *space);

    /* The operations, each under its own lock of the whole user half. */
    static status map(address_space *space, uint64_t va, uint64_t page_count, uint8_t rights,
                      const char *name = "memory");
    static status guard(address_space *space, uint64_t va, uint64_t page_count, const char *name);
    static status unmap(address_space *space, uint64_t va, uint64_t page_count);
    static status protect(address_space *space, uint64_t va, uint64_t page_count, uint8_t rights);
    static status find_gap(address_space *space, uint64_t page_count, uint64_t alignment,
                           uint64_t *va);

    /*
     * What a process does on a CPU: where it faults, the space that is current there is asked to
     * resolve it, as the kernel does, and the instruction runs again.
     */
    machine::Outcome read_as_user(uint64_t va, unsigned id = 0);
    machine::Outcome write_as_user(uint64_t va, uint64_t value, unsigned id = 0);
    machine::Outcome execute_as_user(uint64_t va, unsigned id = 0);

    /* Fills the range, as a process does that writes or, where it must not, reads it. */
    static status populate(address_space *space, uint64_t va, uint64_t page_count);

    static std::string dump(address_space *space);

    /* The bytes of the space's page tables, root first, to compare before and after. */
    static std::vector<uint64_t> table_words(address_space *space);

    /* Everything that an operation that fails must leave as it was. */
    struct State {
        std::vector<uint64_t> words;
        std::string dump;
        uint64_t free_frames;
        uint64_t object_count;
        bool operator==(const State &) const = default;
    };
    State state(address_space *space);

    /*
     * Runs `operation` with 0, 1, 2... free frames until it succeeds, and expects that each failure
     * changed nothing and asked for no flush. Returns how many frames it needed.
     */
    unsigned expect_all_or_nothing(address_space *space, const std::function<status()> &operation);

    /* Uses up the room for areas that the heap has left, so that the next one needs a frame. */
    static std::vector<vm_area *> fill_slabs();
    static void free_fillers(const std::vector<vm_area *> &fillers);

  private:
    machine::Outcome run_as_user(const std::function<machine::Outcome()> &access, uint64_t va,
                                 unsigned id, space_access_kind kind);

    std::unique_ptr<KernelBoot> boot_;
    uint64_t frames_at_start_ = 0;
};
