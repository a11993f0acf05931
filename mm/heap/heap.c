#include "mm/heap/heap.h"

#include "lib/capability.h"
#include "lib/check.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "mm/frame/frame.h"
#include "mm/platform.h"

/*
 * A slab is one frame cut into equal objects. All that is known of it stands in its struct frame: a
 * bit for each object, so the smallest class is 64 bytes, objects carry no headers, and a double
 * free is seen for certain. A full slab is on no list.
 */

/* The largest multiples of HEAP_ALIGNMENT of which 64, 51, 42, 36 ... 2 fit into a page. */
static const uint16_t class_sizes[] = {
    64, 80, 96, 112, 128, 160, 192, 256, 336, 400, 512, 672, 816, 1024, 1360, 2048,
};

constexpr unsigned CLASS_COUNT = sizeof(class_sizes) / sizeof(class_sizes[0]);
constexpr size_t SLAB_OBJECT_MAX = 2048;
constexpr uint8_t CLASS_LARGE = CLASS_COUNT; /* whole pages, counted in listed.value */
constexpr uint8_t CLASS_LARGE_REST =
    CLASS_COUNT + 1; /* the pages of such an object but the first */

struct size_class {
    struct spinlock lock;
    struct list_node *slabs; /* any of the ring of partly used ones; guarded by lock */
    struct frame *empty;     /* one kept for the next allocation; guarded by lock */
    uint64_t object_count;   /* guarded by lock */
    uint64_t slab_count;     /* guarded by lock */
};

static struct size_class classes[CLASS_COUNT];
static uint64_t large_object_count; /* atomic */
static uint64_t large_page_count;   /* atomic */

static void class_lock(struct size_class *class) ACQUIRES(&class->lock) {
    platform_preempt_disable();
    spinlock_acquire(&class->lock);
}

static void class_unlock(struct size_class *class) RELEASES(&class->lock) {
    spinlock_release(&class->lock);
    platform_preempt_enable();
}

static unsigned class_index_for(size_t size_bytes) {
    unsigned index = 0;
    while (class_sizes[index] < size_bytes) {
        index++;
    }
    return index;
}

/* free_slots of a slab that holds nothing. */
static uint64_t all_slots(unsigned index) {
    return UINT64_MAX >> (64 - PAGE_SIZE / class_sizes[index]);
}

static void *slab_memory(const struct frame *slab) {
    return platform_phys_to_virt(frame_address(slab));
}

static void list_slab(struct size_class *class, struct frame *slab) REQUIRES(&class->lock) {
    if (class->slabs == nullptr) {
        list_init(&slab->slab.link);
    } else {
        list_push_back(class->slabs, &slab->slab.link);
    }
    class->slabs = &slab->slab.link;
}

static void unlist_slab(struct size_class *class, struct frame *slab) REQUIRES(&class->lock) {
    struct list_node *link = &slab->slab.link;
    class->slabs = link->next == link ? nullptr : link->next;
    list_remove(link);
}

/* A new slab on no list, or nullptr. */
static struct frame *make_slab(unsigned index) {
    phys_addr_t pa;
    if (frame_alloc(FRAME_KERNEL, ZONE_NORMAL, &pa) != STATUS_OK) {
        return nullptr;
    }
    struct frame *slab = frame_of(pa);
    slab->flags |= FRAME_HEAP_OBJECT;
    slab->size_class = (uint8_t)index;
    slab->slab.free_slots = all_slots(index);
    return slab;
}

/* A listed slab with room; nullptr where the class has none. */
static struct frame *find_slab(struct size_class *class) REQUIRES(&class->lock) {
    if (class->slabs == nullptr && class->empty != nullptr) {
        list_slab(class, class->empty);
        class->empty = nullptr;
    }
    return class->slabs == nullptr ? nullptr : LIST_ENTRY(class->slabs, struct frame, slab.link);
}

static void *take_object(struct size_class *class, struct frame *slab) REQUIRES(&class->lock) {
    unsigned slot = (unsigned)__builtin_ctzll(slab->slab.free_slots);
    slab->slab.free_slots &= slab->slab.free_slots - 1;
    if (slab->slab.free_slots == 0) {
        unlist_slab(class, slab);
    }
    class->object_count++;
    return (char *)slab_memory(slab) + (size_t)slot * class_sizes[slab->size_class];
}

/* An object of the class with its old contents, from a slab that it has; nullptr without one. */
static void *take_from_class(struct size_class *class) {
    class_lock(class);
    struct frame *slab = find_slab(class);
    void *object = slab == nullptr ? nullptr : take_object(class, slab);
    class_unlock(class);
    return object;
}

static void *take_from_new_slab(struct size_class *class) {
    struct frame *slab = make_slab((unsigned)(class - classes));
    if (slab == nullptr) {
        return nullptr;
    }
    class_lock(class);
    class->slab_count++;
    list_slab(class, slab);
    void *object = take_object(class, slab);
    class_unlock(class);
    return object;
}

static void *alloc_small(size_t size_bytes) {
    struct size_class *class = &classes[class_index_for(size_bytes)];
    void *object = take_from_class(class);
    return object != nullptr ? object : take_from_new_slab(class);
}

static void mark_large(struct frame *first, uint64_t page_count) {
    for (uint64_t i = 0; i < page_count; i++) {
        first[i].flags |= FRAME_HEAP_OBJECT;
        first[i].size_class = CLASS_LARGE_REST;
    }
    first->size_class = CLASS_LARGE;
    first->listed.value = page_count;
}

static void *alloc_large(size_t size_bytes) {
    uint64_t page_count = (size_bytes - 1) / PAGE_SIZE + 1;
    phys_addr_t pa;
    if (frame_alloc_contiguous(page_count, PAGE_SIZE, FRAME_KERNEL, ZONE_NORMAL, &pa) !=
        STATUS_OK) {
        return nullptr;
    }
    mark_large(frame_of(pa), page_count);
    __atomic_fetch_add(&large_object_count, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&large_page_count, page_count, __ATOMIC_RELAXED);
    return platform_phys_to_virt(pa);
}

void *heap_alloc(size_t size_bytes) {
    CHECK(size_bytes > 0);
    void *object =
        size_bytes <= SLAB_OBJECT_MAX ? alloc_small(size_bytes) : alloc_large(size_bytes);
    if (object != nullptr) {
        __builtin_memset(object, 0, size_bytes);
    }
    return object;
}

/* Marks the slot free; returns the slab where the class has no more use for it, else nullptr. */
static struct frame *give_object(struct size_class *class, struct frame *slab, uint64_t slot_bit)
    REQUIRES(&class->lock) {
    class->object_count--;
    if (slab->slab.free_slots == 0) {
        list_slab(class, slab);
    }
    slab->slab.free_slots |= slot_bit;
    if (slab->slab.free_slots != all_slots(slab->size_class)) {
        return nullptr;
    }
    unlist_slab(class, slab);
    if (class->empty == nullptr) {
        class->empty = slab;
        return nullptr;
    }
    class->slab_count--;
    return slab;
}

static void free_small(struct frame *slab, const void *object) {
    size_t offset = (uint64_t)object % PAGE_SIZE;
    size_t size_bytes = class_sizes[slab->size_class];
    uint64_t slot_bit = 1ull << offset / size_bytes;
    struct size_class *class = &classes[slab->size_class];
    CHECK(offset % size_bytes == 0);
    CHECK((slot_bit & all_slots(slab->size_class)) != 0);

    class_lock(class);
    bool is_live = (slab->slab.free_slots & slot_bit) == 0;
    struct frame *surplus = is_live ? give_object(class, slab, slot_bit) : nullptr;
    class_unlock(class);
    CHECK(is_live);
    if (surplus != nullptr) {
        frame_free(frame_address(surplus));
    }
}

static void free_large(struct frame *first, const void *object) {
    CHECK(is_aligned((uint64_t)object, PAGE_SIZE));
    uint64_t page_count = first->listed.value;
    phys_addr_t pa = frame_address(first);
    __atomic_fetch_sub(&large_object_count, 1, __ATOMIC_RELAXED);
    __atomic_fetch_sub(&large_page_count, page_count, __ATOMIC_RELAXED);
    for (uint64_t i = 0; i < page_count; i++) {
        frame_free(phys_add(pa, i << PAGE_SHIFT));
    }
}

void heap_free(void *pointer) {
    if (pointer == nullptr) {
        return;
    }
    struct frame *frame = frame_of_pointer(pointer);
    CHECK(frame->state == FRAME_KERNEL && (frame->flags & FRAME_HEAP_OBJECT) != 0);
    CHECK(frame->size_class != CLASS_LARGE_REST);
    if (frame->size_class == CLASS_LARGE) {
        free_large(frame, pointer);
    } else {
        free_small(frame, pointer);
    }
}

struct heap_counts heap_count(void) {
    uint64_t large_pages = __atomic_load_n(&large_page_count, __ATOMIC_RELAXED);
    struct heap_counts counts = {
        .object_count = __atomic_load_n(&large_object_count, __ATOMIC_RELAXED),
        .live_bytes = large_pages * PAGE_SIZE,
        .frame_count = large_pages,
    };
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        class_lock(&classes[i]);
        counts.object_count += classes[i].object_count;
        counts.live_bytes += classes[i].object_count * class_sizes[i];
        counts.frame_count += classes[i].slab_count;
        class_unlock(&classes[i]);
    }
    return counts;
}

static struct frame *take_empty_slab(struct size_class *class) {
    class_lock(class);
    struct frame *slab = class->empty;
    class->empty = nullptr;
    class->slab_count -= slab != nullptr;
    class_unlock(class);
    return slab;
}

void heap_drain(void) {
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        struct frame *slab = take_empty_slab(&classes[i]);
        if (slab != nullptr) {
            frame_free(frame_address(slab));
        }
    }
}
