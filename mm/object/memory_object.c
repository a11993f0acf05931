#include "mm/object/memory_object.h"

#include "lib/check.h"
#include "mm/frame/frame.h"
#include "mm/heap/heap.h"
#include "mm/lock/sleep_lock.h"
#include "mm/object/page_budget.h"
#include "mm/object/page_index.h"
#include "mm/platform.h"

struct memory_object {
    uint32_t reference_count; /* atomic */
    uint64_t number;          /* fixed at creation */
    struct sleep_lock lock;
    struct page_index pages;    /* guarded by lock */
    uint64_t page_count;        /* guarded by lock: frames in pages */
    uint64_t size_bytes;        /* guarded by lock */
    struct page_budget *budget; /* fixed before it has pages; null: it may have any number */
    struct object_views views;
    struct sleep_lock cut_lock; /* one cut at a time; comes before the locks of spaces */
    struct list_node cut_pages; /* guarded by cut_lock: frames that are no page's any more, and that
                                   entries may still show */
};

static uint64_t frame_total; /* of all objects; atomic */
static uint64_t last_number; /* that was given; atomic */

enum status memory_object_create(uint64_t size_bytes, struct memory_object **object) {
    if (size_bytes > OBJECT_SIZE_MAX) {
        return STATUS_OUT_OF_RANGE;
    }
    struct memory_object *made = heap_alloc(sizeof *made);
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    made->reference_count = 1;
    made->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
    made->size_bytes = size_bytes;
    object_views_init(&made->views);
    list_init(&made->cut_pages);
    *object = made;
    return STATUS_OK;
}

void memory_object_ref(struct memory_object *object) {
    uint32_t before = __atomic_fetch_add(&object->reference_count, 1, __ATOMIC_RELAXED);
    CHECK(before > 0 && before < UINT32_MAX);
}

uint64_t memory_object_number(const struct memory_object *object) {
    return object->number;
}

void memory_object_set_budget(struct memory_object *object, struct page_budget *budget) {
    CHECK(object->page_count == 0);
    object->budget = budget;
}

/* A frame that is zeroes and that the budget has room for. */
static enum status take_frame(const struct memory_object *object, phys_addr_t *pa) {
    enum status status = take_from_budget(object->budget);
    if (status != STATUS_OK) {
        return status;
    }
    status = frame_alloc_zeroed(FRAME_FILE, ZONE_NORMAL, pa);
    if (status != STATUS_OK) {
        return_to_budget(object->budget);
    }
    return status;
}

static void drop_frame(const struct memory_object *object, phys_addr_t pa) {
    frame_free(pa);
    return_to_budget(object->budget);
}

struct object_views *memory_object_views(struct memory_object *object) {
    return &object->views;
}

/* Out of the index, and first in the queue of those that are freed once nobody shows them. */
static void take_page(void *context, uint64_t page, struct frame *frame) {
    struct memory_object *object = context;
    (void)page;
    object->page_count--;
    list_push_back(&object->cut_pages, &frame->listed.link);
}

/* Those that are still shown, since there was no memory to hide them, wait for the next cut. */
static void free_cut_pages(struct memory_object *object) {
    struct list_node *node = object->cut_pages.next;
    while (node != &object->cut_pages) {
        struct frame *frame = LIST_ENTRY(node, struct frame, listed.link);
        node = node->next;
        if (__atomic_load_n(&frame->map_count, __ATOMIC_ACQUIRE) == 0) {
            list_remove(&frame->listed.link);
            __atomic_fetch_sub(&frame_total, 1, __ATOMIC_RELAXED);
            drop_frame(object, frame_address(frame)); /* F3 */
        }
    }
}

void memory_object_unref(struct memory_object *object) {
    uint32_t before = __atomic_fetch_sub(&object->reference_count, 1, __ATOMIC_ACQ_REL);
    CHECK(before > 0);
    if (before == 1) {
        CHECK(list_is_empty(&object->views.list));
        page_index_remove(&object->pages, 0, UINT64_MAX, take_page, object);
        free_cut_pages(object);
        CHECK(list_is_empty(&object->cut_pages)); /* F2: nobody shows it, so no entry is left */
        heap_free(object);
    }
}

uint64_t memory_object_size(struct memory_object *object) {
    sleep_lock_acquire(&object->lock);
    uint64_t size_bytes = object->size_bytes;
    sleep_lock_release(&object->lock);
    return size_bytes;
}

uint64_t memory_object_page_count(struct memory_object *object) {
    sleep_lock_acquire(&object->lock);
    uint64_t page_count = object->page_count;
    sleep_lock_release(&object->lock);
    return page_count;
}

uint64_t memory_object_pages_between(struct memory_object *object, uint64_t first, uint64_t last) {
    sleep_lock_acquire(&object->lock);
    uint64_t page_count = page_index_count(&object->pages, first, last);
    sleep_lock_release(&object->lock);
    return page_count;
}

uint64_t memory_object_frame_total(void) {
    return __atomic_load_n(&frame_total, __ATOMIC_RELAXED);
}

/* Where the kernel sees the byte at `offset`; null where the page has no frame. */
static char *look(const struct memory_object *object, uint64_t offset) {
    const struct frame *frame = page_index_find(&object->pages, offset >> PAGE_SHIFT);
    return frame == nullptr
               ? nullptr
               : (char *)platform_phys_to_virt(frame_address(frame)) + (offset & (PAGE_SIZE - 1));
}

static size_t left_in_page(uint64_t offset, uint64_t size_bytes) {
    uint64_t in_page = PAGE_SIZE - (offset & (PAGE_SIZE - 1));
    return size_bytes < in_page ? size_bytes : in_page;
}

static void read_page(const struct memory_object *object, uint64_t offset, char *buffer,
                      size_t size_bytes) {
    const char *memory = look(object, offset);
    if (memory == nullptr) {
        __builtin_memset(buffer, 0, size_bytes);
    } else {
        __builtin_memcpy(buffer, memory, size_bytes);
    }
}

size_t memory_object_read(struct memory_object *object, uint64_t offset, void *buffer,
                          size_t size_bytes) {
    sleep_lock_acquire(&object->lock);
    uint64_t left = offset < object->size_bytes ? object->size_bytes - offset : 0;
    size_t total = size_bytes < left ? size_bytes : left;
    for (size_t done = 0; done < total;) {
        size_t count = left_in_page(offset + done, total - done);
        read_page(object, offset + done, (char *)buffer + done, count);
        done += count;
    }
    sleep_lock_release(&object->lock);
    return total;
}

/* Puts the frame where page_index_reserve has made room for it. */
static void put_page(struct memory_object *object, uint64_t page, struct frame *frame) {
    frame->owned.owner = object;
    frame->owned.index = page;
    page_index_put(&object->pages, page, frame);
    object->page_count++;
    __atomic_fetch_add(&frame_total, 1, __ATOMIC_RELAXED);
}

static enum status fill(struct memory_object *object, uint64_t page) {
    struct frame *frame = page_index_find(&object->pages, page);
    if (frame != nullptr) {
        frame->flags &= (uint8_t)~FRAME_SET_ASIDE;
        return STATUS_OK;
    }
    phys_addr_t pa;
    enum status status = take_frame(object, &pa);
    if (status != STATUS_OK) {
        return status;
    }
    status = page_index_reserve(&object->pages, page);
    if (status != STATUS_OK) {
        drop_frame(object, pa);
        return status;
    }
    put_page(object, page, frame_of(pa));
    return STATUS_OK;
}

static enum status write_page(struct memory_object *object, uint64_t offset, const char *buffer,
                              size_t size_bytes) {
    enum status status = fill(object, offset >> PAGE_SHIFT);
    if (status != STATUS_OK) {
        return status;
    }
    __builtin_memcpy(look(object, offset), buffer, size_bytes);
    uint64_t end = offset + size_bytes;
    object->size_bytes = end > object->size_bytes ? end : object->size_bytes;
    return STATUS_OK;
}

enum status memory_object_write(struct memory_object *object, uint64_t offset, const void *buffer,
                                size_t size_bytes, size_t *done_bytes) {
    *done_bytes = 0;
    if (offset > OBJECT_SIZE_MAX || size_bytes > OBJECT_SIZE_MAX - offset) {
        return STATUS_OUT_OF_RANGE;
    }
    enum status status = STATUS_OK;
    sleep_lock_acquire(&object->lock);
    while (status == STATUS_OK && *done_bytes < size_bytes) {
        uint64_t at = offset + *done_bytes;
        size_t count = left_in_page(at, size_bytes - *done_bytes);
        status = write_page(object, at, (const char *)buffer + *done_bytes, count);
        *done_bytes += status == STATUS_OK ? count : 0;
    }
    sleep_lock_release(&object->lock);
    return status;
}

static void zero_in_page(const struct memory_object *object, uint64_t offset, uint64_t end) {
    char *memory = look(object, offset);
    if (memory != nullptr) {
        __builtin_memset(memory, 0, left_in_page(offset, end - offset));
    }
}

/* Whole pages that are to go: the last one may be before the first, then there are none. */
struct page_span {
    uint64_t first;
    uint64_t last;
};

static enum status run_phase(struct memory_object *object, struct page_span span,
                             enum cut_phase phase, bool takes_copies) {
    const struct object_cut cut = {
        .views = &object->views,
        .first = span.first,
        .last = span.last,
        .phase = phase,
        .takes_copies = takes_copies,
    };
    return span.last < span.first ? STATUS_OK : object_views_cut(&cut);
}

static void take_pages(struct memory_object *object, struct page_span span) {
    page_index_remove(&object->pages, span.first, span.last, take_page, object);
}

/* The pages were taken: whoever faults from now on finds none of them, and who has one loses it. */
static void end_cut(struct memory_object *object, struct page_span span, bool takes_copies) {
    enum status status = run_phase(object, span, CUT_HIDES, takes_copies);
    (void)status; /* what could not be hidden is kept */
    free_cut_pages(object);
}

static void set_size(struct memory_object *object, uint64_t size_bytes, struct page_span cut) {
    sleep_lock_acquire(&object->lock);
    if (size_bytes <= object->size_bytes) {
        zero_in_page(object, size_bytes, align_up(size_bytes, PAGE_SIZE));
        take_pages(object, cut);
    }
    object->size_bytes = size_bytes;
    sleep_lock_release(&object->lock);
}

enum status memory_object_resize(struct memory_object *object, uint64_t size_bytes) {
    if (size_bytes > OBJECT_SIZE_MAX) {
        return STATUS_OUT_OF_RANGE;
    }
    struct page_span cut = {align_up(size_bytes, PAGE_SIZE) >> PAGE_SHIFT, UINT64_MAX};
    sleep_lock_acquire(&object->cut_lock);
    bool is_cut = size_bytes <= memory_object_size(object);
    enum status status = is_cut ? run_phase(object, cut, CUT_PREPARES, true) : STATUS_OK;
    if (status == STATUS_OK) {
        set_size(object, size_bytes, cut);
    }
    if (status == STATUS_OK && is_cut) {
        end_cut(object, cut, true);
    }
    sleep_lock_release(&object->cut_lock);
    return status;
}

static struct page_span whole_pages(uint64_t offset, uint64_t end) {
    uint64_t first = align_up(offset, PAGE_SIZE) >> PAGE_SHIFT;
    uint64_t past_last = end >> PAGE_SHIFT;
    return first < past_last ? (struct page_span){first, past_last - 1} : (struct page_span){1, 0};
}

/* What is left of pages that are not wholly in [offset, end) reads as zeroes. The others are gone.
 */
static void zero_ends(struct memory_object *object, uint64_t offset, uint64_t end) {
    uint64_t last = align_down(end, PAGE_SIZE);
    zero_in_page(object, offset, end);
    if (last > offset) {
        zero_in_page(object, last, end);
    }
}

enum status memory_object_punch(struct memory_object *object, uint64_t offset,
                                uint64_t size_bytes) {
    if (offset > OBJECT_SIZE_MAX) {
        return STATUS_OK;
    }
    uint64_t room = OBJECT_SIZE_MAX - offset;
    uint64_t end = offset + (size_bytes < room ? size_bytes : room);
    struct page_span cut = whole_pages(offset, end);
    sleep_lock_acquire(&object->cut_lock);
    enum status status = run_phase(object, cut, CUT_PREPARES, false);
    if (status == STATUS_OK) {
        sleep_lock_acquire(&object->lock);
        take_pages(object, cut);
        zero_ends(object, offset, end);
        sleep_lock_release(&object->lock);
        end_cut(object, cut, false);
    }
    sleep_lock_release(&object->cut_lock);
    return status;
}

/* Into `frames`, one for each page that has none, and room for it in the index. */
static enum status take_frames(struct memory_object *object, struct page_span span,
                               bool (*is_interrupted)(void), struct list_node *frames) {
    for (uint64_t page = span.first; page <= span.last; page++) {
        phys_addr_t pa;
        if (page_index_find(&object->pages, page) != nullptr) {
            continue;
        }
        if (is_interrupted != nullptr && is_interrupted()) {
            return STATUS_INTERRUPTED;
        }
        enum status status = take_frame(object, &pa);
        if (status != STATUS_OK) {
            return status;
        }
        list_push_back(frames, &frame_of(pa)->listed.link);
        status = page_index_reserve(&object->pages, page);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static struct frame *pop_frame(struct list_node *frames) {
    struct frame *frame = LIST_ENTRY(frames->next, struct frame, listed.link);
    list_remove(&frame->listed.link);
    return frame;
}

static void set_aside(struct memory_object *object, struct page_span span,
                      struct list_node *frames) {
    for (uint64_t page = span.first; !list_is_empty(frames); page++) {
        if (page_index_find(&object->pages, page) == nullptr) {
            struct frame *frame = pop_frame(frames);
            frame->flags |= FRAME_SET_ASIDE;
            frame->owned.extra = nullptr;
            put_page(object, page, frame);
        }
    }
}

/* Undoes take_frames: where no frame is, the index needs no room. */
static void give_frames_back(struct memory_object *object, struct page_span span,
                             struct list_node *frames) {
    for (uint64_t page = span.first; !list_is_empty(frames); page++) {
        if (page_index_find(&object->pages, page) == nullptr) {
            page_index_remove(&object->pages, page, page, take_page, object);
            drop_frame(object, frame_address(pop_frame(frames)));
        }
    }
}

static enum status reserve(struct memory_object *object, struct page_span span,
                           bool (*is_interrupted)(void)) {
    struct list_node frames;
    list_init(&frames);
    if (span.last - span.first >= frame_count().total + object->page_count) {
        return STATUS_NO_MEMORY;
    }
    enum status status = take_frames(object, span, is_interrupted, &frames);
    if (status == STATUS_OK) {
        set_aside(object, span, &frames);
    } else {
        give_frames_back(object, span, &frames);
    }
    return status;
}

enum status memory_object_reserve(struct memory_object *object, uint64_t offset,
                                  uint64_t size_bytes, bool (*is_interrupted)(void)) {
    if (offset > OBJECT_SIZE_MAX || size_bytes > OBJECT_SIZE_MAX - offset) {
        return STATUS_OUT_OF_RANGE;
    }
    if (size_bytes == 0) {
        return STATUS_OK;
    }
    struct page_span span = {offset >> PAGE_SHIFT, (offset + size_bytes - 1) >> PAGE_SHIFT};
    sleep_lock_acquire(&object->lock);
    enum status status = reserve(object, span, is_interrupted);
    sleep_lock_release(&object->lock);
    return status;
}

static bool is_used(const struct frame *frame) {
    return frame != nullptr && !(frame->flags & FRAME_SET_ASIDE);
}

static uint64_t place_in(const struct memory_object *object, uint64_t page, uint64_t offset) {
    uint64_t start = page << PAGE_SHIFT;
    uint64_t place = start > offset ? start : offset;
    return place < object->size_bytes ? place : object->size_bytes;
}

uint64_t memory_object_next_data(struct memory_object *object, uint64_t offset) {
    sleep_lock_acquire(&object->lock);
    const struct frame *frame = page_index_next(&object->pages, offset >> PAGE_SHIFT);
    while (frame != nullptr && !is_used(frame)) {
        frame = page_index_next(&object->pages, frame->owned.index + 1);
    }
    uint64_t place =
        frame == nullptr ? object->size_bytes : place_in(object, frame->owned.index, offset);
    sleep_lock_release(&object->lock);
    return place;
}

uint64_t memory_object_next_hole(struct memory_object *object, uint64_t offset) {
    sleep_lock_acquire(&object->lock);
    uint64_t page = offset >> PAGE_SHIFT;
    while (is_used(page_index_find(&object->pages, page))) {
        page++;
    }
    uint64_t place = place_in(object, page, offset);
    sleep_lock_release(&object->lock);
    return place;
}

[[nodiscard]] bool memory_object_find_page(struct memory_object *object, uint64_t page,
                                           phys_addr_t *pa) {
    sleep_lock_acquire(&object->lock);
    const struct frame *frame = page_index_find(&object->pages, page);
    bool is_found = is_used(frame);
    if (is_found) {
        *pa = frame_address(frame);
    }
    sleep_lock_release(&object->lock);
    return is_found;
}

enum status memory_object_get_page(struct memory_object *object, uint64_t page, phys_addr_t *pa) {
    enum status status = STATUS_OUT_OF_RANGE;
    sleep_lock_acquire(&object->lock);
    if (page < align_up(object->size_bytes, PAGE_SIZE) >> PAGE_SHIFT) {
        status = fill(object, page);
    }
    if (status == STATUS_OK) {
        *pa = frame_address(page_index_find(&object->pages, page));
    }
    sleep_lock_release(&object->lock);
    return status;
}

/* What is set aside is zeroes. */
static enum status fill_with(struct memory_object *object, uint64_t page, const void *contents) {
    if (is_used(page_index_find(&object->pages, page))) {
        return STATUS_EXISTS;
    }
    enum status status = fill(object, page);
    if (status == STATUS_OK && contents != nullptr) {
        __builtin_memcpy(look(object, page << PAGE_SHIFT), contents, PAGE_SIZE);
    }
    return status;
}

enum status memory_object_fill_page(struct memory_object *object, uint64_t page,
                                    const void *contents) {
    enum status status = STATUS_OUT_OF_RANGE;
    sleep_lock_acquire(&object->lock);
    if (page < align_up(object->size_bytes, PAGE_SIZE) >> PAGE_SHIFT) {
        status = fill_with(object, page, contents);
    }
    sleep_lock_release(&object->lock);
    return status;
}
