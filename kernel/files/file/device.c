#include "kernel/files/file/device.h"

#include "lib/list.h"
#include "mm/heap/heap.h"
#include "mm/lock/sleep_lock.h"

struct device {
    struct list_node link;
    uint32_t number;
    const struct file_operations *operations;
};

static struct sleep_lock devices_lock;
static struct list_node devices = {&devices, &devices}; /* guarded by devices_lock */

static const struct device *find_held(uint32_t number) REQUIRES(devices_lock) {
    for (struct list_node *at = devices.next; at != &devices; at = at->next) {
        const struct device *device = LIST_ENTRY(at, struct device, link);
        if (device->number == number) {
            return device;
        }
    }
    return nullptr;
}

const struct file_operations *device_find(uint32_t device) {
    sleep_lock_acquire(&devices_lock);
    const struct device *found = find_held(device);
    sleep_lock_release(&devices_lock);
    return found == nullptr ? nullptr : found->operations;
}

enum status device_register(uint32_t device, const struct file_operations *operations) {
    struct device *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    *made = (struct device){.number = device, .operations = operations};
    sleep_lock_acquire(&devices_lock);
    bool is_taken = find_held(device) != nullptr;
    if (!is_taken) {
        list_push_back(&devices, &made->link);
    }
    sleep_lock_release(&devices_lock);
    if (is_taken) {
        heap_free(made);
        return STATUS_EXISTS;
    }
    return STATUS_OK;
}

void device_unregister_all(void) {
    sleep_lock_acquire(&devices_lock);
    struct list_node *link;
    while ((link = list_pop_front(&devices)) != nullptr) {
        heap_free(LIST_ENTRY(link, struct device, link));
    }
    sleep_lock_release(&devices_lock);
}
