#include "kernel/cpu/user_copy.h"
#include "kernel/files/system_type/system_type.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/user.h"
#include "lib/memory.h"

/* man 2 sysfs: which kinds of file system there are. */

/* Looks for one by its name or its index. */
struct type_search {
    const char *name;
    uint32_t wanted, count;
    const struct system_type *found;
    uint32_t found_at;
};

static void look(void *context, const struct system_type *type) {
    struct type_search *search = context;
    bool is_it = search->name != nullptr ? strcmp(type->name, search->name) == 0
                                         : search->count == search->wanted;
    if (is_it) {
        search->found = type;
        search->found_at = search->count;
    }
    search->count++;
}

static int64_t find_index(uint64_t address) {
    char name[32]; /* no kind has a longer one */
    size_t length;
    struct type_search search = {.name = name};
    enum status status = user_copy_string(name, virt_addr(address), sizeof(name), &length);
    if (status != STATUS_OK) {
        return status == STATUS_TOO_LONG ? STATUS_INVALID : status;
    }
    system_type_for_each(look, &search);
    return search.found != nullptr ? (int64_t)search.found_at : STATUS_INVALID;
}

static int64_t tell_name(uint32_t index, uint64_t address) {
    struct type_search search = {.wanted = index};
    system_type_for_each(look, &search);
    if (search.found == nullptr) {
        return STATUS_INVALID;
    }
    return copy_out(address, search.found->name, strlen(search.found->name) + 1);
}

int64_t call_sysfs(const struct trap_frame *frame) {
    enum { INDEX_OF_NAME = 1, NAME_OF_INDEX = 2, COUNT = 3 };
    struct type_search all = {};
    switch ((uint32_t)frame->rdi) {
    case INDEX_OF_NAME:
        return find_index(frame->rsi);
    case NAME_OF_INDEX:
        return tell_name((uint32_t)frame->rsi, frame->rdx);
    case COUNT:
        system_type_for_each(look, &all);
        return all.count;
    }
    return STATUS_INVALID;
}
