#pragma once

#include <stddef.h>
#include <stdint.h>

#include "drivers/console.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

BEGIN_C_DECLS

constexpr uint16_t SERIAL_COM1_PORT = 0x3f8;
constexpr uint16_t SERIAL_COM2_PORT = 0x2f8;

/* A 16550 or older UART at a fixed ISA port. Sends by polling; guarded by its caller. */
struct serial {
    struct console console; /* adds '\r' before each '\n' */
    uint16_t port;          /* fixed at creation */
    uint8_t fifo_bytes;     /* fixed at creation; 1 where there is no FIFO */
    uint8_t room;           /* bytes that can be sent without asking */
    bool is_silent;         /* the transmitter stopped taking bytes: it is not waited for */
};

/*
 * Probes by loopback and sets 115200 8N1 with FIFOs. STATUS_NO_DEVICE: no UART answers; then the
 * serial is unchanged. `name` must outlive it.
 */
enum status serial_init(struct serial *serial, uint16_t port, const char *name);

/* Sends bytes as they are. Waits a bounded time for room; a UART that never has any goes silent. */
void serial_write(struct serial *serial, TRUSTED const char *bytes, size_t length);

/* Waits, a bounded time, until the last bit has left: before the machine is powered off. */
void serial_drain(struct serial *serial);

/* From now on a received byte raises the interrupt of its line, until all are taken. */
void serial_begin_receiving(const struct serial *serial);

/* Takes a received byte; false where there is none. */
[[nodiscard]] bool serial_poll(struct serial *serial, uint8_t *byte);

END_C_DECLS
