#include "kernel/process/user_tasks.h"

#include "kernel/process/process.h"

static struct user_part *part_of(struct tree_node *node) {
    return TREE_ENTRY(node, struct user_part, node);
}

static uint64_t sum_of(struct tree_node *node) {
    return node ? part_of(node)->task_sum : 0;
}

static void update(struct tree_node *node) {
    struct user_part *part = part_of(node);
    part->task_sum =
        part->task_count + sum_of(node->child[TREE_LEFT]) + sum_of(node->child[TREE_RIGHT]);
}

static struct tree parts = {.update = update}; /* guarded by the tree lock */

static bool is_before(const struct user_part *a, const struct user_part *b) {
    return a->user != b->user ? a->user < b->user : a < b;
}

/* A first task that has ended keeps the process's number until somebody has waited for it. */
static uint32_t counted(const struct process *process) REQUIRES(process_tree) {
    return process->task_count + (process->id->task == nullptr);
}

void user_tasks_join(struct process *process) {
    struct user_part *part = &process->of_user;
    struct tree_node *parent = nullptr;
    enum tree_side side = TREE_LEFT;
    part->user = process->credentials.real_user;
    part->task_count = counted(process);
    for (struct tree_node *at = parts.root; at != nullptr; at = at->child[side]) {
        parent = at;
        side = is_before(part, part_of(at)) ? TREE_LEFT : TREE_RIGHT;
    }
    tree_insert(&parts, &part->node, parent, side);
}

void user_tasks_leave(struct process *process) {
    tree_remove(&parts, &process->of_user.node);
}

void user_tasks_refresh(struct process *process) {
    struct user_part *part = &process->of_user;
    if (part->user != process->credentials.real_user) {
        user_tasks_leave(process);
        user_tasks_join(process);
        return;
    }
    part->task_count = counted(process);
    tree_refresh(&parts, &part->node);
}

/* Of all users whose numbers are below. */
static uint64_t count_below(uint64_t user) REQUIRES(process_tree) {
    uint64_t count = 0;
    struct tree_node *at = parts.root;
    while (at != nullptr) {
        bool is_below = part_of(at)->user < user;
        if (is_below) {
            count += part_of(at)->task_count + sum_of(at->child[TREE_LEFT]);
        }
        at = at->child[is_below ? TREE_RIGHT : TREE_LEFT];
    }
    return count;
}

uint64_t user_tasks_count(uint32_t user) {
    return count_below((uint64_t)user + 1) - count_below(user);
}
