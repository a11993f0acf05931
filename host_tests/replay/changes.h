#pragma once

#include "host_tests/replay/recording.h"
#include "host_tests/replay/tables.h"

namespace replay {

/* Makes the change that the line records, with the gather of its table where it takes one. `child`
 * is the table that shares; null where the line names none. */
status make_change(const Line &line, Table &of, Table *child, Frames &frames);

} // namespace replay
