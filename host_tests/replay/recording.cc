#include "host_tests/replay/recording.h"

#include <charconv>
#include <sstream>

namespace replay {

static const std::string FIRST_WORDS = "quire-trace 1 ";

Line::Line(unsigned number, const std::string &text) : number_(number) {
    std::istringstream words(text);
    words >> word_;
    for (std::string field; words >> field;) {
        size_t equals = field.find('=');
        if (equals == std::string::npos) {
            continue; /* of a name with blanks in it, which comes last */
        }
        std::string key = field.substr(0, equals);
        std::string value = field.substr(equals + 1);
        if (key == "by") {
            std::string rest;
            std::getline(words, rest);
            value += rest;
        }
        fields_.emplace(key, value);
    }
}

void Line::refuse(const std::string &why) const {
    throw BadRecording("line " + std::to_string(number_) + ": " + why);
}

const std::string &Line::text(const std::string &key) const {
    auto found = fields_.find(key);
    if (found == fields_.end()) {
        refuse("'" + word_ + "' lacks " + key + "=");
    }
    return found->second;
}

uint64_t Line::parse(const std::string &key, const std::string &text, int base,
                     uint64_t limit) const {
    uint64_t value = 0;
    const char *end = text.data() + text.size();
    auto result = std::from_chars(text.data(), end, value, base);
    if (result.ec != std::errc() || result.ptr != end || value > limit) {
        refuse(key + "=" + text + " cannot be");
    }
    return value;
}

int Line::status() const {
    const std::string &value = text("status");
    bool is_negative = !value.empty() && value[0] == '-';
    constexpr uint64_t errno_max = 4095;
    auto magnitude =
        static_cast<int>(parse("status", value.substr(is_negative ? 1 : 0), 10, errno_max));
    return is_negative ? -magnitude : magnitude;
}

std::vector<uint64_t> Line::addresses(const std::string &key) const {
    std::vector<uint64_t> result;
    if (!has(key)) {
        return result;
    }
    std::istringstream list(text(key));
    for (std::string one; std::getline(list, one, ',');) {
        result.push_back(parse(key, one, 16, UINT64_MAX));
    }
    return result;
}

Recording read_recording(std::istream &from) {
    Recording recording;
    unsigned number = 0;
    for (std::string text; !recording.has_end && std::getline(from, text);) {
        bool was_cut_off = from.eof();
        if (!text.empty() && text.back() == '\r') {
            text.pop_back();
        }
        if (number == 0 && !text.starts_with(FIRST_WORDS)) {
            break;
        }
        Line line(++number, text);
        recording.has_end = line.word() == "end";
        if (!was_cut_off && !recording.has_end) {
            recording.lines.push_back(std::move(line));
        }
    }
    if (recording.lines.empty()) {
        throw BadRecording("this is no recording of page tables");
    }
    return recording;
}

} // namespace replay
