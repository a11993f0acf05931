#include "kernel/files/file/kinds.h"
#include "kernel/files/file/open.h"
#include "mm/heap/heap.h"

/* Nodes that are in no directory, as pipes and sockets are. */

static struct node *release_node(struct node *node) {
    heap_free(node);
    return nullptr;
}

static uint64_t nothing(struct node *node) {
    (void)node;
    return 0;
}

static struct node *no_directory(struct node *node, char *name) {
    (void)node;
    (void)name;
    return nullptr;
}

uint32_t nameless_device(struct file_system *system) {
    uint32_t device = __atomic_load_n(&system->device, __ATOMIC_RELAXED);
    if (device != 0) {
        return device;
    }
    uint32_t taken = file_system_take_device();
    bool is_first = __atomic_compare_exchange_n(&system->device, &device, taken, false,
                                                __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return is_first ? taken : device;
}

enum status nameless_node_create(struct file_system *system, const struct node_request *request,
                                 struct node **node) {
    static const struct node_operations operations = {
        .release = release_node,
        .size = nothing,
        .block_count = nothing,
        .whereabouts = no_directory,
    };
    (void)nameless_device(system);
    struct node *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    node_init(made, system, &operations, request);
    node_add_links(made, 1);
    *node = made;
    return STATUS_OK;
}

enum status file_open_nameless(const struct file_operations *operations, struct file_system *system,
                               const struct node_request *request, uint32_t flags,
                               struct file **file) {
    struct location place = {.mount = mount_nowhere()};
    enum status status = nameless_node_create(system, request, &place.node);
    if (status != STATUS_OK) {
        return status;
    }
    status = file_create(operations, &place, ACCESS_OF_READING | ACCESS_OF_WRITING,
                         flags | OPEN_READ_WRITE, file);
    node_unref(place.node);
    return status;
}
