#pragma once

#include "mm/object/memory_object.h"

/* Frames that several objects may have together; a budget that is null has no end. */

static inline void return_to_budget(struct page_budget *budget) {
    if (budget != nullptr) {
        __atomic_fetch_sub(&budget->used, 1, __ATOMIC_RELAXED);
    }
}

/* Room for one frame more. */
static inline enum status take_from_budget(struct page_budget *budget) {
    if (budget == nullptr ||
        __atomic_fetch_add(&budget->used, 1, __ATOMIC_RELAXED) < budget->limit) {
        return STATUS_OK;
    }
    return_to_budget(budget);
    return STATUS_NO_SPACE;
}
