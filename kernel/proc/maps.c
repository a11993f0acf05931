#include "kernel/files/node/attributes.h"
#include "kernel/files/path/path.h"
#include "kernel/proc/subject.h"
#include "kernel/proc/tables.h"
#include "kernel/proc/text/memory_text.h"
#include "kernel/proc/usage.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

/* /proc/PID/maps, smaps, smaps_rollup. */

/* Copies of a space's areas: paths are looked up without the space's lock. */
struct area_list {
    struct vm_area *areas; /* owned */
    size_t count, capacity;
    bool is_cut; /* there was no memory for all */
};

static bool make_room(struct area_list *list) {
    constexpr size_t first_capacity = 32;
    if (list->count < list->capacity) {
        return true;
    }
    size_t capacity = list->capacity == 0 ? first_capacity : list->capacity * 2;
    struct vm_area *areas = heap_alloc(capacity * sizeof(*areas));
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
    if (!area_is_shown(area)) {
        return true;
    }
    if (!make_room(list)) {
        list->is_cut = true;
        return false;
    }
    list->areas[list->count++] = *area;
    return true;
}

static enum status list_areas(struct process_memory *memory, struct area_list *list) {
    *list = (struct area_list){};
    space_for_each_area(memory->space, copy_area, list);
    if (list->is_cut) {
        heap_free(list->areas);
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

/* What the areas of a process are shown with. */
struct shown_memory {
    struct process_memory *memory;
    struct file_stat executable; /* all zeroes: there is none */
    const char *executable_path;
    char path[PATH_SIZE_MAX];
};

static enum status begin_shown(struct process_memory *memory, struct shown_memory **shown) {
    struct shown_memory *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    made->memory = memory;
    made->executable_path = "";
    if (memory->executable != nullptr) {
        file_inspect(memory->executable, &made->executable);
        made->executable_path = shown_path(&memory->executable->place, made->path);
    }
    *shown = made;
    return STATUS_OK;
}

static bool is_of_executable(const struct vm_area *area) {
    return strcmp(area->name, "code") == 0 || strcmp(area->name, "data") == 0 ||
           strcmp(area->name, "constants") == 0;
}

/* What stands behind the area's numbers in /proc/PID/maps. */
static void name_area(const struct shown_memory *shown, const struct vm_area *area,
                      struct map_facts *map) {
    map->path = "";
    if (is_of_executable(area)) {
        map->path = shown->executable_path;
        map->device = shown->executable.device;
        map->number = shown->executable.number;
    } else if (strcmp(area->name, "heap") == 0) {
        map->path = "[heap]";
    } else if (strcmp(area->name, "stack") == 0) {
        map->path = "[stack]";
    }
}

static struct map_facts describe(const struct shown_memory *shown, const struct vm_area *area) {
    uint8_t rights = area->attributes.rights;
    struct map_facts map = {
        .start = area->range.start.value,
        .end = virt_range_last(area->range).value + 1,
        .can_read = rights & RIGHT_READ,
        .can_write = rights & RIGHT_WRITE,
        .can_execute = rights & RIGHT_EXECUTE,
    };
    name_area(shown, area, &map);
    return map;
}

/* Shows one area. */
typedef void area_show(const struct shown_memory *shown, const struct vm_area *area,
                       const struct text_sink *sink);

static void show_map(const struct shown_memory *shown, const struct vm_area *area,
                     const struct text_sink *sink) {
    const struct map_facts map = describe(shown, area);
    map_write(sink, &map);
}

static void show_map_and_usage(const struct shown_memory *shown, const struct vm_area *area,
                               const struct text_sink *sink) {
    const struct map_facts map = describe(shown, area);
    struct map_usage usage;
    usage_of_area(shown->memory->space, area, &usage);
    map_write(sink, &map);
    map_usage_write(sink, &map, &usage);
}

static enum status show_areas(struct process_memory *memory, area_show *show,
                              const struct text_sink *sink) {
    struct shown_memory *shown;
    struct area_list list;
    enum status status = list_areas(memory, &list);
    if (status != STATUS_OK) {
        return status;
    }
    status = begin_shown(memory, &shown);
    if (status == STATUS_OK) {
        for (size_t i = 0; i < list.count; i++) {
            show(shown, &list.areas[i], sink);
        }
        heap_free(shown);
    }
    heap_free(list.areas);
    return status;
}

enum status maps_show(const struct made_view *view, const struct text_sink *sink) {
    return view->state == nullptr ? STATUS_OK : show_areas(view->state, show_map, sink);
}

enum status smaps_show(const struct made_view *view, const struct text_sink *sink) {
    return view->state == nullptr ? STATUS_OK : show_areas(view->state, show_map_and_usage, sink);
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
        usage_of_area(memory->space, &list.areas[i], &usage);
        map_usage_add(&sum, &usage);
    }
    if (list.count > 0) {
        map_rollup_write(sink, list.areas[0].range.start.value,
                         virt_range_last(list.areas[list.count - 1].range).value + 1, &sum);
    }
    heap_free(list.areas);
    return STATUS_OK;
}
