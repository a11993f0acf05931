#include "kernel/files/path/path.h"
#include "kernel/proc/subject.h"
#include "kernel/proc/tables.h"
#include "kernel/proc/text/system_text.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

/* /proc/PID/mounts and mountinfo: all mounts, with the paths that the current process sees. */

typedef void mount_line_write(const struct text_sink *to, const struct mount_facts *mount);

struct mount_listing {
    const struct text_sink *sink;
    mount_line_write *write;
    struct location root; /* the reader's; owned */
    char *buffers[2];     /* owned; PATH_SIZE_MAX bytes each */
};

/* What the root does not lead to is none of the reader's business. */
static void list_mount(void *context, struct mount *mount) {
    const struct mount_listing *listing = context;
    const struct location top = mount_root(mount);
    const struct location covered = mount_covered(mount);
    const char *path, *root;
    enum status status = path_of(&top, &listing->root, listing->buffers[0], PATH_SIZE_MAX, &path);
    if (status == STATUS_OK) {
        status = path_in_system(&top, listing->buffers[1], PATH_SIZE_MAX, &root);
    }
    if (status != STATUS_OK || path[0] != '/') {
        return;
    }
    const struct mount_facts facts = {
        .number = mount_number(mount),
        .parent = mount_number(covered.mount != nullptr ? covered.mount : mount),
        .device = top.node->system->device,
        .kind = top.node->system->name,
        .root = root,
        .place = path,
        .flags = mount_flags(mount),
    };
    listing->write(listing->sink, &facts);
}

static enum status list(const struct text_sink *sink, mount_line_write *write) {
    char *buffer = heap_alloc(2 * PATH_SIZE_MAX);
    if (buffer == nullptr) {
        return STATUS_NO_MEMORY;
    }
    struct mount_listing listing = {
        .sink = sink,
        .write = write,
        .buffers = {buffer, buffer + PATH_SIZE_MAX},
    };
    listing.root = reader_root();
    mount_for_each(list_mount, &listing);
    location_unref(&listing.root);
    heap_free(buffer);
    return STATUS_OK;
}

enum status mounts_show(const struct made_view *view, const struct text_sink *sink) {
    (void)view;
    return list(sink, mount_write);
}

enum status mountinfo_show(const struct made_view *view, const struct text_sink *sink) {
    (void)view;
    return list(sink, mountinfo_write);
}
