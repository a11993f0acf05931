#pragma once

#include "mm/space/space_private.h"

/* Changes of what is mapped in a range, flushed when they return. The caller has the space's lock.
 * Errors: STATUS_NO_MEMORY, for a table (law 12); nothing has changed. */

enum status unmap_pages(struct address_space *space, struct virt_range range);
enum status protect_pages(struct address_space *space, struct virt_range range,
                          struct page_attributes attributes);
enum status unshare_pages(struct address_space *space, struct virt_range range);

/* Unmaps the object's pages, and leaves private copies of them. What was unmapped before an error
 * stays so. */
enum status unmap_object_pages(struct address_space *space, struct virt_range range);

/* Moves what is mapped in `range` to `to`, where nothing is. */
enum status move_pages(struct address_space *space, struct virt_range range, virt_addr_t to);
