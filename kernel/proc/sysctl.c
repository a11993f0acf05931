#include "kernel/files/inotify/inotify.h"
#include "kernel/pager_file/pager_file.h"
#include "kernel/proc/tables.h"
#include "kernel/proc/text/parse.h"
#include "kernel/process/layout.h"
#include "kernel/process/process.h"
#include "kernel/process/system_name.h"
#include "kernel/random/random.h"
#include "lib/memory.h"
#include "mm/addr/layout.h"
#include "mm/frame/frame.h"
#include "mm/heap/heap.h"
#include "mm/space/space_usage.h"
#include "mm/space/user_areas.h"

/* /proc/sys: what the kernel's limits are, and what root may set. */

/* A number that can be set. */
struct setting {
    uint32_t *value; /* atomic */
    uint32_t least, most;
    uint32_t *replaced; /* becomes 0 where this one is set; null: none */
};

static const struct setting randomize_setting = {&layout_mode, 0, 2, nullptr};
static const struct setting overcommit_setting = {&space_overcommit.mode, OVERCOMMIT_GUESS,
                                                  OVERCOMMIT_NEVER, nullptr};
static const struct setting commit_ratio_setting = {&space_overcommit.ratio_percent, 0, INT32_MAX,
                                                    &space_overcommit.kbytes};
static const struct setting commit_kbytes_setting = {&space_overcommit.kbytes, 0, UINT32_MAX,
                                                     &space_overcommit.ratio_percent};

static const struct setting inotify_events_setting = {&inotify_limits.events, 0, INT32_MAX,
                                                      nullptr};
static const struct setting inotify_instances_setting = {&inotify_limits.instances, 0, INT32_MAX,
                                                         nullptr};
static const struct setting inotify_watches_setting = {&inotify_limits.watches, 0, INT32_MAX,
                                                       nullptr};
static const struct setting user_faults_setting = {&pager_file_trusts_everybody, 0, 1, nullptr};

static enum status setting_show(const struct made_view *view, const struct text_sink *sink) {
    const struct setting *setting = view->data;
    format_to(sink, "%u\n", __atomic_load_n(setting->value, __ATOMIC_RELAXED));
    return STATUS_OK;
}

static enum status setting_accept(const struct made_view *view, const char *text, size_t length) {
    const struct setting *setting = view->data;
    int64_t value;
    enum status status = parse_number(text, length, setting->least, setting->most, &value);
    if (status == STATUS_OK) {
        __atomic_store_n(setting->value, (uint32_t)value, __ATOMIC_RELAXED);
        if (setting->replaced != nullptr) {
            __atomic_store_n(setting->replaced, 0, __ATOMIC_RELAXED);
        }
    }
    return status == STATUS_OUT_OF_RANGE ? STATUS_INVALID : status;
}

static enum status constant_show(const struct made_view *view, const struct text_sink *sink) {
    format_to(sink, "%s\n", (const char *)view->data);
    return STATUS_OK;
}

/* A number that the kernel was built with. */
static enum status number_show(const struct made_view *view, const struct text_sink *sink) {
    format_to(sink, "%llu\n", (unsigned long long)*(const uint64_t *)view->data);
    return STATUS_OK;
}

static const uint64_t id_max = ID_MAX;
static const uint64_t area_count_max = AREA_COUNT_MAX;
static const uint64_t null_guard_end = NULL_GUARD_END;
static const uint64_t descriptor_max = DESCRIPTOR_LIMIT_MAX;
static const uint64_t group_max =
    sizeof(((struct process_credentials *)nullptr)->groups) / sizeof(uint32_t);

static enum status kind_show(const struct made_view *view, const struct text_sink *sink) {
    const struct system_name name = system_name();
    (void)view;
    format_to(sink, "%s\n", name.system);
    return STATUS_OK;
}

static enum status release_show(const struct made_view *view, const struct text_sink *sink) {
    const struct system_name name = system_name();
    (void)view;
    format_to(sink, "%s\n", name.release);
    return STATUS_OK;
}

static enum status version_show(const struct made_view *view, const struct text_sink *sink) {
    const struct system_name name = system_name();
    (void)view;
    format_to(sink, "%s\n", name.version);
    return STATUS_OK;
}

static enum status node_name_show(const struct made_view *view, const struct text_sink *sink) {
    const struct system_name name = system_name();
    (void)view;
    format_to(sink, "%s\n", name.node);
    return STATUS_OK;
}

static enum status node_name_accept(const struct made_view *view, const char *text, size_t length) {
    char line[SYSTEM_NAME_SIZE];
    (void)view;
    parse_line(text, length, line, sizeof(line));
    system_set_node_name(line, strlen(line));
    return STATUS_OK;
}

static enum status domain_show(const struct made_view *view, const struct text_sink *sink) {
    const struct system_name name = system_name();
    (void)view;
    format_to(sink, "%s\n", name.domain);
    return STATUS_OK;
}

static enum status domain_accept(const struct made_view *view, const char *text, size_t length) {
    char line[SYSTEM_NAME_SIZE];
    (void)view;
    parse_line(text, length, line, sizeof(line));
    system_set_domain_name(line, strlen(line));
    return STATUS_OK;
}

constexpr size_t UUID_BYTES = 16;

static void fill_uuid(uint8_t uuid[UUID_BYTES]) {
    if (random_fill(uuid, UUID_BYTES) != STATUS_OK) {
        random_fill_weakly(uuid, UUID_BYTES);
    }
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); /* version 4 of RFC 4122 */
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

static void write_uuid(const struct text_sink *sink, const uint8_t uuid[UUID_BYTES]) {
    for (size_t i = 0; i < UUID_BYTES; i++) {
        bool begins_group = i == 4 || i == 6 || i == 8 || i == 10;
        format_to(sink, begins_group ? "-%02x" : "%02x", uuid[i]);
    }
    format_to(sink, "\n");
}

static enum status uuid_show(const struct made_view *view, const struct text_sink *sink) {
    uint8_t uuid[UUID_BYTES];
    (void)view;
    fill_uuid(uuid);
    write_uuid(sink, uuid);
    return STATUS_OK;
}

/* The same from the first look until the machine is turned off. */
static enum status boot_id_show(const struct made_view *view, const struct text_sink *sink) {
    static struct sleep_lock lock;
    static uint8_t uuid[UUID_BYTES]; /* guarded by lock; all zeroes: not chosen yet */
    (void)view;
    sleep_lock_acquire(&lock);
    if (uuid[6] == 0) {
        fill_uuid(uuid);
    }
    write_uuid(sink, uuid);
    sleep_lock_release(&lock);
    return STATUS_OK;
}

/* All that is kept for speed alone is the heap's empty slabs. */
static enum status drop_caches_accept(const struct made_view *view, const char *text,
                                      size_t length) {
    int64_t what;
    (void)view;
    enum status status = parse_number(text, length, 1, 4, &what);
    if (status == STATUS_OK) {
        heap_drain();
    }
    return status == STATUS_OUT_OF_RANGE ? STATUS_INVALID : status;
}

static enum status file_max_show(const struct made_view *view, const struct text_sink *sink) {
    (void)view;
    format_to(sink, "%llu\n", (unsigned long long)INT64_MAX);
    return STATUS_OK;
}

#define TEXT(file, mode, function)                                                                 \
    {.name = file, .kind = NODE_REGULAR, .permissions = mode, .show = function}
#define CONSTANT(file, text)                                                                       \
    {.name = file, .kind = NODE_REGULAR, .permissions = 0444, .show = constant_show, .data = text}
#define NUMBER(file, number)                                                                       \
    {.name = file,                                                                                 \
     .kind = NODE_REGULAR,                                                                         \
     .permissions = 0444,                                                                          \
     .show = number_show,                                                                          \
     .data = &(number)}
#define SETTING(file, setting)                                                                     \
    {.name = file,                                                                                 \
     .kind = NODE_REGULAR,                                                                         \
     .permissions = 0644,                                                                          \
     .show = setting_show,                                                                         \
     .accept = setting_accept,                                                                     \
     .data = &(setting)}
#define WRITABLE(file, shows, accepts)                                                             \
    {.name = file, .kind = NODE_REGULAR, .permissions = 0644, .show = shows, .accept = accepts}
#define DIRECTORY(file, contents)                                                                  \
    {.name = file, .kind = NODE_DIRECTORY, .permissions = 0555, .directory = &(contents)}
#define CONTENTS(table) {.entries = table, .entry_count = sizeof(table) / sizeof((table)[0])}

static const struct made_entry random_entries[] = {
    TEXT("boot_id", 0444, boot_id_show),
    CONSTANT("entropy_avail", "256"),
    CONSTANT("poolsize", "256"),
    TEXT("uuid", 0444, uuid_show),
};

static const struct made_directory random_directory = CONTENTS(random_entries);

static const struct made_entry kernel_entries[] = {
    CONSTANT("cap_last_cap", "40"),
    CONSTANT("core_pattern", "core"),
    CONSTANT("core_uses_pid", "0"),
    WRITABLE("domainname", domain_show, domain_accept),
    WRITABLE("hostname", node_name_show, node_name_accept),
    CONSTANT("msgmax", "8192"),
    CONSTANT("msgmnb", "16384"),
    CONSTANT("msgmni", "4096"),
    NUMBER("ngroups_max", group_max),
    TEXT("osrelease", 0444, release_show),
    TEXT("ostype", 0444, kind_show),
    CONSTANT("overflowgid", "65534"),
    CONSTANT("overflowuid", "65534"),
    NUMBER("pid_max", id_max),
    DIRECTORY("random", random_directory),
    SETTING("randomize_va_space", randomize_setting),
    CONSTANT("sem", "32000\t1024000000\t500\t32000"),
    CONSTANT("shmall", "18446744073692774399"),
    CONSTANT("shmmax", "18446744073692774399"),
    CONSTANT("shmmni", "4096"),
    NUMBER("threads-max", id_max),
    TEXT("version", 0444, version_show),
};

static const struct made_entry vm_entries[] = {
    {.name = "drop_caches",
     .kind = NODE_REGULAR,
     .permissions = 0200,
     .accept = drop_caches_accept},
    NUMBER("max_map_count", area_count_max),
    CONSTANT("min_free_kbytes", "0"),
    NUMBER("mmap_min_addr", null_guard_end),
    CONSTANT("nr_hugepages", "0"),
    CONSTANT("oom_kill_allocating_task", "0"),
    SETTING("overcommit_kbytes", commit_kbytes_setting),
    SETTING("overcommit_memory", overcommit_setting),
    SETTING("overcommit_ratio", commit_ratio_setting),
    CONSTANT("panic_on_oom", "0"),
    CONSTANT("swappiness", "60"),
    SETTING("unprivileged_userfaultfd", user_faults_setting),
};

static const struct made_entry inotify_entries[] = {
    SETTING("max_queued_events", inotify_events_setting),
    SETTING("max_user_instances", inotify_instances_setting),
    SETTING("max_user_watches", inotify_watches_setting),
};

static const struct made_directory inotify_directory = CONTENTS(inotify_entries);

static const struct made_entry fs_entries[] = {
    TEXT("file-max", 0444, file_max_show), DIRECTORY("inotify", inotify_directory),
    NUMBER("nr_open", descriptor_max),     CONSTANT("pipe-max-size", "1048576"),
    CONSTANT("pipe-user-pages-hard", "0"), CONSTANT("pipe-user-pages-soft", "16384"),
};

static const struct made_directory kernel_directory = CONTENTS(kernel_entries);
static const struct made_directory vm_directory = CONTENTS(vm_entries);
static const struct made_directory fs_directory = CONTENTS(fs_entries);

static const struct made_entry sysctl_entries[] = {
    DIRECTORY("fs", fs_directory),
    DIRECTORY("kernel", kernel_directory),
    DIRECTORY("vm", vm_directory),
};

const struct made_directory sysctl_directory = CONTENTS(sysctl_entries);
