#pragma once

#include "lib/decls.h"
#include "lib/format.h"

BEGIN_C_DECLS

/* A sink that forgets what is written to it: for complaints that were heard before. */
const struct text_sink *silent_sink(void);

END_C_DECLS
