#include "kernel/trace/text.h"

#include "mm/paging/page_table.h"

typedef unsigned long long number;

static const char *const names[TABLE_OPERATION_COUNT] = {
    [TABLE_CREATE] = "create",
    [TABLE_ADOPT] = "adopt",
    [TABLE_DESTROY] = "destroy",
    [TABLE_RESERVE] = "reserve",
    [TABLE_MAP] = "map",
    [TABLE_MAP_FRAMES] = "map_frames",
    [TABLE_REMAP] = "remap",
    [TABLE_REMAP_FRAMES] = "remap_frames",
    [TABLE_UNMAP] = "unmap",
    [TABLE_UNMAP_KEEPING_FRAMES] = "unmap_keeping_frames",
    [TABLE_UNMAP_STRICT] = "unmap_strict",
    [TABLE_PROTECT] = "protect",
    [TABLE_MERGE] = "merge",
    [TABLE_SHARE] = "share",
    [TABLE_UNSHARE] = "unshare",
    [TABLE_MOVE] = "move",
    [TABLE_ACTIVATE] = "activate",
    [TABLE_FLUSH_START] = "flush_start",
    [TABLE_FLUSH_DONE] = "flush_done",
    [TABLE_PAID] = "paid",
};

static const char *half_name(const struct page_table *table) {
    return table->half == HALF_KERNEL ? "kernel" : "user";
}

void trace_text_begin(const struct platform_features *features, const struct text_sink *sink) {
    format_to(sink,
              "quire-trace 1 levels=%u phys_addr_bits=%u no_execute=%u global_pages=%u "
              "leaves_1g=%u pat=%u pcid=%u\n",
              features->paging_levels, features->phys_addr_bits, features->has_no_execute,
              features->has_global_pages, features->has_1g_leaves, features->has_pat,
              features->has_pcid);
}

/* Leaves in a row that a CPU has used alike. */
struct touched_run {
    const struct text_sink *sink;
    const struct page_table *table;
    uint64_t start;
    uint64_t end;
    uint8_t level;
    bool is_dirty;
};

static void write_run(struct touched_run *run) {
    if (run->end != run->start) {
        format_to(run->sink, "touched root=%llx va=%llx pages=%llu level=%u dirty=%u\n",
                  (number)run->table->root.value, (number)run->start,
                  (number)(run->end - run->start) >> PAGE_SHIFT, run->level, run->is_dirty);
    }
    run->start = run->end;
}

static bool add_touched(void *context, virt_addr_t va, const struct page_query *entry) {
    struct touched_run *run = context;
    if (entry->kind != PAGE_MAPPED || !entry->is_accessed) {
        return true;
    }
    if (run->end != va.value || run->level != entry->level || run->is_dirty != entry->is_dirty) {
        write_run(run);
        run->start = va.value;
        run->level = entry->level;
        run->is_dirty = entry->is_dirty;
    }
    uint64_t size = level_size(entry->level);
    run->end = align_down(va.value, size) + size;
    return true;
}

static bool changes_live_entries(const struct table_event *event) {
    switch (event->operation) {
    case TABLE_REMAP:
    case TABLE_REMAP_FRAMES:
    case TABLE_UNMAP:
    case TABLE_UNMAP_KEEPING_FRAMES:
    case TABLE_UNMAP_STRICT:
    case TABLE_PROTECT:
    case TABLE_MERGE:
    case TABLE_SHARE:
    case TABLE_UNSHARE:
    case TABLE_MOVE:
        return event->status == STATUS_OK;
    case TABLE_CREATE:
    case TABLE_ADOPT:
    case TABLE_DESTROY:
    case TABLE_RESERVE:
    case TABLE_MAP:
    case TABLE_MAP_FRAMES:
    case TABLE_ACTIVATE:
    case TABLE_FLUSH_START:
    case TABLE_FLUSH_DONE:
    case TABLE_PAID:
        return false;
    }
    return false;
}

static void write_touched(const struct table_event *event, const struct text_sink *sink) {
    struct touched_run run = {.sink = sink, .table = event->table};
    page_table_for_each(event->table, event->range, add_touched, &run);
    write_run(&run);
}

/* The last of a process's table before it is destroyed, while nobody changes it. */
static bool takes_a_half_away(const struct table_event *event) {
    return event->operation == TABLE_UNMAP && event->status == STATUS_OK &&
           event->range.page_count == page_table_half_range(event->table).page_count;
}

static void write_mapping(const struct table_event *event, const struct text_sink *sink) {
    if (event->range.page_count != 0) {
        format_to(sink, " va=%llx pages=%llu", (number)event->range.start.value,
                  (number)event->range.page_count);
    }
    format_to(sink, " pa=%llx level=%u rights=%u cache=%u key=%u", (number)event->pa.value,
              event->level, event->attributes.rights, event->attributes.cache,
              event->attributes.protection_key);
    for (uint64_t i = 0; event->pages != nullptr && i < event->range.page_count; i++) {
        format_to(sink, "%s%llx", i == 0 ? " frames=" : ",", (number)event->pages[i].value);
    }
    if (event->are_objects) {
        format_to(sink, " objects=1");
    }
}

static void write_flush(const struct tlb_flush *flush, const struct text_sink *sink) {
    format_to(sink, " scope=%u cpus=%llx context=%u", flush->scope, (number)flush->cpus.bits,
              flush->context_id);
    for (unsigned i = 0; i < flush->page_count; i++) {
        format_to(sink, "%s%llx", i == 0 ? " flush=" : ",", (number)flush->pages[i].value);
    }
}

static bool add_to_hash(void *context, virt_addr_t va, const struct page_query *entry) {
    table_hash_add(context, va, entry);
    return true;
}

void trace_text_hash(const struct page_table *table, const struct text_sink *sink) {
    struct table_hash hash = TABLE_HASH_EMPTY;
    page_table_for_each(table, page_table_half_range(table), add_to_hash, &hash);
    format_to(sink, "hash root=%llx half=%s leaves=%llu value=%llx\n", (number)table->root.value,
              half_name(table), (number)hash.leaf_count, (number)hash.value);
}

void trace_text_event(const struct table_event *event, const struct change_circumstances *now,
                      const struct text_sink *sink) {
    if (takes_a_half_away(event)) {
        trace_text_hash(event->table, sink);
    }
    if (changes_live_entries(event)) {
        write_touched(event, sink);
    }
    format_to(sink, "%s root=%llx half=%s status=%d cpu=%u tick=%llu pid=%u at=%llx",
              names[event->operation], (number)event->table->root.value, half_name(event->table),
              event->status, now->cpu, (number)now->ticks, now->process_id,
              (number)(uint64_t)event->caller);
    write_mapping(event, sink);
    if (event->operation == TABLE_ACTIVATE) {
        format_to(sink, " context=%u previous=%llx", event->table->context_id,
                  (number)(event->other != nullptr ? event->other->root.value : 0));
    }
    if (event->operation == TABLE_SHARE) {
        format_to(sink, " child=%llx", (number)event->other->root.value);
    }
    if (event->operation == TABLE_MOVE) {
        format_to(sink, " to=%llx", (number)event->to.value);
    }
    if (event->flush != nullptr) {
        write_flush(event->flush, sink);
    }
    format_to(sink, " by=%s\n", now->name);
}

void trace_text_end(const struct text_sink *sink) {
    format_to(sink, "end\n");
}
