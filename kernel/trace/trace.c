#include "kernel/trace/trace.h"

#include "drivers/serial.h"
#include "drivers/timer.h"
#include "kernel/cpu/cpu.h"
#include "kernel/log.h"
#include "kernel/process/process.h"
#include "kernel/thread/thread.h"
#include "kernel/trace/history.h"
#include "kernel/trace/recording.h"
#include "kernel/trace/text.h"
#include "lib/capability.h"
#include "lib/spinlock.h"
#include "mm/platform.h"
#include "mm/space/address_space.h"

/* QEMU's and Bochs' port for text of a guest; reading it says whether it is there. */
constexpr uint16_t DEBUG_PORT = 0xe9;

static struct trace_ring ring;
static struct recording recording;  /* opened before there is a thread, closed under stream_lock */
static struct serial serial;        /* while there is a device: guarded by stream_lock */
static struct spinlock stream_lock; /* held with interrupts off: a line is written in one piece */

static void write_to_com2(void *context, const char *text, size_t length) {
    serial_write(context, text, length);
}

static void write_to_debug_port(void *context, const char *text, size_t length) {
    (void)context;
    for (size_t i = 0; i < length; i++) {
        port_write8(DEBUG_PORT, (uint8_t)text[i]);
    }
}

static const struct text_sink com2 = {write_to_com2, &serial};
static const struct text_sink debug_port = {write_to_debug_port, nullptr};
static const struct text_sink stream = {recording_write, &recording};

static bool is_recording(void) {
    return recording_device(&recording) != nullptr;
}

static bool begin_lines(void) ACQUIRES(&stream_lock) {
    bool were_enabled = interrupts_save();
    spinlock_acquire(&stream_lock);
    return were_enabled;
}

static void end_lines(bool were_enabled) RELEASES(&stream_lock) {
    spinlock_release(&stream_lock);
    interrupts_restore(were_enabled);
}

/* nullptr: there is none. */
static const struct text_sink *find_device(enum trace_device wanted) {
    switch (wanted) {
    case TRACE_TO_NONE:
        return nullptr;
    case TRACE_TO_COM2:
        return serial_init(&serial, SERIAL_COM2_PORT, "com2") == STATUS_OK ? &com2 : nullptr;
    case TRACE_TO_DEBUG_PORT:
        return port_read8(DEBUG_PORT) == DEBUG_PORT ? &debug_port : nullptr;
    }
    return nullptr;
}

void trace_begin(enum trace_device wanted) {
    const struct text_sink *device = find_device(wanted);
    if (device != nullptr) {
        recording_open(&recording, device);
        trace_text_begin(platform_features(), &stream);
    } else if (wanted != TRACE_TO_NONE) {
        log_line(LOG_WARNING, "K118: there is no device for trace=; nothing is recorded");
    }
}

static struct change_circumstances circumstances(void) {
    const struct thread *thread = thread_current();
    const struct process *process = process_current();
    struct change_circumstances now = {
        .ticks = timer_ticks(),
        .process_id = process != nullptr ? process->number : 0,
        .cpu = (uint8_t)platform_current_cpu(),
        .name = thread != nullptr ? thread->name : "the boot",
    };
    return now;
}

void trace_table_event(const struct table_event *event) {
    bool is_recorded = is_recording();
    if (!is_recorded && !history_keeps(event)) {
        return;
    }
    struct change_circumstances now = circumstances();
    history_add(&ring, event, &now);
    if (is_recorded) {
        bool were_enabled = begin_lines();
        trace_text_event(event, &now, &stream);
        end_lines(were_enabled);
    }
}

const struct trace_ring *trace_ring_of_tables(void) {
    return &ring;
}

static void write_hash(void *context, struct address_space *space) {
    (void)context;
    bool were_enabled = begin_lines();
    trace_text_hash(space_page_table(space), &stream);
    end_lines(were_enabled);
}

void trace_end(void) {
    if (!is_recording()) {
        return;
    }
    space_for_each(write_hash, nullptr);
    bool were_enabled = begin_lines();
    trace_text_end(&stream);
    if (recording_device(&recording) == &com2) {
        serial_drain(&serial);
    }
    recording_close(&recording);
    end_lines(were_enabled);
}
