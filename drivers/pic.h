#pragma once

#include <stdint.h>

#include "lib/decls.h"

BEGIN_C_DECLS

/* The pair of 8259A interrupt controllers. Lines are 0..15. */
enum irq_line : uint8_t {
    IRQ_TIMER = 0,
    IRQ_KEYBOARD = 1,
    IRQ_CASCADE = 2,
    IRQ_COM2 = 3,
    IRQ_COM1 = 4,
};

/* Remaps the lines to vector_base.. and masks them all. */
void pic_init(uint8_t vector_base);

void pic_unmask(uint8_t line);
void pic_mask(uint8_t line);

/*
 * To be called first by the handler of `line`. False: the interrupt was spurious (lines 7 and 15
 * may raise one that nobody asked for); it is already dealt with, and the handler does nothing.
 */
[[nodiscard]] bool pic_acknowledge(uint8_t line);

/* How many interrupts of the line there have been, spurious ones aside. */
uint64_t pic_interrupt_count(uint8_t line);

END_C_DECLS
