#include "mm/space/limits.h"

#include "mm/space/commit.h"
#include "mm/space/space_usage.h"

/* Whether `used` and `more` pages are at most that many bytes. */
static bool fits(uint64_t used, uint64_t more, uint64_t limit_bytes) {
    uint64_t limit = limit_bytes >> PAGE_SHIFT;
    return used <= limit && more <= limit - used;
}

struct space_limits limits_of(const struct address_space *space) {
    return space->ask_limits != nullptr ? space->ask_limits() : space->limits;
}

bool is_data(const struct vm_area *area) {
    return (area->attributes.rights & RIGHT_WRITE) != 0 && !area->is_shared && !area->grows_down;
}

bool needs_promise(const struct vm_area *area) {
    return (area->attributes.rights & RIGHT_WRITE) != 0 && !area->is_shared && !area->is_unreserved;
}

enum status check_growth(const struct address_space *space, const struct vm_area *area,
                         uint64_t page_count) {
    const struct area_totals *totals = &space->areas.totals;
    const struct space_limits limits = limits_of(space);
    if (!fits(totals->memory, page_count, limits.address_space_bytes) ||
        (is_data(area) && !fits(totals->data, page_count, limits.data_bytes))) {
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

enum status check_growth_of_data(const struct address_space *space, uint64_t page_count) {
    bool may_grow = fits(space->areas.totals.data, page_count, limits_of(space).data_bytes);
    return may_grow ? STATUS_OK : STATUS_NO_MEMORY;
}

bool may_promise(const struct address_space *space, uint64_t page_count) {
    const struct commit_request request = {
        .page_count = page_count,
        .space_pages = space->areas.totals.memory,
        .may_use_reserve = limits_of(space).may_use_reserve,
    };
    return commit_is_possible(&request);
}

enum status check_promise(const struct address_space *space, const struct vm_area *area,
                          uint64_t page_count) {
    return !needs_promise(area) || may_promise(space, page_count) ? STATUS_OK : STATUS_NO_MEMORY;
}

bool may_lock(const struct address_space *space, uint64_t page_count) {
    return fits(space->areas.totals.locked, page_count, limits_of(space).locked_bytes);
}

void space_set_limits(struct address_space *space, const struct space_limits *limits) {
    sleep_lock_acquire(&space->lock);
    space->limits = *limits;
    sleep_lock_release(&space->lock);
}

void space_ask_limits(struct address_space *space, struct space_limits (*ask)(void)) {
    sleep_lock_acquire(&space->lock);
    space->ask_limits = ask;
    sleep_lock_release(&space->lock);
}

uint64_t space_stack_limit_bytes(struct address_space *space) {
    sleep_lock_acquire(&space->lock);
    uint64_t limit = limits_of(space).stack_bytes;
    sleep_lock_release(&space->lock);
    return limit;
}
