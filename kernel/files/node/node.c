#include "kernel/files/node/node.h"

#include "kernel/files/node/drop.h"
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
    list_init(&node->observers);
    node->accessed = node->modified = node->changed = node_now();
}

void node_ref(struct node *node) {
    uint32_t before = __atomic_fetch_add(&node->reference_count, 1, __ATOMIC_RELAXED);
    CHECK(before > 0 && before < UINT32_MAX);
}

static bool drops_last_reference(struct node *node) {
    if (__atomic_load_n(&node->observed, __ATOMIC_RELAXED) & OBSERVED) {
        return node_drop_observed(node);
    }
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

/* Moves the count away from 0 on the side of `step`. */
static enum status begin_use(struct node *node, int32_t step) {
    int32_t count = __atomic_load_n(&node->writer_count, __ATOMIC_RELAXED);
    do {
        if (step > 0 ? count < 0 : count > 0) {
            return STATUS_TEXT_BUSY;
        }
    } while (!__atomic_compare_exchange_n(&node->writer_count, &count, count + step, true,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return STATUS_OK;
}

enum status node_begin_writing(struct node *node) {
    return begin_use(node, 1);
}

void node_end_writing(struct node *node) {
    int32_t before = __atomic_fetch_sub(&node->writer_count, 1, __ATOMIC_RELEASE);
    CHECK(before > 0);
}

enum status node_begin_executing(struct node *node) {
    return begin_use(node, -1);
}

void node_end_executing(struct node *node) {
    int32_t before = __atomic_fetch_add(&node->writer_count, 1, __ATOMIC_RELEASE);
    CHECK(before < 0);
}

void node_add_links(struct node *node, int change) {
    __atomic_fetch_add(&node->link_count, (uint32_t)change, __ATOMIC_RELAXED);
}
