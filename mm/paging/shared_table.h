#pragma once

#include "mm/frame/frame.h"

/* What several entries refer to, dropped by one of them after its flush has returned (G2). */

/* Takes one counted entry off; frees the frame with the last, unless an object keeps it. */
void shared_page_put(struct frame *frame);

/* Takes one reference off a last-level table; with the last one goes the table, and its entries'
 * claims on frames. No CPU can reach it through the entry that referred to it. */
void shared_table_put(struct frame *table);
