#pragma once

#include "host_tests/replay/recording.h"
#include "host_tests/replay/tables.h"

namespace replay {

/* Makes the change that the line records, with the gather of its table where it takes one. */
status make_change(const Line &line, Table &of, Frames &frames);

} // namespace replay
