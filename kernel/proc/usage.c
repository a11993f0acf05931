#include "kernel/proc/usage.h"

#include "lib/memory.h"
#include "mm/frame/frame.h"
#include "mm/paging/page_table.h"

bool area_is_shown(const struct vm_area *area) {
    return area->kind == AREA_ANON;
}

static bool is_stack(const struct vm_area *area) {
    return strcmp(area->name, "stack") == 0;
}

/* Adds what the area is to the sums that man 5 proc has under statm. */
static bool add_area(void *context, const struct vm_area *area) {
    struct memory_facts *facts = context;
    uint64_t count = area->range.page_count;
    if (!area_is_shown(area)) {
        return true;
    }
    facts->total += count;
    if (is_stack(area)) {
        facts->stack += count;
    } else if (area->attributes.rights & RIGHT_WRITE) {
        facts->data += count;
    }
    if (area->attributes.rights & RIGHT_EXECUTE) {
        facts->code += count;
    }
    return true;
}

static uint64_t pages_of(const struct page_query *entry) {
    return level_size(entry->level) >> PAGE_SHIFT;
}

/* The page of zeroes is nobody's, and neither is device memory. */
static bool is_counted(const struct page_query *entry) {
    return entry->is_owned && frame_exists(entry->pa);
}

static bool add_resident(void *context, virt_addr_t va, const struct page_query *entry) {
    struct memory_facts *facts = context;
    (void)va;
    if (!is_counted(entry)) {
        return true;
    }
    if (frame_state_of(entry->pa) == FRAME_FILE) {
        facts->resident_file += pages_of(entry);
    } else {
        facts->resident_anonymous += pages_of(entry);
    }
    return true;
}

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

constexpr unsigned LEVELS_MAX = 5; /* of tables, with CR4.LA57 */

/* Counts the tables that lead to what is visited, upwards: a new one for each block of addresses.
 */
struct table_count {
    struct memory_facts *facts;
    uint64_t blocks[LEVELS_MAX]; /* one more than the one seen last, by level of its entries */
    unsigned levels;
};

static void count_tables(struct table_count *tables, virt_addr_t va, unsigned lowest) {
    for (unsigned level = lowest; level < tables->levels; level++) {
        uint64_t block = va.value / level_size(level + 1) + 1;
        tables->facts->table += tables->blocks[level] != block ? 1 : 0;
        tables->blocks[level] = block;
    }
}

static bool add_entry(void *context, virt_addr_t va, const struct page_query *entry) {
    struct table_count *tables = context;
    count_tables(tables, va, entry->level);
    return add_resident(tables->facts, va, entry);
}

void usage_of_memory(struct process_memory *memory, struct memory_facts *facts) {
    const struct page_table *table = space_page_table(memory->space);
    struct table_count tables = {.facts = facts, .levels = table->levels};
    struct locked_range token;
    *facts = (struct memory_facts){};
    space_for_each_area(memory->space, add_area, facts);
    space_lock_for_reading(memory->space, space_user_range(), &token);
    note_places(memory, facts);
    page_table_for_each(table, space_user_range(), add_entry, &tables);
    space_unlock(&token);
    facts->peak = facts->total;
    facts->peak_resident = facts->resident_anonymous + facts->resident_file;
}

static bool add_page(void *context, virt_addr_t va, const struct page_query *entry) {
    struct map_usage *usage = context;
    (void)va;
    if (!is_counted(entry)) {
        return true;
    }
    uint64_t pages = pages_of(entry);
    uint64_t holders = frame_of(entry->pa)->map_count + (entry->is_table_shared ? 1 : 0);
    uint64_t share = (pages << PAGE_SHIFT) / (holders > 0 ? holders : 1);
    usage->resident += pages;
    usage->share_bytes += share;
    usage->dirty_share_bytes += entry->is_dirty ? share : 0;
    uint64_t *clean = holders > 1 ? &usage->shared_clean : &usage->private_clean;
    uint64_t *dirty = holders > 1 ? &usage->shared_dirty : &usage->private_dirty;
    *(entry->is_dirty ? dirty : clean) += pages;
    usage->referenced += entry->is_accessed ? pages : 0;
    usage->anonymous += frame_state_of(entry->pa) == FRAME_ANON ? pages : 0;
    return true;
}

void usage_of_area(struct address_space *space, const struct vm_area *area,
                   struct map_usage *usage) {
    struct locked_range token;
    *usage = (struct map_usage){.size = area->range.page_count};
    space_lock_for_reading(space, area->range, &token);
    page_table_for_each(space_page_table(space), area->range, add_page, usage);
    space_unlock(&token);
}
