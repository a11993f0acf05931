#include "kernel/files/file/descriptor_table.h"
#include "kernel/process/id.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/socket_calls.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

/* What goes with a message (man 3 cmsg, man 7 unix "Ancillary messages"). */

enum control_type : uint32_t { CONTROL_FILES = 1, CONTROL_CREDENTIALS = 2 };

constexpr uint64_t CONTROL_SIZE_MAX = 131'072; /* /proc/sys/net/core/optmem_max */

/* struct cmsghdr. */
struct control_header {
    uint64_t size_bytes;
    uint32_t level, type;
};

static_assert(sizeof(struct control_header) == 16);

static uint64_t aligned(uint64_t size_bytes) {
    return (size_bytes + 7) & ~(uint64_t)7;
}

static enum status add_file(struct socket_files *files, int32_t descriptor) {
    enum status status = any_file((uint32_t)descriptor, &files->files[files->count]);
    if (status == STATUS_OK) {
        files->count++;
    }
    return status;
}

static enum status take_files(const char *numbers, uint64_t count, struct socket_sending *sending) {
    if (count == 0) {
        return STATUS_OK;
    }
    if (sending->files == nullptr) {
        sending->files = heap_alloc(sizeof(*sending->files));
    }
    if (sending->files == nullptr) {
        return STATUS_NO_MEMORY;
    }
    if (count > SOCKET_FILES_MAX - sending->files->count) {
        return STATUS_INVALID;
    }
    enum status status = STATUS_OK;
    for (uint64_t i = 0; i < count && status == STATUS_OK; i++) {
        int32_t descriptor;
        memcpy(&descriptor, numbers + i * sizeof(descriptor), sizeof(descriptor));
        status = add_file(sending->files, descriptor);
    }
    return status;
}

static bool is_one_of(uint32_t id, uint32_t real, uint32_t effective, uint32_t saved) {
    return id == real || id == effective || id == saved;
}

/* Who one may say that one is. */
static enum status check_credentials(const struct socket_credentials *claimed) {
    const struct process *process = process_current();
    const struct process_credentials *own = &process->credentials;
    bool is_own = claimed->process == process->number;
    bool is_true =
        is_own && is_one_of(claimed->user, own->real_user, own->effective_user, own->saved_user) &&
        is_one_of(claimed->group, own->real_group, own->effective_group, own->saved_group);
    if (!is_true && !process_has_capabilities()) {
        return STATUS_NOT_PERMITTED;
    }
    tree_lock();
    const struct id *id = id_find(claimed->process);
    tree_unlock();
    if (id == nullptr) {
        return STATUS_NO_SUCH_PROCESS;
    }
    bool are_ids = claimed->user != UINT32_MAX && claimed->group != UINT32_MAX;
    return are_ids ? STATUS_OK : STATUS_INVALID;
}

static enum status take_credentials(const char *data, uint64_t size_bytes,
                                    struct socket_sending *sending) {
    if (size_bytes != sizeof(sending->credentials)) {
        return STATUS_INVALID;
    }
    memcpy(&sending->credentials, data, sizeof(sending->credentials));
    sending->has_credentials = true;
    return check_credentials(&sending->credentials);
}

static enum status take_one(const struct control_header *header, const char *data,
                            struct socket_sending *sending) {
    uint64_t size_bytes = header->size_bytes - sizeof(*header);
    if (header->level != LEVEL_OF_SOCKETS) {
        return STATUS_OK;
    }
    switch (header->type) {
    case CONTROL_FILES:
        return take_files(data, size_bytes / sizeof(int32_t), sending);
    case CONTROL_CREDENTIALS:
        return take_credentials(data, size_bytes, sending);
    }
    return STATUS_INVALID;
}

static enum status take_all(const char *control, uint64_t size_bytes,
                            struct socket_sending *sending) {
    enum status status = STATUS_OK;
    uint64_t at = 0;
    while (status == STATUS_OK && at + sizeof(struct control_header) <= size_bytes) {
        struct control_header header;
        memcpy(&header, control + at, sizeof(header));
        if (header.size_bytes < sizeof(header) || header.size_bytes > size_bytes - at) {
            return STATUS_INVALID;
        }
        status = take_one(&header, control + at + sizeof(header), sending);
        at += aligned(header.size_bytes);
    }
    return status;
}

static void drop_no_files(struct socket_sending *sending, enum status status) {
    if (status != STATUS_OK || (sending->files != nullptr && sending->files->count == 0)) {
        socket_files_free(sending->files);
        sending->files = nullptr;
    }
}

enum status control_from_user(const struct message_header *header, struct socket_sending *sending) {
    uint64_t size_bytes = header->control_size;
    if (size_bytes == 0) {
        return STATUS_OK;
    }
    char *control = size_bytes > CONTROL_SIZE_MAX ? nullptr : heap_alloc(size_bytes);
    if (control == nullptr) {
        return STATUS_NO_BUFFERS;
    }
    enum status status = copy_argument(control, header->control, size_bytes);
    if (status == STATUS_OK) {
        status = take_all(control, size_bytes, sending);
    }
    drop_no_files(sending, status);
    heap_free(control);
    return status;
}

/* Goes behind what was put into the header's room. */
static void advance(struct message_header *header, uint64_t size_bytes) {
    uint64_t taken = aligned(size_bytes);
    taken = taken < header->control_size ? taken : header->control_size;
    header->control += taken;
    header->control_size -= taken;
}

static void put_credentials(struct message_header *header,
                            const struct socket_credentials *credentials) {
    struct {
        struct control_header header;
        struct socket_credentials credentials;
    } put = {{sizeof(put.header) + sizeof(*credentials), LEVEL_OF_SOCKETS, CONTROL_CREDENTIALS},
             *credentials};
    if (header->control_size < sizeof(put.header)) {
        header->flags |= MESSAGE_CONTROL_TRUNCATED;
        return;
    }
    if (header->control_size < put.header.size_bytes) {
        header->flags |= MESSAGE_CONTROL_TRUNCATED;
        put.header.size_bytes = header->control_size;
    }
    if (copy_result(header->control, &put, put.header.size_bytes) == STATUS_OK) {
        advance(header, sizeof(put.header) + sizeof(*credentials));
    }
}

/* A file as a new descriptor, whose number goes to the address. */
static enum status put_file(struct file *file, uint64_t address, bool closes_on_exec) {
    struct descriptor_table *table = task_current()->files;
    uint32_t number;
    enum status status = descriptor_reserve(table, 0, descriptor_limit(), closes_on_exec, &number);
    if (status != STATUS_OK) {
        return status;
    }
    status = copy_result(address, &number, sizeof(number));
    if (status != STATUS_OK) {
        descriptor_cancel(table, number);
        return status;
    }
    file_ref(file);
    descriptor_fill(table, number, file);
    return STATUS_OK;
}

static void put_files(struct message_header *header, const struct socket_files *files,
                      bool closes_on_exec) {
    struct control_header put = {0, LEVEL_OF_SOCKETS, CONTROL_FILES};
    uint64_t room = header->control_size > sizeof(put)
                        ? (header->control_size - sizeof(put)) / sizeof(int32_t)
                        : 0;
    uint32_t count = 0;
    enum status status = STATUS_OK;
    while (count < files->count && count < room && status == STATUS_OK) {
        uint64_t to = header->control + sizeof(put) + count * sizeof(int32_t);
        status = put_file(files->files[count], to, closes_on_exec);
        count += status == STATUS_OK;
    }
    header->flags |= count < files->count ? MESSAGE_CONTROL_TRUNCATED : 0;
    put.size_bytes = sizeof(put) + count * sizeof(int32_t);
    if (count > 0 && copy_result(header->control, &put, sizeof(put)) == STATUS_OK) {
        advance(header, put.size_bytes);
    }
}

void control_to_user(struct message_header *header, bool passes_credentials, bool closes_on_exec,
                     struct socket_receiving *receiving) {
    if (header->control == 0) {
        bool is_lost = passes_credentials || receiving->files != nullptr;
        header->flags |= is_lost ? MESSAGE_CONTROL_TRUNCATED : 0;
    } else {
        if (passes_credentials) {
            put_credentials(header, &receiving->credentials);
        }
        if (receiving->files != nullptr) {
            put_files(header, receiving->files, closes_on_exec);
        }
    }
    socket_files_free(receiving->files);
    receiving->files = nullptr;
}
