#include "mm/space/commit.h"

#include "mm/space/space_usage.h"

static uint64_t committed_pages; /* atomic */

void commit_pages(int64_t page_count) {
    __atomic_fetch_add(&committed_pages, (uint64_t)page_count, __ATOMIC_RELAXED);
}

uint64_t space_committed_pages(void) {
    return __atomic_load_n(&committed_pages, __ATOMIC_RELAXED);
}
