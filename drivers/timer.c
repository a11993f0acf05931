#include "drivers/timer.h"

#include "kernel/cpu/cpu.h"

/* The 8254 counts down at 1.193182 MHz. Channel 0 raises IRQ 0; channel 2's gate and output are
 * bits 0 and 5 of port 61h. */
constexpr uint32_t PIT_HERTZ = 1193182;
constexpr uint16_t PIT_CHANNEL_0 = 0x40;
constexpr uint16_t PIT_CHANNEL_2 = 0x42;
constexpr uint16_t PIT_COMMAND = 0x43;
constexpr uint16_t PIT_GATE = 0x61;

constexpr uint8_t COMMAND_CHANNEL_0_RATE = 0x34;     /* both bytes, mode 2, binary */
constexpr uint8_t COMMAND_CHANNEL_2_ONE_SHOT = 0xb0; /* both bytes, mode 0, binary */
constexpr uint8_t GATE_ENABLE = 0x01;
constexpr uint8_t GATE_SPEAKER = 0x02;
constexpr uint8_t GATE_OUTPUT = 0x20;

constexpr uint32_t WAIT_MAX_US = 50000; /* 16 bits hold 54.9 ms */
constexpr uint32_t WAIT_READS_MAX = 1000000;

static uint64_t ticks; /* accessed atomically */

void timer_start(void) {
    constexpr uint16_t divisor = (PIT_HERTZ + TIMER_HERTZ / 2) / TIMER_HERTZ;
    port_write8(PIT_COMMAND, COMMAND_CHANNEL_0_RATE);
    port_write8(PIT_CHANNEL_0, divisor & 0xff);
    port_write8(PIT_CHANNEL_0, divisor >> 8);
}

void timer_tick(void) {
    __atomic_fetch_add(&ticks, 1, __ATOMIC_RELAXED);
}

uint64_t timer_ticks(void) {
    return __atomic_load_n(&ticks, __ATOMIC_RELAXED);
}

void timer_wait_us(uint32_t microseconds) {
    uint32_t bounded_us = microseconds < WAIT_MAX_US ? microseconds : WAIT_MAX_US;
    uint32_t count = (uint32_t)((uint64_t)bounded_us * PIT_HERTZ / 1000000) + 1;
    uint8_t gate = port_read8(PIT_GATE) & (uint8_t)~(GATE_SPEAKER | GATE_ENABLE);
    port_write8(PIT_GATE, gate);
    port_write8(PIT_COMMAND, COMMAND_CHANNEL_2_ONE_SHOT);
    port_write8(PIT_CHANNEL_2, count & 0xff);
    port_write8(PIT_CHANNEL_2, (uint8_t)(count >> 8));
    port_write8(PIT_GATE, gate | GATE_ENABLE);
    for (uint32_t i = 0; i < WAIT_READS_MAX; i++) {
        if ((port_read8(PIT_GATE) & GATE_OUTPUT) != 0) {
            break;
        }
        cpu_pause();
    }
    port_write8(PIT_GATE, gate);
}
