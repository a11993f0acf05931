#include "kernel/proc/tree/text_buffer.h"

#include "lib/memory.h"
#include "mm/heap/heap.h"

constexpr size_t FIRST_CAPACITY = 1024;

static bool grow(struct text_buffer *buffer, size_t wanted) {
    size_t capacity = buffer->capacity_bytes == 0 ? FIRST_CAPACITY : buffer->capacity_bytes;
    while (capacity < wanted) {
        capacity *= 2;
    }
    if (capacity == buffer->capacity_bytes) {
        return true;
    }
    char *bytes = heap_alloc(capacity);
    if (bytes == nullptr) {
        return false;
    }
    if (buffer->length > 0) {
        memcpy(bytes, buffer->bytes, buffer->length);
    }
    heap_free(buffer->bytes);
    buffer->bytes = bytes;
    buffer->capacity_bytes = capacity;
    return true;
}

static void write_text(void *context, const char *text, size_t length) {
    struct text_buffer *buffer = context;
    if (buffer->is_cut || !grow(buffer, buffer->length + length)) {
        buffer->is_cut = true;
        return;
    }
    memcpy(buffer->bytes + buffer->length, text, length);
    buffer->length += length;
}

struct text_sink text_buffer_sink(struct text_buffer *buffer) {
    return (struct text_sink){write_text, buffer};
}

void text_buffer_clear(struct text_buffer *buffer) {
    heap_free(buffer->bytes);
    *buffer = (struct text_buffer){};
}
