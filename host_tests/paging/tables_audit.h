#pragma once

#include <string>
#include <vector>

#include "mm/paging/page_table.h"

/*
 * The invariants of page tables that belong to no address space, so that mm/audit does not know of
 * them: P1, P2, T1, F2 and F3 for everything that the lower halves of `users` hold, T3, that no
 * table there is empty, and that no table and no frame of a user has leaked. What is wrong, or an
 * empty text.
 */
std::string audit_user_tables(const page_table &kernel,
                              const std::vector<const page_table *> &users);
