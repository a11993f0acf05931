#include "kernel/proc/text/frames_text.h"

void frame_run_end(const struct text_sink *to, struct frame_run *run) {
    constexpr unsigned page_shift = 12;
    if (run->state != nullptr) {
        format_to(to, "%llx %llu %s\n", (unsigned long long)run->first << page_shift,
                  (unsigned long long)run->count, run->state);
    }
    run->state = nullptr;
}

void frame_run_add(const struct text_sink *to, struct frame_run *run, uint64_t page,
                   uint64_t page_count, const char *state) {
    if (run->state == state && run->first + run->count == page) {
        run->count += page_count;
        return;
    }
    frame_run_end(to, run);
    *run = (struct frame_run){state, page, page_count};
}
