#include "kernel/files/path/mount.h"

#include "kernel/cpu/user_copy.h"
#include "kernel/files/system_type/system_type.h"
#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/call_path.h"
#include "mm/heap/heap.h"

/* Flags of man 2 mount. Those of how a system is to be used have no effect, but for MOUNT_FLAGS. */
constexpr uint64_t MOUNT_WITHOUT_EFFECT =
    0x400 | 0x800 | 0x8000 | 0x200000 | 0x1000000 | 0x2000000 | 0xc0e10000;
constexpr uint64_t MOUNT_REMOUNT = 0x20;
constexpr uint64_t MOUNT_BIND = 0x1000;
constexpr uint64_t MOUNT_SILENT = 0x8000;
constexpr uint64_t MOUNT_UNBINDABLE = 0x20000;
constexpr uint64_t MOUNT_PROPAGATION = MOUNT_UNBINDABLE | 0x40000 | 0x80000 | 0x100000;
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
    return process_current()->credentials.effective_user == 0;
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
    status = mount_attach_flagged(place, root, flags, &mount);
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

/* MS_BIND: what a path names, at the place too. */
static enum status bind(const struct location *place, uint64_t source_address) {
    constexpr uint64_t here = (uint64_t)CURRENT_DIRECTORY;
    struct location source;
    enum status status =
        call_path_find(here, source_address, EMPTY_PATH_IS_NONE, LAST_LINK_FOLLOW, &source);
    if (status == STATUS_OK) {
        status = mount_bind(place, &source);
        location_unref(&source);
    }
    return status;
}

/* MS_PRIVATE and the like. Changes of a mount reach no other one, whatever it is. */
static enum status set_propagation(const struct location *place, uint64_t flags) {
    uint64_t kind = flags & ~(MOUNT_RECURSIVE | MOUNT_SILENT);
    bool is_one = (kind & ~MOUNT_PROPAGATION) == 0 && (kind & (kind - 1)) == 0;
    enum status status = is_one ? check_is_root(place) : STATUS_INVALID;
    if (status == STATUS_OK) {
        mount_set_unbindable(place->mount, kind == MOUNT_UNBINDABLE);
    }
    return status;
}

/* What man 2 mount was called with. */
struct mount_call {
    uint64_t flags;
    uint64_t source_address;
    const char *source, *type_name, *options;
};

/* In Linux's order. */
static enum status mount_at(const struct location *place, const struct mount_call *call) {
    uint32_t of_mount = (uint32_t)call->flags & MOUNT_FLAGS;
    uint64_t others = call->flags & ~(MOUNT_WITHOUT_EFFECT | MOUNT_FLAGS);
    if (!may_mount()) {
        return STATUS_NOT_PERMITTED;
    }
    if (others == MOUNT_REMOUNT || others == (MOUNT_REMOUNT | MOUNT_BIND)) {
        enum status status = check_is_root(place);
        return status == STATUS_OK ? mount_set_flags(place->mount, of_mount) : status;
    }
    if ((others & ~MOUNT_RECURSIVE) == MOUNT_BIND) {
        return call->source[0] == '\0' ? STATUS_INVALID : bind(place, call->source_address);
    }
    if (others & MOUNT_PROPAGATION) {
        return set_propagation(place, call->flags);
    }
    return others == 0 ? mount_new(place, of_mount, call->type_name, call->options)
                       : STATUS_INVALID;
}

static int64_t mount_by_texts(uint64_t place_address, const struct mount_call *call) {
    constexpr uint64_t here = (uint64_t)CURRENT_DIRECTORY;
    struct location place;
    enum status status =
        call_path_find(here, place_address, EMPTY_PATH_IS_NONE, LAST_LINK_FOLLOW, &place);
    if (status == STATUS_OK) {
        status = mount_at(&place, call);
        location_unref(&place);
    }
    return status;
}

int64_t call_mount(const struct trap_frame *frame) {
    char *texts[3] = {};
    const uint64_t addresses[3] = {frame->rdx, frame->rdi, frame->r8};
    int64_t result = STATUS_OK;
    for (size_t i = 0; i < 3 && result == STATUS_OK; i++) {
        result = copy_text(addresses[i], &texts[i]);
    }
    if (result == STATUS_OK) {
        const struct mount_call call = {
            .flags = frame->r10,
            .source_address = frame->rdi,
            .source = texts[1],
            .type_name = texts[0],
            .options = texts[2],
        };
        result = mount_by_texts(frame->rsi, &call);
    }
    for (size_t i = 0; i < 3; i++) {
        heap_free(texts[i]);
    }
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
