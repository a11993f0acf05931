#include "mm/space/commit.h"

#include "mm/addr/addr.h"
#include "mm/frame/frame.h"
#include "mm/space/space_usage.h"

/* What Linux keeps back, at most: for administrators, and for whoever is to end a process that has
 * grown too large. */
constexpr uint64_t ADMINISTRATORS_RESERVE_PAGES = (8ull << 20) >> PAGE_SHIFT;
constexpr uint64_t USERS_RESERVE_PAGES = (128ull << 20) >> PAGE_SHIFT;

struct overcommit space_overcommit = {.mode = OVERCOMMIT_GUESS, .ratio_percent = 50};

static uint64_t committed_pages; /* atomic */

void commit_pages(int64_t page_count) {
    __atomic_fetch_add(&committed_pages, (uint64_t)page_count, __ATOMIC_RELAXED);
}

uint64_t space_committed_pages(void) {
    return __atomic_load_n(&committed_pages, __ATOMIC_RELAXED);
}

uint64_t space_commit_limit_pages(void) {
    uint64_t kbytes = __atomic_load_n(&space_overcommit.kbytes, __ATOMIC_RELAXED);
    uint64_t percent = __atomic_load_n(&space_overcommit.ratio_percent, __ATOMIC_RELAXED);
    return kbytes != 0 ? kbytes >> (PAGE_SHIFT - 10) : frame_count().total * percent / 100;
}

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Three hundredths of memory, but not more than `most`. */
static uint64_t reserve_pages(uint64_t most) {
    return smaller(frame_count().total * 3 / 100, most);
}

static bool fits_limit(const struct commit_request *request) {
    uint64_t limit = space_commit_limit_pages();
    uint64_t kept = request->may_use_reserve ? 0 : reserve_pages(ADMINISTRATORS_RESERVE_PAGES);
    kept += smaller(request->space_pages / 32, reserve_pages(USERS_RESERVE_PAGES));
    uint64_t used = space_committed_pages() + kept;
    return used < limit && request->page_count < limit - used;
}

bool commit_is_possible(const struct commit_request *request) {
    switch ((enum overcommit_mode)__atomic_load_n(&space_overcommit.mode, __ATOMIC_RELAXED)) {
    case OVERCOMMIT_GUESS:
        return request->page_count <= frame_count().total;
    case OVERCOMMIT_ALWAYS:
        return true;
    case OVERCOMMIT_NEVER:
        return request->page_count == 0 || fits_limit(request);
    }
    __builtin_unreachable();
}
