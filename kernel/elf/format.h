#pragma once

#include <stdint.h>

/* The parts of ELF64 that a static program has (System V gABI, chapters 4 and 5; psABI x86-64). */

struct elf_header {
    uint8_t magic[4];
    uint8_t file_class;
    uint8_t byte_order;
    uint8_t version_in_ident;
    uint8_t rest_of_ident[9];
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint64_t entry;
    uint64_t program_headers_offset;
    uint64_t section_headers_offset;
    uint32_t flags;
    uint16_t header_size_bytes;
    uint16_t program_header_size_bytes;
    uint16_t program_header_count;
    uint16_t section_header_size_bytes;
    uint16_t section_header_count;
    uint16_t section_names_index;
};

struct elf_program_header {
    uint32_t type;
    uint32_t flags;
    uint64_t file_offset;
    uint64_t virtual_address;
    uint64_t physical_address;
    uint64_t file_size_bytes;
    uint64_t memory_size_bytes;
    uint64_t alignment;
};

static_assert(sizeof(struct elf_header) == 64);
static_assert(sizeof(struct elf_program_header) == 56);

constexpr uint8_t ELF_MAGIC[4] = {0x7f, 'E', 'L', 'F'};
constexpr uint8_t ELF_CLASS_64 = 2;
constexpr uint8_t ELF_LITTLE_ENDIAN = 1;
constexpr uint8_t ELF_VERSION_CURRENT = 1;
constexpr uint16_t ELF_TYPE_EXECUTABLE = 2;
constexpr uint16_t ELF_TYPE_SHARED = 3;
constexpr uint16_t ELF_MACHINE_X86_64 = 62;

constexpr uint32_t ELF_SEGMENT_LOAD = 1;
constexpr uint32_t ELF_SEGMENT_INTERPRETER = 3;
constexpr uint32_t ELF_SEGMENT_GNU_STACK = 0x6474e551;

constexpr uint32_t ELF_FLAG_EXECUTE = 1;
constexpr uint32_t ELF_FLAG_WRITE = 2;
constexpr uint32_t ELF_FLAG_READ = 4;
