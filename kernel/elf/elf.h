#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/format.h"
#include "lib/status.h"
#include "lib/untrusted.h"
#include "mm/addr/addr.h"
#include "mm/paging/attributes.h"

/*
 * Reads an ELF64 program and says what memory it wants, without touching any. Nothing that a file
 * contains is trusted, and it may change between two looks at it.
 */

BEGIN_C_DECLS

constexpr size_t ELF_SEGMENT_MAX = 32;

/* Where the file's bytes come from. */
struct elf_file {
    /* Reads all of size_bytes at the offset, which lie in the file; false: it cannot. */
    bool (*read)(void *context, uint64_t offset, void *to, size_t size_bytes);
    void *context;
    uint64_t size_bytes;
};

/* A file that lies in memory; `memory` is what `context` points to. */
struct elf_memory {
    const void *bytes; /* at any alignment */
};

bool elf_read_memory(void *context, uint64_t offset, void *to, size_t size_bytes);

/* A PT_LOAD segment: `range` is filled with zeroes, then file_size_bytes of the file are copied to
 * `content`, then it gets `rights`. */
struct elf_segment {
    struct virt_range range;
    virt_addr_t content;
    uint64_t file_offset;
    uint64_t file_size_bytes;
    uint8_t rights; /* of enum page_right; may hold both WRITE and EXECUTE, as on Linux */
};

struct elf_plan {
    virt_addr_t entry;           /* inside an executable segment */
    virt_addr_t program_headers; /* where they lie once loaded; 0 if no segment holds them */
    uint16_t program_header_count;
    bool has_executable_stack;
    virt_addr_t end;      /* one more than the highest byte: the heap of brk begins here or above */
    uint64_t total_pages; /* of all segments */
    /* After an error too: the headers are those of a program for x86-64, and so these hold. */
    bool is_recognised;
    uint64_t interpreter_offset;   /* in the file: the terminated path of PT_INTERP */
    size_t interpreter_size_bytes; /* with the terminator; 0: there is none */
    size_t segment_count;          /* at least 1 */
    struct elf_segment segments[ELF_SEGMENT_MAX]; /* ascending, disjoint in pages, in user memory */
};

/*
 * Plans the program in the file. A position-independent program is placed at
 * `movable_base`, rounded down to the alignment it asks for; others where they say. Errors:
 * STATUS_NOT_EXECUTABLE, and one numbered line on `complaints` says what is wrong and where; the
 * rest of the plan is then undefined. docs/messages.md lists the numbers.
 */
enum status elf_read(UNTRUSTED const struct elf_file *file, virt_addr_t movable_base,
                     const struct text_sink *complaints, struct elf_plan *plan);

END_C_DECLS
