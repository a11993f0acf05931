#include "kernel/root/root.h"

#include "kernel/clock/clock.h"
#include "kernel/files/devices/devices.h"
#include "kernel/files/file/device.h"
#include "kernel/files/memory_fs/memory_fs.h"
#include "kernel/files/path/changes.h"
#include "kernel/files/system_type/system_type.h"
#include "kernel/files/unpack/unpack.h"
#include "kernel/log.h"
#include "kernel/log_text/log_text.h"
#include "kernel/panic/panic.h"
#include "kernel/proc/proc.h"
#include "kernel/random/random.h"
#include "lib/memory.h"

static struct location root; /* owned; fixed by root_begin */
static const struct credentials as_root;

struct path_view root_view(void) {
    return (struct path_view){.root = root, .start = root, .credentials = &as_root};
}

static struct file_time now(void) {
    int64_t ns = clock_real_now();
    constexpr int64_t second = (int64_t)NANOSECONDS_PER_SECOND;
    return (struct file_time){ns / second, ns % second};
}

static void begin_root(void) {
    struct node *node;
    struct mount *mount;
    if (memory_fs_create(0755, &node) != STATUS_OK ||
        mount_create_root(node, &mount) != STATUS_OK) {
        panic_stop("no memory for the root of the file system");
    }
    root = mount_root(mount);
    location_ref(&root);
}

struct expected_node {
    const char *path;
    enum node_kind kind;
    uint32_t permissions;
    uint32_t major, minor;
};

/* What programs take for granted (man 7 hier). */
static const struct expected_node EXPECTED[] = {
    {"/dev", NODE_DIRECTORY, 0755, 0, 0},
    {"/dev/shm", NODE_DIRECTORY, 01777, 0, 0},
    {"/proc", NODE_DIRECTORY, 0555, 0, 0},
    {"/sys", NODE_DIRECTORY, 0555, 0, 0},
    {"/tmp", NODE_DIRECTORY, 01777, 0, 0},
    {"/dev/null", NODE_CHARACTER_DEVICE, 0666, 1, 3},
    {"/dev/zero", NODE_CHARACTER_DEVICE, 0666, 1, 5},
    {"/dev/full", NODE_CHARACTER_DEVICE, 0666, 1, 7},
    {"/dev/random", NODE_CHARACTER_DEVICE, 0666, 1, 8},
    {"/dev/urandom", NODE_CHARACTER_DEVICE, 0666, 1, 9},
    {"/dev/tty", NODE_CHARACTER_DEVICE, 0666, 5, 0},
    {"/dev/tty1", NODE_CHARACTER_DEVICE, 0620, 4, 1},
    {"/dev/ttyS0", NODE_CHARACTER_DEVICE, 0620, 4, 64},
    {"/dev/ttyS1", NODE_CHARACTER_DEVICE, 0620, 4, 65},
    {"/dev/console", NODE_CHARACTER_DEVICE, 0600, 5, 1},
};

struct expected_link {
    const char *path, *target;
};

static const struct expected_link EXPECTED_LINKS[] = {
    {"/dev/fd", "/proc/self/fd"},
    {"/dev/stdin", "/proc/self/fd/0"},
    {"/dev/stdout", "/proc/self/fd/1"},
    {"/dev/stderr", "/proc/self/fd/2"},
};

/* What is there already stays. */
static void make_at(const char *path, const struct node_request *request) {
    const struct path_view view = root_view();
    enum status status = path_make(&view, path, request);
    if (status != STATUS_OK && status != STATUS_EXISTS) {
        log_line(LOG_WARNING, "K311: %s cannot be made: %d", path, status);
    }
}

static void make(const struct expected_node *expected) {
    const struct node_request request = {
        .kind = expected->kind,
        .permissions = expected->permissions,
        .device = device_number(expected->major, expected->minor),
    };
    make_at(expected->path, &request);
}

static void make_link(const struct expected_link *expected) {
    const struct node_request request = {
        .kind = NODE_SYMLINK,
        .permissions = 0777,
        .link_target = {expected->target, strlen(expected->target)},
    };
    make_at(expected->path, &request);
}

static void make_expected(void) {
    for (size_t i = 0; i < sizeof(EXPECTED) / sizeof(EXPECTED[0]); i++) {
        make(&EXPECTED[i]);
    }
    for (size_t i = 0; i < sizeof(EXPECTED_LINKS) / sizeof(EXPECTED_LINKS[0]); i++) {
        make_link(&EXPECTED_LINKS[i]);
    }
}

static enum status mount_at(const char *path, enum status (*create)(struct node **root)) {
    const struct path_view view = root_view();
    struct location covered;
    struct node *node;
    struct mount *mount;
    enum status status = path_resolve(&view, path, LAST_LINK_FOLLOW, &covered);
    if (status != STATUS_OK) {
        return status;
    }
    status = create(&node);
    if (status == STATUS_OK) {
        status = mount_attach(&covered, node, 0, &mount);
        if (status != STATUS_OK) {
            node_unref(node);
        }
    }
    location_unref(&covered);
    return status;
}

static void mount_expected(const char *path, enum status (*create)(struct node **root)) {
    enum status status = mount_at(path, create);
    if (status != STATUS_OK) {
        log_line(LOG_WARNING, "K313: nothing can be mounted on %s: %d", path, status);
    }
}

static void unpack(const struct boot_result *boot) {
    if (boot->ram_disk.size_bytes == 0) {
        return;
    }
    struct log_text text;
    const struct path_view view = root_view();
    const struct text_sink *complaints = log_text_begin(&text, LOG_WARNING);
    if (unpack_initrd(&boot->ram_disk, &view, complaints) != STATUS_OK) {
        log_line(LOG_WARNING, "boot: the RAM disk is unpacked in part");
    }
}

static enum status create_proc(const char *options, struct node **top) {
    return options[0] == '\0' ? proc_create(top) : STATUS_INVALID;
}

static enum status create_sysfs(const char *options, struct node **top) {
    return options[0] == '\0' ? sysfs_create(top) : STATUS_INVALID;
}

static void register_types(void) {
    static struct system_type types[] = {
        {.name = "proc", .create = create_proc},
        {.name = "sysfs", .create = create_sysfs},
        {.name = "tmpfs", .create = system_type_create_memory},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        system_type_register(&types[i]);
    }
}

void root_begin(const struct boot_result *boot) {
    node_set_clock(now);
    begin_root();
    if (devices_register(random_fill) != STATUS_OK) {
        panic_stop("no memory for the devices");
    }
    unpack(boot);
    make_expected();
    register_types();
    proc_set_command_line(boot->command_line_text);
    mount_expected("/proc", proc_create);
    mount_expected("/sys", sysfs_create);
}
