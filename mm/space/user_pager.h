#pragma once

#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"
#include "mm/addr/addr.h"
#include "mm/space/area.h"
#include "mm/space/locked_range.h"

/*
 * Areas whose pages somebody else fills (man 2 ioctl_userfaultfd). What user_areas.h says of tokens
 * and errors holds here too.
 *
 * An area keeps its pager when it is cut, and grows with it; areas of different pagers do not join.
 * What mremap has moved, and the child of a fork, have none.
 */

BEGIN_C_DECLS

void area_pager_init(struct area_pager *pager, const struct area_pager_operations *operations);

/*
 * UFFDIO_REGISTER: `pager` is asked for pages of these PAGER_ kinds in all areas that the range
 * meets; an area that asks it for as many already stays as it is. Errors: STATUS_INVALID, also
 * where there is no area, and PAGER_UNSHOWN of anonymous memory; STATUS_NOT_PERMITTED, a shared
 * area could never be written to; STATUS_BUSY, an area has another pager; STATUS_NO_MEMORY, areas
 * below have been done.
 */
enum status space_set_pager(struct locked_range *token, struct virt_range range,
                            struct area_pager *pager, uint8_t kinds) REQUIRES(token);

/* UFFDIO_UNREGISTER: the kernel fills the range again. Errors: STATUS_INVALID, also where there is
 * no area, and where one has another pager; STATUS_NO_MEMORY, areas below have been done. */
enum status space_take_pager(struct locked_range *token, struct virt_range range,
                             struct area_pager *pager) REQUIRES(token);

/* The kernel fills all areas of the pager again. The token covers all of the user half, and the
 * caller has a reference to the pager. */
void space_drop_pager(struct locked_range *token, struct area_pager *pager) REQUIRES(token);

/* Whether the range lies in one area that has a pager. Errors: STATUS_NOT_FOUND. */
enum status space_check_pager(struct locked_range *token, struct virt_range range) REQUIRES(token);

/*
 * UFFDIO_COPY, UFFDIO_ZEROPAGE: the page at `va` has these contents, all at once; null: zeroes.
 * Errors: STATUS_NOT_FOUND, no area with a pager; STATUS_FAULT, behind the end of the object;
 * STATUS_EXISTS, somebody has used the page; STATUS_NO_MEMORY.
 */
enum status space_fill_page(struct locked_range *token, virt_addr_t va,
                            TRUSTED const void *contents) REQUIRES(token);

/* UFFDIO_CONTINUE: the object's page is shown. Errors: STATUS_NOT_FOUND; STATUS_INVALID, there is
 * no object; STATUS_FAULT, or no such page; STATUS_EXISTS, it is shown; STATUS_NO_MEMORY. */
enum status space_show_page(struct locked_range *token, virt_addr_t va) REQUIRES(token);

END_C_DECLS
