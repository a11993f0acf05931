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

void usage_of_memory(struct process_memory *memory, struct memory_facts *facts) {
    struct space_usage usage;
    struct locked_range token;
    space_usage(memory->space, &usage);
    *facts = (struct memory_facts){
        .total = usage.total_pages,
        .peak = usage.peak_pages,
        .data = usage.data_pages,
        .stack = usage.stack_pages,
        .code = usage.executable_pages,
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
