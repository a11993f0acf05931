#include "kernel/cpu/user_copy.h"
#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "lib/status.h"

constexpr size_t BUFFER_SIZE = 256;
constexpr int64_t IO_MAX = 0x7ffff000;         /* what one call transfers at most, as on Linux */
constexpr int64_t VECTOR_MAX = 1024;           /* UIO_MAXIOV */
constexpr uint32_t IOCTL_WINDOW_SIZE = 0x5413; /* TIOCGWINSZ */

/* struct iovec of man 3type iovec. */
struct io_vector {
    virt_addr_t base;
    uint64_t size_bytes;
};

/* struct winsize of man 2const TIOCGWINSZ. */
struct window_size {
    uint16_t rows, columns, width_pixels, height_pixels;
};

static bool is_open(uint64_t descriptor) {
    return (uint32_t)descriptor < DESCRIPTOR_COUNT;
}

/* What one call writes, gathered so that a line in several parts still comes out as one. */
struct output {
    struct terminal *terminal;
    size_t used;
    char buffer[BUFFER_SIZE];
};

static void output_flush(struct output *output) {
    terminal_write(output->terminal, output->buffer, output->used);
    output->used = 0;
}

/* Takes bytes until the end or the first that cannot be read; returns how many it took. */
static uint64_t output_take(struct output *output, virt_addr_t from, uint64_t size_bytes) {
    uint64_t done = 0;
    size_t missing = 0;
    while (done < size_bytes && missing == 0) {
        size_t room = sizeof(output->buffer) - output->used;
        size_t piece = size_bytes - done < room ? size_bytes - done : room;
        missing = user_copy_in(output->buffer + output->used, virt_add(from, done), piece);
        output->used += piece - missing;
        done += piece - missing;
        if (output->used == sizeof(output->buffer)) {
            output_flush(output);
        }
    }
    return done;
}

/* A terminal that nobody types at: always at its end. */
int64_t call_read(const struct trap_frame *frame) {
    return is_open(frame->rdi) ? 0 : STATUS_BAD_DESCRIPTOR;
}

int64_t call_write(const struct trap_frame *frame) {
    if (!is_open(frame->rdi)) {
        return STATUS_BAD_DESCRIPTOR;
    }
    if (!is_user_memory(virt_addr(frame->rsi), frame->rdx)) {
        return STATUS_FAULT;
    }
    uint64_t size_bytes = frame->rdx < IO_MAX ? frame->rdx : IO_MAX;
    struct output output = {.terminal = process_current()->terminal};
    uint64_t done = output_take(&output, virt_addr(frame->rsi), size_bytes);
    output_flush(&output);
    return done == 0 && size_bytes > 0 ? STATUS_FAULT : (int64_t)done;
}

/* As on Linux, one bad part refuses the call before anything is written. */
static int64_t check_parts(virt_addr_t vectors, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        struct io_vector vector;
        virt_addr_t at = virt_add(vectors, (uint64_t)i * sizeof(vector));
        if (user_copy_in(&vector, at, sizeof(vector)) != 0) {
            return STATUS_FAULT;
        }
        if ((int64_t)vector.size_bytes < 0) {
            return STATUS_INVALID;
        }
        if (!is_user_memory(vector.base, vector.size_bytes)) {
            return STATUS_FAULT;
        }
    }
    return 0;
}

/* Takes one part; the result is how many bytes of it, or why none. */
static int64_t take_part(struct output *output, virt_addr_t vector_address, int64_t room,
                         struct io_vector *vector) {
    if (user_copy_in(vector, vector_address, sizeof(*vector)) != 0) {
        return STATUS_FAULT;
    }
    uint64_t size_bytes = vector->size_bytes < (uint64_t)room ? vector->size_bytes : (uint64_t)room;
    uint64_t done = output_take(output, vector->base, size_bytes);
    return done == 0 && size_bytes > 0 ? STATUS_FAULT : (int64_t)done;
}

static int64_t take_parts(struct output *output, virt_addr_t vectors, int64_t count) {
    int64_t done = 0;
    for (int64_t i = 0; i < count; i++) {
        struct io_vector vector;
        virt_addr_t at = virt_add(vectors, (uint64_t)i * sizeof(vector));
        int64_t result = take_part(output, at, IO_MAX - done, &vector);
        if (result < 0) {
            return done > 0 ? done : result;
        }
        done += result;
        if ((uint64_t)result < vector.size_bytes) {
            break;
        }
    }
    return done;
}

int64_t call_writev(const struct trap_frame *frame) {
    int64_t count = (int64_t)frame->rdx;
    if (!is_open(frame->rdi)) {
        return STATUS_BAD_DESCRIPTOR;
    }
    if (count < 0 || count > VECTOR_MAX) {
        return STATUS_INVALID;
    }
    int64_t status = check_parts(virt_addr(frame->rsi), count);
    if (status != 0) {
        return status;
    }
    struct output output = {.terminal = process_current()->terminal};
    int64_t done = take_parts(&output, virt_addr(frame->rsi), count);
    output_flush(&output);
    return done;
}

int64_t call_ioctl(const struct trap_frame *frame) {
    if (!is_open(frame->rdi)) {
        return STATUS_BAD_DESCRIPTOR;
    }
    if ((uint32_t)frame->rsi != IOCTL_WINDOW_SIZE) {
        return STATUS_NOT_A_TERMINAL;
    }
    struct window_size size = {};
    terminal_size(process_current()->terminal, &size.columns, &size.rows);
    return user_copy_out(virt_addr(frame->rdx), &size, sizeof(size)) == 0 ? 0 : STATUS_FAULT;
}
