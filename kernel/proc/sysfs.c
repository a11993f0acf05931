#include "kernel/proc/proc.h"
#include "kernel/proc/tree/made_fs.h"

/* /sys: the little that programs ask for before they run. */

static enum status constant_show(const struct made_view *view, const struct text_sink *sink) {
    format_to(sink, "%s\n", (const char *)view->data);
    return STATUS_OK;
}

#define CONSTANT(file, text)                                                                       \
    {.name = file, .kind = NODE_REGULAR, .permissions = 0444, .show = constant_show, .data = text}
#define DIRECTORY(file, contents)                                                                  \
    {.name = file, .kind = NODE_DIRECTORY, .permissions = 0555, .directory = &(contents)}
#define CONTENTS(table) {.entries = table, .entry_count = sizeof(table) / sizeof((table)[0])}

static const struct made_directory empty_directory = {};

/* One thread in one core: lists, and masks of bits. */
static const struct made_entry topology_entries[] = {
    CONSTANT("cluster_cpus", "1"),
    CONSTANT("cluster_cpus_list", "0"),
    CONSTANT("cluster_id", "65535"),
    CONSTANT("core_cpus", "1"),
    CONSTANT("core_cpus_list", "0"),
    CONSTANT("core_id", "0"),
    CONSTANT("core_siblings", "1"),
    CONSTANT("core_siblings_list", "0"),
    CONSTANT("die_cpus", "1"),
    CONSTANT("die_cpus_list", "0"),
    CONSTANT("die_id", "0"),
    CONSTANT("package_cpus", "1"),
    CONSTANT("package_cpus_list", "0"),
    CONSTANT("physical_package_id", "0"),
    CONSTANT("thread_siblings", "1"),
    CONSTANT("thread_siblings_list", "0"),
};
static const struct made_directory topology_directory = CONTENTS(topology_entries);
static const struct made_entry first_cpu_entries[] = {DIRECTORY("topology", topology_directory)};
static const struct made_directory first_cpu_directory = CONTENTS(first_cpu_entries);

static const struct made_entry cpu_entries[] = {
    DIRECTORY("cpu0", first_cpu_directory),
    CONSTANT("isolated", ""),
    CONSTANT("kernel_max", "0"),
    CONSTANT("offline", ""),
    CONSTANT("online", "0"),
    CONSTANT("possible", "0"),
    CONSTANT("present", "0"),
};
static const struct made_directory cpu_directory = CONTENTS(cpu_entries);
static const struct made_entry system_entries[] = {DIRECTORY("cpu", cpu_directory)};
static const struct made_directory system_directory = CONTENTS(system_entries);
static const struct made_entry devices_entries[] = {DIRECTORY("system", system_directory)};
static const struct made_directory devices_directory = CONTENTS(devices_entries);

static const struct made_entry large_page_entries[] = {
    CONSTANT("enabled", "always madvise [never]"),
    CONSTANT("shmem_enabled", "always within_size advise [never] deny force"),
};
static const struct made_directory large_page_directory = CONTENTS(large_page_entries);
static const struct made_entry mm_entries[] = {
    DIRECTORY("transparent_hugepage", large_page_directory)};
static const struct made_directory mm_directory = CONTENTS(mm_entries);
static const struct made_entry kernel_entries[] = {DIRECTORY("mm", mm_directory)};
static const struct made_directory kernel_directory = CONTENTS(kernel_entries);

static const struct made_entry fs_entries[] = {DIRECTORY("cgroup", empty_directory)};
static const struct made_directory fs_directory = CONTENTS(fs_entries);

static const struct made_entry root_entries[] = {
    DIRECTORY("block", empty_directory),
    DIRECTORY("devices", devices_directory),
    DIRECTORY("fs", fs_directory),
    DIRECTORY("kernel", kernel_directory),
};
static const struct made_directory root_directory = CONTENTS(root_entries);

static bool is_there(const struct made_subject *subject) {
    (void)subject;
    return true;
}

static void find_owner(const struct made_subject *subject, uint32_t *user, uint32_t *group) {
    (void)subject;
    *user = *group = 0;
}

enum status sysfs_create(struct node **root) {
    static struct made_file_system system = {
        .base = {.name = "sysfs"},
        .root = &root_directory,
        .is_there = is_there,
        .find_owner = find_owner,
    };
    return made_fs_root(&system, root);
}
