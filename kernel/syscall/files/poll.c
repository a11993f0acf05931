#include "kernel/clock/clock.h"
#include "kernel/clock/sleep.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/deadline.h"
#include "kernel/syscall/files/watch.h"

/* struct pollfd of man 2 poll. */
struct poll_entry {
    int32_t descriptor;
    uint16_t wanted;
    uint16_t ready;
};

static struct watch watch_of(const struct poll_entry *entry) {
    struct watch watch = {.wanted = entry->wanted | READY_ERROR | READY_HANG_UP};
    if (entry->descriptor >= 0 &&
        open_file((uint32_t)entry->descriptor, &watch.file) != STATUS_OK) {
        watch.file = nullptr;
        watch.ready = READY_INVALID;
    }
    return watch;
}

static uint64_t entry_address(uint64_t entries, size_t index) {
    return entries + index * sizeof(struct poll_entry);
}

static enum status take_entries(struct watch_list *list, uint64_t entries) {
    for (size_t i = 0; i < list->count; i++) {
        struct poll_entry entry;
        enum status status = copy_argument(&entry, entry_address(entries, i), sizeof(entry));
        if (status != STATUS_OK) {
            return status;
        }
        list->watches[i] = watch_of(&entry);
    }
    return STATUS_OK;
}

static enum status give_results(const struct watch_list *list, uint64_t entries) {
    for (size_t i = 0; i < list->count; i++) {
        uint16_t ready = (uint16_t)list->watches[i].ready;
        uint64_t to = entry_address(entries, i) + offsetof(struct poll_entry, ready);
        enum status status = copy_result(to, &ready, sizeof(ready));
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static int64_t poll_taken(struct watch_list *list, uint64_t entries, uint64_t deadline_ns) {
    enum status status = take_entries(list, entries);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = watch_list_wait(list, deadline_ns);
    status = result >= 0 ? give_results(list, entries) : STATUS_OK;
    return status == STATUS_OK ? result : status;
}

static int64_t poll_until(uint64_t entries, uint32_t count, uint64_t deadline_ns) {
    if (count > descriptor_limit()) {
        return STATUS_INVALID;
    }
    struct watch_list list;
    int64_t result = watch_list_create(&list, count);
    if (result == STATUS_OK) {
        result = poll_taken(&list, entries, deadline_ns);
        watch_list_destroy(&list);
    }
    return result;
}

int64_t call_poll(const struct trap_frame *frame) {
    constexpr uint64_t millisecond_ns = 1'000'000;
    int32_t timeout_ms = (int32_t)frame->rdx;
    uint64_t deadline =
        timeout_ms < 0 ? NO_DEADLINE : deadline_after((uint64_t)timeout_ms * millisecond_ns);
    return poll_until(frame->rdi, (uint32_t)frame->rsi, deadline);
}

/* As Linux does, whether it can be written or not. */
static void tell_time_left(uint64_t address, uint64_t deadline_ns) {
    if (address != 0) {
        uint64_t left = deadline_left(deadline_ns);
        const uint64_t time[2] = {left / NANOSECONDS_PER_SECOND, left % NANOSECONDS_PER_SECOND};
        (void)copy_result(address, time, sizeof(time));
    }
}

int64_t call_ppoll(const struct trap_frame *frame) {
    uint64_t deadline;
    struct wait_mask mask;
    int64_t result = deadline_of_timespec(frame->rdx, &deadline);
    if (result == STATUS_OK) {
        result = wait_mask_begin(&mask, frame->r10, frame->r8);
    }
    if (result != STATUS_OK) {
        return result;
    }
    result = poll_until(frame->rdi, (uint32_t)frame->rsi, deadline);
    wait_mask_end(&mask, result);
    tell_time_left(frame->rdx, deadline);
    return result;
}
