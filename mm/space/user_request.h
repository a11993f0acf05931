#pragma once

#include "mm/space/space_private.h"

/* What every operation on a process's memory asks of its arguments. */

/* Whether all of the range is in the user half, so that nothing can wrap (S58). */
bool is_user_range(struct virt_range range);

/* STATUS_INVALID for a range or rights that are not a user's; CHECKs the token (L1). */
enum status check_request(const struct locked_range *token, struct virt_range range,
                          uint8_t rights);

/* On x86 what is present can be read, so every right brings RIGHT_READ with it. */
struct page_attributes user_attributes(uint8_t rights);

/* Every right that a program can ask for. */
constexpr uint8_t PROGRAM_RIGHTS = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE;
