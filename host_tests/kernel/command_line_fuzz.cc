// Whatever the line says, every word ends inside the storage, which the sanitizer guards.

#include <cstdlib>
#include <cstring>
#include <vector>

#include "kernel/command_line/command_line.h"

static void Drop(void *, const char *, size_t) {}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const text_sink sink = {Drop, nullptr};
    std::vector<char> text(data, data + size);
    std::vector<char> storage(size + 1);
    command_line line;
    command_line_parse(text.data(), size, storage.data(), &sink, &line);
    size_t used = line.init ? strlen(line.init) : 0;
    used += line.selftests ? strlen(line.selftests) : 0;
    const char *next = line.arguments;
    for (size_t i = 0; i < line.argument_count; i++) {
        next += strlen(next) + 1;
    }
    if (used > size || (next && next > storage.data() + storage.size())) {
        abort();
    }
    return 0;
}
