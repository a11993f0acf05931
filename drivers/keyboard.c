#include "drivers/keyboard.h"

#include "kernel/cpu/cpu.h"

/* The 8042's ports and the bits of its status. */
constexpr uint16_t KEYBOARD_DATA = 0x60;
constexpr uint16_t KEYBOARD_STATUS = 0x64;
constexpr uint8_t STATUS_HAS_OUTPUT = 0x01;
constexpr uint8_t STATUS_FROM_MOUSE = 0x20;
constexpr uint8_t STATUS_NO_CONTROLLER = 0xff;

constexpr unsigned FLUSH_BYTES_MAX = 64;

static struct key_decoder decoder; /* of the one thread that polls */

static bool has_output(uint8_t status) {
    return status != STATUS_NO_CONTROLLER && (status & STATUS_HAS_OUTPUT) != 0;
}

/* The controller stays as the BIOS set it, which is what a USB keyboard's emulation expects. */
void keyboard_init(void) {
    for (unsigned i = 0; i < FLUSH_BYTES_MAX && has_output(port_read8(KEYBOARD_STATUS)); i++) {
        (void)port_read8(KEYBOARD_DATA);
    }
}

bool keyboard_take_scan_code(uint8_t *scan_code) {
    for (unsigned i = 0; i < FLUSH_BYTES_MAX; i++) {
        uint8_t status = port_read8(KEYBOARD_STATUS);
        if (!has_output(status)) {
            break;
        }
        uint8_t byte = port_read8(KEYBOARD_DATA);
        if ((status & STATUS_FROM_MOUSE) == 0) {
            *scan_code = byte;
            return true;
        }
    }
    return false;
}

uint16_t keyboard_poll(void) {
    uint8_t scan_code;
    uint16_t key = KEY_NONE;
    while (key == KEY_NONE && keyboard_take_scan_code(&scan_code)) {
        key = key_decode(&decoder, scan_code);
    }
    return key;
}
