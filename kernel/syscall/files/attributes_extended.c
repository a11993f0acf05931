#include "kernel/cpu/user_copy.h"
#include "kernel/files/extended/extended.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/call_path.h"
#include "mm/heap/heap.h"

/* man 7 xattr. As on Linux, the arguments are copied before the file is looked for. */

constexpr uint64_t HERE = (uint64_t)CURRENT_DIRECTORY;
constexpr uint32_t FLAG_CREATE = 1;  /* XATTR_CREATE */
constexpr uint32_t FLAG_REPLACE = 2; /* XATTR_REPLACE */

/* Finds the place, owned, that a call's first argument stands for. */
typedef enum status finding(uint64_t where, struct location *place);

static enum status find_followed(uint64_t address, struct location *place) {
    return call_path_find(HERE, address, EMPTY_PATH_IS_NONE, LAST_LINK_FOLLOW, place);
}

static enum status find_kept(uint64_t address, struct location *place) {
    return call_path_find(HERE, address, EMPTY_PATH_IS_NONE, LAST_LINK_KEEP, place);
}

static enum status find_open(uint64_t descriptor, struct location *place) {
    struct file *file;
    enum status status = open_file(descriptor, &file);
    if (status != STATUS_OK) {
        return status;
    }
    *place = file->place;
    location_ref(place);
    status = place->node == nullptr ? STATUS_NOT_SUPPORTED : STATUS_OK;
    file_unref(file);
    return status;
}

static enum status copy_name(char *name, uint64_t address) {
    size_t length = 0;
    enum status status = user_copy_string(name, virt_addr(address), EXTENDED_NAME_MAX + 1, &length);
    if (status == STATUS_TOO_LONG) {
        return STATUS_OUT_OF_RANGE;
    }
    return status == STATUS_OK && length == 0 ? STATUS_OUT_OF_RANGE : status;
}

static enum status copy_value(uint64_t address, uint64_t size_bytes, void **value) {
    *value = nullptr;
    if (size_bytes > EXTENDED_VALUE_MAX) {
        return STATUS_TOO_LONG;
    }
    if (size_bytes == 0) {
        return STATUS_OK;
    }
    *value = heap_alloc(size_bytes);
    return *value == nullptr ? STATUS_NO_MEMORY : copy_argument(*value, address, size_bytes);
}

static enum status set_found(finding *find, uint64_t where,
                             const struct extended_request *request) {
    struct credentials credentials = acting_credentials();
    struct location place;
    enum status status = find(where, &place);
    if (status != STATUS_OK) {
        return status;
    }
    status = mount_check_change(place.mount);
    if (status == STATUS_OK) {
        status = extended_set(place.node, &credentials, request);
    }
    location_unref(&place);
    return status;
}

static int64_t set(finding *find, const struct trap_frame *frame) {
    char name[EXTENDED_NAME_MAX + 1];
    void *value;
    uint32_t flags = (uint32_t)frame->r8;
    if (flags & ~(FLAG_CREATE | FLAG_REPLACE)) {
        return STATUS_INVALID;
    }
    enum status status = copy_name(name, frame->rsi);
    if (status != STATUS_OK) {
        return status;
    }
    status = copy_value(frame->rdx, frame->r10, &value);
    if (status == STATUS_OK) {
        const struct extended_request request = {
            .name = name,
            .value = value,
            .size_bytes = frame->r10,
            .must_be_new = flags & FLAG_CREATE,
            .must_exist = flags & FLAG_REPLACE,
        };
        status = set_found(find, frame->rdi, &request);
    }
    heap_free(value);
    return status;
}

/* What a look brings, up to so many bytes, goes to the caller. */
typedef enum status looking(struct node *node, const struct credentials *credentials,
                            const char *name, void *buffer, size_t room, size_t *size_bytes);

static int64_t look_at(looking *look, struct node *node, const char *name, uint64_t to,
                       size_t room) {
    struct credentials credentials = acting_credentials();
    size_t size_bytes = 0;
    char *buffer = room > 0 ? heap_alloc(room) : nullptr;
    if (room > 0 && buffer == nullptr) {
        return STATUS_NO_MEMORY;
    }
    enum status status = look(node, &credentials, name, buffer, room, &size_bytes);
    if (status == STATUS_OK && room > 0) {
        status = copy_result(to, buffer, size_bytes);
    }
    heap_free(buffer);
    return status == STATUS_OK ? (int64_t)size_bytes : status;
}

static int64_t get(finding *find, const struct trap_frame *frame) {
    char name[EXTENDED_NAME_MAX + 1];
    struct location place;
    size_t room = frame->r10 < EXTENDED_VALUE_MAX ? frame->r10 : EXTENDED_VALUE_MAX;
    enum status status = copy_name(name, frame->rsi);
    if (status == STATUS_OK) {
        status = find(frame->rdi, &place);
    }
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = look_at(extended_get, place.node, name, frame->rdx, room);
    location_unref(&place);
    return result;
}

static enum status list_names(struct node *node, const struct credentials *credentials,
                              const char *name, void *buffer, size_t room, size_t *size_bytes) {
    (void)name;
    return extended_list(node, credentials, buffer, room, size_bytes);
}

static int64_t list(finding *find, const struct trap_frame *frame) {
    struct location place;
    size_t room = frame->rdx < EXTENDED_LIST_MAX ? frame->rdx : EXTENDED_LIST_MAX;
    enum status status = find(frame->rdi, &place);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = look_at(list_names, place.node, nullptr, frame->rsi, room);
    location_unref(&place);
    return result;
}

static int64_t take_away(finding *find, const struct trap_frame *frame) {
    char name[EXTENDED_NAME_MAX + 1];
    struct credentials credentials = acting_credentials();
    struct location place;
    enum status status = copy_name(name, frame->rsi);
    if (status == STATUS_OK) {
        status = find(frame->rdi, &place);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = mount_check_change(place.mount);
    if (status == STATUS_OK) {
        status = extended_remove(place.node, &credentials, name);
    }
    location_unref(&place);
    return status;
}

int64_t call_setxattr(const struct trap_frame *frame) {
    return set(find_followed, frame);
}

int64_t call_lsetxattr(const struct trap_frame *frame) {
    return set(find_kept, frame);
}

int64_t call_fsetxattr(const struct trap_frame *frame) {
    return set(find_open, frame);
}

int64_t call_getxattr(const struct trap_frame *frame) {
    return get(find_followed, frame);
}

int64_t call_lgetxattr(const struct trap_frame *frame) {
    return get(find_kept, frame);
}

int64_t call_fgetxattr(const struct trap_frame *frame) {
    return get(find_open, frame);
}

int64_t call_listxattr(const struct trap_frame *frame) {
    return list(find_followed, frame);
}

int64_t call_llistxattr(const struct trap_frame *frame) {
    return list(find_kept, frame);
}

int64_t call_flistxattr(const struct trap_frame *frame) {
    return list(find_open, frame);
}

int64_t call_removexattr(const struct trap_frame *frame) {
    return take_away(find_followed, frame);
}

int64_t call_lremovexattr(const struct trap_frame *frame) {
    return take_away(find_kept, frame);
}

int64_t call_fremovexattr(const struct trap_frame *frame) {
    return take_away(find_open, frame);
}
