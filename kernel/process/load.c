#include "kernel/process/load.h"

#include "kernel/cpu/cpu.h"
#include "kernel/elf/elf.h"
#include "kernel/files/file/file_source.h"
#include "kernel/process/executable.h"
#include "kernel/process/layout.h"
#include "kernel/process/signal_frame.h"
#include "kernel/random/random.h"
#include "kernel/text/quote.h"
#include "lib/check.h"
#include "mm/addr/layout.h"
#include "mm/heap/heap.h"

constexpr uint64_t STACK_PAGES_AT_FIRST = 32;
constexpr uint64_t PLANNED_BASE = 1ull << 32; /* where an interpreter is planned to be measured */

/* A program that is being loaded. */
struct loader {
    const struct program_image *image;
    const struct text_sink *complaints;
    struct process_memory *memory;
    struct program_rights rights;
    struct elf_plan plan;           /* the program's */
    struct elf_plan interpreter;    /* no segments: there is none */
    struct file *interpreter_file;  /* owned; null: there is none */
    enum status interpreter_status; /* of its segments */
    struct program_layout layout;
};

static bool read_file(void *context, uint64_t offset, void *to, size_t size_bytes) {
    struct transfer transfer = transfer_to_memory(to, size_bytes);
    enum status status = file_read_at(context, (int64_t)offset, &transfer);
    return status == STATUS_OK && transfer.done_bytes == size_bytes;
}

static enum status read_plan(struct loader *loader, struct file *file, uint64_t base,
                             struct elf_plan *plan) {
    struct file_stat stat;
    file_inspect(file, &stat);
    const struct elf_file source = {read_file, file, (uint64_t)stat.size_bytes};
    return elf_read(&source, virt_addr(base), loader->complaints, plan);
}

static enum status map(struct process_memory *memory, struct virt_range range,
                       const struct space_mapping *mapping) {
    struct locked_range token;
    space_lock_for_writing(memory->space, range, &token);
    enum status status = space_map(&token, range, mapping);
    space_unlock(&token);
    return status;
}

/* The pages of the segment that the file has something for. */
static struct virt_range file_pages(const struct elf_segment *segment) {
    uint64_t start = segment->range.start.value;
    uint64_t end = segment->content.value + segment->file_size_bytes;
    return virt_range(segment->range.start, (align_up(end, PAGE_SIZE) - start) >> PAGE_SHIFT);
}

/* What follows the file's bytes in their last page belongs to zeroes, where it can be written. */
static enum status clear_rest(struct process_memory *memory, const struct elf_segment *segment) {
    static const char zeroes[PAGE_SIZE];
    virt_addr_t end = virt_add(segment->content, segment->file_size_bytes);
    uint64_t rest = align_up(end.value, PAGE_SIZE) - end.value;
    if (rest == 0 || !(segment->rights & RIGHT_WRITE)) {
        return STATUS_OK;
    }
    return space_write(memory->space, end, zeroes, rest, nullptr);
}

static enum status map_file_part(struct loader *loader, struct file *file,
                                 const struct elf_segment *segment, const char *name) {
    uint64_t before = segment->content.value - segment->range.start.value;
    const struct space_mapping mapping = {
        .rights = segment->rights & (uint8_t)~RIGHT_USER,
        .source = file_source(file),
        .source_page = (segment->file_offset - before) >> PAGE_SHIFT,
        .name = name,
    };
    if (!mapping.source) {
        return STATUS_NOT_EXECUTABLE;
    }
    enum status status = map(loader->memory, file_pages(segment), &mapping);
    return status == STATUS_OK ? clear_rest(loader->memory, segment) : status;
}

static const char *segment_name(const struct elf_segment *segment) {
    if (segment->rights & RIGHT_EXECUTE) {
        return "code";
    }
    return segment->rights & RIGHT_WRITE ? "data" : "constants";
}

static enum status load_segment(struct loader *loader, struct file *file,
                                const struct elf_segment *segment) {
    const char *name = segment_name(segment);
    struct virt_range rest = segment->range;
    if (segment->file_size_bytes > 0) {
        enum status status = map_file_part(loader, file, segment, name);
        uint64_t done = file_pages(segment).page_count;
        if (status != STATUS_OK || done == rest.page_count) {
            return status;
        }
        rest = virt_range(virt_add(rest.start, done << PAGE_SHIFT), rest.page_count - done);
    }
    const struct space_mapping zeroes = {
        .rights = segment->rights & (uint8_t)~RIGHT_USER,
        .name = name,
    };
    return map(loader->memory, rest, &zeroes);
}

static enum status load_segments(struct loader *loader, struct file *file,
                                 const struct elf_plan *plan) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < plan->segment_count && status == STATUS_OK; i++) {
        status = load_segment(loader, file, &plan->segments[i]);
    }
    return status;
}

/* RLIMIT_STACK of who runs the program. */
static uint64_t stack_limit(void) {
    constexpr uint64_t usual = 8ull << 20;
    const struct process *process = process_current();
    return process ? process->limits[RESOURCE_STACK].soft : usual;
}

/* What is there at first; the rest comes as the program uses it. */
static enum status map_stack(struct loader *loader, size_t used_bytes) {
    uint64_t page_count = (align_up(used_bytes, PAGE_SIZE) >> PAGE_SHIFT) + STACK_PAGES_AT_FIRST;
    virt_addr_t start = virt_addr(loader->layout.stack_end - page_count * PAGE_SIZE);
    uint8_t rights = RIGHT_READ | RIGHT_WRITE;
    const struct space_mapping mapping = {
        .rights = loader->plan.has_executable_stack ? rights | RIGHT_EXECUTE : rights,
        .grows_down = true,
        .name = "stack",
    };
    return map(loader->memory, virt_range(start, page_count), &mapping);
}

static void fill_randomly(uint8_t *bytes, size_t size_bytes) {
    if (random_fill(bytes, size_bytes) != STATUS_OK) {
        random_fill_weakly(bytes, size_bytes);
    }
}

static struct user_stack describe_stack(const struct loader *loader) {
    const struct elf_plan *plan = &loader->plan;
    const struct process *process = process_current();
    struct user_stack stack = {
        .top = virt_addr(loader->layout.stack_end - loader->layout.stack_offset),
        .program = loader->image->path,
        .arguments = loader->image->arguments,
        .environment = loader->image->environment,
        .base = loader->interpreter.segment_count > 0 ? loader->interpreter.segments[0].range.start
                                                      : virt_addr(0),
        .entry = plan->entry,
        .program_headers = plan->program_headers,
        .program_header_count = plan->program_header_count,
        .cpu_capabilities = cpu_id(1, 0).edx,
        .signal_stack_size = signal_frame_size_bytes(),
    };
    if (process) {
        const struct process_credentials after =
            credentials_after(&process->credentials, &loader->rights);
        stack.real_user = after.real_user;
        stack.effective_user = after.effective_user;
        stack.real_group = after.real_group;
        stack.effective_group = after.effective_group;
        stack.is_secure = program_rights_are_secure(&process->credentials, &loader->rights);
    }
    fill_randomly(stack.random, sizeof(stack.random));
    return stack;
}

static void note_places(struct process_memory *memory, const void *image,
                        const struct user_stack_places *places) {
    uint64_t offset = places->auxiliary.value - memory->stack_start.value;
    memory->arguments_start = places->arguments_start;
    memory->arguments_end = places->arguments_end;
    memory->environment_start = places->environment_start;
    memory->environment_end = places->environment_end;
    CHECK(places->auxiliary_size_bytes <= sizeof(memory->auxiliary));
    __builtin_memcpy(memory->auxiliary, (const char *)image + offset, places->auxiliary_size_bytes);
}

static enum status fill_stack(struct loader *loader, const struct user_stack *stack) {
    struct process_memory *memory = loader->memory;
    size_t size_bytes = user_stack_size_bytes(stack);
    enum status status = map_stack(loader, size_bytes + loader->layout.stack_offset);
    if (status != STATUS_OK) {
        return status;
    }
    void *image = heap_alloc(size_bytes);
    if (!image) {
        return STATUS_NO_MEMORY;
    }
    struct user_stack_places places;
    user_stack_write(stack, image, &places);
    memory->stack_start = virt_addr(stack->top.value - size_bytes);
    note_places(memory, image, &places);
    status = space_write(memory->space, memory->stack_start, image, size_bytes, nullptr);
    heap_free(image);
    return status;
}

static void note_segments(struct process_memory *memory, const struct elf_plan *plan) {
    for (size_t i = 0; i < plan->segment_count; i++) {
        const struct elf_segment *segment = &plan->segments[i];
        virt_addr_t end = virt_add(segment->content, segment->file_size_bytes);
        if (segment->rights & RIGHT_EXECUTE) {
            memory->code_start = segment->content;
            memory->code_end = end;
        } else if (segment->rights & RIGHT_WRITE) {
            memory->data_start = segment->content;
            memory->data_end = end;
        }
    }
}

/* The heap begins behind the program; where that moves, somewhere behind it. */
static void note_heap(struct loader *loader) {
    uint64_t start = align_up(loader->plan.end.value, PAGE_SIZE) + loader->layout.brk_offset;
    loader->memory->brk_start = virt_addr(start);
    loader->memory->brk_end = virt_addr(start);
}

static enum status find_gap(struct loader *loader, uint64_t page_count, struct virt_range *range) {
    struct locked_range token;
    const struct space_gap gap = {.page_count = page_count, .alignment_bytes = PAGE_SIZE};
    space_lock_for_writing(loader->memory->space, space_user_range(), &token);
    enum status status = space_find_gap(&token, &gap, range);
    space_unlock(&token);
    return status;
}

/* Its segments lie in one gap: it has been planned at PLANNED_BASE, to see how large that must be.
 */
static enum status load_interpreter(struct loader *loader, struct file *file) {
    enum status status;
    const struct elf_plan *plan = &loader->interpreter;
    uint64_t start = plan->segments[0].range.start.value;
    uint64_t end = virt_range_last(plan->segments[plan->segment_count - 1].range).value + 1;
    struct virt_range gap;
    status = find_gap(loader, (end - start) >> PAGE_SHIFT, &gap);
    if (status == STATUS_OK) {
        status =
            read_plan(loader, file, gap.start.value - (start - PLANNED_BASE), &loader->interpreter);
    }
    return status == STATUS_OK ? load_segments(loader, file, &loader->interpreter) : status;
}

static void complain_of_interpreter(const struct loader *loader, const char *path,
                                    enum status status) {
    if (status == STATUS_OK) {
        return;
    }
    format_to(loader->complaints,
              "K418: '%s' needs an interpreter that cannot be opened: ", loader->image->name);
    quote_to(loader->complaints, path, __builtin_strlen(path));
    format_to(loader->complaints, "\n");
}

static enum status open_interpreter(struct loader *loader, struct file **file) {
    size_t size_bytes = loader->plan.interpreter_size_bytes;
    char *path = heap_alloc(size_bytes);
    if (!path) {
        return STATUS_NO_MEMORY;
    }
    enum status status = STATUS_NOT_EXECUTABLE;
    if (read_file(loader->image->file, loader->plan.interpreter_offset, path, size_bytes) &&
        path[size_bytes - 1] == '\0') {
        status = executable_open(&loader->image->view, path, 0, file);
        complain_of_interpreter(loader, path, status);
    }
    heap_free(path);
    return status;
}

/* What can be wrong with an interpreter before its segments are looked at. */
static enum status find_interpreter(struct loader *loader) {
    if (loader->plan.interpreter_size_bytes == 0) {
        return STATUS_OK;
    }
    enum status status = open_interpreter(loader, &loader->interpreter_file);
    if (status != STATUS_OK) {
        return status;
    }
    status = read_plan(loader, loader->interpreter_file, PLANNED_BASE, &loader->interpreter);
    if (status != STATUS_OK && !loader->interpreter.is_recognised) {
        return STATUS_BAD_LIBRARY;
    }
    loader->interpreter_status = status;
    return STATUS_OK;
}

static enum status complain(const struct loader *loader, enum status status) {
    const char *name = loader->image->name;
    if (status == STATUS_TOO_LONG) {
        format_to(loader->complaints, "K421: the arguments of '%s' do not fit its stack\n", name);
    } else if (status == STATUS_EXISTS) {
        format_to(loader->complaints, "K422: a segment of '%s' lies where its stack belongs\n",
                  name);
        return STATUS_NOT_EXECUTABLE;
    } else if (status == STATUS_NO_MEMORY) {
        format_to(loader->complaints, "K423: not enough memory for the %llu pages of '%s'\n",
                  (unsigned long long)(loader->plan.total_pages + STACK_PAGES_AT_FIRST), name);
    }
    return status;
}

static enum status load_into_memory(struct loader *loader) {
    space_set_mmap_end(loader->memory->space, virt_addr(loader->layout.map_end));
    enum status status = load_segments(loader, loader->image->file, &loader->plan);
    if (status == STATUS_OK && loader->interpreter_file) {
        status = load_interpreter(loader, loader->interpreter_file);
    }
    if (status == STATUS_OK) {
        const struct user_stack stack = describe_stack(loader);
        status = fill_stack(loader, &stack);
    }
    note_segments(loader->memory, &loader->plan);
    note_heap(loader);
    process_memory_obey_limits(loader->memory);
    return complain(loader, status);
}

/* The program's plan and its interpreter's. */
static enum status find_files(struct loader *loader, struct loaded_program *loaded) {
    enum status status =
        read_plan(loader, loader->image->file, loader->layout.movable_base, &loader->plan);
    if (!loader->plan.is_recognised) {
        return status;
    }
    enum status found = find_interpreter(loader);
    loaded->is_recognised = found == STATUS_OK;
    if (found != STATUS_OK) {
        return found;
    }
    return status == STATUS_OK ? loader->interpreter_status : status;
}

static enum status load(struct loader *loader, struct loaded_program *loaded) {
    enum status status = find_files(loader, loaded);
    if (status != STATUS_OK) {
        return status;
    }
    status = process_memory_create(loader->image->name, &loader->memory);
    if (status != STATUS_OK) {
        return complain(loader, status);
    }
    const struct process *process = process_current();
    loader->memory->denials = process_memory_denials_after(process ? process->memory : nullptr);
    status = load_into_memory(loader);
    if (status != STATUS_OK) {
        process_memory_unref(loader->memory);
        return status;
    }
    bool is_dynamic = loader->interpreter.segment_count > 0;
    loaded->memory = loader->memory;
    loaded->entry = is_dynamic ? loader->interpreter.entry : loader->plan.entry;
    loaded->stack_pointer = loader->memory->stack_start;
    loaded->rights = loader->rights;
    loader->memory->executable = loader->image->file;
    executable_ref(loader->image->file);
    return STATUS_OK;
}

enum status program_load(const struct program_image *image, const struct text_sink *complaints,
                         struct loaded_program *loaded) {
    struct loader *loader = heap_alloc(sizeof(*loader));
    if (!loader) {
        format_to(complaints, "K424: not enough memory to read '%s'\n", image->name);
        return STATUS_NO_MEMORY;
    }
    const struct process *process = process_current();
    loader->image = image;
    loader->rights = program_rights_of(&image->view, image->file);
    bool is_random = !process || !(process->personality & PERSONALITY_NOT_RANDOM) ||
                     program_rights_are_given(&loader->rights);
    loader->layout = layout_choose(is_random, stack_limit());
    loader->complaints = complaints;
    enum status status = load(loader, loaded);
    executable_unref(loader->interpreter_file);
    heap_free(loader);
    return status;
}
