#include "kernel/cpu/user_copy.h"
#include "kernel/files/memory_file/memory_file.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"

/* Flags of man 2 memfd_create. */
constexpr uint32_t MEMORY_CLOSES_ON_EXEC = 0x01;
constexpr uint32_t MEMORY_SEALABLE = 0x02;
constexpr uint32_t MEMORY_NO_EXECUTE = 0x08; /* MFD_NOEXEC_SEAL, which is sealable as well */
constexpr uint32_t MEMORY_EXECUTE = 0x10;
constexpr uint32_t MEMORY_FLAGS =
    MEMORY_CLOSES_ON_EXEC | MEMORY_SEALABLE | MEMORY_NO_EXECUTE | MEMORY_EXECUTE;
constexpr uint32_t LARGE_FILE = 0100000;

static enum status check_flags(uint32_t flags) {
    constexpr uint32_t both = MEMORY_NO_EXECUTE | MEMORY_EXECUTE;
    return (flags & ~MEMORY_FLAGS) || (flags & both) == both ? STATUS_INVALID : STATUS_OK;
}

static uint32_t seals_for(uint32_t flags) {
    if (flags & MEMORY_NO_EXECUTE) {
        return SEAL_EXECUTING;
    }
    return flags & MEMORY_SEALABLE ? 0 : SEAL_SEALS;
}

int64_t call_memfd_create(const struct trap_frame *frame) {
    char name[MEMORY_FILE_NAME_MAX + 1];
    size_t length;
    uint32_t flags = (uint32_t)frame->rsi;
    enum status status = check_flags(flags);
    if (status == STATUS_OK) {
        status = user_copy_string(name, virt_addr(frame->rdi), sizeof(name), &length);
    }
    if (status != STATUS_OK) {
        return status == STATUS_TOO_LONG ? STATUS_INVALID : status;
    }
    struct credentials credentials = acting_credentials();
    const struct memory_file_request request = {
        .name = name,
        .permissions = flags & MEMORY_NO_EXECUTE ? 0666 : 0777,
        .seals = seals_for(flags),
        .user = credentials.user,
        .group = credentials.group,
        .flags = LARGE_FILE,
    };
    struct file *file;
    status = memory_file_create(&request, &file);
    return status == STATUS_OK ? install_file(file, 0, flags & MEMORY_CLOSES_ON_EXEC) : status;
}
