#pragma once

#include <stdint.h>

#include "kernel/files/wait/wait.h"
#include "kernel/ipc/rights.h"
#include "lib/decls.h"
#include "lib/list.h"
#include "lib/status.h"

/*
 * System V semaphores (man 7 sysvipc, man 2 semget). A set is named by a number that is not given
 * again soon; one that names none is STATUS_INVALID, or STATUS_REMOVED where it has
 * named one. Everything is under one lock, which spins.
 */

BEGIN_C_DECLS

/* /proc/sys/kernel/sem. */
constexpr uint32_t SEMAPHORES_PER_SET = 32'000; /* SEMMSL */
constexpr uint32_t SEMAPHORES_MAX = 1'024'000;  /* SEMMNS */
constexpr uint32_t SEMAPHORE_OPERATIONS = 500;  /* SEMOPM */
constexpr uint32_t SEMAPHORE_SETS = 1024;       /* of SEMMNI's 32000: all that there is room for */
constexpr int32_t SEMAPHORE_VALUE_MAX = 32'767; /* SEMVMX */

/* struct sembuf of man 2 semop. */
struct semaphore_operation {
    uint16_t semaphore;
    int16_t change; /* 0: wait until it is 0 */
    int16_t flags;
};

constexpr int16_t SEMAPHORE_NO_WAIT = 04000; /* IPC_NOWAIT */
constexpr int16_t SEMAPHORE_UNDO = 0x1000;   /* SEM_UNDO */

/* What a process takes back when it ends. */
struct semaphore_undos {
    struct list_node list; /* guarded by the semaphores' lock */
};

void semaphore_undos_init(struct semaphore_undos *undos);
void semaphore_undos_apply(struct semaphore_undos *undos, const struct ipc_caller *caller);

struct semaphore_request;
struct semaphore_undo;

/* Who waits until its operations can be done, which whoever makes that possible then does. */
struct semaphore_waiter {
    struct list_node link; /* guarded by the semaphores' lock, as all but the sleeper */
    struct sleeper *sleeper;
    const struct semaphore_request *request; /* not owned */
    struct semaphore_undo *undo;             /* of its process; null: it undoes nothing */
    uint32_t process;
    uint16_t semaphore; /* that it waits for */
    bool is_for_zero;
    bool is_waiting;     /* atomic */
    enum status outcome; /* once it waits no more */
};

/* man 2 semget. Returns the number. Errors: STATUS_NOT_FOUND; STATUS_EXISTS; STATUS_INVALID;
 * STATUS_ACCESS_DENIED; STATUS_NO_SPACE; STATUS_NO_MEMORY. */
int64_t semaphore_get(const struct ipc_caller *caller, uint32_t key, int32_t count, uint32_t flags);

/* man 2 semop: all operations, or none. STATUS_BUSY: they must wait, until semaphore_stop, and the
 * request with them. Errors: STATUS_TRY_AGAIN; STATUS_FILE_TOO_LARGE, no such semaphore;
 * STATUS_OUT_OF_RANGE; STATUS_ACCESS_DENIED; STATUS_NO_MEMORY. */
struct semaphore_request {
    int32_t set;
    const struct semaphore_operation *operations;
    uint32_t count;
    struct semaphore_undos *undos;
};

enum status semaphore_try(const struct ipc_caller *caller, const struct semaphore_request *request,
                          struct semaphore_waiter *waiter);

/* Whether nothing has come of it yet; the sleeper is woken when something has. */
static inline bool semaphore_is_waiting(const struct semaphore_waiter *waiter) {
    return __atomic_load_n(&waiter->is_waiting, __ATOMIC_ACQUIRE);
}

/* Ends the waiting. Returns `status` where nothing has come of it; else what has. Errors: of
 * semaphore_try; STATUS_REMOVED, the set is gone. */
enum status semaphore_stop(struct semaphore_waiter *waiter, enum status status);

/* struct semid64_ds of Linux's <asm/sembuf.h>. */
struct semaphore_description {
    struct ipc_rights rights;
    int64_t operated_seconds, reserved_1;
    int64_t changed_seconds, reserved_2;
    uint64_t count;
    uint64_t reserved[2];
};

static_assert(sizeof(struct semaphore_description) == 104);

/* man 2 semctl. Errors: STATUS_ACCESS_DENIED; STATUS_NOT_PERMITTED; STATUS_INVALID, no such
 * semaphore; STATUS_OUT_OF_RANGE. */
enum semaphore_question : uint8_t {
    SEMAPHORE_VALUE,
    SEMAPHORE_PROCESS,
    SEMAPHORE_WAITERS,
    SEMAPHORE_ZERO_WAITERS,
};

int64_t semaphore_ask(const struct ipc_caller *caller, int32_t set, int32_t index,
                      enum semaphore_question question);
enum status semaphore_describe(const struct ipc_caller *caller, int32_t set,
                               struct semaphore_description *description);
enum status semaphore_give(const struct ipc_caller *caller, int32_t set,
                           const struct ipc_rights *next);
enum status semaphore_remove(const struct ipc_caller *caller, int32_t set);
enum status semaphore_set_value(const struct ipc_caller *caller, int32_t set, int32_t index,
                                int32_t value);

/* All values of a set of `count`, which it must have. */
enum status semaphore_values(const struct ipc_caller *caller, int32_t set, uint16_t *values,
                             uint32_t count);
enum status semaphore_set_values(const struct ipc_caller *caller, int32_t set,
                                 const uint16_t *values, uint32_t count);

/* The number of the set in a slot (SEM_STAT); how many slots have been used so far. */
int64_t semaphore_number_at(uint32_t slot);
struct semaphore_usage {
    uint32_t set_count, semaphore_count, last_slot;
};
struct semaphore_usage semaphore_usage(void);

END_C_DECLS
