#include "kernel/trace/history.h"

#include "lib/memory.h"
#include "mm/paging/attributes.h"
#include "mm/paging/page_table.h"

static_assert(sizeof(struct table_change) == sizeof(struct trace_words));

/* What changes a mapping. Other operations have no word, and are left out. */
static const struct {
    const char *word;
    bool has_range; /* that is not the whole half */
    bool has_rights;
} WORDS[TABLE_OPERATION_COUNT] = {
    [TABLE_CREATE] = {"created", false, false},
    [TABLE_DESTROY] = {"destroyed", false, false},
    [TABLE_MAP] = {"mapped", true, true},
    [TABLE_MAP_FRAMES] = {"mapped", true, true},
    [TABLE_REMAP] = {"remapped", true, true},
    [TABLE_REMAP_FRAMES] = {"remapped", true, true},
    [TABLE_UNMAP] = {"unmapped", true, false},
    [TABLE_UNMAP_KEEPING_FRAMES] = {"unmapped", true, false},
    [TABLE_UNMAP_STRICT] = {"unmapped", true, false},
    [TABLE_PROTECT] = {"protected", true, true},
    [TABLE_MERGE] = {"merged", true, false},
    [TABLE_SHARE] = {"shared", true, false},
    [TABLE_UNSHARE] = {"unshared", true, false},
    [TABLE_MOVE] = {"moved away", true, false},
};

static void copy_name(char *to, const char *from) {
    size_t length = 0;
    while (length < CHANGE_NAME_SIZE_BYTES - 1 && from[length] != '\0') {
        to[length] = from[length];
        length++;
    }
    to[length] = '\0';
}

bool history_keeps(const struct table_event *event) {
    return event->status == STATUS_OK && WORDS[event->operation].word != nullptr;
}

void history_add(struct trace_ring *ring, const struct table_event *event,
                 const struct change_circumstances *circumstances) {
    if (!history_keeps(event)) {
        return;
    }
    struct table_change change = {
        .ticks = circumstances->ticks,
        .root = event->table->root,
        .range = event->range,
        .caller = (uint64_t)event->caller,
        .process_id = circumstances->process_id,
        .operation = event->operation,
        .rights = event->attributes.rights,
        .is_kernel_half = event->table->half == HALF_KERNEL,
    };
    copy_name(change.name, circumstances->name);
    struct trace_words what;
    memcpy(&what, &change, sizeof what);
    trace_add(ring, &what);
}

static bool read_change(const struct trace_ring *ring, uint64_t sequence,
                        struct table_change *change) {
    struct trace_words what;
    bool is_there = trace_copy(ring, sequence, &what);
    memcpy(change, &what, sizeof *change);
    return is_there;
}

/* The ring's oldest sequence that can still be there is one more than this. */
static uint64_t before_oldest(uint64_t last) {
    return last > TRACE_RING_SIZE ? last - TRACE_RING_SIZE : 0;
}

static bool is_about(const struct table_change *change, phys_addr_t root, virt_addr_t va) {
    bool is_table = change->is_kernel_half || change->root.value == root.value;
    return is_table && change->range.start.value <= va.value &&
           va.value <= virt_range_last(change->range).value;
}

size_t history_find(const struct trace_ring *ring, phys_addr_t root, virt_addr_t va,
                    struct table_change *changes, size_t capacity) {
    uint64_t last = trace_last(ring);
    size_t count = 0;
    for (uint64_t at = last; at > before_oldest(last) && count < capacity; at--) {
        struct table_change *change = &changes[count];
        if (!read_change(ring, at, change) || !is_about(change, root, va)) {
            continue;
        }
        count++;
        if (change->operation == TABLE_CREATE) {
            break;
        }
    }
    return count;
}

size_t history_newest(const struct trace_ring *ring, struct table_change *changes,
                      size_t capacity) {
    uint64_t last = trace_last(ring);
    size_t count = 0;
    for (uint64_t at = last; at > before_oldest(last) && count < capacity; at--) {
        count += read_change(ring, at, &changes[count]);
    }
    return count;
}

void table_change_write(const struct table_change *change, const struct text_sink *sink) {
    format_to(sink, "%s ", WORDS[change->operation].word);
    if (WORDS[change->operation].has_range) {
        format_to(sink, "0x%llx + %llu pages of ", (unsigned long long)change->range.start.value,
                  (unsigned long long)change->range.page_count);
    }
    format_to(sink, "root 0x%llx ", (unsigned long long)change->root.value);
    if (WORDS[change->operation].has_rights) {
        format_to(sink, "as %s ", rights_text(change->rights).letters);
    }
    table_change_write_author(change, sink);
}

void table_change_write_author(const struct table_change *change, const struct text_sink *sink) {
    if (change->process_id != 0) {
        format_to(sink, "by process %u (%s)", change->process_id, change->name);
    } else {
        format_to(sink, "by %s", change->name);
    }
    format_to(sink, " at tick %llu", (unsigned long long)change->ticks);
}

struct rights_text rights_text(uint8_t rights) {
    struct rights_text text = {{
        rights & RIGHT_READ ? 'r' : '-',
        rights & RIGHT_WRITE ? 'w' : '-',
        rights & RIGHT_EXECUTE ? 'x' : '-',
    }};
    return text;
}
