// Whatever a file begins with, the two texts are terminated, hold no line's end, and the
// interpreter no blank.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "host_tests/kernel/fuzzing.h"
#include "kernel/process/script_line.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    std::vector<char> bytes(data, data + std::min(size, SCRIPT_LINE_SIZE - 1));
    script_line line;
    if (script_parse_line(bytes.data(), bytes.size(), &line) != STATUS_OK) {
        return 0;
    }
    Require(strnlen(line.interpreter, sizeof(line.interpreter)) < sizeof(line.interpreter));
    Require(strnlen(line.argument, sizeof(line.argument)) < sizeof(line.argument));
    Require(strpbrk(line.interpreter, " \t\n") == nullptr);
    Require(strchr(line.argument, '\n') == nullptr);
    return 0;
}
