#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/format.h"

/* What /proc/PID/maps and its like say of areas. */

BEGIN_C_DECLS

struct map_facts {
    uint64_t start, end;
    bool can_read, can_write, can_execute;
    bool is_shared; /* MAP_SHARED */
    bool grows_down;
    bool is_locked;
    bool has_missing_pager, has_minor_pager; /* man 2 userfaultfd, by the pages that it fills */
    uint64_t offset_bytes;                   /* into the file */
    uint64_t device;                         /* st_dev of it; 0: it shows none */
    uint64_t number;                         /* st_ino of it */
    const char *path; /* of it, or "[heap]" and its like; "": nothing to be shown */
};

/* A line of /proc/PID/maps. */
void map_write(const struct text_sink *to, const struct map_facts *map);

/* Of an area, or the sum of several. */
struct map_usage {
    uint64_t size;        /* all in pages but share_bytes */
    uint64_t resident;    /* Rss */
    uint64_t share_bytes; /* Pss: each page divided by the entries that have it */
    uint64_t shared_clean, shared_dirty, private_clean, private_dirty;
    uint64_t referenced, anonymous, locked;
};

void map_usage_add(struct map_usage *sum, const struct map_usage *more);

/* What follows the line of the area in /proc/PID/smaps; and all of /proc/PID/smaps_rollup, over
 * areas from start to end. */
void map_usage_write(const struct text_sink *to, const struct map_facts *map,
                     const struct map_usage *usage);
void map_rollup_write(const struct text_sink *to, uint64_t start, uint64_t end,
                      const struct map_usage *usage);

/* A page of /proc/PID/pagemap (Linux's Documentation/admin-guide/mm/pagemap.rst). */
struct page_facts {
    bool is_present;
    bool is_shared_or_file;
    bool is_exclusive;
    uint64_t frame; /* 0 for who may not know it */
};

uint64_t pagemap_entry(const struct page_facts *page);

END_C_DECLS
