#include "kernel/files/node/node.h"

#include "lib/check.h"

static struct file_time (*clock_now)(void);
static uint32_t last_device; /* atomic */

void node_init(struct node *node, struct file_system *system,
               const struct node_operations *operations, const struct node_request *request) {
    node->operations = operations;
    node->system = system;
    node->number = __atomic_add_fetch(&system->last_number, 1, __ATOMIC_RELAXED);
    node->kind = request->kind;
    node->device = request->device;
    node->reference_count = 1;
    node->permissions = request->permissions & PERMISSION_MASK;
    node->user = request->user;
    node->group = request->group;
    node->seals = SEAL_SEALS;
    node->accessed = node->modified = node->changed = node_now();
}

void node_ref(struct node *node) {
    uint32_t before = __atomic_fetch_add(&node->reference_count, 1, __ATOMIC_RELAXED);
    CHECK(before > 0 && before < UINT32_MAX);
}

static bool drops_last_reference(struct node *node) {
    uint32_t before = __atomic_fetch_sub(&node->reference_count, 1, __ATOMIC_ACQ_REL);
    CHECK(before > 0);
    return before == 1;
}

void node_unref(struct node *node) {
    while (node != nullptr && drops_last_reference(node)) {
        node = node->operations->release(node);
    }
}

uint32_t file_system_take_device(void) {
    return __atomic_add_fetch(&last_device, 1, __ATOMIC_RELAXED);
}

void node_set_clock(struct file_time (*now)(void)) {
    clock_now = now;
}

struct file_time node_now(void) {
    return clock_now == nullptr ? (struct file_time){} : clock_now();
}

void node_add_links(struct node *node, int change) {
    __atomic_fetch_add(&node->link_count, (uint32_t)change, __ATOMIC_RELAXED);
}
