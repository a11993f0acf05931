#include "kernel/syscall/files/owner.h"

#include "kernel/process/id.h"
#include "kernel/process/tree_lock.h"
#include "kernel/signal/signal.h"
#include "kernel/syscall/files/arguments.h"
#include "lib/list.h"

/* struct f_owner_ex of man 2 fcntl. */
struct user_owner {
    int32_t kind;
    int32_t number;
};

static bool is_group(const struct id *id) REQUIRES(process_tree) {
    return !list_is_empty(&id->groupers);
}

/* Whether anybody would be told. */
static bool exists(const struct file_owner *owner) {
    tree_lock();
    const struct id *id = id_find(owner->number);
    bool is_there = id != nullptr && (owner->kind == OWNER_GROUP     ? is_group(id)
                                      : owner->kind == OWNER_PROCESS ? id->process != nullptr
                                                                     : id->task != nullptr);
    tree_unlock();
    return is_there;
}

static int64_t set_owner(struct file *file, const struct file_owner *owner) {
    if (owner->number != 0 && !exists(owner)) {
        return STATUS_NO_SUCH_PROCESS;
    }
    file_set_owner(file, owner);
    return 0;
}

int64_t fcntl_set_owner(struct file *file, int32_t number) {
    if (number == INT32_MIN) {
        return STATUS_INVALID;
    }
    const struct file_owner owner = {
        .kind = number < 0 ? OWNER_GROUP : OWNER_PROCESS,
        .number = (uint32_t)(number < 0 ? -number : number),
    };
    return set_owner(file, &owner);
}

static struct file_owner owner_that_exists(const struct file *file) {
    struct file_owner owner = file_owner(file);
    owner.number = owner.number != 0 && exists(&owner) ? owner.number : 0;
    return owner;
}

int64_t fcntl_get_owner(const struct file *file) {
    struct file_owner owner = owner_that_exists(file);
    return owner.kind == OWNER_GROUP ? -(int64_t)owner.number : (int64_t)owner.number;
}

int64_t fcntl_set_owner_of_kind(struct file *file, uint64_t address) {
    struct user_owner given;
    enum status status = copy_argument(&given, address, sizeof(given));
    if (status != STATUS_OK) {
        return status;
    }
    if ((uint32_t)given.kind > OWNER_GROUP) {
        return STATUS_INVALID;
    }
    const struct file_owner owner = {
        .kind = (enum file_owner_kind)given.kind,
        .number = (uint32_t)given.number,
    };
    return set_owner(file, &owner);
}

int64_t fcntl_get_owner_of_kind(const struct file *file, uint64_t address) {
    struct file_owner owner = owner_that_exists(file);
    const struct user_owner shown = {(int32_t)owner.kind, (int32_t)owner.number};
    return copy_result(address, &shown, sizeof(shown));
}

int64_t fcntl_set_signal(struct file *file, uint64_t signal) {
    if (signal > SIGNAL_COUNT) {
        return STATUS_INVALID;
    }
    __atomic_store_n(&file->owner_signal, (uint32_t)signal, __ATOMIC_RELAXED);
    return 0;
}

int64_t fcntl_get_signal(const struct file *file) {
    return __atomic_load_n(&file->owner_signal, __ATOMIC_RELAXED);
}
