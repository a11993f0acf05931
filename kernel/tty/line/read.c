#include "kernel/tty/line/output.h"

static bool has_bit(const uint64_t *bits, uint32_t place) {
    return (bits[place % LINE_BUFFER_SIZE / 64] >> place % 64 & 1) != 0;
}

bool line_has_input(const struct line_discipline *line) {
    uint32_t end = is_local(line, TTY_ICANON) ? line->canon : line->head;
    return end != line->tail;
}

uint32_t line_input_size(const struct line_discipline *line) {
    if (!is_local(line, TTY_ICANON)) {
        return line->head - line->tail;
    }
    uint32_t size = 0;
    for (uint32_t place = line->tail; place != line->canon; place++) {
        size += !has_bit(line->ends_of_file, place);
    }
    return size;
}

/* Gives the bytes up to `end`, as many as are wanted. */
static void give(struct line_discipline *line, struct transfer *transfer, uint32_t end) {
    while (line->tail != end && transfer->left_bytes > 0) {
        uint32_t start = line->tail % LINE_BUFFER_SIZE;
        uint32_t count = end - line->tail;
        if (count > LINE_BUFFER_SIZE - start) {
            count = LINE_BUFFER_SIZE - start;
        }
        line->tail += (uint32_t)transfer_put(transfer, line->buffer + start, count);
    }
}

/* Up to the end of a line, and over an end of file that follows at once, which would else be
 * found by the next read. */
static void give_line(struct line_discipline *line, struct transfer *transfer) {
    uint32_t place = line->tail;
    while (place != line->canon && !has_bit(line->ends, place)) {
        place++;
    }
    bool has_end = place != line->canon;
    bool is_end_of_file = has_end && has_bit(line->ends_of_file, place);
    uint32_t end = has_end && !is_end_of_file ? place + 1 : place;
    give(line, transfer, end);
    if (is_end_of_file && line->tail == end) {
        line->tail++;
    }
}

void line_read(struct line_discipline *line, struct transfer *transfer) {
    if (is_local(line, TTY_ICANON)) {
        give_line(line, transfer);
    } else {
        give(line, transfer, line->head);
    }
}
