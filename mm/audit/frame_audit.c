#include "mm/addr/addr.h"
#include "mm/audit/audit_private.h"
#include "mm/audit/walk.h"
#include "mm/frame/frame.h"
#include "mm/heap/heap.h"
#include "mm/object/memory_object.h"
#include "mm/platform.h"

/*
 * References are counted in an array of a word for each frame. Where so much memory cannot be
 * borrowed, the frames are done window by window, each with a walk of its own.
 */

constexpr uint32_t IN_FREE_BLOCK = 1u << 31; /* in a counter; the rest is a number of references */
constexpr uint64_t SMALLEST_WINDOW = 1024;

static uint32_t smallest_window[SMALLEST_WINDOW]; /* used where no frame is free */

struct frame_audit {
    struct audit *audit;
    uint32_t *counters;   /* of the window's frames */
    uint64_t window_size; /* in pages */
    uint64_t first;       /* page of the window */
    uint64_t by_state[FRAME_STATE_COUNT];
    uint64_t heap_frames;
};

/* The counter of the page; null where it is outside of the window. */
static uint32_t *counter_of(struct frame_audit *audit, uint64_t page) {
    uint64_t index = page - audit->first; /* huge before the window */
    return index < audit->window_size ? &audit->counters[index] : nullptr;
}

static void count_reference(struct frame_audit *audit, phys_addr_t pa) {
    uint32_t *counter = counter_of(audit, pa.value >> PAGE_SHIFT);
    if (counter != nullptr) {
        (*counter)++;
    }
}

static void count_entry(void *context, const struct walk_entry *entry) {
    if (entry->kind == PTE_TABLE) {
        count_reference(context, pte_table_address(entry->pte));
    } else if (pte_is_owned(entry->pte)) {
        count_reference(context, pte_page(entry->pte, entry->level));
    }
}

/* What the entries of a shared table own is owned once, so only whoever comes first counts it. */
static bool enter_first(void *context, struct frame *table) {
    (void)context;
    bool was_counted = (table->flags & FRAME_COUNTED) != 0;
    table->flags |= FRAME_COUNTED;
    return !was_counted;
}

static bool forget_table(void *context, struct frame *table) {
    (void)context;
    bool was_counted = (table->flags & FRAME_COUNTED) != 0;
    table->flags &= (uint8_t)~FRAME_COUNTED;
    return was_counted;
}

static void pass_over(void *context, const struct walk_entry *entry) {
    (void)context;
    (void)entry;
}

static void forget_space(void *context, struct address_space *space) {
    struct walk_visitor visitor = {.context = context, .entry = pass_over, .enters = forget_table};
    walk_half(space_page_table(space), &visitor);
}

/* The space refers to its root as an entry does to a table below. */
static void count_space(void *context, struct address_space *space) {
    const struct page_table *table = space_page_table(space);
    struct walk_visitor visitor = {.context = context, .entry = count_entry, .enters = enter_first};
    count_reference(context, table->root);
    walk_half(table, &visitor);
}

static void mark_free_block(void *context, phys_addr_t pa, unsigned order, enum frame_zone) {
    struct frame_audit *audit = context;
    uint64_t first = pa.value >> PAGE_SHIFT;
    for (uint64_t page = first; page < first + (1ull << order); page++) {
        uint32_t *counter = counter_of(audit, page);
        if (counter == nullptr) {
            continue;
        }
        if ((*counter & IN_FREE_BLOCK) != 0) {
            findings_add(&audit->audit->findings, "F4", "page 0x%llx is in two free blocks",
                         (unsigned long long)(page << PAGE_SHIFT));
        }
        *counter |= IN_FREE_BLOCK;
    }
}

static bool is_free_block(uint64_t page, unsigned order) {
    phys_addr_t pa = phys_addr(page << PAGE_SHIFT);
    return frame_exists(pa) && frame_of(pa)->state == FRAME_FREE && frame_of(pa)->order == order;
}

static enum frame_zone zone_of(uint64_t page) {
    if (page < (1ull << 20) >> PAGE_SHIFT) {
        return ZONE_LOW;
    }
    return page < (1ull << 32) >> PAGE_SHIFT ? ZONE_DMA32 : ZONE_NORMAL;
}

static void check_free_block(void *context, phys_addr_t pa, unsigned order, enum frame_zone zone) {
    struct findings *findings = &((struct frame_audit *)context)->audit->findings;
    uint64_t page = pa.value >> PAGE_SHIFT;
    uint64_t last = page + (1ull << order) - 1;
    uint64_t buddy = page ^ (1ull << order);
    unsigned long long where = pa.value;
    if (!is_aligned(page, 1ull << order)) {
        findings_add(findings, "F4", "the free block at 0x%llx is not aligned to its order %u",
                     where, order);
    }
    if (zone_of(page) != zone || zone_of(last) != zone) {
        findings_add(findings, "F4", "the free block at 0x%llx is on another zone's list", where);
    }
    if (order < FRAME_ORDER_MAX && zone_of(buddy) == zone && is_free_block(buddy, order)) {
        findings_add(findings, "F4", "the free block at 0x%llx of order %u is apart from its buddy",
                     where, order);
    }
}

static void check_free_frame(struct frame_audit *audit, const struct frame *frame,
                             uint32_t references) {
    unsigned long long where = frame_address(frame).value;
    audit->by_state[FRAME_FREE]++;
    if (frame->state != FRAME_FREE && frame->state != FRAME_RESERVED) {
        findings_add(&audit->audit->findings, "F1", "frame 0x%llx is in a free block, but is %s",
                     where, frame_state_name(frame->state));
    }
    if (references != 0 || frame->map_count != 0) {
        findings_add(&audit->audit->findings, "F3",
                     "frame 0x%llx is free, but %u entries reach it and its map_count is %u", where,
                     references, frame->map_count);
    }
}

static void check_used_frame(struct frame_audit *audit, const struct frame *frame,
                             uint32_t references) {
    struct findings *findings = &audit->audit->findings;
    unsigned long long where = frame_address(frame).value;
    bool is_counted = frame->state == FRAME_TABLE;
    uint32_t expected = is_counted ? frame->table.share_count : frame->map_count;
    audit->by_state[frame->state]++;
    if (references != expected) {
        findings_add(findings, is_counted ? "T1" : "F2",
                     "%s frame 0x%llx: %u entries reach it, its count says %u",
                     frame_state_name(frame->state), where, references, expected);
    }
    if (frame->state == FRAME_ANON && references == 0) {
        findings_add(findings, "F2", "%s frame 0x%llx is reached by nothing: it has leaked",
                     frame_state_name(frame->state), where);
    }
    if ((frame->flags & FRAME_HEAP_OBJECT) != 0) {
        audit->heap_frames += 1ull << frame->order;
    }
}

static void check_frame(struct frame_audit *audit, const struct frame *frame, uint32_t counter) {
    uint32_t references = counter & ~IN_FREE_BLOCK;
    audit->audit->result.frame_count++;
    if ((counter & IN_FREE_BLOCK) != 0) {
        check_free_frame(audit, frame, references);
        return;
    }
    switch (frame->state) {
    case FRAME_TABLE:
    case FRAME_ANON:
    case FRAME_FILE:
    case FRAME_KERNEL:
        check_used_frame(audit, frame, references);
        return;
    case FRAME_RESERVED:
    case FRAME_FREE:
        break;
    }
    findings_add(&audit->audit->findings, "F1", "frame 0x%llx is %s, but in no free block",
                 (unsigned long long)frame_address(frame).value, frame_state_name(frame->state));
}

static void check_window(struct frame_audit *audit) {
    __builtin_memset(audit->counters, 0, audit->window_size * sizeof *audit->counters);
    space_for_each(count_space, audit);
    space_for_each(forget_space, audit);
    frame_for_each_free_block(mark_free_block, audit);
    for (uint64_t i = 0; i < audit->window_size; i++) {
        phys_addr_t pa = phys_addr((audit->first + i) << PAGE_SHIFT);
        if (frame_exists(pa)) {
            check_frame(audit, frame_of(pa), audit->counters[i]);
        }
    }
}

static void check_totals(struct frame_audit *audit) {
    struct frame_counts counts = frame_count();
    for (unsigned state = FRAME_FREE; state < FRAME_STATE_COUNT; state++) {
        if (audit->by_state[state] != counts.by_state[state]) {
            findings_add(&audit->audit->findings, "F1", "%llu frames are %s, frame_count says %llu",
                         (unsigned long long)audit->by_state[state],
                         frame_state_name((enum frame_state)state),
                         (unsigned long long)counts.by_state[state]);
        }
    }
    if (audit->heap_frames != heap_count().frame_count) {
        findings_add(
            &audit->audit->findings, "F1", "%llu frames are the heap's, heap_count says %llu",
            (unsigned long long)audit->heap_frames, (unsigned long long)heap_count().frame_count);
    }
    if (audit->by_state[FRAME_FILE] != memory_object_frame_total()) {
        findings_add(&audit->audit->findings, "F2",
                     "%llu frames are files', their objects have %llu",
                     (unsigned long long)audit->by_state[FRAME_FILE],
                     (unsigned long long)memory_object_frame_total());
    }
}

/* Borrows as many counters as there are frames, or as many as can be had. */
static bool borrow_counters(struct frame_audit *audit, phys_addr_t *pa) {
    uint64_t needed = frame_page_limit() * sizeof *audit->counters;
    for (unsigned smaller = 0; smaller <= FRAME_ORDER_MAX; smaller++) {
        unsigned order = FRAME_ORDER_MAX - smaller;
        bool is_too_much = PAGE_SIZE << order >= 2 * needed;
        if (!is_too_much && frame_alloc_block(order, FRAME_KERNEL, ZONE_NORMAL, pa) == STATUS_OK) {
            audit->counters = platform_phys_to_virt(*pa);
            audit->window_size = (PAGE_SIZE << order) / sizeof *audit->counters;
            return true;
        }
    }
    audit->counters = smallest_window;
    audit->window_size = SMALLEST_WINDOW;
    return false;
}

void audit_frames(struct audit *audit) {
    struct frame_audit frames = {.audit = audit};
    phys_addr_t borrowed;
    bool has_borrowed = borrow_counters(&frames, &borrowed);
    frame_for_each_free_block(check_free_block, &frames);
    while (frames.first < frame_page_limit()) {
        check_window(&frames);
        frames.first += frames.window_size;
    }
    check_totals(&frames);
    if (has_borrowed) {
        frame_free(borrowed);
    }
}
