#include "mm/object/page_index.h"

#include "lib/check.h"
#include "mm/heap/heap.h"
#include "mm/object/memory_object.h"

constexpr unsigned SLOT_BITS = 6;
constexpr unsigned SLOT_COUNT = 1 << SLOT_BITS;
constexpr unsigned HEIGHT_MAX = 9; /* 54 bits: every page of an object */

union page_slot {
    struct page_node *node; /* above height 1 */
    struct frame *frame;
};

struct page_node {
    union page_slot slots[SLOT_COUNT];
};

/* How many pages a node of that height stands for, less one. */
static uint64_t last_page_of(unsigned height) {
    return (1ull << (height * SLOT_BITS)) - 1;
}

static unsigned slot_of(uint64_t page, unsigned height) {
    return (unsigned)(page >> ((height - 1) * SLOT_BITS)) % SLOT_COUNT;
}

struct frame *page_index_find(const struct page_index *index, uint64_t page) {
    if (page > last_page_of(index->height)) {
        return nullptr;
    }
    const struct page_node *node = index->root;
    for (unsigned height = index->height; height > 1 && node != nullptr; height--) {
        node = node->slots[slot_of(page, height)].node;
    }
    return node == nullptr ? nullptr : node->slots[slot_of(page, 1)].frame;
}

static struct frame *next_in_leaf(const struct page_node *node, uint64_t start, uint64_t first) {
    for (unsigned i = first > start ? (unsigned)(first - start) : 0; i < SLOT_COUNT; i++) {
        if (node->slots[i].frame != nullptr) {
            return node->slots[i].frame;
        }
    }
    return nullptr;
}

/* In the node of `height` for the pages from `start` on; as deep as the tree is high. */
static struct frame *next_below(const struct page_node *node, unsigned height, uint64_t start,
                                uint64_t first) {
    if (node == nullptr || start + last_page_of(height) < first) {
        return nullptr;
    }
    if (height == 1) {
        return next_in_leaf(node, start, first);
    }
    struct frame *found = nullptr;
    for (unsigned i = 0; found == nullptr && i < SLOT_COUNT; i++) {
        uint64_t offset = (uint64_t)i << ((height - 1) * SLOT_BITS);
        found = next_below(node->slots[i].node, height - 1, start + offset, first);
    }
    return found;
}

struct frame *page_index_next(const struct page_index *index, uint64_t page) {
    return next_below(index->root, index->height, 0, page);
}

static unsigned height_for(uint64_t page) {
    static_assert(OBJECT_SIZE_MAX >> PAGE_SHIFT < 1ull << (HEIGHT_MAX * SLOT_BITS));
    unsigned height = 1;
    while (page > last_page_of(height)) {
        height++;
    }
    return height;
}

/* Nodes that are missing on the way to the page. */
static unsigned count_missing(const struct page_index *index, uint64_t page) {
    unsigned height = height_for(page);
    if (index->root == nullptr) {
        return height;
    }
    if (height > index->height) {
        return height - index->height + height - 1; /* new roots, and all below another slot */
    }
    const struct page_node *node = index->root;
    for (height = index->height; height > 1 && node != nullptr; height--) {
        node = node->slots[slot_of(page, height)].node;
    }
    return node == nullptr ? height : 0;
}

/* Nodes that are in no tree yet, chained through their first slot (law 2). */
static struct page_node *pop_node(struct page_node **spares) {
    struct page_node *node = *spares;
    CHECK(node != nullptr); /* count_missing has counted them */
    *spares = node->slots[0].node;
    node->slots[0].node = nullptr;
    return node;
}

static enum status take_nodes(unsigned count, struct page_node **spares) {
    for (unsigned i = 0; i < count; i++) {
        struct page_node *node = heap_alloc(sizeof *node);
        if (node == nullptr) {
            while (*spares != nullptr) {
                heap_free(pop_node(spares));
            }
            return STATUS_NO_MEMORY;
        }
        node->slots[0].node = *spares;
        *spares = node;
    }
    return STATUS_OK;
}

/* Until the root reaches to the page: the old one becomes the first child of one above it. */
static void raise(struct page_index *index, uint64_t page, struct page_node **spares) {
    while (page > last_page_of(index->height)) {
        struct page_node *root = pop_node(spares);
        root->slots[0].node = index->root;
        index->root = root;
        index->height++;
    }
}

enum status page_index_reserve(struct page_index *index, uint64_t page) {
    struct page_node *spares = nullptr;
    enum status status = take_nodes(count_missing(index, page), &spares);
    if (status != STATUS_OK) {
        return status;
    }
    if (index->root == nullptr) {
        index->root = pop_node(&spares);
        index->height = height_for(page);
    }
    raise(index, page, &spares);
    struct page_node *node = index->root;
    for (unsigned height = index->height; height > 1; height--) {
        struct page_node **below = &node->slots[slot_of(page, height)].node;
        *below = *below != nullptr ? *below : pop_node(&spares);
        node = *below;
    }
    CHECK(spares == nullptr);
    return STATUS_OK;
}

void page_index_put(struct page_index *index, uint64_t page, struct frame *frame) {
    struct page_node *node = index->root;
    for (unsigned height = index->height; height > 1; height--) {
        node = node->slots[slot_of(page, height)].node;
    }
    struct frame **slot = &node->slots[slot_of(page, 1)].frame;
    CHECK(*slot == nullptr);
    *slot = frame;
}

struct page_limits {
    uint64_t first, last;
};

static uint64_t count_frames(const struct page_node *node, uint64_t start,
                             struct page_limits limits) {
    uint64_t count = 0;
    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        uint64_t page = start + i;
        count += node->slots[i].frame != nullptr && page >= limits.first && page <= limits.last;
    }
    return count;
}

/* As remove_below goes over them. */
static uint64_t count_below(const struct page_node *node, unsigned height, uint64_t start,
                            struct page_limits limits) {
    if (node == nullptr || start > limits.last || start + last_page_of(height) < limits.first) {
        return 0;
    }
    if (height == 1) {
        return count_frames(node, start, limits);
    }
    uint64_t count = 0;
    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        uint64_t offset = (uint64_t)i << ((height - 1) * SLOT_BITS);
        count += count_below(node->slots[i].node, height - 1, start + offset, limits);
    }
    return count;
}

uint64_t page_index_count(const struct page_index *index, uint64_t first, uint64_t last) {
    const struct page_limits limits = {first, last};
    return count_below(index->root, index->height, 0, limits);
}

struct removal {
    uint64_t first;
    uint64_t last;
    void (*drop)(void *context, uint64_t page, struct frame *frame);
    void *context;
};

static bool is_empty_from(const struct page_node *node, unsigned first) {
    for (unsigned i = first; i < SLOT_COUNT; i++) {
        if (node->slots[i].node != nullptr) {
            return false;
        }
    }
    return true;
}

static void remove_frames(const struct removal *removal, struct page_node *node, uint64_t start) {
    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        struct frame *frame = node->slots[i].frame;
        uint64_t page = start + i;
        if (frame != nullptr && page >= removal->first && page <= removal->last) {
            node->slots[i].frame = nullptr;
            removal->drop(removal->context, page, frame);
        }
    }
}

/* Of the node of `height` for the pages from `start` on; as deep as the tree is high. */
static void remove_below(const struct removal *removal, struct page_node **node, unsigned height,
                         uint64_t start) {
    if (*node == nullptr || start > removal->last ||
        start + last_page_of(height) < removal->first) {
        return;
    }
    if (height == 1) {
        remove_frames(removal, *node, start);
    }
    for (unsigned i = 0; height > 1 && i < SLOT_COUNT; i++) {
        uint64_t offset = (uint64_t)i << ((height - 1) * SLOT_BITS);
        remove_below(removal, &(*node)->slots[i].node, height - 1, start + offset);
    }
    if (is_empty_from(*node, 0)) {
        heap_free(*node);
        *node = nullptr;
    }
}

/* Undoes what `raise` did for a page that is gone. */
static void lower(struct page_index *index) {
    while (index->root != nullptr && index->height > 1 && is_empty_from(index->root, 1)) {
        struct page_node *below = index->root->slots[0].node;
        heap_free(index->root);
        index->root = below;
        index->height--;
    }
}

void page_index_remove(struct page_index *index, uint64_t first, uint64_t last,
                       void (*drop)(void *context, uint64_t page, struct frame *frame),
                       void *context) {
    struct removal removal = {first, last, drop, context};
    remove_below(&removal, &index->root, index->height, 0);
    lower(index);
}
