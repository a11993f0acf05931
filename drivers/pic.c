#include "drivers/pic.h"

#include "kernel/cpu/cpu.h"

/* Intel 8259A data sheet: initialisation words 1..4, operation words 2 and 3. */
constexpr uint16_t MASTER_COMMAND = 0x20;
constexpr uint16_t MASTER_DATA = 0x21;
constexpr uint16_t SLAVE_COMMAND = 0xa0;
constexpr uint16_t SLAVE_DATA = 0xa1;

constexpr uint8_t INIT_WITH_FOURTH_WORD = 0x11;
constexpr uint8_t INIT_8086_MODE = 0x01;
constexpr uint8_t END_OF_INTERRUPT = 0x20;
constexpr uint8_t READ_IN_SERVICE = 0x0b;

constexpr uint8_t LINES_PER_CHIP = 8;
constexpr uint8_t LOWEST_PRIORITY = 7; /* of a chip: where it reports a spurious interrupt */

static uint64_t interrupt_counts[2 * 8]; /* by line; changed with interrupts off */

static void write_slowly(uint16_t port, uint8_t value) {
    port_write8(port, value);
    port_pause();
}

static uint16_t data_port(uint8_t line) {
    return line < LINES_PER_CHIP ? MASTER_DATA : SLAVE_DATA;
}

static uint8_t chip_bit(uint8_t line) {
    return (uint8_t)(1 << line % LINES_PER_CHIP);
}

void pic_init(uint8_t vector_base) {
    write_slowly(MASTER_COMMAND, INIT_WITH_FOURTH_WORD);
    write_slowly(SLAVE_COMMAND, INIT_WITH_FOURTH_WORD);
    write_slowly(MASTER_DATA, vector_base);
    write_slowly(SLAVE_DATA, vector_base + LINES_PER_CHIP);
    write_slowly(MASTER_DATA, 1 << IRQ_CASCADE);
    write_slowly(SLAVE_DATA, IRQ_CASCADE);
    write_slowly(MASTER_DATA, INIT_8086_MODE);
    write_slowly(SLAVE_DATA, INIT_8086_MODE);
    write_slowly(MASTER_DATA, (uint8_t)~(1 << IRQ_CASCADE));
    write_slowly(SLAVE_DATA, 0xff);
}

void pic_unmask(uint8_t line) {
    uint8_t mask = port_read8(data_port(line));
    port_write8(data_port(line), mask & (uint8_t)~chip_bit(line));
}

void pic_mask(uint8_t line) {
    uint8_t mask = port_read8(data_port(line));
    port_write8(data_port(line), mask | chip_bit(line));
}

static bool is_in_service(uint8_t line) {
    uint16_t command = line < LINES_PER_CHIP ? MASTER_COMMAND : SLAVE_COMMAND;
    port_write8(command, READ_IN_SERVICE);
    return (port_read8(command) & chip_bit(line)) != 0;
}

bool pic_acknowledge(uint8_t line) {
    bool is_spurious = line % LINES_PER_CHIP == LOWEST_PRIORITY && !is_in_service(line);
    interrupt_counts[line] += is_spurious ? 0 : 1;
    if (line >= LINES_PER_CHIP) {
        if (!is_spurious) {
            port_write8(SLAVE_COMMAND, END_OF_INTERRUPT);
        }
        /* The master knows nothing of the slave's mistake: its cascade line is in service. */
        port_write8(MASTER_COMMAND, END_OF_INTERRUPT);
    } else if (!is_spurious) {
        port_write8(MASTER_COMMAND, END_OF_INTERRUPT);
    }
    return !is_spurious;
}

uint64_t pic_interrupt_count(uint8_t line) {
    return __atomic_load_n(&interrupt_counts[line], __ATOMIC_RELAXED);
}
