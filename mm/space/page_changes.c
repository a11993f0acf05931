#include "mm/space/page_changes.h"

#include "mm/frame/frame.h"

enum status unmap_pages(struct address_space *space, struct virt_range range) {
    uint64_t unmapped = 0;
    struct tlb_gather gather;
    tlb_gather_begin(&gather, &space->table);
    enum status status = page_table_unmap(&space->table, range, &gather, &unmapped);
    tlb_gather_finish(&gather);
    space->resident_pages -= unmapped;
    return status;
}

enum status protect_pages(struct address_space *space, struct virt_range range,
                          struct page_attributes attributes) {
    struct tlb_gather gather;
    tlb_gather_begin(&gather, &space->table);
    enum status status = page_table_protect(&space->table, range, attributes, &gather);
    tlb_gather_finish(&gather);
    return status;
}

enum status unshare_pages(struct address_space *space, struct virt_range range) {
    struct tlb_gather gather;
    tlb_gather_begin(&gather, &space->table);
    enum status status = page_table_unshare(&space->table, range, &gather);
    tlb_gather_finish(&gather);
    return status;
}

enum status move_pages(struct address_space *space, struct virt_range range, virt_addr_t to) {
    struct tlb_gather gather;
    tlb_gather_begin(&gather, &space->table);
    enum status status = page_table_move(&space->table, range, to, &gather);
    tlb_gather_finish(&gather);
    return status;
}

/* Pages of an object with nothing but gaps between them. */
struct object_run {
    uint64_t first;
    uint64_t end; /* 0: none has been found */
};

static bool extend_run(void *context, virt_addr_t va, const struct page_query *entry) {
    struct object_run *run = context;
    bool is_objects = frame_of(entry->pa)->state == FRAME_FILE;
    if (is_objects) {
        run->first = run->end == 0 ? va.value : run->first;
        run->end = va.value + PAGE_SIZE;
    }
    return run->end == 0 || is_objects;
}

enum status unmap_object_pages(struct address_space *space, struct virt_range range) {
    uint64_t end = virt_range_last(range).value + 1;
    enum status status = STATUS_OK;
    uint64_t at = range.start.value;
    while (status == STATUS_OK && at < end) {
        struct object_run run = {};
        struct virt_range rest = virt_range(virt_addr(at), (end - at) >> PAGE_SHIFT);
        page_table_for_each(&space->table, rest, extend_run, &run);
        if (run.end == 0) {
            break;
        }
        uint64_t page_count = (run.end - run.first) >> PAGE_SHIFT;
        status = unmap_pages(space, virt_range(virt_addr(run.first), page_count));
        at = run.end;
    }
    return status;
}
