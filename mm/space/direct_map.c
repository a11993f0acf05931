#include "mm/space/direct_map.h"

#include "lib/check.h"
#include "mm/addr/layout.h"
#include "mm/space/ram_runs.h"

/* Below, one large page could span fixed-range MTRRs that disagree (SDM 3A 11.11.9). */
constexpr uint64_t FIRST_LARGE_LEAF = 2 << 20;

/* Part of a run of RAM whose pages are mapped alike. */
struct piece {
    uint64_t end; /* physical, exclusive */
    uint8_t rights;
    unsigned largest_level;
};

static void cut_at(struct piece *piece, uint64_t end) {
    piece->end = end < piece->end ? end : piece->end;
}

/* The piece of [start, end) that begins at `start`. */
static struct piece first_piece(const struct kernel_layout *layout, uint64_t start, uint64_t end) {
    struct piece piece = {end, RIGHT_READ | RIGHT_WRITE | RIGHT_GLOBAL, 2};
    if (start < FIRST_LARGE_LEAF) {
        piece.largest_level = 0;
        cut_at(&piece, FIRST_LARGE_LEAF);
    }
    for (size_t i = 0; i < layout->section_count; i++) {
        const struct kernel_section *section = &layout->sections[i];
        uint64_t section_end = section->pa.value + virt_range_size_bytes(section->range);
        if ((section->rights & RIGHT_WRITE) != 0 || start >= section_end) {
            continue;
        }
        if (start >= section->pa.value) {
            piece.rights = RIGHT_READ | RIGHT_GLOBAL;
            cut_at(&piece, section_end);
        } else {
            cut_at(&piece, section->pa.value);
        }
    }
    return piece;
}

static enum status map_run(struct page_table *table, const struct kernel_layout *layout,
                           struct ram_run run) {
    while (run.start < run.end) {
        struct piece piece = first_piece(layout, run.start, run.end);
        struct virt_range range = virt_range(virt_addr(DIRECT_MAP_BASE + run.start),
                                             (piece.end - run.start) >> PAGE_SHIFT);
        struct page_attributes attributes = {.rights = piece.rights, .cache = CACHE_WRITE_BACK};
        enum status status =
            page_table_map(table, range, phys_addr(run.start), attributes, piece.largest_level);
        if (status != STATUS_OK) {
            return status;
        }
        run.start = piece.end;
    }
    return STATUS_OK;
}

enum status direct_map_build(struct page_table *table, const struct kernel_layout *layout,
                             struct virt_range *range) {
    size_t index = 0;
    struct ram_run run = {};
    while (ram_run_next(layout->memory, &index, &run)) {
        CHECK(run.end <= DIRECT_MAP_END - DIRECT_MAP_BASE); /* the sanitiser cut it off */
        enum status status = map_run(table, layout, run);
        if (status != STATUS_OK) {
            return status;
        }
    }
    CHECK(run.end != 0); /* the root of the table lies in some RAM */
    *range = virt_range(virt_addr(DIRECT_MAP_BASE), run.end >> PAGE_SHIFT);
    return STATUS_OK;
}
