#pragma once

#include <cstdint>
#include <istream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

/* A recording as docs/trace.md describes it, read and not yet believed. */
namespace replay {

class BadRecording : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/* One line: a word, then KEY=VALUE. What a line lacks, or says wrongly, is a BadRecording. */
class Line {
  public:
    Line(unsigned number, const std::string &text);

    const std::string &word() const {
        return word_;
    }
    unsigned number() const {
        return number_;
    }
    uint64_t decimal(const std::string &key, uint64_t limit = UINT64_MAX) const {
        return parse(key, text(key), 10, limit);
    }
    uint64_t hexadecimal(const std::string &key) const {
        return parse(key, text(key), 16, UINT64_MAX);
    }
    int status() const;
    bool has(const std::string &key) const {
        return fields_.count(key) != 0;
    }

    /* Addresses separated by commas; none where there is no such key. */
    std::vector<uint64_t> addresses(const std::string &key) const;
    const std::string &text(const std::string &key) const;

  private:
    [[noreturn]] void refuse(const std::string &why) const;
    uint64_t parse(const std::string &key, const std::string &text, int base, uint64_t limit) const;

    unsigned number_;
    std::string word_;
    std::map<std::string, std::string> fields_;
};

/* All lines up to "end". What the kernel was still writing when it stopped is left out. */
struct Recording {
    std::vector<Line> lines;
    bool has_end = false;
};

/* The first line says that it is one, of version 1. */
Recording read_recording(std::istream &from);

} // namespace replay
