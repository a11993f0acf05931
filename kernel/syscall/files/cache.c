#include "kernel/files/file/file.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "lib/status.h"
#include "mm/object/memory_object.h"

/* man 2 cachestat. */

struct cache_range {
    uint64_t offset, size_bytes; /* size 0: to the end */
};

/* struct cachestat; files in memory are neither dirty nor written back, and nothing is evicted. */
struct cache_counts {
    uint64_t cached, dirty, written_back, evicted, recently_evicted;
};

/* Who could write to the file, or change its permissions. */
static enum status check_right(const struct file *file) {
    struct node *node = file->place.node;
    struct credentials credentials = acting_credentials();
    if ((file->access & ACCESS_OF_WRITING) || node == nullptr || credentials.user == 0 ||
        __atomic_load_n(&node->user, __ATOMIC_RELAXED) == credentials.user) {
        return STATUS_OK;
    }
    bool may_write = node_check_access(node, &credentials, MAY_WRITE) == STATUS_OK;
    return may_write ? STATUS_OK : STATUS_NOT_PERMITTED;
}

static uint64_t count_cached(const struct file *file, const struct cache_range *range) {
    struct node *node = file->place.node;
    if (node == nullptr || node->kind != NODE_REGULAR || !node->operations->memory) {
        return 0;
    }
    struct memory_object *object = node->operations->memory(node);
    uint64_t last = range->size_bytes == 0 ? UINT64_MAX : range->offset + range->size_bytes - 1;
    return object == nullptr ? 0
                             : memory_object_pages_between(object, range->offset >> PAGE_SHIFT,
                                                           last >> PAGE_SHIFT);
}

static enum status count_of(const struct file *file, const struct trap_frame *frame) {
    struct cache_range range;
    enum status status = copy_argument(&range, frame->rsi, sizeof(range));
    if (status == STATUS_OK) {
        status = check_right(file);
    }
    if (status != STATUS_OK || (uint32_t)frame->r10 != 0) {
        return status != STATUS_OK ? status : STATUS_INVALID;
    }
    const struct cache_counts counts = {.cached = count_cached(file, &range)};
    return copy_result(frame->rdx, &counts, sizeof(counts));
}

int64_t call_cachestat(const struct trap_frame *frame) {
    struct file *file;
    enum status status = open_file(frame->rdi, &file);
    if (status == STATUS_OK) {
        status = count_of(file, frame);
        file_unref(file);
    }
    return status;
}
