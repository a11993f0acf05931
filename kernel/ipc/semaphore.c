#include "kernel/ipc/semaphore.h"

#include "kernel/ipc/semaphore_set.h"
#include "mm/heap/heap.h"
#include "mm/platform.h"

constexpr int32_t SLOT_BITS =
    15; /* of a number: its slot; above, how often one was given, as on Linux */
constexpr int32_t SLOT_MASK = (1 << SLOT_BITS) - 1;

struct spinlock semaphore_lock;

/* All guarded by it. */
static struct semaphore_set *sets[SEMAPHORE_SETS];
static uint16_t sequence; /* of the next set */
static uint32_t set_count, semaphore_count;

void semaphores_lock(void) {
    platform_preempt_disable();
    spinlock_acquire(&semaphore_lock);
}

void semaphores_unlock(void) {
    spinlock_release(&semaphore_lock);
    platform_preempt_enable();
}

struct semaphore_set *semaphore_at(uint32_t slot) {
    return slot < SEMAPHORE_SETS ? sets[slot] : nullptr;
}

enum status semaphore_find(int32_t number, struct semaphore_set **set) {
    if (number < 0) {
        return STATUS_INVALID;
    }
    *set = semaphore_at((uint32_t)(number & SLOT_MASK));
    if (!*set) {
        return STATUS_INVALID;
    }
    return (*set)->number == number ? STATUS_OK : STATUS_REMOVED;
}

static struct semaphore_set *find_by_key(uint32_t key) REQUIRES(semaphore_lock) {
    for (uint32_t i = 0; i < SEMAPHORE_SETS; i++) {
        if (sets[i] && sets[i]->rights.key == key) {
            return sets[i];
        }
    }
    return nullptr;
}

static int64_t open_existing(const struct ipc_caller *caller, const struct semaphore_set *set,
                             int32_t count, uint32_t flags) {
    if ((flags & IPC_CREATE) && (flags & IPC_EXCLUSIVE)) {
        return STATUS_EXISTS;
    }
    uint32_t wanted = (flags >> 6 | flags >> 3 | flags) & 07;
    if ((uint32_t)count > set->count) {
        return STATUS_INVALID;
    }
    return ipc_may(caller, &set->rights, wanted) ? set->number : STATUS_ACCESS_DENIED;
}

/* Takes a set that has no slot yet. */
static int64_t publish(struct semaphore_set *set) REQUIRES(semaphore_lock) {
    if (semaphore_count + set->count > SEMAPHORES_MAX) {
        return STATUS_NO_SPACE;
    }
    for (uint32_t slot = 0; slot < SEMAPHORE_SETS; slot++) {
        if (!sets[slot]) {
            set->number = (int32_t)sequence << SLOT_BITS | (int32_t)slot;
            set->rights.sequence = sequence;
            sequence = (sequence + 1) & (UINT16_MAX >> 1);
            sets[slot] = set;
            set_count++;
            semaphore_count += set->count;
            return set->number;
        }
    }
    return STATUS_NO_SPACE;
}

/* Made before the lock is taken, since the key may be free. */
static struct semaphore_set *make(const struct ipc_caller *caller, uint32_t key, int32_t count,
                                  uint32_t flags) {
    struct semaphore_set *made =
        heap_alloc(sizeof(*made) + (size_t)count * sizeof(made->semaphores[0]));
    if (made) {
        made->rights = ipc_rights_of(caller, key, flags);
        made->changed_seconds = caller->now_seconds;
        made->count = (uint32_t)count;
        list_init(&made->waiters);
        list_init(&made->undos);
    }
    return made;
}

int64_t semaphore_get(const struct ipc_caller *caller, uint32_t key, int32_t count,
                      uint32_t flags) {
    if (count < 0 || (uint32_t)count > SEMAPHORES_PER_SET) {
        return STATUS_INVALID;
    }
    bool may_create = key == IPC_PRIVATE || (flags & IPC_CREATE);
    struct semaphore_set *made =
        may_create && count > 0 ? make(caller, key, count, flags) : nullptr;
    semaphores_lock();
    struct semaphore_set *found = key == IPC_PRIVATE ? nullptr : find_by_key(key);
    int64_t result = STATUS_NOT_FOUND;
    if (found) {
        result = open_existing(caller, found, count, flags);
    } else if (may_create && count == 0) {
        result = STATUS_INVALID;
    } else if (may_create) {
        result = made ? publish(made) : STATUS_NO_MEMORY;
    }
    semaphores_unlock();
    bool is_used = made && !found && result >= 0;
    if (!is_used) {
        heap_free(made);
    }
    return result;
}

static void end_waiting(struct semaphore_waiter *waiter, enum status outcome)
    REQUIRES(semaphore_lock) {
    list_remove(&waiter->link);
    waiter->outcome = outcome;
    __atomic_store_n(&waiter->is_waiting, false, __ATOMIC_RELEASE);
    sleeper_wake(waiter->sleeper);
}

void semaphore_take_out(struct semaphore_set *set, struct list_node *gone) {
    struct list_node *node;
    sets[set->number & SLOT_MASK] = nullptr;
    set_count--;
    semaphore_count -= set->count;
    while (!list_is_empty(&set->waiters)) {
        end_waiting(LIST_ENTRY(set->waiters.next, struct semaphore_waiter, link), STATUS_REMOVED);
    }
    while ((node = list_pop_front(&set->undos)) != nullptr) {
        struct semaphore_undo *undo = LIST_ENTRY(node, struct semaphore_undo, of_set);
        list_remove(&undo->of_process);
        list_push_back(gone, &undo->of_set);
    }
}

void semaphore_free(struct semaphore_set *set, struct list_node *gone) {
    struct list_node *node;
    while ((node = list_pop_front(gone)) != nullptr) {
        heap_free(LIST_ENTRY(node, struct semaphore_undo, of_set));
    }
    heap_free(set);
}

struct semaphore_usage semaphore_usage(void) {
    struct semaphore_usage usage = {};
    semaphores_lock();
    usage.set_count = set_count;
    usage.semaphore_count = semaphore_count;
    for (uint32_t slot = 0; slot < SEMAPHORE_SETS; slot++) {
        usage.last_slot = sets[slot] ? slot : usage.last_slot;
    }
    semaphores_unlock();
    return usage;
}

static struct semaphore_undo *find_undo(struct semaphore_undos *undos,
                                        const struct semaphore_set *set) REQUIRES(semaphore_lock) {
    for (struct list_node *at = undos->list.next; at != &undos->list; at = at->next) {
        struct semaphore_undo *undo = LIST_ENTRY(at, struct semaphore_undo, of_process);
        if (undo->set == set) {
            return undo;
        }
    }
    return nullptr;
}

static enum status ensure_undo(const struct semaphore_request *request, struct semaphore_set *set,
                               struct semaphore_undo **undo) REQUIRES(semaphore_lock) {
    bool is_wanted = false;
    for (uint32_t i = 0; i < request->count; i++) {
        is_wanted |= (request->operations[i].flags & SEMAPHORE_UNDO) != 0;
    }
    *undo = is_wanted ? find_undo(request->undos, set) : nullptr;
    if (!is_wanted || *undo) {
        return STATUS_OK;
    }
    struct semaphore_undo *made = heap_alloc(sizeof(*made) + set->count * sizeof(made->changes[0]));
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    made->set = set;
    list_push_back(&request->undos->list, &made->of_process);
    list_push_back(&set->undos, &made->of_set);
    *undo = made;
    return STATUS_OK;
}

static enum status check(const struct ipc_caller *caller, const struct semaphore_request *request,
                         const struct semaphore_set *set) {
    uint32_t wanted = IPC_MAY_READ;
    for (uint32_t i = 0; i < request->count; i++) {
        if (request->operations[i].semaphore >= set->count) {
            return STATUS_FILE_TOO_LARGE;
        }
        wanted = request->operations[i].change != 0 ? IPC_MAY_CHANGE : wanted;
    }
    return ipc_may(caller, &set->rights, wanted) ? STATUS_OK : STATUS_ACCESS_DENIED;
}

/* One operation. STATUS_BUSY: it must wait. */
static enum status apply(struct semaphore_set *set, const struct semaphore_operation *operation,
                         struct semaphore_undo *undo) REQUIRES(semaphore_lock) {
    struct semaphore *semaphore = &set->semaphores[operation->semaphore];
    int32_t next = semaphore->value + operation->change;
    if ((operation->change == 0 && semaphore->value != 0) || next < 0) {
        return operation->flags & SEMAPHORE_NO_WAIT ? STATUS_TRY_AGAIN : STATUS_BUSY;
    }
    if (next > SEMAPHORE_VALUE_MAX) {
        return STATUS_OUT_OF_RANGE;
    }
    if (operation->flags & SEMAPHORE_UNDO) {
        int32_t back = undo->changes[operation->semaphore] - operation->change;
        if (back < -SEMAPHORE_VALUE_MAX - 1 || back > SEMAPHORE_VALUE_MAX) {
            return STATUS_OUT_OF_RANGE;
        }
        undo->changes[operation->semaphore] = (int16_t)back;
    }
    semaphore->value = (uint16_t)next;
    return STATUS_OK;
}

/* Takes the first `count` back. */
static void take_back(struct semaphore_set *set, const struct semaphore_request *request,
                      uint32_t count, struct semaphore_undo *undo) REQUIRES(semaphore_lock) {
    while (count-- > 0) {
        const struct semaphore_operation *operation = &request->operations[count];
        struct semaphore *semaphore = &set->semaphores[operation->semaphore];
        semaphore->value = (uint16_t)(semaphore->value - operation->change);
        if (operation->flags & SEMAPHORE_UNDO) {
            undo->changes[operation->semaphore] += operation->change;
        }
    }
}

/* Whether it may be what somebody waits for: a value has grown, or become 0. */
static bool may_help(const struct semaphore_request *request, const struct semaphore_set *set)
    REQUIRES(semaphore_lock) {
    for (uint32_t i = 0; i < request->count; i++) {
        const struct semaphore_operation *operation = &request->operations[i];
        if (operation->change > 0 ||
            (operation->change < 0 && set->semaphores[operation->semaphore].value == 0)) {
            return true;
        }
    }
    return false;
}

/* All operations, or none. STATUS_BUSY: they must wait, and the waiter knows for what. */
static enum status apply_all(struct semaphore_set *set, struct semaphore_waiter *waiter,
                             int64_t now_seconds) REQUIRES(semaphore_lock) {
    const struct semaphore_request *request = waiter->request;
    for (uint32_t i = 0; i < request->count; i++) {
        const struct semaphore_operation *operation = &request->operations[i];
        enum status status = apply(set, operation, waiter->undo);
        if (status != STATUS_OK) {
            take_back(set, request, i, waiter->undo);
            waiter->semaphore = operation->semaphore;
            waiter->is_for_zero = operation->change == 0;
            return status;
        }
    }
    for (uint32_t i = 0; i < request->count; i++) {
        set->semaphores[request->operations[i].semaphore].process = waiter->process;
    }
    set->operated_seconds = now_seconds;
    return STATUS_OK;
}

/* Whoever comes first is served first; what it gives may be for one that came before it. */
void semaphore_serve(struct semaphore_set *set, int64_t now_seconds) {
    struct list_node *next;
    for (struct list_node *at = set->waiters.next; at != &set->waiters; at = next) {
        struct semaphore_waiter *waiter = LIST_ENTRY(at, struct semaphore_waiter, link);
        next = at->next;
        enum status status = apply_all(set, waiter, now_seconds);
        if (status == STATUS_BUSY) {
            continue;
        }
        end_waiting(waiter, status);
        if (status == STATUS_OK && may_help(waiter->request, set)) {
            next = set->waiters.next;
        }
    }
}

static enum status try_in(const struct ipc_caller *caller, struct semaphore_set *set,
                          struct semaphore_waiter *waiter) REQUIRES(semaphore_lock) {
    enum status status = check(caller, waiter->request, set);
    if (status == STATUS_OK) {
        status = ensure_undo(waiter->request, set, &waiter->undo);
    }
    if (status == STATUS_OK) {
        status = apply_all(set, waiter, caller->now_seconds);
    }
    if (status == STATUS_OK && may_help(waiter->request, set)) {
        semaphore_serve(set, caller->now_seconds);
    }
    if (status == STATUS_BUSY) {
        waiter->is_waiting = true;
        list_push_back(&set->waiters, &waiter->link);
    }
    return status;
}

enum status semaphore_try(const struct ipc_caller *caller, const struct semaphore_request *request,
                          struct semaphore_waiter *waiter) {
    struct semaphore_set *set;
    waiter->request = request;
    waiter->process = caller->process;
    semaphores_lock();
    enum status status = semaphore_find(request->set, &set);
    if (status == STATUS_OK) {
        status = try_in(caller, set, waiter);
    }
    semaphores_unlock();
    return status;
}

enum status semaphore_stop(struct semaphore_waiter *waiter, enum status status) {
    semaphores_lock();
    if (waiter->is_waiting) {
        list_remove(&waiter->link);
        waiter->outcome = status;
    }
    semaphores_unlock();
    return waiter->outcome;
}

void semaphore_undos_init(struct semaphore_undos *undos) {
    list_init(&undos->list);
}

/* As far as a value allows: nothing waits here. */
static void apply_undo(struct semaphore_undo *undo, const struct ipc_caller *caller)
    REQUIRES(semaphore_lock) {
    struct semaphore_set *set = undo->set;
    for (uint32_t i = 0; i < set->count; i++) {
        int32_t next = set->semaphores[i].value + undo->changes[i];
        if (undo->changes[i] == 0) {
            continue;
        }
        next = next < 0 ? 0 : next > SEMAPHORE_VALUE_MAX ? SEMAPHORE_VALUE_MAX : next;
        set->semaphores[i] = (struct semaphore){(uint16_t)next, caller->process};
    }
    set->operated_seconds = caller->now_seconds;
    semaphore_serve(set, caller->now_seconds);
}

void semaphore_undos_apply(struct semaphore_undos *undos, const struct ipc_caller *caller) {
    for (;;) {
        semaphores_lock();
        struct list_node *node = list_pop_front(&undos->list);
        struct semaphore_undo *undo =
            node ? LIST_ENTRY(node, struct semaphore_undo, of_process) : nullptr;
        if (undo) {
            apply_undo(undo, caller);
            list_remove(&undo->of_set);
        }
        semaphores_unlock();
        if (!undo) {
            return;
        }
        heap_free(undo);
    }
}
