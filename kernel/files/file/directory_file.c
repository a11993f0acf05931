#include "kernel/files/directory/directory.h"
#include "kernel/files/file/kinds.h"
#include "kernel/files/node/observer.h"
#include "lib/memory.h"

/* struct linux_dirent64 of man 2 getdents, whose name follows. */
struct entry_record {
    uint64_t number;
    int64_t next_position;
    uint16_t size_bytes;
    uint8_t type; /* the kind's bits, shifted down: DT_REG and so on */
    char name[];
};

constexpr size_t NAME_OFFSET = 19;     /* where the name begins, unpadded */
constexpr size_t OLD_NAME_OFFSET = 18; /* in struct linux_dirent, whose last byte is the type */
constexpr size_t RECORD_ALIGNMENT = 8;
constexpr size_t RECORD_SIZE_MAX = 280;
constexpr unsigned TYPE_SHIFT = 12;

static_assert(offsetof(struct entry_record, name) == NAME_OFFSET);
static_assert((NAME_OFFSET + NAME_LENGTH_MAX + 1) <= RECORD_SIZE_MAX);

/* Writes an entry to RECORD_SIZE_MAX bytes; returns how many it takes. */
typedef size_t record_format(const struct listed_entry *entry, char *bytes);

static enum status refuse(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)file;
    (void)position;
    (void)transfer;
    return STATUS_IS_A_DIRECTORY;
}

const struct file_operations directory_file_operations = {
    .read = refuse,
    .is_seekable = true,
    .has_no_splice = true,
};

const struct file_operations path_file_operations = {};

static size_t record_size(size_t unpadded) {
    return (unpadded + RECORD_ALIGNMENT - 1) & ~(RECORD_ALIGNMENT - 1);
}

static size_t write_record(const struct listed_entry *entry, char *bytes) {
    struct entry_record head = {
        .number = entry->number,
        .next_position = (int64_t)entry->next_position,
        .size_bytes = (uint16_t)record_size(NAME_OFFSET + entry->name_length + 1),
        .type = (uint8_t)(entry->kind >> TYPE_SHIFT),
    };
    memset(bytes, 0, head.size_bytes);
    memcpy(bytes, &head, NAME_OFFSET);
    memcpy(bytes + NAME_OFFSET, entry->name, entry->name_length);
    return head.size_bytes;
}

static size_t write_old_record(const struct listed_entry *entry, char *bytes) {
    struct entry_record head = {
        .number = entry->number,
        .next_position = (int64_t)entry->next_position,
        .size_bytes = (uint16_t)record_size(OLD_NAME_OFFSET + entry->name_length + 2),
    };
    memset(bytes, 0, head.size_bytes);
    memcpy(bytes, &head, OLD_NAME_OFFSET);
    memcpy(bytes + OLD_NAME_OFFSET, entry->name, entry->name_length);
    bytes[head.size_bytes - 1] = (char)(entry->kind >> TYPE_SHIFT);
    return head.size_bytes;
}

/* Moves one entry as a whole. STATUS_INVALID: it does not fit. */
static enum status put_entry(const struct listed_entry *entry, record_format *format,
                             struct transfer *transfer) {
    _Alignas(struct entry_record) char bytes[RECORD_SIZE_MAX];
    size_t size_bytes = format(entry, bytes);
    if (transfer->left_bytes < size_bytes) {
        return STATUS_INVALID;
    }
    size_t moved = transfer_put(transfer, bytes, size_bytes);
    if (moved == size_bytes) {
        return STATUS_OK;
    }
    transfer->done_bytes -= moved;
    return STATUS_FAULT;
}

static enum status list_from(struct node *directory, uint64_t *position, record_format *format,
                             struct transfer *transfer) {
    struct listed_entry entry;
    enum status status = directory_next(directory, *position, &entry);
    while (status == STATUS_OK) {
        status = put_entry(&entry, format, transfer);
        if (status == STATUS_OK) {
            *position = entry.next_position;
            status = directory_next(directory, *position, &entry);
        }
    }
    bool is_at_end = status == STATUS_NOT_FOUND && node_link_count(directory) > 0;
    return is_at_end || transfer->done_bytes > 0 ? STATUS_OK : status;
}

static enum status list(struct file *file, record_format *format, struct transfer *transfer) {
    struct node *directory = file->place.node;
    if (file->access == 0) {
        return STATUS_BAD_DESCRIPTOR;
    }
    if (directory == nullptr || directory->kind != NODE_DIRECTORY) {
        return STATUS_NOT_A_DIRECTORY;
    }
    sleep_lock_acquire(&file->position_lock);
    enum status status = list_from(directory, &file->position, format, transfer);
    sleep_lock_release(&file->position_lock);
    if (status == STATUS_OK) {
        node_note_read(directory);
        node_tell_use(directory, EVENT_ACCESS);
    }
    return status;
}

enum status file_list(struct file *file, struct transfer *transfer) {
    return list(file, write_record, transfer);
}

enum status file_list_old(struct file *file, struct transfer *transfer) {
    return list(file, write_old_record, transfer);
}
