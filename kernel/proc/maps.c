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
};

struct area_list {
    struct listed_area *areas; /* owned */
    size_t count, capacity;
    bool is_cut; /* there was no memory for all */
};

static bool make_room(struct area_list *list) {
    constexpr size_t first_capacity = 32;
    if (list->count < list->capacity) {
        return true;
    }
    size_t capacity = list->capacity == 0 ? first_capacity : list->capacity * 2;
    struct listed_area *areas = heap_alloc(capacity * sizeof(*areas));
    if (areas == nullptr) {
        return false;
    }
    if (list->count > 0) {
        memcpy(areas, list->areas, list->count * sizeof(*areas));
    }
    heap_free(list->areas);
    list->areas = areas;
    list->capacity = capacity;
    return true;
}

static bool copy_area(void *context, const struct vm_area *area) {
    struct area_list *list = context;
    if (!area_is_memory(area)) {
        return true;
    }
    if (!make_room(list)) {
        list->is_cut = true;
        return false;
    }
    struct file *file = area->source != nullptr ? file_of_source(area->source) : nullptr;
    if (file != nullptr) {
        file_ref(file);
    }
    list->areas[list->count++] = (struct listed_area){*area, file};
    return true;
}

static void free_areas(struct area_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        file_unref(list->areas[i].file);
    }
    heap_free(list->areas);
}

static enum status list_areas(struct process_memory *memory, struct area_list *list) {
    *list = (struct area_list){};
    space_for_each_area(memory->space, copy_area, list);
    if (list->is_cut) {
        free_areas(list);
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
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

static enum status show_areas(struct process_memory *memory, area_show *show,
                              const struct text_sink *sink) {
    struct area_list list;
    struct shown_memory *shown = heap_alloc(sizeof(*shown));
    if (shown == nullptr) {
        return STATUS_NO_MEMORY;
    }
    enum status status = list_areas(memory, &list);
    if (status == STATUS_OK) {
        shown->memory = memory;
        for (size_t i = 0; i < list.count; i++) {
            show(shown, &list.areas[i], sink);
        }
        free_areas(&list);
    }
    heap_free(shown);
    return status;
}

/* A process that is there and has no memory any more shows none. */
static enum status show_nothing(const struct made_view *view) {
    return subject_is_there(view->subject) ? STATUS_OK : STATUS_NO_SUCH_PROCESS;
}

enum status maps_show(const struct made_view *view, const struct text_sink *sink) {
    return show_if_there(view, show_map, sink);
}

enum status smaps_show(const struct made_view *view, const struct text_sink *sink) {
    return show_if_there(view, show_map_and_usage, sink);
}

enum status smaps_rollup_show(const struct made_view *view, const struct text_sink *sink) {
    struct process_memory *memory = view->state;
    struct area_list list;
    struct map_usage sum = {};
    if (memory == nullptr) {
        return STATUS_NO_SUCH_PROCESS;
    }
    enum status status = list_areas(memory, &list);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < list.count; i++) {
        struct map_usage usage;
        usage_of_area(memory->space, &list.areas[i].area, &usage);
        map_usage_add(&sum, &usage);
    }
    if (list.count > 0) {
        map_rollup_write(sink, list.areas[0].area.range.start.value,
                         virt_range_last(list.areas[list.count - 1].area.range).value + 1, &sum);
    }
    free_areas(&list);
    return STATUS_OK;
}
