#pragma once

#include "mm/space/area.h"

/* Whether area_source_create_anonymous has made it. */
bool area_source_is_anonymous(const struct area_source *source);
