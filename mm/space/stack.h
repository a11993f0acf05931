#pragma once

#include "mm/space/space_private.h"

/*
 * Makes the area above `va`, which lies in none, reach down to it, if that area grows down, no
 * limit is passed and STACK_GAP_PAGES stay free above other memory (MAP_GROWSDOWN in man 2 mmap).
 * Returns whether it does.
 */
[[nodiscard]] bool stack_grow(struct address_space *space, virt_addr_t va);
