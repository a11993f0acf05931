#include "mm/space/address_space.h"
#include "mm/space/space_private.h"

/* Pages in a row that differ in nothing but their address: one line. */
struct run {
    virt_addr_t start;
    virt_addr_t last;
    enum page_kind kind; /* PAGE_ABSENT: a guard, or memory that nobody has used yet */
    uint8_t level;
    uint8_t rights;
    enum cache_policy cache;
};

struct dump {
    const struct text_sink *sink;
    const struct page_table *table;
    const struct vm_area *area;
    struct run run;
    bool has_run;
    virt_addr_t next; /* the first address of the area that nothing has been said of */
};

static const char *cache_word(const struct run *run) {
    if (run->kind != PAGE_MAPPED) {
        return "--";
    }
    switch (run->cache) {
    case CACHE_WRITE_BACK:
        return "WB";
    case CACHE_WRITE_THROUGH:
        return "WT";
    case CACHE_WRITE_COMBINING:
        return "WC";
    case CACHE_UNCACHED:
        return "UC";
    }
    return "??";
}

static const char *leaf_word(const struct run *run) {
    static const char *const words[] = {"4K", "2M", "1G"};
    return run->kind == PAGE_ABSENT ? "--" : words[run->level];
}

/* Whole pages without a fraction, in the largest unit that divides them; a half has 128 TiB. */
static uint64_t split_size(uint64_t bytes, const char **unit) {
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    unsigned i = 0;
    uint64_t number = bytes >> 10;
    while (is_aligned(number, 1024)) {
        number >>= 10;
        i++;
    }
    *unit = units[i];
    return number;
}

static const char *remark(const struct dump *dump) {
    if (dump->run.kind == PAGE_PARKED) {
        return " (parked)";
    }
    bool is_unused = dump->run.kind == PAGE_ABSENT && area_is_memory(dump->area);
    return is_unused ? " (unused)" : "";
}

static void print_run(const struct dump *dump) {
    const struct run *run = &dump->run;
    const char *unit;
    uint64_t size = split_size(run->last.value - run->start.value + 1, &unit);
    format_to(dump->sink, "0x%016llx-0x%016llx %5llu %s  %c%c%c%c%c  %s  %s  %s%s\n",
              (unsigned long long)run->start.value, (unsigned long long)run->last.value,
              (unsigned long long)size, unit, run->rights & RIGHT_READ ? 'r' : '-',
              run->rights & RIGHT_WRITE ? 'w' : '-', run->rights & RIGHT_EXECUTE ? 'x' : '-',
              run->rights & RIGHT_USER ? 'u' : '-', run->rights & RIGHT_GLOBAL ? 'g' : '-',
              cache_word(run), leaf_word(run), dump->area->name, remark(dump));
}

static bool continues(const struct run *run, const struct run *next) {
    return run->last.value + 1 == next->start.value && run->kind == next->kind &&
           run->level == next->level && run->rights == next->rights && run->cache == next->cache;
}

static void end_run(struct dump *dump) {
    if (dump->has_run) {
        print_run(dump);
    }
    dump->has_run = false;
}

static void begin_run(struct dump *dump, const struct run *run) {
    end_run(dump);
    dump->run = *run;
    dump->has_run = true;
}

/* Memory of the area before `end` that no entry stands for. */
static void add_unused(struct dump *dump, virt_addr_t end) {
    if (dump->next.value < end.value && area_is_memory(dump->area)) {
        struct run unused = {.start = dump->next, .last = virt_addr(end.value - 1)};
        begin_run(dump, &unused);
    }
}

static bool add_entry(void *context, virt_addr_t va, const struct page_query *entry) {
    struct dump *dump = context;
    struct run next = {
        .start = va,
        .last = virt_add(va, level_size(entry->level) - 1),
        .kind = entry->kind,
        .level = entry->level,
    };
    if (entry->kind == PAGE_MAPPED) {
        uint8_t global = entry->attributes.rights & RIGHT_GLOBAL;
        next.rights = (entry->effective_rights & ~RIGHT_GLOBAL) | global;
        next.cache = entry->attributes.cache;
    }
    add_unused(dump, va);
    dump->next = virt_add(next.last, 1);
    if (dump->has_run && continues(&dump->run, &next)) {
        dump->run.last = next.last;
        return true;
    }
    begin_run(dump, &next);
    return true;
}

static bool dump_area(void *context, const struct vm_area *area) {
    struct dump *dump = context;
    dump->area = area;
    dump->next = area->range.start;
    if (area->kind == AREA_GUARD) {
        struct run guard = {.start = area->range.start, .last = virt_range_last(area->range)};
        begin_run(dump, &guard);
    } else {
        page_table_for_each(dump->table, area->range, add_entry, dump);
        add_unused(dump, virt_add(virt_range_last(area->range), 1));
    }
    end_run(dump);
    return true;
}

void space_dump(struct address_space *space, const struct text_sink *sink) {
    struct dump dump = {.sink = sink, .table = &space->table};
    space_for_each_area(space, dump_area, &dump);
}
