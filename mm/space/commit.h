#pragma once

#include <stdint.h>

/* Counts `page_count` pages, which may be negative, of private writable memory that somebody has
 * been promised (space_committed_pages). */
void commit_pages(int64_t page_count);
