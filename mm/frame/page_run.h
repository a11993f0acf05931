#pragma once

#include <stdint.h>

/* Pages first..end of physical memory, end exclusive; by number, not by address. */
struct page_run {
    uint64_t first;
    uint64_t end;
};
