#pragma once

#include <stdint.h>

/* Counts `page_count` pages, which may be negative, of private writable memory that somebody has
 * been promised (space_committed_pages). */
void commit_pages(int64_t page_count);

struct commit_request {
    uint64_t page_count;  /* that are not counted yet */
    uint64_t space_pages; /* that who asks has already; 0: nobody in particular */
    bool may_use_reserve;
};

/* Whether so much may be promised (space_overcommit). */
[[nodiscard]] bool commit_is_possible(const struct commit_request *request);
