#include "kernel/process/load.h"

#include "kernel/cpu/cpu.h"
#include "kernel/elf/elf.h"
#include "kernel/random/random.h"
#include "lib/check.h"
#include "mm/addr/layout.h"
#include "mm/heap/heap.h"

/* Where position-independent programs go: two thirds of user memory, as on Linux. */
constexpr uint64_t MOVABLE_BASE = 0x0000555555554000;

static const struct string_list ENVIRONMENT = {"HOME=/\0TERM=linux", 2};

static enum status map(struct address_space *space, struct virt_range range, uint8_t rights,
                       const char *name) {
    struct locked_range token;
    space_lock_for_writing(space, range, &token);
    const struct space_mapping mapping = {.rights = rights, .name = name};
    enum status status = space_map(&token, range, &mapping);
    space_unlock(&token);
    return status;
}

static const char *segment_name(const struct elf_segment *segment) {
    if (segment->rights & RIGHT_EXECUTE) {
        return "code";
    }
    return segment->rights & RIGHT_WRITE ? "data" : "constants";
}

static enum status load_segment(struct address_space *space, const struct elf_segment *segment,
                                const uint8_t *file) {
    enum status status = map(space, segment->range, segment->rights, segment_name(segment));
    if (status != STATUS_OK) {
        return status;
    }
    return space_write_initial(space, segment->content, file + segment->file_offset,
                               segment->file_size_bytes, nullptr);
}

static enum status load_segments(struct address_space *space, const struct elf_plan *plan,
                                 const uint8_t *file) {
    for (size_t i = 0; i < plan->segment_count; i++) {
        enum status status = load_segment(space, &plan->segments[i], file);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status reserve_stack_guard(struct address_space *space, virt_addr_t stack_start) {
    virt_addr_t start = virt_addr(stack_start.value - USER_STACK_GUARD_PAGES * PAGE_SIZE);
    struct virt_range range = virt_range(start, USER_STACK_GUARD_PAGES);
    struct locked_range token;
    space_lock_for_writing(space, range, &token);
    enum status status = space_reserve_guard(&token, range, "stack");
    space_unlock(&token);
    return status;
}

static enum status map_stack(struct address_space *space, bool is_executable) {
    virt_addr_t start = virt_addr(USER_END - USER_STACK_PAGES * PAGE_SIZE);
    uint8_t rights = RIGHT_USER | RIGHT_READ | RIGHT_WRITE | (is_executable ? RIGHT_EXECUTE : 0);
    enum status status = map(space, virt_range(start, USER_STACK_PAGES), rights, "stack");
    return status == STATUS_OK ? reserve_stack_guard(space, start) : status;
}

static struct user_stack describe_stack(const struct process_program *program,
                                        const struct elf_plan *plan) {
    struct user_stack stack = {
        .top = virt_addr(USER_END),
        .program = program->path,
        .arguments = program->arguments,
        .environment = ENVIRONMENT,
        .entry = plan->entry,
        .program_headers = plan->program_headers,
        .program_header_count = plan->program_header_count,
        .cpu_capabilities = cpu_id(1, 0).edx,
    };
    if (random_fill(stack.random, sizeof(stack.random)) != STATUS_OK) {
        random_fill_weakly(stack.random, sizeof(stack.random));
    }
    return stack;
}

static enum status fill_stack(struct process *process, const struct user_stack *stack) {
    size_t size_bytes = user_stack_size_bytes(stack);
    if (size_bytes > USER_STACK_PAGES * PAGE_SIZE / 2) {
        return STATUS_TOO_LONG;
    }
    void *image = heap_alloc(size_bytes);
    if (!image) {
        return STATUS_NO_MEMORY;
    }
    user_stack_write(stack, image);
    process->stack_pointer = virt_addr(stack->top.value - size_bytes);
    enum status status =
        space_write(process->space, process->stack_pointer, image, size_bytes, nullptr);
    heap_free(image);
    return status;
}

static enum status load_plan(struct process *process, const struct process_program *program,
                             const struct elf_plan *plan, const struct text_sink *complaints) {
    enum status status = map_stack(process->space, plan->has_executable_stack);
    if (status == STATUS_OK) {
        status = load_segments(process->space, plan, program->file);
    }
    if (status == STATUS_OK) {
        const struct user_stack stack = describe_stack(program, plan);
        status = fill_stack(process, &stack);
    }
    process->entry = plan->entry;
    process->brk_start = virt_addr(align_up(plan->end.value, PAGE_SIZE));
    process->brk_end = process->brk_start;
    if (status == STATUS_TOO_LONG) {
        format_to(complaints, "K421: the arguments of '%s' do not fit its stack\n", process->name);
    } else if (status == STATUS_EXISTS) {
        format_to(complaints, "K422: a segment of '%s' lies where its stack belongs\n",
                  process->name);
        return STATUS_NOT_EXECUTABLE;
    } else if (status == STATUS_NO_MEMORY) {
        uint64_t page_count = plan->total_pages + USER_STACK_PAGES;
        format_to(complaints, "K423: not enough memory for the %llu pages of '%s'\n",
                  (unsigned long long)page_count, process->name);
    }
    return status;
}

enum status process_load(struct process *process, const struct process_program *program,
                         const struct text_sink *complaints) {
    struct elf_plan *plan = heap_alloc(sizeof(*plan));
    if (!plan) {
        format_to(complaints, "K424: not enough memory to read '%s'\n", process->name);
        return STATUS_NO_MEMORY;
    }
    enum status status = elf_read(program->file, program->file_size_bytes, virt_addr(MOVABLE_BASE),
                                  complaints, plan);
    if (status == STATUS_OK) {
        status = load_plan(process, program, plan, complaints);
    }
    heap_free(plan);
    return status;
}
