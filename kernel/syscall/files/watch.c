#include "kernel/syscall/files/watch.h"

#include "kernel/clock/clock.h"
#include "kernel/clock/sleep.h"
#include "kernel/signal_file/signal_file.h"
#include "mm/heap/heap.h"

enum status watch_list_create(struct watch_list *list, size_t count) {
    *list = (struct watch_list){.count = count};
    if (count > 0) {
        list->watches = heap_alloc(count * sizeof(struct watch));
    }
    return count > 0 && list->watches == nullptr ? STATUS_NO_MEMORY : STATUS_OK;
}

void watch_list_destroy(struct watch_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        file_unref(list->watches[i].file);
    }
    heap_free(list->watches);
}

static bool look(struct watch *watch, struct waiter *waiter) {
    if (watch->file != nullptr) {
        uint32_t events = poll_events(file_poll(watch->file, waiter));
        watch->ready = events & watch->wanted;
    }
    return watch->ready != 0;
}

static int64_t look_at_all(struct watch_list *list) {
    int64_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        count += look(&list->watches[i], nullptr);
    }
    return count;
}

/* The first look puts the sleeper on every queue. */
static int64_t begin(struct watch_list *list) {
    int64_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct watch *watch = &list->watches[i];
        watch->waiter.sleeper = &list->sleeper;
        count += look(watch, count == 0 ? &watch->waiter : nullptr);
    }
    return count;
}

static void end(struct watch_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        waiter_remove(&list->watches[i].waiter);
    }
}

static int64_t wait_after_first_look(struct watch_list *list, int64_t count, uint64_t deadline_ns) {
    struct alarm alarm;
    enum status status = STATUS_OK;
    alarm_begin(&alarm, &list->sleeper, deadline_ns);
    while (count == 0 && !alarm_has_rung(&alarm) && status == STATUS_OK) {
        status = sleeper_sleep(&list->sleeper);
        sleeper_prepare(&list->sleeper);
        count = look_at_all(list);
    }
    alarm_end(&alarm);
    return count > 0 ? count : status;
}

static int64_t wait(struct watch_list *list, uint64_t deadline_ns) {
    if (deadline_ns == 0) {
        return look_at_all(list);
    }
    sleeper_prepare(&list->sleeper);
    int64_t count = begin(list);
    if (count == 0) {
        count = wait_after_first_look(list, count, deadline_ns);
    }
    end(list);
    return count;
}

int64_t watch_list_wait(struct watch_list *list, uint64_t deadline_ns) {
    int64_t count = wait(list, deadline_ns);
    signal_file_end_waiting();
    return count;
}
