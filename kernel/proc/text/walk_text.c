#include "kernel/proc/text/walk_text.h"

typedef unsigned long long ull;

constexpr uint64_t FRAME_BITS = 0x000ffffffffff000; /* SDM 3A 4.5, tables 4-15 to 4-20 */
constexpr uint64_t PRESENT = 1;

static void write_step(const struct text_sink *to, const struct page_walk_step *step) {
    format_to(to, "level %u: entry %u of frame %llu is ", step->level, step->index,
              (ull)(step->table.value >> PAGE_SHIFT));
    if (step->raw & PRESENT) {
        format_to(to, "frame %llu and ", (ull)((step->raw & FRAME_BITS) >> PAGE_SHIFT));
        format_to(to, "0x%llx\n", (ull)(step->raw & ~FRAME_BITS));
    } else {
        format_to(to, "0x%llx\n", (ull)step->raw);
    }
    format_to(to, "         %s\n", step->words);
}

void walk_write(const struct text_sink *to, const struct page_walk *walk) {
    for (unsigned i = 0; i < walk->step_count; i++) {
        write_step(to, &walk->steps[i]);
    }
    struct page_walk_stop stop = page_walk_find_stop(walk, RIGHT_READ | RIGHT_USER, RIGHT_NONE);
    if (stop.is_stopped) {
        format_to(to, "stopped at level %u: bit %u (%s) is %s\n", stop.level, stop.bit, stop.name,
                  stop.is_set ? "set" : "clear");
    }
}
