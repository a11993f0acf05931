#include "kernel/trace/recording.h"

void recording_open(struct recording *recording, const struct text_sink *device) {
    __atomic_store_n(&recording->device, device, __ATOMIC_RELEASE);
}

void recording_close(struct recording *recording) {
    __atomic_store_n(&recording->device, nullptr, __ATOMIC_RELEASE);
}

const struct text_sink *recording_device(const struct recording *recording) {
    return __atomic_load_n(&recording->device, __ATOMIC_ACQUIRE);
}

void recording_write(void *recording, const char *text, size_t length) {
    const struct text_sink *device = recording_device(recording);
    if (device != nullptr) {
        device->write(device->context, text, length);
    }
}
