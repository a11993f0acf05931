#include "mm/space/user_request.h"

#include "lib/check.h"
#include "mm/space/user_areas.h"

bool is_user_range(struct virt_range range) {
    return virt_range_is_valid(range.start, range.page_count, 4) &&
           virt_range_covers(space_user_range(), range);
}

struct page_attributes user_attributes(uint8_t rights) {
    bool is_present = (rights & ~RIGHT_USER) != RIGHT_NONE;
    struct page_attributes attributes = {
        .rights = is_present ? rights | RIGHT_READ | RIGHT_USER : RIGHT_NONE,
        .cache = CACHE_WRITE_BACK,
    };
    return attributes;
}

enum status check_request(const struct locked_range *token, struct virt_range range,
                          uint8_t rights) {
    CHECK(token->space->table.half == HALF_USER);
    if (!is_user_range(range) || (rights & ~(PROGRAM_RIGHTS | RIGHT_USER)) != 0) {
        return STATUS_INVALID;
    }
    check_locked_for_writing(token, range);
    return STATUS_OK;
}
