#pragma once

#include <cstdint>

#include "host_tests/machine/ram.h"

/* Page tables written by hand, for tests of the machine itself: no mm code. */
namespace machine {

constexpr uint64_t RAW_P = 1;
constexpr uint64_t RAW_W = 2;
constexpr uint64_t RAW_U = 4;
constexpr uint64_t RAW_A = 1 << 5;
constexpr uint64_t RAW_D = 1 << 6;
constexpr uint64_t RAW_PS = 1 << 7;
constexpr uint64_t RAW_G = 1 << 8;
constexpr uint64_t RAW_XD = 1ull << 63;

class RawTables {
  public:
    /* Tables are taken from `first_pa` upwards. */
    RawTables(Ram &ram, unsigned levels, uint64_t first_pa)
        : ram_(ram), levels_(levels), next_(first_pa), root_(take_table()) {}

    uint64_t root() const {
        return root_;
    }

    /* Where the entry of `va` at `level` lies; makes P|W|U tables down to it. */
    uint64_t slot(uint64_t va, unsigned level) {
        uint64_t table = root_;
        for (unsigned at = levels_ - 1; at > level; at--) {
            uint64_t entry_pa = table + 8 * (va >> (12 + 9 * at) & 511);
            if (ram_.load(entry_pa) == 0) {
                ram_.store(entry_pa, take_table() | RAW_P | RAW_W | RAW_U);
            }
            table = ram_.load(entry_pa) & 0x000ffffffffff000;
        }
        return table + 8 * (va >> (12 + 9 * level) & 511);
    }

    void set(uint64_t va, unsigned level, uint64_t raw) {
        ram_.store(slot(va, level), raw);
    }

    uint64_t get(uint64_t va, unsigned level) {
        return ram_.load(slot(va, level));
    }

  private:
    uint64_t take_table() {
        for (unsigned i = 0; i < 512; i++) {
            ram_.store(next_ + 8 * i, 0);
        }
        next_ += 4096;
        return next_ - 4096;
    }

    Ram &ram_;
    unsigned levels_;
    uint64_t next_;
    uint64_t root_;
};

} // namespace machine
