#include "kernel/message_file/queue.h"

#include "kernel/process/file_context.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

/* Which queues there are, and what they may be. /proc/sys/fs/mqueue has Linux's limits. */

constexpr int64_t MESSAGE_COUNT_MAX = 10, MESSAGE_SIZE_LIMIT = 8'192;
constexpr int64_t MESSAGE_COUNT_HARD = 65'536, MESSAGE_SIZE_HARD = 16'777'216;
constexpr uint32_t QUEUE_COUNT_MAX = 256;
constexpr uint64_t ADMINISTRATION_BYTES = 96; /* of one message */

struct sleep_lock posix_queue_lock;

static struct list_node queues = {&queues, &queues}; /* guarded by the lock, as the count */
static uint32_t queue_count;

struct posix_queue *posix_queue_find(struct name name) {
    for (struct list_node *at = queues.next; at != &queues; at = at->next) {
        struct posix_queue *queue = LIST_ENTRY(at, struct posix_queue, link);
        if (queue->has_name && queue->name_length == name.length &&
            memcmp(queue->name, name.text, name.length) == 0) {
            return queue;
        }
    }
    return nullptr;
}

static enum status check_attributes(const struct posix_queue_attributes *attributes) {
    int64_t count_max = process_has_capabilities() ? MESSAGE_COUNT_HARD : MESSAGE_COUNT_MAX;
    int64_t size_max = process_has_capabilities() ? MESSAGE_SIZE_HARD : MESSAGE_SIZE_LIMIT;
    bool is_right = attributes->message_max > 0 && attributes->message_max <= count_max &&
                    attributes->size_max > 0 && attributes->size_max <= size_max;
    return is_right ? STATUS_OK : STATUS_INVALID;
}

static uint64_t bytes_of(const struct posix_queue_attributes *attributes) {
    return (uint64_t)attributes->message_max *
           ((uint64_t)attributes->size_max + ADMINISTRATION_BYTES);
}

/* RLIMIT_MSGQUEUE, which is about those too that have lost their names and are still open. */
static enum status check_limit(const struct posix_queue_attributes *attributes)
    REQUIRES(posix_queue_lock) {
    const struct process *process = process_current();
    uint64_t used = bytes_of(attributes);
    for (struct list_node *at = queues.next; at != &queues; at = at->next) {
        const struct posix_queue *queue = LIST_ENTRY(at, struct posix_queue, link);
        bool is_own = queue->rights.creator == process->credentials.real_user;
        used += is_own ? bytes_of(&queue->attributes) : 0;
    }
    bool is_over = used > process->limits[RESOURCE_MESSAGE_QUEUE].soft;
    return is_over ? STATUS_TOO_MANY_FILES : STATUS_OK;
}

static enum status check_new(const struct posix_queue_attributes *attributes)
    REQUIRES(posix_queue_lock) {
    if (queue_count >= QUEUE_COUNT_MAX && !process_has_capabilities()) {
        return STATUS_NO_SPACE;
    }
    enum status status = check_attributes(attributes);
    return status == STATUS_OK ? check_limit(attributes) : status;
}

enum status posix_queue_create(const struct posix_queue_request *request,
                               struct posix_queue **queue) {
    struct posix_queue_attributes attributes = {
        .message_max = MESSAGE_COUNT_MAX,
        .size_max = MESSAGE_SIZE_LIMIT,
    };
    if (request->attributes != nullptr) {
        attributes.message_max = request->attributes->message_max;
        attributes.size_max = request->attributes->size_max;
    }
    enum status status = check_new(&attributes);
    if (status != STATUS_OK) {
        return status;
    }
    struct posix_queue *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    const struct ipc_caller caller = process_ipc_caller();
    uint32_t umask = __atomic_load_n(&task_current()->places->umask, __ATOMIC_RELAXED);
    made->rights = ipc_rights_of(&caller, IPC_PRIVATE, request->permissions & ~umask);
    made->attributes = attributes;
    made->has_name = true;
    made->name_length = request->name.length;
    memcpy(made->name, request->name.text, request->name.length);
    list_init(&made->messages);
    wait_queue_init(&made->changed);
    made->reference_count = 1;
    list_push_back(&queues, &made->link);
    queue_count++;
    *queue = made;
    return STATUS_OK;
}

void posix_queue_unref(struct posix_queue *queue) {
    struct list_node *node;
    if (--queue->reference_count > 0) {
        return;
    }
    list_remove(&queue->link);
    queue_count--;
    while ((node = list_pop_front(&queue->messages)) != nullptr) {
        heap_free(LIST_ENTRY(node, struct posix_message, link));
    }
    posix_queue_forget_anybody(queue);
    heap_free(queue);
}

/* The directory of queues is sticky, and anybody's. */
enum status posix_queue_unlink(struct name name) {
    const struct ipc_caller caller = process_ipc_caller();
    sleep_lock_acquire(&posix_queue_lock);
    struct posix_queue *queue = posix_queue_find(name);
    enum status status = queue == nullptr ? STATUS_NOT_FOUND : STATUS_OK;
    if (queue != nullptr && !ipc_is_owner(&caller, &queue->rights)) {
        status = STATUS_NOT_PERMITTED;
    }
    if (status == STATUS_OK) {
        queue->has_name = false;
        posix_queue_unref(queue);
    }
    sleep_lock_release(&posix_queue_lock);
    return status;
}
