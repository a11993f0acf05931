#include "kernel/proc/text/memory_text.h"

typedef unsigned long long ull;

constexpr size_t PATH_COLUMN = 73; /* where the path begins */

/* Counts what goes through it. */
struct counting {
    const struct text_sink *to;
    size_t length;
};

static void count_text(void *context, const char *text, size_t length) {
    struct counting *counting = context;
    counting->length += length;
    counting->to->write(counting->to->context, text, length);
}

static unsigned major_of(uint64_t device) {
    return (unsigned)(device >> 8 & 0xfff);
}

static unsigned minor_of(uint64_t device) {
    return (unsigned)((device & 0xff) | (device >> 12 & 0xfff00));
}

static void write_path(const struct text_sink *to, const char *path) {
    for (; *path != '\0'; path++) {
        format_to(to, *path == '\n' ? "\\012" : "%c", *path);
    }
}

void map_write(const struct text_sink *to, const struct map_facts *map) {
    struct counting counting = {to, 0};
    const struct text_sink sink = {count_text, &counting};
    format_to(&sink, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu ", (ull)map->start,
              (ull)map->end, map->can_read ? 'r' : '-', map->can_write ? 'w' : '-',
              map->can_execute ? 'x' : '-', map->is_shared ? 's' : 'p', (ull)map->offset_bytes,
              major_of(map->device), minor_of(map->device), (ull)map->number);
    if (map->path[0] != '\0') {
        int blanks = counting.length < PATH_COLUMN ? (int)(PATH_COLUMN - counting.length) : 1;
        format_to(to, "%*s", blanks, "");
        write_path(to, map->path);
    }
    format_to(to, "\n");
}

void map_usage_add(struct map_usage *sum, const struct map_usage *more) {
    sum->size += more->size;
    sum->resident += more->resident;
    sum->share_bytes += more->share_bytes;
    sum->shared_clean += more->shared_clean;
    sum->shared_dirty += more->shared_dirty;
    sum->private_clean += more->private_clean;
    sum->private_dirty += more->private_dirty;
    sum->referenced += more->referenced;
    sum->anonymous += more->anonymous;
    sum->locked += more->locked;
}

static void write_kib(const struct text_sink *to, const char *name, uint64_t kib) {
    format_to(to, "%-16s%8llu kB\n", name, (ull)kib);
}

static void write_pages(const struct text_sink *to, const char *name, uint64_t pages) {
    constexpr uint64_t page_kib = 4;
    write_kib(to, name, pages * page_kib);
}

static void write_sums(const struct text_sink *to, const struct map_usage *usage) {
    write_pages(to, "Rss:", usage->resident);
    write_kib(to, "Pss:", usage->share_bytes >> 10);
}

static void write_details(const struct text_sink *to, const struct map_usage *usage) {
    static const char *const absent[] = {
        "LazyFree:",       "AnonHugePages:",   "ShmemPmdMapped:", "FilePmdMapped:",
        "Shared_Hugetlb:", "Private_Hugetlb:", "Swap:",           "SwapPss:"};
    write_pages(to, "Shared_Clean:", usage->shared_clean);
    write_pages(to, "Shared_Dirty:", usage->shared_dirty);
    write_pages(to, "Private_Clean:", usage->private_clean);
    write_pages(to, "Private_Dirty:", usage->private_dirty);
    write_pages(to, "Referenced:", usage->referenced);
    write_pages(to, "Anonymous:", usage->anonymous);
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        write_kib(to, absent[i], 0);
    }
    write_pages(to, "Locked:", usage->locked);
}

static void write_flag(const struct text_sink *to, bool has, const char *flag) {
    if (has) {
        format_to(to, "%s ", flag);
    }
}

static void write_flags(const struct text_sink *to, const struct map_facts *map) {
    format_to(to, "VmFlags: ");
    write_flag(to, map->can_read, "rd");
    write_flag(to, map->can_write, "wr");
    write_flag(to, map->can_execute, "ex");
    write_flag(to, map->is_shared, "sh");
    format_to(to, "mr mw me ");
    write_flag(to, map->is_shared, "ms");
    write_flag(to, map->grows_down, "gd");
    write_flag(to, map->is_locked, "lo");
    write_flag(to, !map->is_shared, "ac");
    write_flag(to, map->has_missing_pager, "um");
    write_flag(to, map->has_minor_pager, "ui");
    format_to(to, "\n");
}

void map_usage_write(const struct text_sink *to, const struct map_facts *map,
                     const struct map_usage *usage) {
    write_pages(to, "Size:", usage->size);
    write_pages(to, "KernelPageSize:", 1);
    write_pages(to, "MMUPageSize:", 1);
    write_sums(to, usage);
    write_details(to, usage);
    format_to(to, "THPeligible:    0\n");
    write_flags(to, map);
}

void map_rollup_write(const struct text_sink *to, uint64_t start, uint64_t end,
                      const struct map_usage *usage) {
    const struct map_facts all = {.start = start, .end = end, .path = "[rollup]"};
    map_write(to, &all);
    write_sums(to, usage);
    write_details(to, usage);
}

uint64_t pagemap_entry(const struct page_facts *page) {
    constexpr uint64_t exclusive = 1ull << 56;
    constexpr uint64_t file_or_shared = 1ull << 61;
    constexpr uint64_t present = 1ull << 63;
    constexpr uint64_t frame_mask = (1ull << 55) - 1;
    if (!page->is_present) {
        return 0;
    }
    return present | (page->frame & frame_mask) | (page->is_shared_or_file ? file_or_shared : 0) |
           (page->is_exclusive ? exclusive : 0);
}
