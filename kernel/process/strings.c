#include "kernel/cpu/user_copy.h"
#include "kernel/process/exec.h"
#include "mm/heap/heap.h"

constexpr size_t CAPACITY_FIRST = 4096;

/* Makes room for as much more. */
static enum status reserve(struct string_store *store, size_t size_bytes) {
    size_t wanted = store->used_bytes + size_bytes;
    if (wanted > store->limit_bytes) {
        return STATUS_TOO_LONG;
    }
    size_t capacity = store->capacity_bytes != 0 ? store->capacity_bytes : CAPACITY_FIRST;
    while (capacity < wanted) {
        capacity *= 2;
    }
    if (capacity == store->capacity_bytes) {
        return STATUS_OK;
    }
    char *bytes = heap_alloc(capacity);
    if (!bytes) {
        return STATUS_NO_MEMORY;
    }
    if (store->bytes) {
        __builtin_memcpy(bytes, store->bytes, store->used_bytes);
        heap_free(store->bytes);
    }
    store->bytes = bytes;
    store->capacity_bytes = capacity;
    return STATUS_OK;
}

enum status string_store_add(struct string_store *store, const char *text) {
    size_t size_bytes = __builtin_strlen(text) + 1;
    enum status status = reserve(store, size_bytes);
    if (status == STATUS_OK) {
        __builtin_memcpy(store->bytes + store->used_bytes, text, size_bytes);
        store->used_bytes += size_bytes;
        store->count++;
    }
    return status;
}

/* Tries with the room that there is first: most strings are short. */
static enum status add_user_string(struct string_store *store, uint64_t address) {
    size_t left = store->limit_bytes - store->used_bytes;
    size_t most = left < ARGUMENT_SIZE_MAX ? left : ARGUMENT_SIZE_MAX;
    size_t room = 256;
    for (;;) {
        enum status status = reserve(store, room < left ? room : left);
        if (status != STATUS_OK) {
            return status;
        }
        size_t available = store->capacity_bytes - store->used_bytes;
        size_t tried = available < most ? available : most;
        size_t length;
        status =
            user_copy_string(store->bytes + store->used_bytes, virt_addr(address), tried, &length);
        if (status == STATUS_OK) {
            store->used_bytes += length + 1;
            store->count++;
        }
        if (status != STATUS_TOO_LONG || tried == most) {
            return status;
        }
        room = available * 2;
    }
}

static bool is_ending(void) {
    return __atomic_load_n(&process_current()->is_ending, __ATOMIC_ACQUIRE);
}

enum status string_array_count(uint64_t array, size_t *count) {
    uint64_t address = 0;
    *count = 0;
    for (uint64_t at = array; at != 0; at += sizeof(address)) {
        if (user_copy_in(&address, virt_addr(at), sizeof(address)) != 0) {
            return STATUS_FAULT;
        }
        if (address == 0) {
            return STATUS_OK;
        }
        if (is_ending()) {
            return STATUS_INTERRUPTED;
        }
        *count += 1;
    }
    return STATUS_OK;
}

enum status string_store_add_user(struct string_store *store, uint64_t array, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint64_t address;
        uint64_t at = array + i * sizeof(address);
        if (user_copy_in(&address, virt_addr(at), sizeof(address)) != 0) {
            return STATUS_FAULT;
        }
        enum status status = add_user_string(store, address);
        if (status != STATUS_OK) {
            return status;
        }
        if (is_ending()) {
            return STATUS_INTERRUPTED;
        }
    }
    return STATUS_OK;
}

void string_store_free(struct string_store *store) {
    heap_free(store->bytes);
    *store = (struct string_store){};
}
