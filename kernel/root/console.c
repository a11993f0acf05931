#include "kernel/root/console.h"

#include "kernel/files/file/device.h"
#include "kernel/terminal/terminal.h"

static struct terminal *terminal;

static enum status read(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)file;
    (void)position;
    (void)transfer;
    return STATUS_OK;
}

static enum status write(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)file;
    (void)position;
    char piece[256];
    size_t length;
    while ((length = transfer_take(transfer, piece, sizeof(piece))) > 0) {
        terminal_write(terminal, piece, length);
    }
    return transfer_result(transfer, STATUS_OK);
}

static const struct file_operations operations = {.read = read, .write = write};

enum status console_register(const struct boot_result *boot) {
    terminal = terminal_get(boot->command_line.terminal);
    return device_register(device_number(5, 1), &operations);
}
