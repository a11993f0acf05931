#include "host_tests/replay/kernel_code.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace replay {
namespace {

constexpr const char *SYMBOLIZER = "/usr/bin/llvm-symbolizer-19";

std::string hexadecimal(uint64_t value) {
    char text[20];
    snprintf(text, sizeof text, "0x%" PRIx64, value);
    return text;
}

/* What a command prints; nothing where it fails. */
std::string output_of(const std::string &command) {
    FILE *pipe = popen(command.c_str(), "r");
    std::string text;
    for (int byte; pipe != nullptr && (byte = fgetc(pipe)) != EOF;) {
        text += static_cast<char>(byte);
    }
    return pipe != nullptr && pclose(pipe) == 0 ? text : "";
}

template <typename T> bool read(std::ifstream &file, T &object) {
    return static_cast<bool>(file.read(reinterpret_cast<char *>(&object), sizeof object));
}

} // namespace

KernelCode::KernelCode(const std::string &path) : path_(path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    Elf64_Ehdr header;
    if (!read(file, header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64) {
        throw std::runtime_error(path + " is not a 64-bit ELF file");
    }
    file.seekg(static_cast<std::streamoff>(header.e_phoff));
    Elf64_Phdr segment;
    for (unsigned i = 0; i < header.e_phnum && read(file, segment); i++) {
        segments_.push_back(segment);
    }
}

bool KernelCode::holds(uint64_t address) const {
    return std::any_of(segments_.begin(), segments_.end(), [address](const Elf64_Phdr &segment) {
        return segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0 &&
               address - segment.p_vaddr < segment.p_memsz;
    });
}

/* Without `holds` the symbolizer would name the last function before an address outside. */
std::string KernelCode::source_of(uint64_t caller) const {
    uint64_t call = caller - 1;
    std::string lines;
    if (holds(call)) {
        lines = output_of(std::string(SYMBOLIZER) + " --obj='" + path_ + "' --relativenames " +
                          hexadecimal(call) + " 2>&1");
    }
    size_t function_end = lines.find('\n');
    if (function_end == std::string::npos || lines.starts_with("??")) {
        return hexadecimal(caller);
    }
    size_t line_end = lines.find('\n', function_end + 1);
    return lines.substr(function_end + 1, line_end - function_end - 1) + " in " +
           lines.substr(0, function_end);
}

} // namespace replay
