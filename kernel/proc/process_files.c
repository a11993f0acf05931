#include "kernel/proc/facts.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/subject.h"
#include "kernel/proc/tables.h"
#include "kernel/proc/text/parse.h"
#include "kernel/proc/text/process_text.h"
#include "lib/memory.h"
#include "mm/frame/frame.h"

/* The files of /proc/PID and /proc/PID/task/TID. */

constexpr size_t PIECE_SIZE = 512;

/* Writes what the facts say. */
typedef void facts_write(const struct text_sink *to, const struct process_facts *facts);

static enum status show_facts(const struct made_view *view, const struct text_sink *sink,
                              facts_write *write) {
    struct gathered_facts gathered;
    enum status status = facts_gather(view->subject, &gathered);
    if (status == STATUS_OK) {
        write(sink, &gathered.facts);
    }
    return status;
}

static enum status stat_show(const struct made_view *view, const struct text_sink *sink) {
    return show_facts(view, sink, stat_write);
}

static enum status status_show(const struct made_view *view, const struct text_sink *sink) {
    return show_facts(view, sink, status_write);
}

static enum status schedule_show(const struct made_view *view, const struct text_sink *sink) {
    return show_facts(view, sink, schedule_write);
}

static enum status schedule_statistics_show(const struct made_view *view,
                                            const struct text_sink *sink) {
    return show_facts(view, sink, schedule_statistics_write);
}

static void write_pages(const struct text_sink *to, const struct process_facts *facts) {
    statm_write(to, &facts->memory);
}

static enum status statm_show(const struct made_view *view, const struct text_sink *sink) {
    return show_facts(view, sink, write_pages);
}

/* What a process itself may have changed, as far as it can be read. */
static void show_memory(struct process_memory *memory, virt_addr_t start, virt_addr_t end,
                        const struct text_sink *sink) {
    char piece[PIECE_SIZE];
    for (uint64_t at = start.value; at < end.value;) {
        size_t done = 0;
        size_t wanted = end.value - at < sizeof(piece) ? end.value - at : sizeof(piece);
        enum status status = space_read(memory->space, virt_addr(at), piece, wanted, &done);
        sink->write(sink->context, piece, done);
        if (status != STATUS_OK) {
            return;
        }
        at += done;
    }
}

static enum status arguments_show(const struct made_view *view, const struct text_sink *sink) {
    struct process_memory *memory = subject_memory(view->subject);
    if (memory != nullptr) {
        show_memory(memory, memory->arguments_start, memory->arguments_end, sink);
        process_memory_unref(memory);
    }
    return STATUS_OK;
}

static enum status environment_show(const struct made_view *view, const struct text_sink *sink) {
    struct process_memory *memory = memory_of_state(view->state);
    if (memory != nullptr) {
        show_memory(memory, memory->environment_start, memory->environment_end, sink);
        process_memory_unref(memory);
    }
    return STATUS_OK;
}

/* Pairs of words, up to and with AT_NULL. */
static enum status auxiliary_show(const struct made_view *view, const struct text_sink *sink) {
    const struct process_memory *memory = view->state;
    if (memory == nullptr) {
        return STATUS_OK;
    }
    constexpr size_t word_count = sizeof(memory->auxiliary) / sizeof(memory->auxiliary[0]);
    size_t count = 0;
    while (count + 2 < word_count && memory->auxiliary[count] != 0) {
        count += 2;
    }
    sink->write(sink->context, (const char *)memory->auxiliary,
                (count + 2) * sizeof(memory->auxiliary[0]));
    return STATUS_OK;
}

static enum status name_show(const struct made_view *view, const struct text_sink *sink) {
    const struct process *process = subject_process(view->subject);
    char name[TASK_NAME_SIZE_BYTES];
    tree_lock();
    const struct task *task = subject_task(view->subject);
    memcpy(name, task != nullptr ? task->name : process->last_name, sizeof(name));
    tree_unlock();
    format_to(sink, "%s\n", name);
    return STATUS_OK;
}

/* A process names its own threads alone. */
static enum status name_accept(const struct made_view *view, const char *text, size_t length) {
    char name[TASK_NAME_SIZE_BYTES] = {};
    if (subject_process(view->subject) != process_current()) {
        return STATUS_INVALID;
    }
    parse_line(text, length, name, sizeof(name));
    tree_lock();
    struct task *task = subject_task(view->subject);
    if (task != nullptr) {
        memcpy(task->name, name, sizeof(name));
    }
    tree_unlock();
    return task != nullptr ? STATUS_OK : STATUS_NO_SUCH_PROCESS;
}

static enum status limits_show(const struct made_view *view, const struct text_sink *sink) {
    struct limit_facts facts[LIMIT_COUNT];
    static_assert((unsigned)RESOURCE_COUNT == LIMIT_COUNT);
    tree_lock();
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        const struct resource_limit *limit = &subject_process(view->subject)->limits[i];
        facts[i] = (struct limit_facts){limit->soft, limit->hard};
    }
    tree_unlock();
    limits_write(sink, facts);
    return STATUS_OK;
}

static int32_t *adjustment_of(const struct made_view *view) {
    return &subject_process(view->subject)->oom_score_adjustment;
}

static enum status adjustment_show(const struct made_view *view, const struct text_sink *sink) {
    format_to(sink, "%d\n", __atomic_load_n(adjustment_of(view), __ATOMIC_RELAXED));
    return STATUS_OK;
}

/* Who is not root makes a process no less likely to be ended than `least`. */
static enum status adjust(const struct made_view *view, int64_t adjustment, const int32_t *least) {
    bool is_root = process_current()->credentials.effective_user == 0;
    if (!is_root && adjustment < __atomic_load_n(least, __ATOMIC_RELAXED)) {
        return STATUS_ACCESS_DENIED;
    }
    __atomic_store_n(adjustment_of(view), (int32_t)adjustment, __ATOMIC_RELAXED);
    return STATUS_OK;
}

static enum status adjustment_accept(const struct made_view *view, const char *text,
                                     size_t length) {
    int64_t adjustment;
    int32_t *least = &subject_process(view->subject)->oom_score_least;
    enum status status = parse_number(text, length, -1000, 1000, &adjustment);
    if (status == STATUS_OK) {
        status = adjust(view, adjustment, least);
    }
    if (status == STATUS_OK && process_current()->credentials.effective_user == 0) {
        __atomic_store_n(least, (int32_t)adjustment, __ATOMIC_RELAXED);
    }
    return status;
}

/* The older scale, from -17, never, to 15 (man 5 proc). */
static enum status old_adjustment_show(const struct made_view *view, const struct text_sink *sink) {
    int32_t adjustment = __atomic_load_n(adjustment_of(view), __ATOMIC_RELAXED);
    format_to(sink, "%d\n", adjustment == 1000 ? 15 : adjustment * 17 / 1000);
    return STATUS_OK;
}

static enum status old_adjustment_accept(const struct made_view *view, const char *text,
                                         size_t length) {
    int64_t adjustment;
    enum status status = parse_number(text, length, -17, 15, &adjustment);
    if (status != STATUS_OK) {
        return status;
    }
    return adjust(view, adjustment == 15 ? 1000 : adjustment * 1000 / 17, adjustment_of(view));
}

/* How likely it is to be ended when memory runs out, as Linux computes it. */
static enum status badness_show(const struct made_view *view, const struct text_sink *sink) {
    struct gathered_facts gathered;
    enum status status = facts_gather(view->subject, &gathered);
    if (status != STATUS_OK) {
        return status;
    }
    const struct memory_facts *memory = &gathered.facts.memory;
    int64_t total = (int64_t)frame_count().total;
    int64_t pages = (int64_t)(memory->resident_anonymous + memory->resident_file +
                              memory->resident_shared + memory->table);
    int64_t adjustment = __atomic_load_n(adjustment_of(view), __ATOMIC_RELAXED);
    int64_t points = (1000 + pages * 1000 / total + adjustment) * 2 / 3;
    format_to(sink, "%lld\n", (long long)(points > 0 && adjustment > -1000 ? points : 0));
    return STATUS_OK;
}

static enum status personality_show(const struct made_view *view, const struct text_sink *sink) {
    format_to(sink, "%08x\n", subject_process(view->subject)->personality);
    return STATUS_OK;
}

static enum status inspect_open(const struct made_subject *subject, void **state) {
    (void)state;
    return may_inspect(subject) ? STATUS_OK : STATUS_ACCESS_DENIED;
}

/* Nothing here lies on a disk: the last three count what goes there. */
static enum status moved_show(const struct made_view *view, const struct text_sink *sink) {
    const struct process_moved *moved = &subject_process(view->subject)->moved;
    format_to(sink, "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\n",
              (unsigned long long)__atomic_load_n(&moved->read_bytes, __ATOMIC_RELAXED),
              (unsigned long long)__atomic_load_n(&moved->written_bytes, __ATOMIC_RELAXED),
              (unsigned long long)__atomic_load_n(&moved->read_calls, __ATOMIC_RELAXED),
              (unsigned long long)__atomic_load_n(&moved->write_calls, __ATOMIC_RELAXED));
    format_to(sink, "read_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n");
    return STATUS_OK;
}

static enum status slack_show(const struct made_view *view, const struct text_sink *sink) {
    tree_lock();
    const struct task *task = subject_task(view->subject);
    uint64_t slack_ns = task != nullptr ? task->timer_slack_ns : 0;
    tree_unlock();
    format_to(sink, "%llu\n", (unsigned long long)slack_ns);
    return STATUS_OK;
}

/* What is the same for every process, as the entry's data has it. */
static enum status constant_show(const struct made_view *view, const struct text_sink *sink) {
    format_to(sink, "%s", (const char *)view->data);
    return STATUS_OK;
}

static enum status find_task(const struct made_subject *directory, uint32_t number,
                             struct made_child *child);
static bool next_task(const struct made_subject *directory, uint32_t from, uint32_t *number);

static const struct made_directory task_list_directory = {
    .find = find_task,
    .next = next_task,
    .number_kind = NODE_DIRECTORY,
};

#define TEXT(file, mode, function)                                                                 \
    {.name = file, .kind = NODE_REGULAR, .permissions = mode, .show = function}
#define CONSTANT(file, mode, text)                                                                 \
    {.name = file, .kind = NODE_REGULAR, .permissions = mode, .show = constant_show, .data = text}
#define OF_MEMORY(file, mode, function)                                                            \
    {.name = file,                                                                                 \
     .kind = NODE_REGULAR,                                                                         \
     .permissions = mode,                                                                          \
     .open = memory_open,                                                                          \
     .release = memory_release,                                                                    \
     .show = function}
#define IN_PIECES(file, mode, function)                                                            \
    {.name = file,                                                                                 \
     .kind = NODE_REGULAR,                                                                         \
     .permissions = mode,                                                                          \
     .open = memory_open,                                                                          \
     .release = memory_release,                                                                    \
     .show_next = function}
#define WRITABLE(file, mode, shows, accepts)                                                       \
    {.name = file, .kind = NODE_REGULAR, .permissions = mode, .show = shows, .accept = accepts}
#define LINK(file, reads, follows)                                                                 \
    {.name = file, .kind = NODE_SYMLINK, .permissions = 0777, .read_link = reads, .follow = follows}
#define DIRECTORY(file, mode, contents)                                                            \
    {.name = file, .kind = NODE_DIRECTORY, .permissions = mode, .directory = &(contents)}

/* The last one is of processes alone. */
static const struct made_entry entries[] = {
    OF_MEMORY("auxv", 0400, auxiliary_show),
    CONSTANT("cgroup", 0444, "0::/\n"),
    TEXT("cmdline", 0444, arguments_show),
    WRITABLE("comm", 0644, name_show, name_accept),
    CONSTANT("coredump_filter", 0444, "00000000\n"),
    LINK("cwd", current_read_link, current_follow),
    OF_MEMORY("environ", 0400, environment_show),
    LINK("exe", executable_read_link, executable_follow),
    DIRECTORY("fd", 0500, descriptor_directory),
    DIRECTORY("fdinfo", 0555, descriptor_facts_directory),
    {.name = "io",
     .kind = NODE_REGULAR,
     .permissions = 0400,
     .open = inspect_open,
     .show = moved_show},
    TEXT("limits", 0444, limits_show),
    CONSTANT("loginuid", 0444, "4294967295"),
    IN_PIECES("maps", 0444, maps_show_next),
    {.name = "mem",
     .kind = NODE_REGULAR,
     .permissions = 0600,
     .open = memory_open,
     .release = memory_release,
     .read = memory_read,
     .write = memory_write},
    TEXT("mountinfo", 0444, mountinfo_show),
    TEXT("mounts", 0444, mounts_show),
    WRITABLE("oom_adj", 0644, old_adjustment_show, old_adjustment_accept),
    TEXT("oom_score", 0444, badness_show),
    WRITABLE("oom_score_adj", 0644, adjustment_show, adjustment_accept),
    {.name = "pagemap",
     .kind = NODE_REGULAR,
     .permissions = 0400,
     .open = memory_open,
     .release = memory_release,
     .read = pagemap_read},
    {.name = "ptwalk",
     .kind = NODE_REGULAR,
     .permissions = 0400,
     .open = page_walk_open,
     .release = page_walk_release,
     .read = page_walk_read},
    TEXT("personality", 0400, personality_show),
    LINK("root", top_read_link, top_follow),
    TEXT("sched", 0444, schedule_show),
    TEXT("schedstat", 0444, schedule_statistics_show),
    CONSTANT("sessionid", 0444, "4294967295"),
    IN_PIECES("smaps", 0444, smaps_show_next),
    OF_MEMORY("smaps_rollup", 0444, smaps_rollup_show),
    TEXT("stat", 0444, stat_show),
    TEXT("statm", 0444, statm_show),
    TEXT("status", 0444, status_show),
    TEXT("timerslack_ns", 0444, slack_show),
    CONSTANT("wchan", 0444, "0"),
    DIRECTORY("task", 0555, task_list_directory),
};

constexpr size_t ENTRY_COUNT = sizeof(entries) / sizeof(entries[0]);

const struct made_directory process_directory = {.entries = entries, .entry_count = ENTRY_COUNT};
static const struct made_directory task_directory = {
    .entries = entries,
    .entry_count = ENTRY_COUNT - 1,
};

struct process *proc_process(const struct file *file) {
    struct node *node = file->place.node;
    const struct made_subject *subject =
        node != nullptr ? made_directory_subject(node, &process_directory) : nullptr;
    return subject != nullptr ? subject_process(subject) : nullptr;
}

static const struct made_entry task_entry = {
    .kind = NODE_DIRECTORY,
    .permissions = 0555,
    .directory = &task_directory,
};

static enum status find_task(const struct made_subject *directory, uint32_t number,
                             struct made_child *child) {
    struct made_subject subject = *directory;
    subject.task = number;
    tree_lock();
    bool is_there = number != 0 && subject_task(&subject) != nullptr;
    tree_unlock();
    if (!is_there) {
        return STATUS_NOT_FOUND;
    }
    process_ref(subject_process(&subject));
    *child = (struct made_child){.entry = &task_entry, .subject = subject};
    return STATUS_OK;
}

/* Behind the task that was listed before, where it is there still; else from the first one on. */
static const struct list_node *list_from(const struct process *process, uint32_t from)
    REQUIRES(process_tree) {
    const struct id *id = from > 0 ? id_find(from - 1) : nullptr;
    bool is_there = id != nullptr && id->task != nullptr && id->task->process == process;
    return is_there ? id->task->link.next : process->tasks.next;
}

static bool next_task(const struct made_subject *directory, uint32_t from, uint32_t *number) {
    const struct process *process = subject_process(directory);
    *number = 0;
    tree_lock();
    const struct list_node *at = list_from(process, from);
    while (at != &process->tasks && LIST_ENTRY(at, struct task, link)->number < from) {
        at = at->next;
    }
    if (at != &process->tasks) {
        *number = LIST_ENTRY(at, struct task, link)->number;
    }
    tree_unlock();
    return *number != 0;
}
