#pragma once

#include "lib/decls.h"
#include "lib/status.h"
#include "mm/addr/addr.h"

/*
 * One page of zeroes that every process may read where it has written nothing yet. Entries that
 * lead to it do not own it, and none is ever writable.
 */

BEGIN_C_DECLS

/* Takes it from the early allocator. Errors: STATUS_NO_MEMORY. */
enum status zero_page_build(void);

phys_addr_t zero_page(void);

END_C_DECLS
