#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/format.h"
#include "lib/trace_ring.h"
#include "mm/addr/addr.h"
#include "mm/paging/table_event.h"

/*
 * What has been done to page tables lately, by whom and from where: for the report of a fault.
 * Reading takes no lock and allocates nothing, so a report about anything may use it.
 */

BEGIN_C_DECLS

constexpr size_t CHANGE_NAME_SIZE_BYTES = 24; /* the terminator included; longer names are cut */

/* One operation that succeeded in changing what a table maps. */
struct table_change {
    uint64_t ticks;                    /* of the timer; 0 until it runs */
    phys_addr_t root;                  /* of the table */
    struct virt_range range;           /* of a whole half for TABLE_CREATE and TABLE_DESTROY */
    uint64_t caller;                   /* the return address into who asked for it */
    char name[CHANGE_NAME_SIZE_BYTES]; /* of the thread: a process's is its program's */
    uint32_t process_id;               /* 0: a thread of the kernel's own */
    enum table_operation operation;
    uint8_t rights; /* MAP, MAP_FRAMES, REMAP, PROTECT: that it asked for */
    bool is_kernel_half;
};

/* Who is at it, and when; the rest is in the event. */
struct change_circumstances {
    uint64_t ticks;
    uint32_t process_id;
    uint8_t cpu;
    const char *name;
};

/* Whether the event has changed a mapping: its operation is of those that do, and succeeded. */
bool history_keeps(const struct table_event *event);

/* Adds what the event changes; one that is not kept is left out. */
void history_add(struct trace_ring *ring, const struct table_event *event,
                 const struct change_circumstances *circumstances);

/*
 * Copies what happened to `va` in the table at `root`, newest first, at most `capacity` changes,
 * and returns their number. For an address of the kernel's half any root will do. A TABLE_CREATE is
 * the last that is found: what was before it happened to another table at the same place.
 */
size_t history_find(const struct trace_ring *ring, phys_addr_t root, virt_addr_t va,
                    struct table_change *changes, size_t capacity);

/* The newest changes of all tables, newest first. */
size_t history_newest(const struct trace_ring *ring, struct table_change *changes, size_t capacity);

/* One line without its end: "protected 0x400000 + 3 pages of root 0x1f000 as r-- by process 3
 * (hello) at tick 40". */
void table_change_write(const struct table_change *change, const struct text_sink *sink);

/* The end of it: "by process 3 (hello) at tick 40", or "by main at tick 40". */
void table_change_write_author(const struct table_change *change, const struct text_sink *sink);

/* "rw-" */
struct rights_text {
    char letters[4];
};

struct rights_text rights_text(uint8_t rights);

END_C_DECLS
