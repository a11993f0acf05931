#pragma once

#include <stdint.h>

#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/addr/layout.h"
#include "mm/space/address_space.h"

/* Ranges of user memory as calls have them: an address and a length in bytes. */

/* The whole pages from `start`, which is aligned, that hold size_bytes; false where they are not
 * all in user memory, or there are none. */
bool user_pages(uint64_t start, uint64_t size_bytes, struct virt_range *range);

/* Whether any of it is mapped, in the current process. */
bool user_range_is_used(struct virt_range range);

enum user_range_kind : uint8_t { RANGE_EMPTY, RANGE_WRAPS, RANGE_IS_THERE };

/* The same for calls that do nothing for no bytes and tell a range that wraps from one that is not
 * mapped. What reaches beyond user memory is cut off there, and `*is_cut` set: nothing is mapped
 * behind it. */
enum user_range_kind user_range(uint64_t start, uint64_t size_bytes, struct virt_range *range,
                                bool *is_cut);

/* The same where a size that wraps as it is rounded to pages is none. */
enum user_range_kind user_range_rounded(uint64_t start, uint64_t size_bytes,
                                        struct virt_range *range, bool *is_cut);
