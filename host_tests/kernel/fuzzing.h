#pragma once

#include <cstdlib>

#include "lib/format.h"

// What fuzzers do with an answer: hold it to a promise, and read no complaint.

inline void Require(bool condition) {
    if (!condition) {
        abort();
    }
}

inline constexpr text_sink NOWHERE = {[](void *, const char *, size_t) {}, nullptr};
