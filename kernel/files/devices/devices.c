#include "kernel/files/devices/devices.h"

#include "kernel/files/file/device.h"
#include "kernel/files/transfer/transfer.h"
#include "kernel/files/wait/wait.h"

constexpr size_t PIECE_SIZE = 256;
constexpr size_t UNINTERRUPTED_SIZE = 4096; /* a signal ends what is longer */
constexpr uint32_t MEMORY_MAJOR = 1;

static random_filler *random_source; /* fixed by devices_register */

static enum status read_nothing(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)file;
    (void)position;
    (void)transfer;
    return STATUS_OK;
}

static enum status read_zeroes(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)file;
    (void)position;
    do {
        (void)transfer_put_zeroes(transfer, UNINTERRUPTED_SIZE);
    } while (transfer->left_bytes > 0 && !sleeper_is_interrupted());
    return transfer_result(transfer, STATUS_OK);
}

static enum status read_random(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)file;
    (void)position;
    char piece[PIECE_SIZE];
    enum status status = STATUS_OK;
    while (status == STATUS_OK && transfer->left_bytes > 0) {
        status = random_source(piece, sizeof(piece));
        if (status == STATUS_OK) {
            (void)transfer_put(transfer, piece, sizeof(piece));
        }
        if (transfer->done_bytes % UNINTERRUPTED_SIZE == 0 && sleeper_is_interrupted()) {
            break;
        }
    }
    return transfer_result(transfer, status);
}

static enum status swallow(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)file;
    (void)position;
    transfer_skip(transfer);
    return STATUS_OK;
}

static enum status write_to_full(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)file;
    (void)position;
    return transfer->left_bytes > 0 ? STATUS_NO_SPACE : STATUS_OK;
}

static const struct file_operations null_operations = {
    .read = read_nothing,
    .write = swallow,
    .is_seekable = true,
    .ignores_seeking = true,
    .has_no_splice = true,
};
static const struct file_operations zero_operations = {
    .read = read_zeroes,
    .write = swallow,
    .is_seekable = true,
    .ignores_seeking = true,
    .is_mapped_as_zeroes = true,
};
static const struct file_operations full_operations = {
    .read = read_zeroes,
    .write = write_to_full,
    .is_seekable = true,
    .ignores_seeking = true,
};
static const struct file_operations random_operations = {
    .read = read_random,
    .write = swallow,
    .is_seekable = true,
    .ignores_seeking = true,
};

enum status devices_register(random_filler *fill_randomly) {
    static const struct {
        uint32_t minor;
        const struct file_operations *operations;
    } all[] = {
        {3, &null_operations},   {5, &zero_operations},   {7, &full_operations},
        {8, &random_operations}, {9, &random_operations},
    };
    random_source = fill_randomly;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        enum status status =
            device_register(device_number(MEMORY_MAJOR, all[i].minor), all[i].operations);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
