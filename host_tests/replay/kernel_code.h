#pragma once

#include <elf.h>

#include <cstdint>
#include <string>
#include <vector>

namespace replay {

/* The ELF file of the kernel that was recorded, which tells whence it called. */
class KernelCode {
  public:
    /* Throws std::runtime_error where the file cannot be read or is not a 64-bit ELF file. */
    explicit KernelCode(const std::string &path);

    /* "page_table.c:12 in f" of the call that returns to `caller`; its number where nobody knows.
     */
    std::string source_of(uint64_t caller) const;

  private:
    bool holds(uint64_t address) const;

    std::string path_;
    std::vector<Elf64_Phdr> segments_;
};

} // namespace replay
