#include "kernel/syscall/files/arguments.h"

#include "kernel/cpu/user_copy.h"
#include "kernel/files/file/descriptor_table.h"
#include "kernel/files/file/open.h"
#include "kernel/process/signals.h"

enum status any_file(uint64_t descriptor, struct file **file) {
    return descriptor_get(task_current()->files, (uint32_t)descriptor, file);
}

bool file_is_only_path(const struct file *file) {
    return (file->open_flags & OPEN_PATH) != 0;
}

enum status open_file(uint64_t descriptor, struct file **file) {
    enum status status = any_file(descriptor, file);
    if (status == STATUS_OK && file_is_only_path(*file)) {
        file_unref(*file);
        *file = nullptr;
        return STATUS_BAD_DESCRIPTOR;
    }
    return status;
}

int64_t install_file(struct file *file, uint32_t lowest, bool closes_on_exec) {
    struct descriptor_table *table = task_current()->files;
    uint32_t number;
    enum status status =
        descriptor_reserve(table, lowest, descriptor_limit(), closes_on_exec, &number);
    if (status != STATUS_OK) {
        file_unref(file);
        return status;
    }
    descriptor_fill(table, number, file);
    return number;
}

static enum status reserve(bool closes_on_exec, uint32_t *number) {
    return descriptor_reserve(task_current()->files, 0, descriptor_limit(), closes_on_exec, number);
}

static enum status reserve_two(bool closes_on_exec, uint32_t numbers[2]) {
    enum status status = reserve(closes_on_exec, &numbers[0]);
    if (status != STATUS_OK) {
        return status;
    }
    status = reserve(closes_on_exec, &numbers[1]);
    if (status != STATUS_OK) {
        descriptor_cancel(task_current()->files, numbers[0]);
    }
    return status;
}

static enum status reserve_and_tell(bool closes_on_exec, uint64_t address, uint32_t numbers[2]) {
    enum status status = reserve_two(closes_on_exec, numbers);
    if (status != STATUS_OK) {
        return status;
    }
    status = copy_result(address, numbers, 2 * sizeof(numbers[0]));
    if (status != STATUS_OK) {
        descriptor_cancel(task_current()->files, numbers[0]);
        descriptor_cancel(task_current()->files, numbers[1]);
    }
    return status;
}

int64_t install_two_files(struct file *const files[2], bool closes_on_exec, uint64_t address) {
    uint32_t numbers[2];
    enum status status = reserve_and_tell(closes_on_exec, address, numbers);
    for (size_t i = 0; i < 2; i++) {
        if (status == STATUS_OK) {
            descriptor_fill(task_current()->files, numbers[i], files[i]);
        } else {
            file_unref(files[i]);
        }
    }
    return status;
}

uint32_t descriptor_limit(void) {
    uint64_t limit = process_current()->limits[RESOURCE_FILES].soft;
    return limit < DESCRIPTOR_LIMIT_MAX ? (uint32_t)limit : DESCRIPTOR_LIMIT_MAX;
}

struct credentials acting_credentials(void) {
    const struct process_credentials *own = &process_current()->credentials;
    return (struct credentials){own->file_user, own->file_group, own->groups, own->group_count};
}

struct credentials real_credentials(void) {
    const struct process_credentials *own = &process_current()->credentials;
    return (struct credentials){own->real_user, own->real_group, own->groups, own->group_count};
}

enum status copy_argument(void *to, uint64_t from, size_t size_bytes) {
    return user_copy_in(to, virt_addr(from), size_bytes) == 0 ? STATUS_OK : STATUS_FAULT;
}

enum status copy_result(uint64_t to, const void *from, size_t size_bytes) {
    return user_copy_out(virt_addr(to), from, size_bytes) == 0 ? STATUS_OK : STATUS_FAULT;
}

void signal_caller(unsigned signal) {
    struct signal_info info = signal_info_from_user(signal, CODE_USER);
    (void)signal_send_to_task(task_current(), &info);
}
