#pragma once

#include "lib/decls.h"
#include "mm/paging/pte.h"

/*
 * The functions of pte.h as a shared object of C has them, for tests in namespace pte_calls: there
 * each name stands for a call into it, so that a mutant of pte.h can be put in its place.
 */
#define PTE_FUNCTIONS(X)                                                                           \
    X(pte_kind)                                                                                    \
    X(pte_can_be_leaf)                                                                             \
    X(pte_reserved_bits)                                                                           \
    X(pte_page)                                                                                    \
    X(pte_table)                                                                                   \
    X(pte_table_address)                                                                           \
    X(pte_cache_index)                                                                             \
    X(pte_form)                                                                                    \
    X(pte_of_form)                                                                                 \
    X(pte_reformed)                                                                                \
    X(pte_replacing)                                                                               \
    X(pte_is_global)                                                                               \
    X(pte_rights)                                                                                  \
    X(pte_attributes)                                                                              \
    X(pte_may_be_cached)                                                                           \
    X(pte_change_needs_flush)                                                                      \
    X(pte_piece)                                                                                   \
    X(pte_joined)                                                                                  \
    X(pte_continues)

BEGIN_C_DECLS

#define DECLARE(name) __typeof__(name) *name;
struct pte_functions {
    PTE_FUNCTIONS(DECLARE)
};
#undef DECLARE

struct pte_functions pte_functions(void);

END_C_DECLS

#ifdef __cplusplus
namespace pte_calls {
#define CALL(name) inline const auto name = ::pte_functions().name;
PTE_FUNCTIONS(CALL)
#undef CALL
} // namespace pte_calls
#endif
