#include "kernel/ipc/semaphore.h"
#include "kernel/ipc/semaphore_set.h"

/* man 2 semctl. */

static uint32_t count_waiters(const struct semaphore_set *set, uint32_t index, bool is_for_zero) {
    uint32_t count = 0;
    for (struct list_node *at = set->waiters.next; at != &set->waiters; at = at->next) {
        const struct semaphore_waiter *waiter = LIST_ENTRY(at, struct semaphore_waiter, link);
        count += waiter->semaphore == index && waiter->is_for_zero == is_for_zero;
    }
    return count;
}

static int64_t answer(const struct semaphore_set *set, uint32_t index,
                      enum semaphore_question question) {
    switch (question) {
    case SEMAPHORE_VALUE:
        return set->semaphores[index].value;
    case SEMAPHORE_PROCESS:
        return set->semaphores[index].process;
    case SEMAPHORE_WAITERS:
        return count_waiters(set, index, false);
    case SEMAPHORE_ZERO_WAITERS:
        return count_waiters(set, index, true);
    }
    return STATUS_INVALID;
}

/* The set, which the caller may use so. */
static enum status find_for(const struct ipc_caller *caller, int32_t number, uint32_t wanted,
                            struct semaphore_set **set) REQUIRES(semaphore_lock) {
    enum status status = semaphore_find(number, set);
    if (status == STATUS_OK && !ipc_may(caller, &(*set)->rights, wanted)) {
        return STATUS_ACCESS_DENIED;
    }
    return status;
}

int64_t semaphore_ask(const struct ipc_caller *caller, int32_t set, int32_t index,
                      enum semaphore_question question) {
    struct semaphore_set *found;
    semaphores_lock();
    int64_t result = find_for(caller, set, IPC_MAY_READ, &found);
    if (result == STATUS_OK) {
        bool is_there = index >= 0 && (uint32_t)index < found->count;
        result = is_there ? answer(found, (uint32_t)index, question) : STATUS_INVALID;
    }
    semaphores_unlock();
    return result;
}

enum status semaphore_describe(const struct ipc_caller *caller, int32_t set,
                               struct semaphore_description *description) {
    struct semaphore_set *found;
    semaphores_lock();
    enum status status = find_for(caller, set, IPC_MAY_READ, &found);
    if (status == STATUS_OK) {
        *description = (struct semaphore_description){
            .rights = found->rights,
            .operated_seconds = found->operated_seconds,
            .changed_seconds = found->changed_seconds,
            .count = found->count,
        };
    }
    semaphores_unlock();
    return status;
}

enum status semaphore_give(const struct ipc_caller *caller, int32_t set,
                           const struct ipc_rights *next) {
    struct semaphore_set *found;
    semaphores_lock();
    enum status status = semaphore_find(set, &found);
    if (status == STATUS_OK && !ipc_is_owner(caller, &found->rights)) {
        status = STATUS_NOT_PERMITTED;
    }
    if (status == STATUS_OK) {
        status = ipc_give(&found->rights, next);
    }
    if (status == STATUS_OK) {
        found->changed_seconds = caller->now_seconds;
    }
    semaphores_unlock();
    return status;
}

enum status semaphore_remove(const struct ipc_caller *caller, int32_t set) {
    struct semaphore_set *found;
    struct list_node gone;
    list_init(&gone);
    semaphores_lock();
    enum status status = semaphore_find(set, &found);
    if (status == STATUS_OK && !ipc_is_owner(caller, &found->rights)) {
        status = STATUS_NOT_PERMITTED;
    }
    if (status == STATUS_OK) {
        semaphore_take_out(found, &gone);
    }
    semaphores_unlock();
    if (status == STATUS_OK) {
        semaphore_free(found, &gone);
    }
    return status;
}

/* What was to be taken back of so many semaphores is not any more. */
static void forget_undos(struct semaphore_set *set, uint32_t first, uint32_t count) {
    for (struct list_node *at = set->undos.next; at != &set->undos; at = at->next) {
        int16_t *changes = LIST_ENTRY(at, struct semaphore_undo, of_set)->changes;
        __builtin_memset(changes + first, 0, count * sizeof(*changes));
    }
}

static void set_values(const struct ipc_caller *caller, struct semaphore_set *set, uint32_t first,
                       const uint16_t *values, uint32_t count) REQUIRES(semaphore_lock) {
    for (uint32_t i = 0; i < count; i++) {
        set->semaphores[first + i] = (struct semaphore){values[i], caller->process};
    }
    set->changed_seconds = caller->now_seconds;
    forget_undos(set, first, count);
    semaphore_serve(set, caller->now_seconds);
}

enum status semaphore_set_value(const struct ipc_caller *caller, int32_t set, int32_t index,
                                int32_t value) {
    struct semaphore_set *found;
    if (value < 0 || value > SEMAPHORE_VALUE_MAX) {
        return STATUS_OUT_OF_RANGE;
    }
    semaphores_lock();
    enum status status = semaphore_find(set, &found);
    if (status == STATUS_OK && (index < 0 || (uint32_t)index >= found->count)) {
        status = STATUS_INVALID;
    }
    if (status == STATUS_OK && !ipc_may(caller, &found->rights, IPC_MAY_CHANGE)) {
        status = STATUS_ACCESS_DENIED;
    }
    if (status == STATUS_OK) {
        const uint16_t next = (uint16_t)value;
        set_values(caller, found, (uint32_t)index, &next, 1);
    }
    semaphores_unlock();
    return status;
}

enum status semaphore_values(const struct ipc_caller *caller, int32_t set, uint16_t *values,
                             uint32_t count) {
    struct semaphore_set *found;
    semaphores_lock();
    enum status status = find_for(caller, set, IPC_MAY_READ, &found);
    if (status == STATUS_OK && found->count != count) {
        status = STATUS_REMOVED;
    }
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        values[i] = found->semaphores[i].value;
    }
    semaphores_unlock();
    return status;
}

static enum status check_values(const uint16_t *values, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] > SEMAPHORE_VALUE_MAX) {
            return STATUS_OUT_OF_RANGE;
        }
    }
    return STATUS_OK;
}

enum status semaphore_set_values(const struct ipc_caller *caller, int32_t set,
                                 const uint16_t *values, uint32_t count) {
    struct semaphore_set *found;
    semaphores_lock();
    enum status status = find_for(caller, set, IPC_MAY_CHANGE, &found);
    if (status == STATUS_OK) {
        status = found->count == count ? check_values(values, count) : STATUS_REMOVED;
    }
    if (status == STATUS_OK) {
        set_values(caller, found, 0, values, count);
    }
    semaphores_unlock();
    return status;
}

int64_t semaphore_number_at(uint32_t slot) {
    semaphores_lock();
    const struct semaphore_set *set = semaphore_at(slot);
    int64_t number = set ? set->number : STATUS_INVALID;
    semaphores_unlock();
    return number;
}
