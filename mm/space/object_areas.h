#pragma once

#include "mm/object/object_view.h"

/* How the views of a space's areas have pages hidden; their holder is the space. */
extern const struct object_view_operations space_view_operations;
