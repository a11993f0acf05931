#pragma once

#include <string>
#include <vector>

#include "host_tests/replay/recording.h"

namespace replay {

/* An operation of the recording, for who wants to look it up. */
struct Place {
    unsigned line; /* of the recording */
    std::string what;
    uint64_t caller; /* a return address; 0 where there is none */
};

/* Something that is wrong, and the operations since the tables were last known to be right. */
struct Finding {
    std::string text;
    std::vector<Place> after;
};

struct Result {
    unsigned operations = 0;
    unsigned flushes = 0;
    unsigned tables_compared = 0;
    uint64_t leaves_compared = 0;
    std::vector<Finding> findings;
};

/*
 * Runs the recorded operations through mm on a pretend PC. What the kernel's CPUs used, the pretend
 * ones use; what the kernel asked them to forget, they forget, and nothing else. So a flush that it
 * forgot is a finding of the oracle, and so is a status or a final table that differs. Throws
 * BadRecording.
 */
Result run(const Recording &recording);

} // namespace replay
