#include "kernel/files/inotify/instance.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

constexpr uint32_t MASK_SHOWN =
    EVENTS_OF_NODES | EVENT_UNMOUNT | EVENT_OVERFLOW | EVENT_IGNORED | EVENT_OF_DIRECTORY;

static struct inotify_record *record_of(struct list_node *link) {
    return LIST_ENTRY(link, struct inotify_record, link);
}

size_t inotify_record_size(const struct inotify_record *record) {
    return sizeof(record->event) + record->event.name_size;
}

static void push(struct inotify *instance, struct inotify_record *record) REQUIRES(node_observing) {
    list_push_back(&instance->records, &record->link);
    instance->record_count++;
    __atomic_store_n(&instance->size_bytes, instance->size_bytes + inotify_record_size(record),
                     __ATOMIC_RELAXED);
    wait_queue_wake(&instance->changed);
}

static void push_overflow(struct inotify *instance) REQUIRES(node_observing) {
    constexpr int32_t no_watch = -1;
    if (!instance->is_overflow_queued) {
        instance->is_overflow_queued = true;
        instance->overflow->event =
            (struct inotify_event){.watch = no_watch, .mask = EVENT_OVERFLOW};
        push(instance, instance->overflow);
    }
}

/* That a watch has ended is never left out. */
static bool is_same(const struct inotify_record *record, int32_t watch, uint32_t mask,
                    struct name name) {
    return record->event.watch == watch && record->event.mask == mask && !(mask & EVENT_IGNORED) &&
           record->name_length == name.length && memcmp(record->name, name.text, name.length) == 0;
}

/* The name with its terminator, in whole events. */
static uint32_t padded_size(size_t length) {
    constexpr size_t step = sizeof(struct inotify_event);
    return length == 0 ? 0 : (uint32_t)((length + step) / step * step);
}

static struct inotify_record *make_record(int32_t watch, uint32_t mask,
                                          const struct node_event *event) {
    struct inotify_record *made = heap_alloc(sizeof(*made) + event->name.length);
    if (made == nullptr) {
        return nullptr;
    }
    made->event = (struct inotify_event){
        .watch = watch,
        .mask = mask,
        .cookie = event->cookie,
        .name_size = padded_size(event->name.length),
    };
    made->name_length = event->name.length;
    memcpy(made->name, event->name.text, event->name.length);
    return made;
}

void inotify_queue(struct inotify *instance, int32_t watch, uint32_t mask,
                   const struct node_event *event) {
    mask &= MASK_SHOWN;
    if (instance->record_count >= instance->record_limit) {
        push_overflow(instance);
        return;
    }
    bool is_first = list_is_empty(&instance->records);
    if (!is_first && is_same(record_of(instance->records.prev), watch, mask, event->name)) {
        return;
    }
    struct inotify_record *made = make_record(watch, mask, event);
    if (made == nullptr) {
        push_overflow(instance);
    } else {
        push(instance, made);
    }
}

struct inotify_record *inotify_take(struct inotify *instance, size_t room_bytes) {
    if (list_is_empty(&instance->records)) {
        return nullptr;
    }
    struct inotify_record *first = record_of(instance->records.next);
    size_t size_bytes = inotify_record_size(first);
    if (size_bytes <= room_bytes) {
        list_remove(&first->link);
        instance->record_count--;
        __atomic_store_n(&instance->size_bytes, instance->size_bytes - size_bytes,
                         __ATOMIC_RELAXED);
        if (first == instance->overflow) {
            instance->is_overflow_queued = false;
        }
    }
    return first;
}

void inotify_free_record(struct inotify *instance, struct inotify_record *record) {
    if (record != instance->overflow) {
        heap_free(record);
    }
}
