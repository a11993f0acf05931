#include "kernel/files/file/file_source.h"
#include "kernel/files/node/attributes.h"
#include "kernel/files/path/path.h"
#include "kernel/proc/subject.h"
#include "kernel/proc/tables.h"
#include "kernel/proc/text/memory_text.h"
#include "kernel/proc/usage.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

/* /proc/PID/maps, smaps, smaps_rollup. */

/* An area as it was, and the file that it shows: paths are looked up without the space's lock. */
struct listed_area {
    struct vm_area area;
    struct file *file; /* a reference; null: it shows none */
    bool is_there;     /* one was found */
};

static bool take_area(void *context, const struct vm_area *area) {
    struct listed_area *found = context;
    if (!area_is_memory(area)) {
        return true;
    }
    found->area = *area;
    found->file = area->source != nullptr ? file_of_source(area->source) : nullptr;
    if (found->file != nullptr) {
        file_ref(found->file);
    }
    found->is_there = true;
    return false;
}

/* The area at the cursor, or the first above it: its file is the caller's. Moves the cursor to its
 * end; false: there is none. */
static bool find_area(struct process_memory *memory, uint64_t *cursor, struct listed_area *found) {
    *found = (struct listed_area){};
    space_for_each_area_from(memory->space, virt_addr(*cursor), take_area, found);
    if (found->is_there) {
        *cursor = virt_range_last(found->area.range).value + 1;
    }
    return found->is_there;
}

/* What the areas of a process are shown with. */
struct shown_memory {
    struct process_memory *memory;
    char path[PATH_SIZE_MAX];
};

static void name_file(struct shown_memory *shown, const struct listed_area *listed,
                      struct map_facts *map) {
    struct file_stat stat;
    file_inspect(listed->file, &stat);
    map->device = stat.device;
    map->number = stat.number;
    map->offset_bytes = listed->area.source_page << PAGE_SHIFT;
    map->path = shown_path(&listed->file->place, shown->path);
}

/* What stands behind the area's rights in /proc/PID/maps. */
static void name_area(struct shown_memory *shown, const struct listed_area *listed,
                      struct map_facts *map) {
    const struct vm_area *area = &listed->area;
    map->path = "";
    if (listed->file != nullptr) {
        name_file(shown, listed, map);
    } else if (area->source != nullptr) {
        map->offset_bytes = area->source_page << PAGE_SHIFT;
        map->path = "/dev/zero (deleted)";
    } else if (strcmp(area->name, "heap") == 0) {
        map->path = "[heap]";
    } else if (strcmp(area->name, "stack") == 0) {
        map->path = "[stack]";
    }
}

static struct map_facts describe(struct shown_memory *shown, const struct listed_area *listed) {
    const struct vm_area *area = &listed->area;
    struct map_facts map = {
        .start = area->range.start.value,
        .end = virt_range_last(area->range).value + 1,
        .can_read = area->rights_asked & RIGHT_READ,
        .can_write = area->rights_asked & RIGHT_WRITE,
        .can_execute = area->rights_asked & RIGHT_EXECUTE,
        .is_shared = area->is_shared,
        .grows_down = area->grows_down,
        .is_locked = area->is_locked,
        .has_missing_pager = (area->pager_kinds & PAGER_MISSING) != 0,
        .has_minor_pager = (area->pager_kinds & PAGER_UNSHOWN) != 0,
    };
    name_area(shown, listed, &map);
    return map;
}

/* Shows one area. */
typedef void area_show(struct shown_memory *shown, const struct listed_area *listed,
                       const struct text_sink *sink);

static void show_map(struct shown_memory *shown, const struct listed_area *listed,
                     const struct text_sink *sink) {
    const struct map_facts map = describe(shown, listed);
    map_write(sink, &map);
}

static void show_map_and_usage(struct shown_memory *shown, const struct listed_area *listed,
                               const struct text_sink *sink) {
    const struct map_facts map = describe(shown, listed);
    struct map_usage usage;
    usage_of_area(shown->memory->space, &listed->area, &usage);
    map_write(sink, &map);
    map_usage_write(sink, &map, &usage);
}

static enum status show_area(struct process_memory *memory, uint64_t *cursor, area_show *show,
                             const struct text_sink *sink) {
    struct listed_area found;
    struct shown_memory *shown = heap_alloc(sizeof(*shown));
    if (shown == nullptr) {
        return STATUS_NO_MEMORY;
    }
    shown->memory = memory;
    if (find_area(memory, cursor, &found)) {
        show(shown, &found, sink);
        file_unref(found.file);
    }
    heap_free(shown);
    return STATUS_OK;
}

/* A process that is there and has no memory any more shows none. */
static enum status show_next(const struct made_view *view, uint64_t *cursor, area_show *show,
                             const struct text_sink *sink) {
    struct process_memory *memory = memory_of_state(view->state);
    if (memory == nullptr) {
        return subject_is_there(view->subject) ? STATUS_OK : STATUS_NO_SUCH_PROCESS;
    }
    enum status status = show_area(memory, cursor, show, sink);
    process_memory_unref(memory);
    return status;
}

enum status maps_show_next(const struct made_view *view, uint64_t *cursor,
                           const struct text_sink *sink) {
    return show_next(view, cursor, show_map, sink);
}

enum status smaps_show_next(const struct made_view *view, uint64_t *cursor,
                            const struct text_sink *sink) {
    return show_next(view, cursor, show_map_and_usage, sink);
}

static void show_sum(struct process_memory *memory, const struct text_sink *sink) {
    struct listed_area found;
    struct map_usage sum = {};
    uint64_t start = 0;
    uint64_t cursor = 0;
    while (find_area(memory, &cursor, &found)) {
        struct map_usage usage;
        usage_of_area(memory->space, &found.area, &usage);
        map_usage_add(&sum, &usage);
        start = start == 0 ? found.area.range.start.value : start;
        file_unref(found.file);
    }
    if (cursor != 0) {
        map_rollup_write(sink, start, cursor, &sum);
    }
}

enum status smaps_rollup_show(const struct made_view *view, const struct text_sink *sink) {
    struct process_memory *memory = memory_of_state(view->state);
    if (memory == nullptr) {
        return STATUS_NO_SUCH_PROCESS;
    }
    show_sum(memory, sink);
    process_memory_unref(memory);
    return STATUS_OK;
}
