#pragma once

#include <cstdint>
#include <vector>

#include "host_tests/machine/ram.h"

namespace machine {

/*
 * Sees each store that stepped code makes to RAM, whatever instruction makes it, and puts it into
 * the store buffer: RAM is read-only for the code, and a page is opened for the one instruction
 * that faults on it. The code that is stepped runs on the machine's current CPU.
 */
class StoreWatch {
  public:
    StoreWatch(Ram &ram, unsigned cpu);
    ~StoreWatch();
    StoreWatch(const StoreWatch &) = delete;
    StoreWatch &operator=(const StoreWatch &) = delete;

    /* Around what is not the code's: the machine, and other CPUs. Their stores are not watched. */
    void pause() {
        is_paused_ = true;
    }
    void resume();

    /* Somebody is about to write to `address`; false if that is no business of RAM. */
    bool open(void *address);

    /* An instruction of the code is done; that at `next` comes next. */
    void after_instruction(const uint8_t *next);

  private:
    struct OpenPage {
        uint64_t pa;
        std::vector<uint64_t> before;
    };

    void protect_all(int protection);
    void open_page(uint64_t pa);
    void hold_changes(const OpenPage &page);

    Ram &ram_;
    unsigned cpu_;
    std::vector<OpenPage> open_pages_;
    bool is_paused_ = false;
    bool is_all_open_ = false;
    bool is_draining_ = false; /* the instruction that is being done waits for the buffer */
};

/* Whether a CPU waits until its stores are seen before it goes on from this instruction: LOCK, XCHG
 * with memory, MFENCE and CPUID (SDM 3A 8.2.3.9, 8.2.5, 8.3); others do not occur in rooms. */
bool drains_stores(const uint8_t *instruction);

} // namespace machine
