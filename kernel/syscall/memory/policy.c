#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/memory/nodes.h"
#include "kernel/syscall/memory/user_range.h"
#include "kernel/syscall/user.h"
#include "lib/status.h"

/*
 * man 2 set_mempolicy, get_mempolicy, mbind, set_mempolicy_home_node: from which nodes memory
 * comes. It all comes from the one that there is; what was asked for is checked and can be asked
 * back.
 */

enum policy_mode : uint32_t {
    MODE_DEFAULT,
    MODE_PREFERRED,
    MODE_BIND,
    MODE_INTERLEAVE,
    MODE_LOCAL,
    MODE_PREFERRED_MANY,
    MODE_WEIGHTED_INTERLEAVE,
    MODE_COUNT,
};

constexpr uint32_t MODE_STATIC_NODES = 1 << 15;
constexpr uint32_t MODE_RELATIVE_NODES = 1 << 14;
constexpr uint32_t MODE_BALANCING = 1 << 13;
constexpr uint32_t MODE_KEEPS_NODES = MODE_STATIC_NODES | MODE_RELATIVE_NODES;
constexpr uint32_t MODE_FLAGS = MODE_KEEPS_NODES | MODE_BALANCING;

constexpr uint64_t ONLY_NODE = 1;

static enum status check_mode(uint32_t mode) {
    uint32_t plain = mode & ~MODE_FLAGS;
    bool may_balance = plain == MODE_BIND || plain == MODE_PREFERRED_MANY;
    if (plain >= MODE_COUNT || (mode & MODE_KEEPS_NODES) == MODE_KEEPS_NODES ||
        ((mode & MODE_BALANCING) && !may_balance)) {
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

/* Whether any of the nodes is there; relative ones are folded onto those that are. */
static bool has_node(uint32_t mode, const struct node_set *nodes) {
    return mode & MODE_RELATIVE_NODES ? !node_set_is_empty(nodes) : (nodes->first & ONLY_NODE) != 0;
}

static enum status make_local(uint32_t flags, struct memory_policy *policy) {
    *policy = (struct memory_policy){.mode = MODE_LOCAL};
    return flags & MODE_KEEPS_NODES ? STATUS_INVALID : STATUS_OK;
}

/* Errors: STATUS_INVALID, mode and nodes do not go together, or none of the nodes is there. */
static enum status make_policy(uint32_t mode, const struct node_set *nodes,
                               struct memory_policy *policy) {
    uint32_t plain = mode & ~MODE_FLAGS;
    bool is_empty = node_set_is_empty(nodes);
    if (plain == MODE_DEFAULT) {
        *policy = (struct memory_policy){};
        return is_empty ? STATUS_OK : STATUS_INVALID;
    }
    if (is_empty && (plain == MODE_PREFERRED || plain == MODE_LOCAL)) {
        return make_local(mode, policy);
    }
    if (plain == MODE_LOCAL || !has_node(mode, nodes)) {
        return STATUS_INVALID;
    }
    *policy = (struct memory_policy){
        .mode = (uint16_t)mode,
        .nodes = mode & MODE_FLAGS ? nodes->first : ONLY_NODE,
    };
    return STATUS_OK;
}

static enum status read_policy(uint32_t mode, uint64_t nodes_address, uint64_t bit_count,
                               struct node_set *nodes) {
    enum status status = check_mode(mode);
    return status == STATUS_OK ? node_set_read(nodes_address, bit_count, nodes) : status;
}

int64_t call_set_mempolicy(const struct trap_frame *frame) {
    uint32_t mode = (uint32_t)frame->rdi;
    struct node_set nodes;
    struct memory_policy policy;
    enum status status = read_policy(mode, frame->rsi, frame->rdx, &nodes);
    if (status == STATUS_OK) {
        status = make_policy(mode, &nodes, &policy);
    }
    if (status == STATUS_OK) {
        task_current()->memory_policy = policy;
    }
    return status;
}

constexpr uint64_t GET_NODE = 1;          /* MPOL_F_NODE */
constexpr uint64_t GET_OF_ADDRESS = 2;    /* MPOL_F_ADDR */
constexpr uint64_t GET_ALLOWED_NODES = 4; /* MPOL_F_MEMS_ALLOWED */

/* What man 2 get_mempolicy says. */
struct policy_answer {
    uint32_t number; /* a mode, or a node */
    uint64_t nodes;
};

/* An area's own policy. Errors: STATUS_FAULT, no area is there. */
static enum status find_policy(uint64_t address, struct memory_policy *policy) {
    struct vm_area area;
    if (!space_find_area(process_space(), virt_addr(address), &area) || !area_is_memory(&area)) {
        return STATUS_FAULT;
    }
    *policy = area.policy;
    return STATUS_OK;
}

static bool is_interleaved(const struct memory_policy *policy) {
    uint32_t mode = policy->mode & ~MODE_FLAGS;
    return mode == MODE_INTERLEAVE || mode == MODE_WEIGHTED_INTERLEAVE;
}

/* The node that the page is on, which is used for that, or that the next page would come from. */
static enum status find_node(uint64_t flags, uint64_t address, const struct memory_policy *policy) {
    if (flags & GET_OF_ADDRESS) {
        enum status status = space_resolve_fault(process_space(), virt_addr(address), ACCESS_READ);
        bool is_out_of_memory = status == STATUS_NO_MEMORY;
        return status == STATUS_OK || is_out_of_memory ? status : STATUS_FAULT;
    }
    return is_interleaved(policy) ? STATUS_OK : STATUS_INVALID;
}

static enum status answer(uint64_t flags, uint64_t address, struct policy_answer *answer) {
    *answer = (struct policy_answer){.nodes = ONLY_NODE};
    if (flags & ~(GET_NODE | GET_OF_ADDRESS | GET_ALLOWED_NODES)) {
        return STATUS_INVALID;
    }
    if (flags & GET_ALLOWED_NODES) {
        return flags == GET_ALLOWED_NODES ? STATUS_OK : STATUS_INVALID;
    }
    if (!(flags & GET_OF_ADDRESS) && address != 0) {
        return STATUS_INVALID;
    }
    struct memory_policy policy = task_current()->memory_policy;
    enum status status = flags & GET_OF_ADDRESS ? find_policy(address, &policy) : STATUS_OK;
    if (status == STATUS_OK && (flags & GET_NODE)) {
        status = find_node(flags, address, &policy);
    }
    answer->number = flags & GET_NODE ? 0 : policy.mode;
    answer->nodes = policy.nodes;
    return status;
}

int64_t call_get_mempolicy(const struct trap_frame *frame) {
    struct policy_answer found;
    if (frame->rsi != 0 && frame->rdx == 0) {
        return STATUS_INVALID;
    }
    enum status status = answer(frame->r8, frame->r10, &found);
    if (status == STATUS_OK && frame->rdi != 0 &&
        copy_out(frame->rdi, &found.number, sizeof(found.number)) != 0) {
        status = STATUS_FAULT;
    }
    if (status == STATUS_OK && frame->rsi != 0) {
        status = node_set_write(frame->rsi, frame->rdx, found.nodes);
    }
    return status;
}

constexpr uint64_t BIND_STRICT = 1;
constexpr uint64_t BIND_MOVE = 2;
constexpr uint64_t BIND_MOVE_ALL = 4;

/* Pages are never where they should not be, so there is nothing to move or to complain of. */
static enum status check_bind_flags(uint64_t flags) {
    if (flags & ~(BIND_STRICT | BIND_MOVE | BIND_MOVE_ALL)) {
        return STATUS_INVALID;
    }
    return (flags & BIND_MOVE_ALL) && !process_has_capabilities() ? STATUS_NOT_PERMITTED
                                                                  : STATUS_OK;
}

static enum status bind_range(struct virt_range range, const struct memory_policy *policy) {
    struct locked_range token;
    space_lock_for_writing(process_space(), range, &token);
    enum status status = space_set_memory_policy(&token, range, policy);
    space_unlock(&token);
    return status;
}

int64_t call_mbind(const struct trap_frame *frame) {
    uint32_t mode = (uint32_t)frame->rdx;
    struct node_set nodes;
    struct memory_policy policy;
    struct virt_range range;
    bool is_cut;
    enum status status = read_policy(mode, frame->r10, frame->r8, &nodes);
    if (status == STATUS_OK) {
        status = check_bind_flags(frame->r9);
    }
    if (status != STATUS_OK || !is_aligned(frame->rdi, PAGE_SIZE)) {
        return status != STATUS_OK ? status : STATUS_INVALID;
    }
    enum user_range_kind kind = user_range_rounded(frame->rdi, frame->rsi, &range, &is_cut);
    if (kind == RANGE_EMPTY || (kind == RANGE_WRAPS && !is_cut)) {
        return kind == RANGE_EMPTY ? STATUS_OK : STATUS_INVALID;
    }
    status = make_policy(mode, &nodes, &policy);
    if (status != STATUS_OK) {
        return status;
    }
    return is_cut ? STATUS_FAULT : bind_range(range, &policy);
}

int64_t call_set_mempolicy_home_node(const struct trap_frame *frame) {
    constexpr uint32_t modes = 1 << MODE_BIND | 1 << MODE_PREFERRED_MANY;
    struct virt_range range;
    bool is_cut;
    if (!is_aligned(frame->rdi, PAGE_SIZE) || frame->r10 != 0 || frame->rdx != 0) {
        return STATUS_INVALID;
    }
    enum user_range_kind kind = user_range_rounded(frame->rdi, frame->rsi, &range, &is_cut);
    if (kind == RANGE_EMPTY) {
        return STATUS_OK;
    }
    if (kind == RANGE_WRAPS) {
        return is_cut ? STATUS_NOT_FOUND : STATUS_INVALID;
    }
    struct locked_range token;
    space_lock_for_writing(process_space(), range, &token);
    enum status status = space_set_home_node(&token, range, modes);
    space_unlock(&token);
    return status;
}
