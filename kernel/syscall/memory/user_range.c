#include "kernel/syscall/memory/user_range.h"

#include "kernel/process/process.h"

bool user_pages(uint64_t start, uint64_t size_bytes, struct virt_range *range) {
    if (start > USER_END || size_bytes == 0 || size_bytes > USER_END - start) {
        return false;
    }
    return virt_range_checked(virt_addr(start), align_up(size_bytes, PAGE_SIZE) >> PAGE_SHIFT, 4,
                              range);
}

bool user_range_is_used(struct virt_range range) {
    struct vm_area area;
    struct address_space *space = process_space();
    return space_find_area(space, range.start, &area) ||
           (space_find_area_above(space, range.start, &area) &&
            area.range.start.value <= virt_range_last(range).value);
}

enum user_range_kind user_range(uint64_t start, uint64_t size_bytes, struct virt_range *range,
                                bool *is_cut) {
    uint64_t rounded = align_up(size_bytes, PAGE_SIZE); /* 0 where it wraps */
    *is_cut = false;
    if ((size_bytes != 0 && rounded == 0) || start + rounded < start) {
        return RANGE_WRAPS;
    }
    if (rounded == 0) {
        return RANGE_EMPTY;
    }
    if (start >= USER_END) {
        *is_cut = true;
        return RANGE_WRAPS;
    }
    uint64_t room = USER_END - start;
    *is_cut = rounded > room;
    *range = virt_range(virt_addr(start), (*is_cut ? room : rounded) >> PAGE_SHIFT);
    return RANGE_IS_THERE;
}

enum user_range_kind user_range_rounded(uint64_t start, uint64_t size_bytes,
                                        struct virt_range *range, bool *is_cut) {
    return user_range(start, align_up(size_bytes, PAGE_SIZE), range, is_cut);
}
