#include "mm/space/space_trace.h"

constexpr size_t PRINT_MAX = 32;

static struct trace_ring ring = {.level = TRACE_CHANGES};

struct trace_ring *space_trace(void) {
    return &ring;
}

static const char *event_name(uint64_t kind) {
    switch ((enum space_event)kind) {
    case SPACE_CREATED:
        return "created";
    case SPACE_DESTROYED:
        return "destroyed";
    case SPACE_SWITCHED:
        return "switched to";
    case SPACE_MAPPED:
        return "mapped";
    case SPACE_UNMAPPED:
        return "unmapped";
    case SPACE_PROTECTED:
        return "protected";
    }
    return "unknown";
}

static void print_record(const struct trace_record *record, const struct text_sink *sink) {
    format_to(sink, "%6llu  space 0x%llx  %s", (unsigned long long)record->sequence,
              (unsigned long long)record->words[0], event_name(record->kind));
    if (record->words[2] != 0) {
        format_to(sink, "  0x%016llx  %llu pages", (unsigned long long)record->words[1],
                  (unsigned long long)record->words[2]);
    }
    format_to(sink, "\n");
}

void space_trace_print(size_t count, const struct text_sink *sink) {
    struct trace_record records[PRINT_MAX];
    uint64_t wanted = count < PRINT_MAX ? count : PRINT_MAX;
    uint64_t last = __atomic_load_n(&ring.last_sequence, __ATOMIC_ACQUIRE);
    size_t found = trace_read(&ring, last > wanted ? last - wanted : 0, records, wanted);
    for (size_t i = 0; i < found; i++) {
        print_record(&records[i], sink);
    }
}
