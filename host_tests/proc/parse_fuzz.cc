// Whatever a program writes to /proc or asks it for: what is taken for a number is one.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "kernel/proc/text/parse.h"

namespace {

void expect(bool condition) {
    if (!condition) {
        abort();
    }
}

void try_number(const std::string &text) {
    int64_t number;
    if (parse_number(text.data(), text.size(), -1000, 1000, &number) == STATUS_OK) {
        expect(number >= -1000 && number <= 1000);
    }
    if (parse_number(text.data(), text.size(), INT64_MIN, INT64_MAX, &number) == STATUS_OK) {
        std::string shown = std::to_string(number);
        int64_t again;
        expect(parse_number(shown.data(), shown.size(), INT64_MIN, INT64_MAX, &again) == STATUS_OK);
        expect(again == number);
    }
}

void try_name(const std::string &text) {
    uint32_t number;
    if (parse_name(text.data(), text.size(), &number)) {
        expect(std::to_string(number) == text);
    }
}

void try_line(const std::string &text) {
    char line[16];
    parse_line(text.data(), text.size(), line, sizeof(line));
    std::string taken = line;
    expect(taken.size() < sizeof(line) && text.compare(0, taken.size(), taken) == 0);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    std::string text(reinterpret_cast<const char *>(data), size);
    try_number(text);
    try_name(text);
    try_line(text);
    return 0;
}
