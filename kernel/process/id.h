#pragma once

#include <stdint.h>

#include "kernel/process/number_set.h"
#include "kernel/process/tree_lock.h"
#include "lib/decls.h"
#include "lib/list.h"
#include "lib/status.h"

/*
 * The numbers that name threads, processes, groups and sessions (man 7 credentials): one space of
 * numbers for all four. A number is not given again while anything still has it.
 */

BEGIN_C_DECLS

struct task;
struct process;
struct trace;

constexpr uint32_t ID_MAX = NUMBER_LIMIT; /* numbers are below it */

/* All guarded by the tree lock. */
struct id {
    struct list_node link;     /* in the table */
    uint32_t number;           /* fixed at creation */
    uint32_t holder_count;     /* what has the number */
    struct task *task;         /* the thread of this number; null: none, or it has ended */
    struct process *process;   /* the process of this number, until it is reaped */
    struct trace *trace;       /* of the thread of this number, which may have ended; null: none */
    struct list_node groupers; /* processes whose group has this number */
    struct list_node sitters;  /* processes whose session has this number */
    bool is_marked;            /* by who goes through groups, and has been here */
};

/* A number of its own, held once. Errors: STATUS_TRY_AGAIN, all are in use; STATUS_NO_MEMORY. */
enum status id_create(struct id **id);

/* One more that has it, and one less. */
void id_hold(struct id *id) REQUIRES(process_tree);
void id_release(struct id *id) REQUIRES(process_tree);

/* Null where nothing has the number. */
struct id *id_find(uint32_t number) REQUIRES(process_tree);

/* The one with the lowest number from `from` on; null: there is none. */
struct id *id_next(uint32_t from) REQUIRES(process_tree);

/* The number that was given last. */
uint32_t id_last_number(void);

END_C_DECLS
