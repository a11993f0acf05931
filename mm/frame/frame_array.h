#pragma once

#include "lib/untrusted.h"
#include "mm/frame/frame.h"
#include "mm/frame/page_run.h"

/* The frame array, by page number. Private to the room. */

constexpr uint64_t FRAMES_PER_PAGE = PAGE_SIZE / sizeof(struct frame);

/* fixed by frame_init */
extern struct frame *frame_array;

static inline struct frame *frame_at(uint64_t page) {
    return &frame_array[page];
}

static inline uint64_t frame_page(const struct frame *frame) {
    return (uint64_t)(frame - frame_array);
}

/* Makes a frame that is not free say what it is; map_count and the union become zero. */
static inline void frame_set_used(struct frame *frame, enum frame_state state, uint8_t flags) {
    *frame = (struct frame){.state = state, .flags = flags};
}

/* frame_init's part for the array itself. */
void frame_array_begin(struct frame *array, const struct memory_map *map);

/* The whole pages of a usable region; an empty run for any other. */
struct page_run usable_run(TRUSTED const struct memory_region *region);

/* Whether the page lies in RAM that has a struct frame. */
bool frame_page_exists(uint64_t page);
