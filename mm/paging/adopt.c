#include "mm/frame/frame.h"
#include "mm/paging/cursor.h"
#include "mm/paging/page_table.h"
#include "mm/paging/table_event.h"

static uint16_t count_entries(const pte_t *entries) {
    uint16_t count = 0;
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        count += pte_load(&entries[i]).raw != 0;
    }
    return count;
}

static void adopt_table(struct page_table *table, phys_addr_t pa, unsigned level) {
    frame_adopt(pa, FRAME_TABLE);
    struct frame *frame = frame_of(pa);
    frame->level = (uint8_t)level;
    frame->table.share_count = 1;
    frame->table.entry_count = count_entries((const pte_t *)platform_phys_to_virt(pa));
    frame->table.owner = table;
}

void page_table_adopt_kernel(struct page_table *table) {
    CHECK(table->half == HALF_KERNEL && !table->has_frames);
    struct virt_range half = page_table_half_range(table);
    const struct table_event event = {
        .operation = TABLE_ADOPT,
        .table = table,
        .range = half,
        .caller = __builtin_return_address(0),
    };
    platform_trace(&event);
    table->has_frames = true;
    struct pt_cursor at;
    adopt_table(table, table->root, table->levels - 1u);
    pt_cursor_begin(&at, table, half);
    while (at.is_valid) {
        if (pte_kind(pt_cursor_load(&at), at.level) == PTE_TABLE) {
            pt_cursor_descend(&at);
            adopt_table(table, pt_cursor_table(&at), at.level);
            continue;
        }
        pt_cursor_advance(&at);
    }
}
