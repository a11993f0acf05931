#pragma once

#include "lib/decls.h"
#include "lib/spinlock.h"

/* Guards who is whose parent, who is in which process, group and session, and who has which number.
 * Spins, with pre-emption off. */

BEGIN_C_DECLS

extern struct spinlock process_tree;

void tree_lock(void) ACQUIRES(process_tree);
void tree_unlock(void) RELEASES(process_tree);

END_C_DECLS
