#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

// Fuzzing that gets past magic numbers: the fuzzer's bytes edit a file that is right.

template <typename T> void Put(std::vector<uint8_t> &file, size_t offset, const T &value) {
    memcpy(file.data() + offset, &value, sizeof(value));
}

// Each three bytes of `edits` replace one of the first `reach` bytes of the file: two say where,
// one by what. A last odd byte cuts the file.
inline std::vector<uint8_t> Edit(std::vector<uint8_t> file, const uint8_t *edits, size_t size,
                                 size_t reach) {
    size_t i = 0;
    for (; i + 3 <= size; i += 3) {
        file[(edits[i] << 8 | edits[i + 1]) % reach] = edits[i + 2];
    }
    if (i < size) {
        file.resize(file.size() * edits[i] / 256);
    }
    return file;
}
