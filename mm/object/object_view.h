#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/list.h"
#include "lib/status.h"
#include "mm/lock/sleep_lock.h"

/*
 * What an object knows of those who show its pages in page tables: enough to have pages hidden
 * before they go. A view is in its object's list from before the first entry is made until after
 * the flush of the last.
 */

BEGIN_C_DECLS

struct object_cut;

/*
 * Both are asked of a holder, an address space, and not of a view: it has a lock that guards all
 * its views, and that lock comes before the list's.
 */
struct object_view_operations {
    /* Keeps the holder from being freed. Called under the list's lock; does not sleep. */
    void (*pin)(void *holder);

    /*
     * Carries out a phase on all views that object_views_next gives of the holder, and undoes the
     * pin. Called without any lock but that of cuts. Errors: STATUS_NO_MEMORY; in CUT_HIDES there
     * may be entries then of pages that could not be hidden.
     */
    enum status (*carry_out)(void *holder, const struct object_cut *cut);
};

struct object_view {
    struct list_node link; /* guarded by the list's lock */
    const struct object_view_operations *operations;
    void *holder;
    uint64_t
        cut_number; /* of the last cut that it has been asked for; guarded by the list's lock */
};

/* The views of one object. */
struct object_views {
    struct sleep_lock lock;
    struct list_node list; /* guarded by lock: first those that a cut has yet to come to */
    uint64_t cut_number;   /* guarded by lock: of the last phase that was begun */
};

enum cut_phase : uint8_t {
    CUT_PREPARES, /* takes the memory that hiding will need; changes nothing that can be seen */
    CUT_HIDES,    /* then no entry shows the pages any more, and no TLB */
};

/* Pages that are about to go. */
struct object_cut {
    struct object_views *views;
    uint64_t first;
    uint64_t last;
    enum cut_phase phase;
    bool takes_copies; /* private copies of the pages go too (man 2 ftruncate) */
};

void object_views_init(struct object_views *views);

/* Adds a view, and takes it away. The caller has the holder's lock. */
void object_views_add(struct object_views *views, struct object_view *view);
void object_views_remove(struct object_views *views, struct object_view *view);

/* Adds a view of some of what `beside` shows: a cut that has yet to come to that one has yet to
 * come to this one too. */
void object_views_add_beside(struct object_views *views, struct object_view *view,
                             struct object_view *beside);

/* `kept` is about to show what `dropped` shows, too, which is then removed. */
void object_views_join(struct object_views *views, struct object_view *kept,
                       struct object_view *dropped);

/* Carries out a phase on every view. One cut at a time. Errors: STATUS_NO_MEMORY; of CUT_PREPARES
 * at the first failure, of CUT_HIDES after all the others have been asked. */
enum status object_views_cut(const struct object_cut *cut);

/* The next view of `holder` that the cut has yet to come to; null where another's is next, or none.
 * The caller has the holder's lock, so the view stays. */
struct object_view *object_views_next(const struct object_cut *cut, const void *holder);

END_C_DECLS
