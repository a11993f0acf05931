#include "mm/space/frame_batch.h"

#include "lib/check.h"

constexpr uint64_t PAGES_PER_CALL = 64;

static struct frame *pop_frame(struct frame_batch *batch) {
    struct list_node *link = list_pop_front(&batch->frames);
    CHECK(link != nullptr);
    batch->count--;
    return LIST_ENTRY(link, struct frame, listed.link);
}

enum status frame_batch_alloc(struct frame_batch *batch, uint64_t count, enum frame_state state) {
    list_init(&batch->frames);
    batch->count = 0;
    if (count > frame_count().by_state[FRAME_FREE]) {
        return STATUS_NO_MEMORY; /* before any of it has been zeroed in vain */
    }
    while (batch->count < count) {
        phys_addr_t pa;
        if (frame_alloc_zeroed(state, ZONE_NORMAL, &pa) != STATUS_OK) {
            frame_batch_free(batch);
            return STATUS_NO_MEMORY;
        }
        list_push_back(&batch->frames, &frame_of(pa)->listed.link);
        batch->count++;
    }
    return STATUS_OK;
}

void frame_batch_free(struct frame_batch *batch) {
    while (batch->count > 0) {
        frame_free(frame_address(pop_frame(batch)));
    }
}

/* Takes the frames of `range` out of the batch into `pages`. */
static void take_pages(struct frame_batch *batch, struct virt_range range, void *owner,
                       phys_addr_t *pages) {
    for (uint64_t i = 0; i < range.page_count; i++) {
        struct frame *frame = pop_frame(batch);
        frame->owned.owner = owner;
        frame->owned.index = (range.start.value >> PAGE_SHIFT) + i;
        pages[i] = frame_address(frame);
    }
}

void frame_batch_map(struct frame_batch *batch, struct page_table *table, struct virt_range range,
                     struct page_attributes attributes, void *owner) {
    CHECK(batch->count == range.page_count);
    while (batch->count > 0) {
        uint64_t done = range.page_count - batch->count;
        uint64_t count = batch->count < PAGES_PER_CALL ? batch->count : PAGES_PER_CALL;
        struct virt_range part = virt_range(virt_add(range.start, done << PAGE_SHIFT), count);
        phys_addr_t pages[PAGES_PER_CALL];
        take_pages(batch, part, owner, pages);
        enum status status = page_table_map_frames(table, part, pages, attributes);
        CHECK(status == STATUS_OK); /* T4 */
    }
}
