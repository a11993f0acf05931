#include "kernel/files/file/open.h"
#include "kernel/files/inotify/inotify.h"
#include "kernel/files/node/attributes.h"
#include "kernel/files/node/observer.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/call_path.h"

static int64_t create(uint32_t flags) {
    struct file *file;
    if (flags & ~(FILE_NO_WAIT | OPEN_CLOSE_ON_EXEC)) {
        return STATUS_INVALID;
    }
    uint32_t user = process_current()->credentials.effective_user;
    enum status status = inotify_open(user, flags & FILE_NO_WAIT, &file);
    return status == STATUS_OK ? install_file(file, 0, flags & OPEN_CLOSE_ON_EXEC) : status;
}

int64_t call_inotify_init(const struct trap_frame *frame) {
    (void)frame;
    return create(0);
}

int64_t call_inotify_init1(const struct trap_frame *frame) {
    return create((uint32_t)frame->rdi);
}

/* All bits that man 2 inotify_add_watch knows, also of what is only ever told. */
constexpr uint32_t MASK_KNOWN = EVENTS_OF_NODES | 0xe000 | WATCH_ONLY_DIRECTORY | WATCH_NO_FOLLOW |
                                WATCH_NOT_UNLINKED | WATCH_CREATE | WATCH_ADD | EVENT_OF_DIRECTORY |
                                WATCH_ONCE;

static enum status inotify_of_descriptor(uint64_t descriptor, struct file **file) {
    enum status status = open_file(descriptor, file);
    if (status == STATUS_OK && !file_is_inotify(*file)) {
        file_unref(*file);
        return STATUS_INVALID;
    }
    return status;
}

static enum status check_may_watch(struct node *node, uint32_t mask) {
    struct credentials credentials = acting_credentials();
    if ((mask & WATCH_ONLY_DIRECTORY) && node->kind != NODE_DIRECTORY) {
        return STATUS_NOT_A_DIRECTORY;
    }
    return node_check_access(node, &credentials, MAY_READ);
}

static int64_t watch_path(struct file *file, uint64_t address, uint32_t mask) {
    constexpr uint64_t here = (uint64_t)CURRENT_DIRECTORY;
    enum last_link last_link = mask & WATCH_NO_FOLLOW ? LAST_LINK_KEEP : LAST_LINK_FOLLOW;
    struct location found;
    int32_t number;
    enum status status = call_path_find(here, address, EMPTY_PATH_IS_NONE, last_link, &found);
    if (status != STATUS_OK) {
        return status;
    }
    status = check_may_watch(found.node, mask);
    if (status == STATUS_OK) {
        status = inotify_watch(file, found.node, mask, &number);
    }
    location_unref(&found);
    return status == STATUS_OK ? number : (int64_t)status;
}

int64_t call_inotify_add_watch(const struct trap_frame *frame) {
    constexpr uint32_t both = WATCH_ADD | WATCH_CREATE;
    uint32_t mask = (uint32_t)frame->rdx;
    struct file *file;
    if ((mask & ~MASK_KNOWN) || mask == 0) {
        return STATUS_INVALID;
    }
    enum status status = open_file(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_right = (mask & both) != both && file_is_inotify(file);
    int64_t result = is_right ? watch_path(file, frame->rsi, mask) : STATUS_INVALID;
    file_unref(file);
    return result;
}

int64_t call_inotify_rm_watch(const struct trap_frame *frame) {
    struct file *file;
    enum status status = inotify_of_descriptor(frame->rdi, &file);
    if (status == STATUS_OK) {
        status = inotify_end_watch(file, (int32_t)frame->rsi);
        file_unref(file);
    }
    return status;
}
