#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"
#include "lib/tree.h"

/* Things that are to happen at a time. They do at the first timer tick after it. */

BEGIN_C_DECLS

struct timer {
    /* Called in a kernel thread, with pre-emption off: must not sleep. It may arm its own timer
     * again by returning when, and ends with 0: once at a timer tick at most. */
    uint64_t (*fire)(struct timer *timer);

    struct tree_node node; /* guarded by the timers' lock, as all that follows */
    uint64_t deadline_ns;  /* of clock_now */
    bool is_armed;
};

/* What becomes of a deadline and a period (0: once) by `now`: how often it has been reached, and
 * in `*deadline_ns` when it is next; 0: never. What has been missed is not made up for. */
uint64_t timer_pass(uint64_t *deadline_ns, uint64_t period_ns, uint64_t now_ns);

/* When to look again at a timer whose last expiration nobody has taken notice of yet: not before
 * `deadline_ns`, and not soon. 0: never. */
uint64_t timer_with_patience(uint64_t deadline_ns);

/* Starts the thread that fires them. Once, at boot. Errors: STATUS_NO_MEMORY. */
enum status timers_begin(void);

/* Arms it, or moves the one that is armed already. */
void timer_arm(struct timer *timer, uint64_t deadline_ns);

/* From here on it does not fire, and does not run. False: it was not armed. */
bool timer_cancel(struct timer *timer);

/* When it will fire; 0: it is not armed. */
uint64_t timer_deadline(struct timer *timer);

/* At each timer tick, with interrupts off: what is due fires soon. */
void timers_tick(void);

END_C_DECLS
