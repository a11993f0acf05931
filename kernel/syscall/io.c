#include "kernel/cpu/user_copy.h"
#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "lib/status.h"

constexpr uint64_t DESCRIPTOR_COUNT = 3; /* 0, 1 and 2: the process's terminal */
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

/* Writes until the end or the first byte that cannot be read; STATUS_FAULT where that is the first
 * of all. */
static int64_t write_bytes(virt_addr_t from, uint64_t size_bytes) {
    struct terminal *terminal = process_current()->terminal;
    char buffer[BUFFER_SIZE];
    uint64_t done = 0;
    while (done < size_bytes) {
        size_t piece = size_bytes - done < sizeof(buffer) ? size_bytes - done : sizeof(buffer);
        size_t missing = user_copy_in(buffer, virt_add(from, done), piece);
        terminal_write(terminal, buffer, piece - missing);
        done += piece - missing;
        if (missing > 0) {
            return done > 0 ? (int64_t)done : STATUS_FAULT;
        }
    }
    return (int64_t)done;
}

/* A terminal that nobody types at: always at its end. */
int64_t call_read(const struct trap_frame *frame) {
    return is_open(frame->rdi) ? 0 : STATUS_BAD_DESCRIPTOR;
}

int64_t call_write(const struct trap_frame *frame) {
    if (!is_open(frame->rdi)) {
        return STATUS_BAD_DESCRIPTOR;
    }
    uint64_t size_bytes = frame->rdx < IO_MAX ? frame->rdx : IO_MAX;
    return write_bytes(virt_addr(frame->rsi), size_bytes);
}

static int64_t write_vector(const struct io_vector *vector, int64_t done) {
    if ((int64_t)vector->size_bytes < 0) {
        return STATUS_INVALID;
    }
    uint64_t room = (uint64_t)(IO_MAX - done);
    return write_bytes(vector->base, vector->size_bytes < room ? vector->size_bytes : room);
}

int64_t call_writev(const struct trap_frame *frame) {
    int64_t count = (int64_t)frame->rdx;
    if (!is_open(frame->rdi)) {
        return STATUS_BAD_DESCRIPTOR;
    }
    if (count < 0 || count > VECTOR_MAX) {
        return STATUS_INVALID;
    }
    int64_t done = 0;
    for (int64_t i = 0; i < count; i++) {
        struct io_vector vector;
        virt_addr_t from = virt_addr(frame->rsi + (uint64_t)i * sizeof(vector));
        bool is_readable = user_copy_in(&vector, from, sizeof(vector)) == 0;
        int64_t result = is_readable ? write_vector(&vector, done) : STATUS_FAULT;
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
