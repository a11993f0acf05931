#pragma once

#include "mm/space/space_private.h"

/* Fills what is locked, and not lazily, in the range, as far as that can be done. */
void fill_locked(struct locked_range *token, struct virt_range range) REQUIRES(token);

/*
 * Fills what is locked, and not lazily, in the range. Errors: those of space_populate. What was
 * filled stays.
 */
enum status try_to_fill_locked(struct locked_range *token, struct virt_range range) REQUIRES(token);
