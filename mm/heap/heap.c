#include "mm/heap/heap.h"

#include "lib/check.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "mm/frame/frame.h"
#include "mm/platform.h"

/*
 * A slab is one frame cut into equal objects. All that is known of it stands in its struct frame: a
 * bit for each object, so the smallest class is 64 bytes, objects carry no headers, and a double
 * free is seen exactly. Full slabs are on no list.
 */

/* The largest multiples of HEAP_ALIGNMENT of which 64, 51, 42 ... 2 fit into a page. */
static const uint16_t class_sizes[] = {
    64, 80, 96, 112, 128, 160, 192, 256, 336, 400, 512, 672, 816, 1024, 1360, 2048,
};

constexpr unsigned CLASS_COUNT = sizeof(class_sizes) / sizeof(class_sizes[0]);
constexpr size_t SLAB_OBJECT_MAX = 2048;
constexpr uint8_t CLASS_LARGE = CLASS_COUNT; /* whole pages; frame->listed.value counts them */

struct size_class {
    struct spinlock lock;
    uint64_t object_count;   /* guarded by lock */
    uint64_t slab_count;     /* guarded by lock */
    struct list_node *slabs; /* partly used ones, the last nullptr; guarded by lock */
    struct frame *empty;     /* one kept for the next allocation, or nullptr; guarded by lock */
};

static struct size_class classes[CLASS_COUNT];
static uint64_t large_count;
static uint64_t large_pages;
