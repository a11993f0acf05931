#include "mm/frame/early.h"

#include "mm/frame/early_runs.h"

constexpr uint64_t FIRST_PAGE = (1 << 20) >> PAGE_SHIFT; /* below 1 MiB nothing is handed out */

/* Used by the boot CPU alone, with nothing else running: no lock. */
static struct {
    const struct memory_map *map;
    uint64_t page_limit;
    bool is_open;
    struct page_run taken[EARLY_RUN_MAX]; /* ascending, disjoint, not touching */
    size_t taken_count;
} early;

void early_begin(const struct memory_map *map, phys_addr_t below) {
    early.map = map;
    early.page_limit = below.value >> PAGE_SHIFT;
    early.is_open = true;
    early.taken_count = 0;
}

bool early_is_open(void) {
    return early.is_open;
}

void early_end(void) {
    early.is_open = false;
}

const struct page_run *early_taken(size_t *count) {
    *count = early.taken_count;
    return early.taken;
}

/* Puts `run` in place of taken[at..at + replaced), and closes up or makes room. */
static void replace_taken(size_t at, size_t replaced, struct page_run run) {
    size_t tail = early.taken_count - at - replaced;
    __builtin_memmove(&early.taken[at + 1], &early.taken[at + replaced],
                      tail * sizeof(early.taken[0]));
    early.taken[at] = run;
    early.taken_count += 1 - replaced;
}

/* Joins `run` with the runs that it overlaps or touches. */
static enum status take(struct page_run run) {
    size_t at = 0;
    while (at < early.taken_count && early.taken[at].end < run.first) {
        at++;
    }
    size_t joined = 0;
    while (at + joined < early.taken_count && early.taken[at + joined].first <= run.end) {
        const struct page_run *other = &early.taken[at + joined++];
        run.first = other->first < run.first ? other->first : run.first;
        run.end = other->end > run.end ? other->end : run.end;
    }
    if (joined == 0 && early.taken_count == EARLY_RUN_MAX) {
        return STATUS_NO_MEMORY;
    }
    replace_taken(at, joined, run);
    return STATUS_OK;
}

enum status early_reserve(phys_addr_t start, uint64_t size_bytes) {
    CHECK(early.is_open);
    if (size_bytes == 0) {
        return STATUS_OK;
    }
    uint64_t to_top = UINT64_MAX - start.value;
    uint64_t last = start.value + (size_bytes - 1 < to_top ? size_bytes - 1 : to_top);
    return take((struct page_run){start.value >> PAGE_SHIFT, (last >> PAGE_SHIFT) + 1});
}

/* The lowest multiple of `alignment` from `first` on whose `page_count` pages are not taken. */
static uint64_t skip_taken(uint64_t first, uint64_t page_count, uint64_t alignment) {
    first = align_up(first, alignment);
    for (size_t i = 0; i < early.taken_count; i++) {
        const struct page_run *taken = &early.taken[i];
        if (taken->first < first + page_count && taken->end > first) {
            first = align_up(taken->end, alignment);
        }
    }
    return first;
}

/* Finds room in `region` as early_alloc_below promises; counts in pages. */
static bool find_room(const struct memory_region *region, uint64_t page_count, uint64_t alignment,
                      uint64_t page_limit, uint64_t *first) {
    uint64_t start = region->base >> PAGE_SHIFT;
    uint64_t end = (region->base + region->size_bytes) >> PAGE_SHIFT;
    *first = skip_taken(start < FIRST_PAGE ? FIRST_PAGE : start, page_count, alignment);
    end = end < page_limit ? end : page_limit;
    return *first < end && page_count <= end - *first;
}

enum status early_alloc_below(uint64_t page_count, uint64_t alignment, uint64_t page_limit,
                              phys_addr_t *start) {
    CHECK(early.is_open);
    CHECK(page_count > 0 && page_count < UINT64_MAX >> PAGE_SHIFT);
    CHECK(alignment >= PAGE_SIZE && is_power_of_two(alignment));
    page_limit = page_limit < early.page_limit ? page_limit : early.page_limit;
    for (size_t i = 0; i < early.map->count; i++) {
        const struct memory_region *region = &early.map->regions[i];
        uint64_t first;
        if (region->type != MEMORY_USABLE ||
            !find_room(region, page_count, alignment >> PAGE_SHIFT, page_limit, &first)) {
            continue;
        }
        enum status status = take((struct page_run){first, first + page_count});
        if (status == STATUS_OK) {
            *start = phys_addr(first << PAGE_SHIFT);
        }
        return status;
    }
    return STATUS_NO_MEMORY;
}

enum status early_alloc(uint64_t page_count, uint64_t alignment, phys_addr_t *start) {
    return early_alloc_below(page_count, alignment, early.page_limit, start);
}
