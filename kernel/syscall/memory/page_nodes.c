#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/memory/foreign.h"
#include "kernel/syscall/memory/nodes.h"
#include "kernel/syscall/user.h"
#include "lib/status.h"
#include "mm/paging/page_table.h"

/* man 2 migrate_pages, move_pages: there is one node, so pages are where they are to go. */

/* Whose memory a call is about; 0 is the caller's. */
static enum status find_memory(uint32_t number, struct process_memory **memory) {
    if (number == 0) {
        *memory = process_current()->memory;
        process_memory_ref(*memory);
        return STATUS_OK;
    }
    return foreign_memory_find(number, memory);
}

/* Nodes that are not there may be asked for by root alone, and never by themselves. */
static enum status check_target(const struct node_set *nodes) {
    bool is_there = nodes->first <= 1 && !nodes->has_more;
    if (!is_there && !process_has_capabilities()) {
        return STATUS_NOT_PERMITTED;
    }
    return nodes->first & 1 ? STATUS_OK : STATUS_INVALID;
}

int64_t call_migrate_pages(const struct trap_frame *frame) {
    struct node_set from, to;
    struct process_memory *memory;
    enum status status = node_set_read(frame->rdx, frame->rsi, &from);
    if (status == STATUS_OK) {
        status = node_set_read(frame->r10, frame->rsi, &to);
    }
    if (status == STATUS_OK) {
        status = find_memory((uint32_t)frame->rdi, &memory);
    }
    if (status == STATUS_OK) {
        status = check_target(&to);
        process_memory_unref(memory);
    }
    return status;
}

constexpr uint32_t MOVE_PRIVATE = 2; /* MPOL_MF_MOVE */
constexpr uint32_t MOVE_ALL = 4;     /* MPOL_MF_MOVE_ALL */

/* The node of a page; STATUS_NOT_FOUND where none has been used yet, STATUS_FAULT where none can be
 * or where it is the page of zeroes, which is nobody's. */
static int32_t node_of(struct address_space *space, uint64_t address) {
    struct vm_area area;
    struct page_query entry = {};
    struct locked_range token;
    space_lock_for_reading(space, space_user_range(), &token);
    bool is_memory =
        space_find_area_unlocked(space, virt_addr(address), &area) && area_is_memory(&area);
    if (is_memory) {
        entry = page_table_query(space_page_table(space), virt_addr(address));
    }
    space_unlock(&token);
    if (!is_memory) {
        return STATUS_FAULT;
    }
    if (entry.kind == PAGE_ABSENT) {
        return STATUS_NOT_FOUND;
    }
    return entry.is_owned ? 0 : STATUS_FAULT;
}

/* Where pages are to go to, if the call says so. */
static int64_t check_node(uint64_t nodes, uint64_t index) {
    int32_t node;
    if (nodes == 0) {
        return STATUS_OK;
    }
    if (copy_in(&node, nodes + index * sizeof(node), sizeof(node)) != 0) {
        return STATUS_FAULT;
    }
    return node == 0 ? STATUS_OK : STATUS_NO_SUCH_DEVICE;
}

static int64_t tell_pages(struct address_space *space, const struct trap_frame *frame) {
    uint64_t count = frame->rsi;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t address;
        if (process_is_to_end()) {
            return STATUS_INTERRUPTED;
        }
        if (copy_in(&address, frame->rdx + i * sizeof(address), sizeof(address)) != 0) {
            return STATUS_FAULT;
        }
        int64_t error = check_node(frame->r10, i);
        if (error != 0) {
            return error;
        }
        int32_t node = node_of(space, address);
        if (copy_out(frame->r8 + i * sizeof(node), &node, sizeof(node)) != 0) {
            return STATUS_FAULT;
        }
    }
    return 0;
}

int64_t call_move_pages(const struct trap_frame *frame) {
    uint32_t flags = (uint32_t)frame->r9;
    struct process_memory *memory;
    if (flags & ~(MOVE_PRIVATE | MOVE_ALL)) {
        return STATUS_INVALID;
    }
    if ((flags & MOVE_ALL) && !process_has_capabilities()) {
        return STATUS_NOT_PERMITTED;
    }
    enum status status = find_memory((uint32_t)frame->rdi, &memory);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = tell_pages(memory->space, frame);
    process_memory_unref(memory);
    return result;
}
