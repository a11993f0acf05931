#pragma once

#include "mm/frame/frame.h"

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

/* Whether the page lies in RAM that has a struct frame. */
bool frame_page_exists(uint64_t page);
