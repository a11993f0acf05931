#include "kernel/proc/usage.h"

#include "mm/space/space_usage.h"

static void note_places(const struct process_memory *memory, struct memory_facts *facts) {
    facts->code_start = memory->code_start.value;
    facts->code_end = memory->code_end.value;
    facts->data_start = memory->data_start.value;
    facts->data_end = memory->data_end.value;
    facts->brk_start = memory->brk_start.value;
    facts->stack_start = memory->stack_start.value;
    facts->arguments_start = memory->arguments_start.value;
    facts->arguments_end = memory->arguments_end.value;
    facts->environment_start = memory->environment_start.value;
    facts->environment_end = memory->environment_end.value;
}

/* The program's own; what else can be executed are libraries, wherever they come from. */
static uint64_t code_pages(const struct memory_facts *facts, uint64_t executable_pages) {
    uint64_t size_bytes =
        align_up(facts->code_end, PAGE_SIZE) - align_down(facts->code_start, PAGE_SIZE);
    uint64_t page_count = size_bytes >> PAGE_SHIFT;
    return page_count < executable_pages ? page_count : executable_pages;
}

void usage_of_memory(struct process_memory *memory, struct memory_facts *facts) {
    struct space_usage usage;
    struct locked_range token;
    space_usage(memory->space, &usage);
    *facts = (struct memory_facts){
        .total = usage.total_pages,
        .peak = usage.peak_pages,
        .data = usage.data_pages,
        .stack = usage.stack_pages,
        .locked = usage.locked_pages,
        .table = usage.table_pages,
        .resident_anonymous = usage.resident_anonymous,
        .resident_file = usage.resident_file,
        .resident_shared = usage.resident_shared,
        .peak_resident = usage.peak_resident,
    };
    space_lock_for_reading(memory->space, space_user_range(), &token);
    note_places(memory, facts);
    space_unlock(&token);
    facts->code = code_pages(facts, usage.executable_pages);
    facts->library = usage.executable_pages - facts->code;
}

void usage_of_area(struct address_space *space, const struct vm_area *area,
                   struct map_usage *usage) {
    struct area_usage found;
    space_area_usage(space, area, &found);
    *usage = (struct map_usage){
        .size = area->range.page_count,
        .resident = found.resident,
        .share_bytes = found.resident_share_bytes,
        .shared_clean = found.shared_clean,
        .shared_dirty = found.shared_dirty,
        .private_clean = found.private_clean,
        .private_dirty = found.private_dirty,
        .referenced = found.referenced,
        .anonymous = found.anonymous,
        .locked = found.locked,
    };
}
