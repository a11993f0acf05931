#include "kernel/elf/elf.h"

#include <stdarg.h>

#include "kernel/elf/format.h"
#include "mm/addr/layout.h"

constexpr uint64_t ALIGNMENT_MAX = 1ull << 30;
constexpr unsigned PROGRAM_HEADER_MAX = 65536 / sizeof(struct elf_program_header); /* as on Linux */
constexpr uint64_t INTERPRETER_SIZE_MAX = 4096;

struct elf_reader {
    const struct elf_file *file;
    uint64_t size_bytes;
    const struct text_sink *complaints;
    struct elf_header header;
    uint64_t bias; /* added to every address of the file */
};

[[gnu::format(printf, 2, 3)]] static enum status refuse(const struct elf_reader *reader,
                                                        const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    format_to_va(reader->complaints, format, arguments);
    va_end(arguments);
    return STATUS_NOT_EXECUTABLE;
}

/* Like Linux, this believes the machine and asks for no class, byte order or version. */
static enum status check_identity(const struct elf_reader *reader) {
    const struct elf_header *header = &reader->header;
    if (__builtin_memcmp(header->magic, ELF_MAGIC, sizeof(ELF_MAGIC)) != 0) {
        return refuse(reader, "K402: not an ELF file: it begins with %02x %02x %02x %02x\n",
                      header->magic[0], header->magic[1], header->magic[2], header->magic[3]);
    }
    if (header->machine != ELF_MACHINE_X86_64) {
        return refuse(reader, "K403: not a program for x86-64: machine %u\n", header->machine);
    }
    if (header->type != ELF_TYPE_EXECUTABLE && header->type != ELF_TYPE_SHARED) {
        return refuse(reader, "K404: ELF type %u is not a program\n", header->type);
    }
    return STATUS_OK;
}

static enum status check_program_headers(const struct elf_reader *reader) {
    const struct elf_header *header = &reader->header;
    if (header->program_header_size_bytes != sizeof(struct elf_program_header)) {
        return refuse(reader, "K405: program headers have %u bytes each, not %zu\n",
                      header->program_header_size_bytes, sizeof(struct elf_program_header));
    }
    uint64_t size_bytes = header->program_header_count * sizeof(struct elf_program_header);
    if (header->program_header_count == 0) {
        return refuse(reader, "K415: none of 0 program headers is a segment to load\n");
    }
    if (header->program_header_count > PROGRAM_HEADER_MAX ||
        header->program_headers_offset > reader->size_bytes ||
        size_bytes > reader->size_bytes - header->program_headers_offset) {
        return refuse(
            reader, "K406: %u program headers at offset %#llx leave the file's %#llx bytes\n",
            header->program_header_count, (unsigned long long)header->program_headers_offset,
            (unsigned long long)reader->size_bytes);
    }
    return STATUS_OK;
}

static bool read_at(const struct elf_reader *reader, uint64_t offset, void *to, size_t size_bytes) {
    if (reader->file->read(reader->file->context, offset, to, size_bytes)) {
        return true;
    }
    format_to(reader->complaints, "K417: the file cannot be read at offset %#llx\n",
              (unsigned long long)offset);
    return false;
}

static enum status read_header(struct elf_reader *reader) {
    if (reader->size_bytes < sizeof(reader->header)) {
        return refuse(reader, "K401: a file of %llu bytes is too short for an ELF header\n",
                      (unsigned long long)reader->size_bytes);
    }
    if (!read_at(reader, 0, &reader->header, sizeof(reader->header))) {
        return STATUS_NOT_EXECUTABLE;
    }
    enum status status = check_identity(reader);
    return status == STATUS_OK ? check_program_headers(reader) : status;
}

/* One that cannot be read is of no type, and what it was for is missed later. */
static struct elf_program_header program_header(const struct elf_reader *reader, unsigned index) {
    struct elf_program_header header;
    uint64_t offset = reader->header.program_headers_offset + index * sizeof(header);
    if (!read_at(reader, offset, &header, sizeof(header))) {
        return (struct elf_program_header){};
    }
    return header;
}

/* The base, rounded down so that every segment keeps the alignment it asks for. */
static enum status choose_bias(struct elf_reader *reader, virt_addr_t movable_base) {
    uint64_t alignment = PAGE_SIZE;
    for (unsigned i = 0; i < reader->header.program_header_count; i++) {
        struct elf_program_header header = program_header(reader, i);
        if (header.type != ELF_SEGMENT_LOAD || header.alignment <= alignment) {
            continue;
        }
        if (header.alignment > ALIGNMENT_MAX || __builtin_popcountll(header.alignment) != 1) {
            return refuse(reader, "K407: program header %u asks for an alignment of %#llx bytes\n",
                          i, (unsigned long long)header.alignment);
        }
        alignment = header.alignment;
    }
    reader->bias =
        reader->header.type == ELF_TYPE_SHARED ? align_down(movable_base.value, alignment) : 0;
    return STATUS_OK;
}

static enum status check_sizes(const struct elf_reader *reader, unsigned index,
                               const struct elf_program_header *header) {
    if (header->file_size_bytes > header->memory_size_bytes) {
        return refuse(reader, "K408: segment %u has %#llx bytes in the file but %#llx in memory\n",
                      index, (unsigned long long)header->file_size_bytes,
                      (unsigned long long)header->memory_size_bytes);
    }
    if (header->file_offset > reader->size_bytes ||
        header->file_size_bytes > reader->size_bytes - header->file_offset) {
        return refuse(reader, "K409: segment %u, %#llx bytes at offset %#llx, leaves the file\n",
                      index, (unsigned long long)header->file_size_bytes,
                      (unsigned long long)header->file_offset);
    }
    if (!is_aligned(header->virtual_address - header->file_offset, PAGE_SIZE)) {
        return refuse(reader,
                      "K410: segment %u lies at offset %#llx but at address %#llx of a page\n",
                      index, (unsigned long long)(header->file_offset % PAGE_SIZE),
                      (unsigned long long)(header->virtual_address % PAGE_SIZE));
    }
    return STATUS_OK;
}

/* Whether [start, start + size_bytes) lies in user memory, computed without wrapping. */
static bool is_user_memory(uint64_t start, uint64_t size_bytes) {
    return start >= NULL_GUARD_END && start < USER_END && size_bytes <= USER_END - start;
}

static enum status check_place(const struct elf_reader *reader, unsigned index,
                               const struct elf_program_header *header,
                               const struct elf_plan *plan) {
    uint64_t start = header->virtual_address + reader->bias;
    if (start < reader->bias || !is_user_memory(start, header->memory_size_bytes)) {
        return refuse(reader, "K411: segment %u, %#llx bytes at %#llx, leaves user memory\n", index,
                      (unsigned long long)header->memory_size_bytes, (unsigned long long)start);
    }
    if (plan->segment_count > 0 &&
        align_down(start, PAGE_SIZE) <=
            virt_range_last(plan->segments[plan->segment_count - 1].range).value) {
        return refuse(
            reader, "K412: segment %u at %#llx lies below, or shares a page with, the one before\n",
            index, (unsigned long long)start);
    }
    if (plan->segment_count == ELF_SEGMENT_MAX) {
        return refuse(reader, "K413: segment %u is one more than the %zu that can be loaded\n",
                      index, ELF_SEGMENT_MAX);
    }
    return STATUS_OK;
}

static uint8_t rights_of(uint32_t flags) {
    uint8_t rights = RIGHT_USER;
    rights |= flags & ELF_FLAG_READ ? RIGHT_READ : 0;
    rights |= flags & ELF_FLAG_WRITE ? RIGHT_READ | RIGHT_WRITE : 0;
    rights |= flags & ELF_FLAG_EXECUTE ? RIGHT_READ | RIGHT_EXECUTE : 0;
    return rights == RIGHT_USER ? RIGHT_NONE : rights;
}

static void append_segment(const struct elf_reader *reader, const struct elf_program_header *header,
                           struct elf_plan *plan) {
    struct elf_segment *segment = &plan->segments[plan->segment_count++];
    uint64_t start = header->virtual_address + reader->bias;
    uint64_t end = start + header->memory_size_bytes;
    uint64_t first_page = align_down(start, PAGE_SIZE);
    segment->range =
        virt_range(virt_addr(first_page), (align_up(end, PAGE_SIZE) - first_page) >> PAGE_SHIFT);
    segment->content = virt_addr(start);
    segment->file_offset = header->file_offset;
    segment->file_size_bytes = header->file_size_bytes;
    segment->rights = rights_of(header->flags);
    plan->end = virt_addr(end);
    plan->total_pages += segment->range.page_count;
}

static enum status plan_interpreter(const struct elf_reader *reader, unsigned index,
                                    const struct elf_program_header *header,
                                    struct elf_plan *plan) {
    if (header->file_size_bytes < 2 || header->file_size_bytes > INTERPRETER_SIZE_MAX ||
        header->file_offset > reader->size_bytes ||
        header->file_size_bytes > reader->size_bytes - header->file_offset) {
        return refuse(reader, "K414: program header %u names an interpreter outside of the file\n",
                      index);
    }
    plan->interpreter_offset = header->file_offset;
    plan->interpreter_size_bytes = header->file_size_bytes;
    return STATUS_OK;
}

/* The first that names one counts. */
static enum status find_interpreter(const struct elf_reader *reader, struct elf_plan *plan) {
    for (unsigned i = 0; i < reader->header.program_header_count; i++) {
        struct elf_program_header header = program_header(reader, i);
        if (header.type == ELF_SEGMENT_INTERPRETER) {
            return plan_interpreter(reader, i, &header, plan);
        }
    }
    return STATUS_OK;
}

static enum status plan_segment(const struct elf_reader *reader, unsigned index,
                                struct elf_plan *plan) {
    struct elf_program_header header = program_header(reader, index);
    if (header.type == ELF_SEGMENT_GNU_STACK) {
        plan->has_executable_stack = (header.flags & ELF_FLAG_EXECUTE) != 0;
    }
    if (header.type != ELF_SEGMENT_LOAD || header.memory_size_bytes == 0) {
        return STATUS_OK;
    }
    enum status status = check_sizes(reader, index, &header);
    if (status == STATUS_OK) {
        status = check_place(reader, index, &header, plan);
    }
    if (status == STATUS_OK) {
        append_segment(reader, &header, plan);
    }
    return status;
}

static enum status place_entry(const struct elf_reader *reader, struct elf_plan *plan) {
    plan->entry = virt_addr(reader->header.entry + reader->bias);
    for (size_t i = 0; i < plan->segment_count; i++) {
        const struct elf_segment *segment = &plan->segments[i];
        if ((segment->rights & RIGHT_EXECUTE) && virt_range_contains(segment->range, plan->entry)) {
            return STATUS_OK;
        }
    }
    return refuse(reader, "K416: the entry point %#llx lies in no executable segment\n",
                  (unsigned long long)plan->entry.value);
}

/* The program headers are in memory where a segment's file content covers them as a whole. */
static void place_program_headers(const struct elf_reader *reader, struct elf_plan *plan) {
    uint64_t offset = reader->header.program_headers_offset;
    uint64_t size_bytes = reader->header.program_header_count * sizeof(struct elf_program_header);
    for (size_t i = 0; i < plan->segment_count; i++) {
        const struct elf_segment *segment = &plan->segments[i];
        if (offset >= segment->file_offset && size_bytes <= segment->file_size_bytes &&
            offset - segment->file_offset <= segment->file_size_bytes - size_bytes) {
            plan->program_headers = virt_add(segment->content, offset - segment->file_offset);
            return;
        }
    }
}

static enum status plan_segments(const struct elf_reader *reader, struct elf_plan *plan) {
    for (unsigned i = 0; i < reader->header.program_header_count; i++) {
        enum status status = plan_segment(reader, i, plan);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (plan->segment_count == 0) {
        return refuse(reader, "K415: none of %u program headers is a segment to load\n",
                      reader->header.program_header_count);
    }
    return STATUS_OK;
}

bool elf_read_memory(void *context, uint64_t offset, void *to, size_t size_bytes) {
    const struct elf_memory *memory = context;
    __builtin_memcpy(to, (const char *)memory->bytes + offset, size_bytes);
    return true;
}

enum status elf_read(const struct elf_file *file, virt_addr_t movable_base,
                     const struct text_sink *complaints, struct elf_plan *plan) {
    struct elf_reader reader = {
        .file = file,
        .size_bytes = file->size_bytes,
        .complaints = complaints,
    };
    enum status status = read_header(&reader);
    __builtin_memset(plan, 0, sizeof(*plan));
    if (status == STATUS_OK) {
        status = find_interpreter(&reader, plan);
    }
    plan->is_recognised = status == STATUS_OK;
    if (status == STATUS_OK) {
        status = choose_bias(&reader, movable_base);
    }
    if (status == STATUS_OK) {
        status = plan_segments(&reader, plan);
    }
    if (status == STATUS_OK) {
        status = place_entry(&reader, plan);
    }
    if (status == STATUS_OK) {
        plan->program_header_count = reader.header.program_header_count;
        place_program_headers(&reader, plan);
    }
    return status;
}
