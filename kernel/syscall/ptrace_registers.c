#include "kernel/cpu/fpu.h"
#include "kernel/cpu/fpu_area.h"
#include "kernel/syscall/ptrace.h"
#include "kernel/syscall/user.h"
#include "mm/heap/heap.h"

/* Registers of a tracee: man 2 ptrace. */

constexpr size_t WORD_BYTES = sizeof(uint64_t);
constexpr size_t REGISTERS_BYTES = REGISTER_COUNT * WORD_BYTES;

/* struct user of <sys/user.h>. */
constexpr uint64_t USER_AREA_BYTES = 928; /* the kernel's, which is longer than the library's */
constexpr uint64_t DEBUG_REGISTERS_START = 848;
constexpr uint64_t DEBUG_REGISTERS_END = 912;

enum note_type : uint32_t {
    NOTE_STATUS = 1,         /* NT_PRSTATUS */
    NOTE_FLOATING_POINT = 2, /* NT_PRFPREG */
    NOTE_XSTATE = 0x202,     /* NT_X86_XSTATE */
};

struct io_vector {
    uint64_t start, size_bytes;
};

/* A part of the general registers. */
struct register_words {
    unsigned first, count;
    uint64_t words[REGISTER_COUNT];
};

static int64_t read_words(struct trace *trace, void *context) {
    struct register_words *read = context;
    __builtin_memcpy(read->words, trace->registers + read->first, read->count * WORD_BYTES);
    return STATUS_OK;
}

/* Up to the first that is refused, as on Linux. */
static int64_t write_words(struct trace *trace, void *context) NO_CAPABILITY_CHECK {
    const struct register_words *written = context;
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < written->count && status == STATUS_OK; i++) {
        status = trace_set_register(trace, written->first + i, written->words[i]);
    }
    return status;
}

static bool is_in_area(uint64_t address) {
    return address % WORD_BYTES == 0 && address < USER_AREA_BYTES;
}

/* Debug registers are zero, since nothing but zero can be written to them. */
int64_t trace_peek_user(const struct trace_request *request) {
    struct register_words read = {.first = (unsigned)(request->address / WORD_BYTES), .count = 1};
    if (!is_in_area(request->address)) {
        read.count = 0;
        int64_t status = trace_do(request->number, read_words, &read);
        return status != STATUS_OK ? status : STATUS_IO_ERROR;
    }
    read.count = request->address < REGISTERS_BYTES;
    int64_t status = trace_do(request->number, read_words, &read);
    return status == STATUS_OK ? copy_out(request->data, read.words, WORD_BYTES) : status;
}

int64_t trace_poke_user(const struct trace_request *request) {
    bool is_register = is_in_area(request->address) && request->address < REGISTERS_BYTES;
    struct register_words written = {
        .first = is_register ? (unsigned)(request->address / WORD_BYTES) : 0,
        .count = is_register,
        .words = {request->data},
    };
    int64_t status = trace_do(request->number, write_words, &written);
    if (status != STATUS_OK || is_register) {
        return status;
    }
    bool is_debug = is_in_area(request->address) && request->address >= DEBUG_REGISTERS_START &&
                    request->address < DEBUG_REGISTERS_END;
    if (is_debug) {
        return request->data == 0 ? STATUS_OK : STATUS_INVALID;
    }
    return STATUS_IO_ERROR;
}

static int64_t get_words(const struct trace_request *request, uint64_t to, uint64_t size_bytes) {
    struct register_words read = {.count = REGISTER_COUNT};
    int64_t status = trace_do(request->number, read_words, &read);
    return status == STATUS_OK ? copy_out(to, read.words, size_bytes) : status;
}

static int64_t set_words(const struct trace_request *request, uint64_t from, uint64_t size_bytes) {
    struct register_words written = {.count = (unsigned)(size_bytes / WORD_BYTES)};
    int64_t status = copy_in(written.words, from, size_bytes);
    return status == STATUS_OK ? trace_do(request->number, write_words, &written) : status;
}

int64_t trace_get_registers(const struct trace_request *request) {
    return get_words(request, request->data, REGISTERS_BYTES);
}

int64_t trace_set_registers(const struct trace_request *request) {
    return set_words(request, request->data, REGISTERS_BYTES);
}

static int64_t read_area(struct trace *trace, void *context) {
    __builtin_memcpy(context, trace->floating_point, fpu_area_size_bytes());
    return STATUS_OK;
}

/* `context` was checked. */
static int64_t write_area(struct trace *trace, void *context) {
    __builtin_memcpy(trace->floating_point, context, fpu_area_size_bytes());
    trace->is_floating_point_changed = true;
    return STATUS_OK;
}

/* An area that the caller frees; null: no memory. */
static void *make_area(void) {
    return heap_alloc(FPU_AREA_SIZE_MAX);
}

static int64_t get_area(const struct trace_request *request, uint64_t to, uint64_t size_bytes) {
    void *area = make_area();
    if (!area) {
        return STATUS_NO_MEMORY;
    }
    int64_t status = trace_do(request->number, read_area, area);
    if (status == STATUS_OK) {
        fpu_describe_for_tracer(area);
        status = copy_out(to, area, size_bytes);
    }
    heap_free(area);
    return status;
}

/* What the tracer has written is in `area`, and nothing of it is believed. */
static int64_t put_area(const struct trace_request *request, void *area) {
    if (!fpu_area_can_be_restored(area)) {
        return STATUS_INVALID;
    }
    return trace_do(request->number, write_area, area);
}

static int64_t set_legacy(const struct trace_request *request, uint64_t from) {
    char legacy[FPU_LEGACY_SIZE_BYTES];
    void *area = make_area();
    if (!area) {
        return STATUS_NO_MEMORY;
    }
    int64_t status = trace_do(request->number, read_area, area);
    if (status == STATUS_OK) {
        status = copy_in(legacy, from, sizeof(legacy));
    }
    if (status == STATUS_OK) {
        fpu_area_take_legacy(area, legacy);
        status = put_area(request, area);
    }
    heap_free(area);
    return status;
}

static int64_t set_whole(const struct trace_request *request, uint64_t from) {
    void *area = make_area();
    if (!area) {
        return STATUS_NO_MEMORY;
    }
    int64_t status = copy_in(area, from, fpu_area_size_bytes());
    if (status == STATUS_OK) {
        status = put_area(request, area);
    }
    heap_free(area);
    return status;
}

int64_t trace_get_floating_point(const struct trace_request *request) {
    return get_area(request, request->data, FPU_LEGACY_SIZE_BYTES);
}

int64_t trace_set_floating_point(const struct trace_request *request) {
    return set_legacy(request, request->data);
}

/* 0: there is no such set. */
static uint64_t size_of_set(uint64_t type) {
    switch (type) {
    case NOTE_STATUS:
        return REGISTERS_BYTES;
    case NOTE_FLOATING_POINT:
        return FPU_LEGACY_SIZE_BYTES;
    case NOTE_XSTATE:
        return fpu_area_size_bytes();
    default:
        return 0;
    }
}

static int64_t do_nothing(struct trace *trace, void *context) {
    (void)trace;
    (void)context;
    return STATUS_OK;
}

/* The set's vector, no longer than the set. */
static int64_t read_vector(const struct trace_request *request, struct io_vector *vector) {
    int64_t status = trace_do(request->number, do_nothing, nullptr);
    if (status == STATUS_OK) {
        status = copy_in(vector, request->data, sizeof(*vector));
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t size_bytes = size_of_set(request->address);
    if (size_bytes == 0 || vector->size_bytes % WORD_BYTES != 0) {
        return STATUS_INVALID;
    }
    if (request->address == NOTE_XSTATE && !fpu_has_xsave()) {
        return STATUS_NO_SUCH_DEVICE;
    }
    vector->size_bytes = vector->size_bytes < size_bytes ? vector->size_bytes : size_bytes;
    return STATUS_OK;
}

static int64_t write_vector(const struct trace_request *request, const struct io_vector *vector) {
    return copy_out(request->data + offsetof(struct io_vector, size_bytes), &vector->size_bytes,
                    sizeof(vector->size_bytes));
}

int64_t trace_get_register_set(const struct trace_request *request) {
    struct io_vector vector;
    int64_t status = read_vector(request, &vector);
    if (status == STATUS_OK) {
        status = request->address == NOTE_STATUS
                     ? get_words(request, vector.start, vector.size_bytes)
                     : get_area(request, vector.start, vector.size_bytes);
    }
    return status == STATUS_OK ? write_vector(request, &vector) : status;
}

static int64_t set_by_vector(const struct trace_request *request, const struct io_vector *vector) {
    if (request->address == NOTE_STATUS) {
        return set_words(request, vector->start, vector->size_bytes);
    }
    bool is_whole = vector->size_bytes == size_of_set(request->address);
    if (request->address == NOTE_FLOATING_POINT) {
        return is_whole ? set_legacy(request, vector->start) : STATUS_INVALID;
    }
    return is_whole ? set_whole(request, vector->start) : STATUS_FAULT;
}

int64_t trace_set_register_set(const struct trace_request *request) {
    struct io_vector vector;
    int64_t status = read_vector(request, &vector);
    if (status == STATUS_OK) {
        status = set_by_vector(request, &vector);
    }
    return status == STATUS_OK ? write_vector(request, &vector) : status;
}
