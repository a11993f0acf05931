#include "kernel/files/path/mount.h"

#include "kernel/cpu/user_copy.h"
#include "kernel/files/system_type/system_type.h"
#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/call_path.h"
#include "mm/heap/heap.h"

/* Flags of man 2 mount. Those of how a system is to be used have no effect, but for MOUNT_FLAGS;
 * the last ones say that a mount's changes reach no other one, which is always so. */
constexpr uint64_t MOUNT_WITHOUT_EFFECT =
    0x400 | 0x800 | 0x8000 | 0x200000 | 0x1000000 | 0x2000000 | 0xc0ed0000;
constexpr uint64_t MOUNT_REMOUNT = 0x20;
constexpr uint64_t MOUNT_BIND = 0x1000;
constexpr uint64_t MOUNT_PRIVATE = 0x20000 | 0x40000 | 0x80000; /* UNBINDABLE, PRIVATE, SLAVE */
constexpr uint64_t MOUNT_RECURSIVE = 0x4000;

/* Flags of man 2 umount2. */
constexpr uint32_t UNMOUNT_DETACH = 2;
constexpr uint32_t UNMOUNT_EXPIRE = 4;
constexpr uint32_t UNMOUNT_KNOWN = 15;
constexpr uint32_t UNMOUNT_NO_FOLLOW = 8;

/* A text of a call, in the heap; the empty one where there is no address. */
static enum status copy_text(uint64_t address, char **text) {
    char *copy = heap_alloc(PATH_SIZE_MAX);
    if (copy == nullptr) {
        return STATUS_NO_MEMORY;
    }
    size_t length;
    enum status status = address == 0
                             ? STATUS_OK
                             : user_copy_string(copy, virt_addr(address), PATH_SIZE_MAX, &length);
    if (status != STATUS_OK) {
        heap_free(copy);
        return status == STATUS_TOO_LONG ? STATUS_INVALID : status;
    }
    *text = copy;
    return STATUS_OK;
}

static bool may_mount(void) {
    return process_has_capabilities();
}

static enum status mount_new(const struct location *place, uint32_t flags, const char *type_name,
                             const char *options) {
    const struct system_type *type = system_type_find(type_name);
    if (type == nullptr) {
        return type_name[0] == '\0' ? STATUS_INVALID : STATUS_NO_SUCH_DEVICE;
    }
    struct node *root;
    enum status status = type->create(options, &root);
    if (status != STATUS_OK) {
        return status;
    }
    struct mount *mount;
    status = mount_attach(place, root, flags, &mount);
    if (status != STATUS_OK) {
        root->system->dismantle(root);
    }
    return status;
}

/* A mount is named by its root. */
static enum status check_is_root(const struct location *place) {
    bool is_root = place->node == mount_root(place->mount).node;
    return is_root ? STATUS_OK : STATUS_INVALID;
}

static enum status mount_at(const struct location *place, uint64_t flags, const char *type_name,
                            const char *options) {
    uint32_t of_mount = (uint32_t)flags & MOUNT_FLAGS;
    flags &= ~(MOUNT_WITHOUT_EFFECT | MOUNT_FLAGS);
    if (!may_mount()) {
        return STATUS_NOT_PERMITTED;
    }
    if (flags == 0) {
        return mount_new(place, of_mount, type_name, options);
    }
    if (flags == MOUNT_REMOUNT || flags == (MOUNT_REMOUNT | MOUNT_BIND)) {
        enum status status = check_is_root(place);
        return status == STATUS_OK ? mount_set_flags(place->mount, of_mount) : status;
    }
    bool is_private = (flags & MOUNT_PRIVATE) && !(flags & ~(MOUNT_PRIVATE | MOUNT_RECURSIVE));
    return is_private ? check_is_root(place) : STATUS_INVALID;
}

static int64_t mount_by_texts(const struct trap_frame *frame, const char *type_name,
                              const char *options) {
    struct location place;
    enum status status = call_path_find((uint64_t)CURRENT_DIRECTORY, frame->rsi, EMPTY_PATH_IS_NONE,
                                        LAST_LINK_FOLLOW, &place);
    if (status != STATUS_OK) {
        return status;
    }
    status = mount_at(&place, frame->r10, type_name, options);
    location_unref(&place);
    return status;
}

int64_t call_mount(const struct trap_frame *frame) {
    char *type_name = nullptr, *options = nullptr;
    int64_t result = copy_text(frame->rdx, &type_name);
    if (result == STATUS_OK) {
        result = copy_text(frame->r8, &options);
    }
    if (result == STATUS_OK) {
        result = mount_by_texts(frame, type_name, options);
    }
    heap_free(options);
    heap_free(type_name);
    return result;
}

int64_t call_umount2(const struct trap_frame *frame) {
    uint32_t flags = (uint32_t)frame->rsi;
    enum last_link last_link = flags & UNMOUNT_NO_FOLLOW ? LAST_LINK_KEEP : LAST_LINK_FOLLOW;
    bool is_contradiction = (flags & UNMOUNT_EXPIRE) && (flags & (UNMOUNT_DETACH | 1));
    if (flags & ~UNMOUNT_KNOWN) {
        return STATUS_INVALID;
    }
    struct location place;
    enum status status = call_path_find((uint64_t)CURRENT_DIRECTORY, frame->rdi, EMPTY_PATH_IS_NONE,
                                        last_link, &place);
    if (status != STATUS_OK) {
        return status;
    }
    if (!may_mount()) {
        location_unref(&place);
        return STATUS_NOT_PERMITTED;
    }
    if (is_contradiction) {
        location_unref(&place);
        return STATUS_INVALID;
    }
    if (flags & UNMOUNT_DETACH) {
        return mount_detach_all(&place);
    }
    return flags & UNMOUNT_EXPIRE ? mount_detach_expired(&place) : mount_detach_root(&place);
}
