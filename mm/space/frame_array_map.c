#include "mm/space/frame_array_map.h"

#include "mm/addr/layout.h"
#include "mm/frame/early.h"
#include "mm/frame/frame.h"
#include "mm/platform.h"
#include "mm/space/ram_runs.h"

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static enum status map_zeroed(struct page_table *table, struct virt_range range) {
    uint64_t size_bytes = virt_range_size_bytes(range);
    uint64_t alignment = size_bytes == level_size(1) ? level_size(1) : PAGE_SIZE;
    phys_addr_t pa;
    enum status status = early_alloc(range.page_count, alignment, &pa);
    if (status != STATUS_OK) {
        return status;
    }
    __builtin_memset(platform_phys_to_virt(pa), 0, size_bytes);
    struct page_attributes attributes = {.rights = RIGHT_READ | RIGHT_WRITE | RIGHT_GLOBAL,
                                         .cache = CACHE_WRITE_BACK};
    return page_table_map(table, range, pa, attributes, 1);
}

/* Maps [start, end) of the array's region, in contiguous pieces of 2 MiB where RAM has them. */
static enum status map_part(struct page_table *table, uint64_t start, uint64_t end) {
    uint64_t piece_size = level_size(1);
    while (start < end) {
        uint64_t piece_end = smaller(end, align_down(start, piece_size) + piece_size);
        uint64_t page_count = (piece_end - start) >> PAGE_SHIFT;
        enum status status = map_zeroed(table, virt_range(virt_addr(start), page_count));
        if (status == STATUS_OK) {
            start = piece_end;
        } else if (piece_size > PAGE_SIZE) {
            piece_size = PAGE_SIZE;
        } else {
            return status;
        }
    }
    return STATUS_OK;
}

enum status frame_array_map(struct page_table *table, const struct memory_map *memory,
                            struct virt_range *range) {
    uint64_t done = FRAME_ARRAY_BASE;
    size_t index = 0;
    struct ram_run run;
    while (ram_run_next(memory, &index, &run)) {
        uint64_t first = (run.start >> PAGE_SHIFT) * sizeof(struct frame);
        uint64_t end = (run.end >> PAGE_SHIFT) * sizeof(struct frame);
        uint64_t part_start = align_down(FRAME_ARRAY_BASE + first, PAGE_SIZE);
        uint64_t part_end = align_up(FRAME_ARRAY_BASE + end, PAGE_SIZE);
        part_start = part_start < done ? done : part_start;
        enum status status = map_part(table, part_start, part_end);
        if (status != STATUS_OK) {
            return status;
        }
        done = part_end;
    }
    *range = virt_range(virt_addr(FRAME_ARRAY_BASE), (done - FRAME_ARRAY_BASE) >> PAGE_SHIFT);
    return STATUS_OK;
}
