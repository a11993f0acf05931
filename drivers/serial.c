#include "drivers/serial.h"

#include "kernel/cpu/cpu.h"

/* Registers of a 16550, as offsets from its first port. */
constexpr uint16_t DATA = 0;               /* with LINE_DIVISOR_ACCESS: the divisor, low byte */
constexpr uint16_t INTERRUPT_ENABLE = 1;   /* with LINE_DIVISOR_ACCESS: the divisor, high byte */
constexpr uint16_t INTERRUPT_IDENTITY = 2; /* when read */
constexpr uint16_t FIFO_CONTROL = 2;       /* when written */
constexpr uint16_t LINE_CONTROL = 3;
constexpr uint16_t MODEM_CONTROL = 4;
constexpr uint16_t LINE_STATUS = 5;

constexpr uint8_t LINE_8N1 = 0x03;
constexpr uint8_t LINE_DIVISOR_ACCESS = 0x80;
constexpr uint8_t DIVISOR_115200 = 1;
constexpr uint8_t FIFO_ENABLE_AND_CLEAR = 0x07;
constexpr uint8_t IDENTITY_FIFO_WORKS = 0xc0;
constexpr uint8_t MODEM_READY = 0x03;      /* DTR and RTS */
constexpr uint8_t MODEM_INTERRUPTS = 0x08; /* OUT2, which PCs have before the interrupt line */
constexpr uint8_t MODEM_LOOPBACK = 0x10;
constexpr uint8_t ENABLE_RECEIVED = 0x01;
constexpr uint8_t STATUS_RECEIVED = 0x01;
constexpr uint8_t STATUS_HOLDING_EMPTY = 0x20;
constexpr uint8_t STATUS_ALL_SENT = 0x40;

constexpr uint8_t PROBE_BYTE = 0xae;
constexpr unsigned FIFO_BYTES = 16;

/* Reads of a port take about a microsecond, a byte at 115200 baud 87: time enough for who reads an
 * emulated line to come to it, and an end where a line never gets free. */
constexpr unsigned WAIT_READS = 1000000;
constexpr unsigned PROBE_READS = 100000;

static bool wait_for_status(const struct serial *serial, uint8_t bits, unsigned reads) {
    for (unsigned i = 0; i < reads; i++) {
        if ((port_read8(serial->port + LINE_STATUS) & bits) == bits) {
            return true;
        }
        cpu_pause();
    }
    return false;
}

static void set_line(uint16_t port) {
    port_write8(port + INTERRUPT_ENABLE, 0);
    port_write8(port + LINE_CONTROL, LINE_DIVISOR_ACCESS);
    port_write8(port + DATA, DIVISOR_115200);
    port_write8(port + INTERRUPT_ENABLE, 0);
    port_write8(port + LINE_CONTROL, LINE_8N1);
    port_write8(port + FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
    (void)port_read8(port + DATA); /* a byte that a UART without FIFO still holds */
}

/* Whether a byte sent in loopback comes back. Where there is no UART every port reads FFh. */
static bool echoes(const struct serial *serial) {
    port_write8(serial->port + MODEM_CONTROL, MODEM_LOOPBACK);
    port_write8(serial->port + DATA, PROBE_BYTE);
    bool is_received = wait_for_status(serial, STATUS_RECEIVED, PROBE_READS);
    bool is_same = port_read8(serial->port + DATA) == PROBE_BYTE;
    port_write8(serial->port + MODEM_CONTROL, MODEM_READY);
    return is_received && is_same;
}

/* A line that does not get free is waited for once: then, what it has no room for is lost. */
static bool is_free(struct serial *serial) {
    unsigned reads = serial->is_silent ? 1 : WAIT_READS;
    serial->is_silent = !wait_for_status(serial, STATUS_HOLDING_EMPTY, reads);
    return !serial->is_silent;
}

/* The FIFO only empties by itself, so room that was seen once stays. */
static void send_byte(struct serial *serial, uint8_t byte) {
    if (serial->room == 0 && is_free(serial)) {
        serial->room = serial->fifo_bytes;
    }
    if (serial->room > 0) {
        port_write8(serial->port + DATA, byte);
        serial->room--;
    }
}

static void write_console(struct console *console, const char *text, size_t length) {
    struct serial *serial = (struct serial *)console;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n') {
            send_byte(serial, '\r');
        }
        send_byte(serial, (uint8_t)text[i]);
    }
}

enum status serial_init(struct serial *serial, uint16_t port, const char *name) {
    struct serial probed = {.console = {name, write_console}, .port = port};
    set_line(port);
    if (!echoes(&probed)) {
        return STATUS_NO_DEVICE;
    }
    uint8_t identity = port_read8(port + INTERRUPT_IDENTITY);
    bool has_fifo = (identity & IDENTITY_FIFO_WORKS) == IDENTITY_FIFO_WORKS;
    probed.fifo_bytes = has_fifo ? FIFO_BYTES : 1;
    *serial = probed;
    return STATUS_OK;
}

void serial_write(struct serial *serial, const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        send_byte(serial, (uint8_t)bytes[i]);
    }
}

void serial_drain(struct serial *serial) {
    if (!serial->is_silent) {
        (void)wait_for_status(serial, STATUS_ALL_SENT, WAIT_READS);
    }
}

void serial_begin_receiving(const struct serial *serial) {
    port_write8(serial->port + MODEM_CONTROL, MODEM_READY | MODEM_INTERRUPTS);
    port_write8(serial->port + INTERRUPT_ENABLE, ENABLE_RECEIVED);
}

bool serial_poll(struct serial *serial, uint8_t *byte) {
    if ((port_read8(serial->port + LINE_STATUS) & STATUS_RECEIVED) == 0) {
        return false;
    }
    *byte = port_read8(serial->port + DATA);
    return true;
}
