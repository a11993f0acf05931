#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"
#include "mm/addr/addr.h"
#include "mm/object/object_view.h"

/*
 * Memory with a life of its own, which areas of several spaces can map: the contents of a file in
 * memory, or what processes share. It has a size in bytes, and a frame for each page that somebody
 * has used; what has none reads as zeroes. Its frames are FRAME_FILE; only the object frees them.
 *
 * Every function may sleep. Each that takes an offset also takes those past the end.
 */

BEGIN_C_DECLS

struct memory_object; /* made and freed only here */

/* The largest size: what man 2 lseek can reach. */
constexpr uint64_t OBJECT_SIZE_MAX = INT64_MAX;

/* All zeroes, with one reference. Errors: STATUS_NO_MEMORY; STATUS_OUT_OF_RANGE, larger than
 * OBJECT_SIZE_MAX. */
enum status memory_object_create(uint64_t size_bytes, struct memory_object **object);

/* Another reference, and one less; with the last one the object goes. */
void memory_object_ref(struct memory_object *object);
void memory_object_unref(struct memory_object *object);

/* Of this object alone, for ever: unlike its address, no later one has it. */
uint64_t memory_object_number(const struct memory_object *object);

/* How many frames several objects may have together. It outlives them. */
struct page_budget {
    uint64_t limit; /* fixed at creation */
    uint64_t used;  /* atomic */
};

/* Before the object has a frame: from here on it has none that the budget has no room for. */
void memory_object_set_budget(struct memory_object *object, struct page_budget *budget);

uint64_t memory_object_size(struct memory_object *object);

/* How many frames it has. */
uint64_t memory_object_page_count(struct memory_object *object);

/* How many of its pages in [first, last] have one. */
uint64_t memory_object_pages_between(struct memory_object *object, uint64_t first, uint64_t last);

/* How many frames all objects have; for the audit. */
uint64_t memory_object_frame_total(void);

/*
 * Copies out what the object has in [offset, offset + size_bytes): up to its end. Returns how many
 * bytes that were.
 */
size_t memory_object_read(struct memory_object *object, uint64_t offset, void *buffer,
                          size_t size_bytes);

/*
 * Copies in, and grows the object to where the copy ends. Errors: STATUS_NO_MEMORY;
 * STATUS_NO_SPACE, by its budget; STATUS_OUT_OF_RANGE, it would become too large. `*done_bytes`
 * says how many bytes were copied before an error; what is behind them is as before.
 */
enum status memory_object_write(struct memory_object *object, uint64_t offset,
                                UNTRUSTED const void *buffer, size_t size_bytes,
                                size_t *done_bytes);

/*
 * Gives it another size. What is cut off is gone, in every area that shows it and in private copies
 * there, and so are pages behind the end, though the size stays; if it grows again, there are
 * zeroes. What an area has written behind the end, into the last page, shows when it grows. Takes
 * the locks of the spaces that show it. Errors: STATUS_OUT_OF_RANGE; STATUS_NO_MEMORY, for tables
 * that must be unshared to hide pages (law 12).
 */
enum status memory_object_resize(struct memory_object *object, uint64_t size_bytes);

/* Frees the whole pages in [offset, offset + size_bytes), and zeroes what is left of others; the
 * size stays, and private copies do. Otherwise as memory_object_resize. */
enum status memory_object_punch(struct memory_object *object, uint64_t offset, uint64_t size_bytes);

/*
 * Takes a frame for each page that [offset, offset + size_bytes) touches and that has none, also
 * behind the end; the size stays. They read as zeroes, and as a hole until somebody uses them.
 * Errors, and nothing has changed: STATUS_NO_MEMORY; STATUS_NO_SPACE, by its budget;
 * STATUS_INTERRUPTED, `is_interrupted`, which is asked before each frame, said so; null: nothing
 * does; STATUS_OUT_OF_RANGE, behind OBJECT_SIZE_MAX.
 */
enum status memory_object_reserve(struct memory_object *object, uint64_t offset,
                                  uint64_t size_bytes, bool (*is_interrupted)(void));

/* The first byte at `offset` or behind it that lies in a page which somebody has used, or in one
 * which nobody has; the size where there is none before the end. */
uint64_t memory_object_next_data(struct memory_object *object, uint64_t offset);
uint64_t memory_object_next_hole(struct memory_object *object, uint64_t offset);

/* Those who show its pages. */
struct object_views *memory_object_views(struct memory_object *object);

/*
 * The frame of a page that begins before the end, made of zeroes where there is none. It stays
 * until the lock of a space that has a view is given up: a cut comes by there before it frees
 * anything. Errors: STATUS_NO_MEMORY; STATUS_NO_SPACE, by its budget; STATUS_OUT_OF_RANGE, behind
 * the end.
 */
enum status memory_object_get_page(struct memory_object *object, uint64_t page, phys_addr_t *pa);

/*
 * Gives a page that nobody has used, and that begins before the end, these contents, all at once
 * for whoever shows it; null: zeroes. Errors: STATUS_EXISTS, somebody has; STATUS_NO_MEMORY;
 * STATUS_NO_SPACE; STATUS_OUT_OF_RANGE.
 */
enum status memory_object_fill_page(struct memory_object *object, uint64_t page,
                                    TRUSTED const void *contents);

/* Its frame; false where nobody has used the page. It stays as memory_object_get_page says. */
[[nodiscard]] bool memory_object_find_page(struct memory_object *object, uint64_t page,
                                           phys_addr_t *pa);

END_C_DECLS
