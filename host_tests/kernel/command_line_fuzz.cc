// Whatever the line says, every word ends inside the storage, which the sanitizer guards.

#include <cstring>
#include <vector>

#include "host_tests/kernel/fuzzing.h"
#include "kernel/command_line/command_line.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    std::vector<char> text(data, data + size);
    std::vector<char> storage(size + 1);
    command_line line;
    command_line_parse(text.data(), size, storage.data(), &NOWHERE, &line);
    size_t used = line.init ? strlen(line.init) : 0;
    used += line.selftests ? strlen(line.selftests) : 0;
    const char *next = line.arguments;
    for (size_t i = 0; i < line.argument_count; i++) {
        next += strlen(next) + 1;
    }
    Require(used <= size);
    Require(!next || next <= storage.data() + storage.size());
    return 0;
}
