#pragma once

#include <stdint.h>

#include "kernel/signal/signal.h"
#include "lib/decls.h"
#include "lib/list.h"

/* Signals that were sent and have not been taken yet. Its owner guards it. */

BEGIN_C_DECLS

/* What is said with a signal; allocated by whoever sends it. */
struct signal_note {
    struct list_node link;
    struct signal_info info;
};

struct pending_signals {
    signal_set set;
    struct list_node notes; /* in the order of sending; of a set signal there may be none */
};

void pending_init(struct pending_signals *pending);

/* Whether another one of the signal can be told from those that are pending: a signal below
 * SIGNAL_REALTIME is pending once. */
bool pending_takes(const struct pending_signals *pending, unsigned signal);

/* Adds a signal; `note` may be null, then it is taken with nothing but its number. */
void pending_add(struct pending_signals *pending, unsigned signal, struct signal_note *note);

/* The signal of `set` to be taken first: the faults, then the lowest. 0: none is pending. */
unsigned pending_first(const struct pending_signals *pending, signal_set set);

/* Takes one of the signal, which is pending; its note, or null. */
struct signal_note *pending_take(struct pending_signals *pending, unsigned signal);

/* Drops all of the set; their notes come into `dropped`, a list. */
void pending_drop(struct pending_signals *pending, signal_set set, struct list_node *dropped);

END_C_DECLS
