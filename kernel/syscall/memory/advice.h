#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "mm/space/address_space.h"

BEGIN_C_DECLS

/* man 2 madvise of memory of any process: 0 or a negated errno. */
int64_t advise(struct address_space *space, uint64_t start, uint64_t size_bytes, uint32_t advice);

/* Whether man 2 process_madvise knows the advice for memory of another process. */
bool advice_is_for_others(uint32_t advice);

/* Whether the current process may lock any memory (man 2 mlock). */
bool may_lock_memory(void);

END_C_DECLS
