#include "drivers/pic.h"
#include "drivers/timer.h"
#include "kernel/clock/clock.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/files/system_type/system_type.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/subject.h"
#include "kernel/proc/tables.h"
#include "kernel/proc/text/system_text.h"
#include "kernel/process/system_name.h"
#include "lib/memory.h"
#include "mm/addr/layout.h"
#include "mm/frame/frame.h"
#include "mm/heap/heap.h"
#include "mm/space/kernel_space.h"
#include "mm/space/space_usage.h"

/* /proc itself. */

static const char *command_line_text = ""; /* fixed at boot */

void proc_set_command_line(const char *text) {
    command_line_text = text;
}

static bool count_leaf(void *context, virt_addr_t va, const struct page_query *entry) {
    uint64_t *pages = context;
    (void)va;
    pages[entry->level] += level_size(entry->level) >> PAGE_SHIFT;
    return true;
}

static void count_direct_map(uint64_t pages[3]) {
    constexpr uint64_t page_count = (DIRECT_MAP_END - DIRECT_MAP_BASE) >> PAGE_SHIFT;
    struct virt_range range = virt_range(virt_addr(DIRECT_MAP_BASE), page_count);
    page_table_for_each(space_page_table(kernel_space()), range, count_leaf, pages);
}

static struct memory_totals memory_totals(void) {
    struct frame_counts counts = frame_count();
    struct memory_totals totals = {
        .total = counts.total,
        .free = counts.by_state[FRAME_FREE],
        .file = counts.by_state[FRAME_FILE],
        .anonymous = counts.by_state[FRAME_ANON],
        .tables = counts.by_state[FRAME_TABLE],
        .kernel_stacks = task_count() * THREAD_STACK_PAGES,
        .heap = heap_count().frame_count,
    };
    return totals;
}

static enum status meminfo_show(const struct made_view *view, const struct text_sink *sink) {
    struct memory_totals totals = memory_totals();
    (void)view;
    totals.committed = space_committed_pages();
    totals.commit_limit = space_commit_limit_pages();
    count_direct_map(totals.direct_map);
    meminfo_write(sink, &totals);
    return STATUS_OK;
}

static enum status vmstat_show(const struct made_view *view, const struct text_sink *sink) {
    const struct memory_totals totals = memory_totals();
    (void)view;
    vmstat_write(sink, &totals);
    return STATUS_OK;
}

static struct activity activity(void) {
    const struct thread_statistics threads = thread_statistics();
    struct activity now = {
        .user_ticks = timer_ticks_to_user(threads.user_ticks),
        .kernel_ticks = timer_ticks_to_user(threads.kernel_ticks),
        .idle_ticks = timer_ticks_to_user(threads.idle_ticks),
        .switches = threads.switch_count,
        .boot_seconds = (uint64_t)clock_real_offset() / NANOSECONDS_PER_SECOND,
        .tasks_made = task_total(),
        .running = threads.running_count,
        .tasks = task_count(),
        .last_number = id_last_number(),
        .uptime_ns = clock_now(),
    };
    static_assert(THREAD_LOAD_ONE == LOAD_ONE);
    memcpy(now.loads, threads.loads, sizeof(now.loads));
    for (unsigned line = 0; line < INTERRUPT_LINES; line++) {
        now.interrupts[line] = pic_interrupt_count((uint8_t)line);
    }
    return now;
}

typedef void activity_text(const struct text_sink *to, const struct activity *activity);

static enum status show_activity(const struct text_sink *sink, activity_text *write) {
    const struct activity now = activity();
    write(sink, &now);
    return STATUS_OK;
}

static enum status stat_show(const struct made_view *view, const struct text_sink *sink) {
    (void)view;
    return show_activity(sink, activity_write);
}

static enum status uptime_show(const struct made_view *view, const struct text_sink *sink) {
    (void)view;
    return show_activity(sink, uptime_write);
}

static enum status loadavg_show(const struct made_view *view, const struct text_sink *sink) {
    (void)view;
    return show_activity(sink, loads_write);
}

static enum status interrupts_show(const struct made_view *view, const struct text_sink *sink) {
    (void)view;
    return show_activity(sink, interrupts_write);
}

static struct cpuid_registers leaf_or_zero(uint32_t leaf) {
    constexpr uint32_t extended = 0x80000000;
    const struct cpuid_registers none = {};
    return cpu_id(leaf & extended, 0).eax >= leaf ? cpu_id(leaf, 0) : none;
}

static enum status cpuinfo_show(const struct made_view *view, const struct text_sink *sink) {
    const struct cpu_features *features = cpu_features();
    const struct cpuid_registers basic = leaf_or_zero(1);
    const struct cpuid_registers extended = leaf_or_zero(0x80000001);
    const struct cpuid_registers structured = leaf_or_zero(7);
    (void)view;
    const struct cpu_facts cpu = {
        .vendor = features->vendor,
        .name = features->name,
        .family = features->family,
        .model = features->model,
        .stepping = features->stepping,
        .level = cpu_id(0, 0).eax,
        .khz = clock_counter_hertz() / 1000,
        .phys_addr_bits = features->phys_addr_bits,
        .virt_addr_bits = features->virt_addr_bits,
        .flush_bytes = (basic.ebx >> 8 & 0xff) * 8,
        .words = {basic.edx, basic.ecx, extended.edx, extended.ecx, structured.ebx, structured.ecx},
    };
    cpuinfo_write(sink, &cpu);
    return STATUS_OK;
}

static enum status version_show(const struct made_view *view, const struct text_sink *sink) {
    const struct system_name name = system_name();
    (void)view;
    format_to(sink, "%s version %s %s\n", name.system, name.release, name.version);
    return STATUS_OK;
}

static enum status command_line_show(const struct made_view *view, const struct text_sink *sink) {
    (void)view;
    format_to(sink, "%s\n", command_line_text);
    return STATUS_OK;
}

static void write_type(void *context, const struct system_type *type) {
    format_to(context, "nodev\t%s\n", type->name);
}

static enum status filesystems_show(const struct made_view *view, const struct text_sink *sink) {
    (void)view;
    system_type_for_each(write_type, (void *)sink);
    return STATUS_OK;
}

static enum status constant_show(const struct made_view *view, const struct text_sink *sink) {
    format_to(sink, "%s", (const char *)view->data);
    return STATUS_OK;
}

static enum status self_read_link(const struct made_subject *subject, char *text, size_t *length) {
    const struct process *process = process_current();
    (void)subject;
    if (process == nullptr) {
        return STATUS_NOT_FOUND;
    }
    *length = format_buffer(text, PATH_SIZE_MAX, "%u", process->number);
    return STATUS_OK;
}

static enum status thread_self_read_link(const struct made_subject *subject, char *text,
                                         size_t *length) {
    const struct task *task = task_current();
    (void)subject;
    if (task == nullptr) {
        return STATUS_NOT_FOUND;
    }
    *length = format_buffer(text, PATH_SIZE_MAX, "%u/task/%u", task->process->number, task->number);
    return STATUS_OK;
}

static enum status mounts_read_link(const struct made_subject *subject, char *text,
                                    size_t *length) {
    static const char target[] = "self/mounts";
    (void)subject;
    *length = sizeof(target) - 1;
    memcpy(text, target, *length);
    return STATUS_OK;
}

static const struct made_entry process_entry = {
    .kind = NODE_DIRECTORY,
    .permissions = 0555,
    .directory = &process_directory,
};

/* A number of a thread leads to its process too, though only those of processes are listed. */
static enum status find_process(const struct made_subject *directory, uint32_t number,
                                struct made_child *child) {
    (void)directory;
    tree_lock();
    const struct id *id = id_find(number);
    struct process *process = id != nullptr ? id->process : nullptr;
    bool is_thread = id != nullptr && process == nullptr && id->task != nullptr;
    if (is_thread) {
        process = id->task->process;
    }
    if (process != nullptr) {
        process_ref(process);
    }
    tree_unlock();
    const struct made_subject subject = {.about = process, .task = is_thread ? number : 0};
    *child = (struct made_child){.entry = &process_entry, .subject = subject};
    return process != nullptr ? STATUS_OK : STATUS_NOT_FOUND;
}

static bool next_process(const struct made_subject *directory, uint32_t from, uint32_t *number) {
    (void)directory;
    tree_lock();
    const struct id *id = id_next(from);
    while (id != nullptr && id->process == nullptr) {
        id = id_next(id->number + 1);
    }
    *number = id != nullptr ? id->number : 0;
    tree_unlock();
    return id != nullptr;
}

#define TEXT(file, mode, function)                                                                 \
    {.name = file, .kind = NODE_REGULAR, .permissions = mode, .show = function}
#define CONSTANT(file, text)                                                                       \
    {.name = file, .kind = NODE_REGULAR, .permissions = 0444, .show = constant_show, .data = text}
#define LINK(file, function)                                                                       \
    {.name = file, .kind = NODE_SYMLINK, .permissions = 0777, .read_link = function}

static const struct made_entry root_entries[] = {
    TEXT("buddyinfo", 0444, buddies_show),
    TEXT("cmdline", 0444, command_line_show),
    TEXT("cpuinfo", 0444, cpuinfo_show),
    CONSTANT("devices", "Character devices:\n  1 mem\n  5 /dev/tty\n\nBlock devices:\n"),
    TEXT("filesystems", 0444, filesystems_show),
    {.name = "frames", .kind = NODE_REGULAR, .permissions = 0444, .show_next = frames_show_next},
    TEXT("interrupts", 0444, interrupts_show),
    TEXT("loadavg", 0444, loadavg_show),
    TEXT("meminfo", 0444, meminfo_show),
    LINK("mounts", mounts_read_link),
    CONSTANT("partitions", "major minor  #blocks  name\n\n"),
    LINK("self", self_read_link),
    TEXT("stat", 0444, stat_show),
    CONSTANT("swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"),
    {.name = "sys", .kind = NODE_DIRECTORY, .permissions = 0555, .directory = &sysctl_directory},
    {.name = "sysvipc", .kind = NODE_DIRECTORY, .permissions = 0555, .directory = &ipc_directory},
    LINK("thread-self", thread_self_read_link),
    TEXT("uptime", 0444, uptime_show),
    TEXT("version", 0444, version_show),
    TEXT("vmstat", 0444, vmstat_show),
};

const struct made_directory root_directory = {
    .entries = root_entries,
    .entry_count = sizeof(root_entries) / sizeof(root_entries[0]),
    .find = find_process,
    .next = next_process,
    .number_kind = NODE_DIRECTORY,
};

static void ref(void *about) {
    process_ref(about);
}

static void unref(void *about) {
    process_unref(about);
}

enum status proc_create(struct node **root) {
    static struct made_file_system system = {
        .base = {.name = "proc"},
        .root = &root_directory,
        .ref = ref,
        .unref = unref,
        .is_there = subject_is_there,
        .find_owner = subject_find_owner,
    };
    return made_fs_root(&system, root);
}
