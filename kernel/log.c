#include "kernel/log.h"

#include <stdarg.h>

#include "kernel/cpu/cpu.h"
#include "kernel/log_ring.h"
#include "lib/format.h"
#include "lib/spinlock.h"

/* Held with interrupts off, since interrupt handlers log too. */
static struct spinlock log_lock;
static struct log_ring ring;                /* guarded by log_lock */
static struct console *sinks[LOG_SINK_MAX]; /* guarded by log_lock; nullptr: free */
static bool is_debug_shown;                 /* guarded by log_lock */

static const char *level_prefix(enum log_level level) {
    switch (level) {
    case LOG_ERROR:
        return "error: ";
    case LOG_WARNING:
        return "warning: ";
    case LOG_INFO:
    case LOG_DEBUG:
        break;
    }
    return "";
}

static void show_line(struct console *sink, uint8_t level, const char *line, size_t length)
    REQUIRES(log_lock) {
    if (level == LOG_DEBUG && !is_debug_shown) {
        return;
    }
    console_write(sink, line, length);
    console_write(sink, "\n", 1);
}

static void add_line(enum log_level level, const char *line, size_t length) {
    bool were_enabled = interrupts_save();
    spinlock_acquire(&log_lock);
    log_ring_append(&ring, level, line, length);
    for (unsigned i = 0; i < LOG_SINK_MAX; i++) {
        if (sinks[i] != nullptr) {
            show_line(sinks[i], level, line, length);
        }
    }
    spinlock_release(&log_lock);
    interrupts_restore(were_enabled);
}

struct line {
    size_t length;
    char text[LOG_LINE_MAX];
};

/* A file's name may hold anything; it must not be able to forge a line of its own. */
static void append_to_line(void *context, const char *text, size_t length) {
    struct line *line = context;
    for (size_t i = 0; i < length && line->length < sizeof line->text; i++) {
        bool is_control = (unsigned char)text[i] < ' ';
        line->text[line->length++] = is_control ? '?' : text[i];
    }
}

void log_line(enum log_level level, const char *format, ...) {
    struct line line;
    line.length = 0;
    const struct text_sink sink = {append_to_line, &line};
    format_to(&sink, "%s", level_prefix(level));
    va_list arguments;
    va_start(arguments, format);
    format_to_va(&sink, format, arguments);
    va_end(arguments);
    add_line(level, line.text, line.length);
}

static void replay(struct console *sink) REQUIRES(log_lock) {
    char line[LOG_LINE_MAX];
    uint64_t position = ring.first;
    uint8_t level;
    size_t length;
    while (log_ring_next(&ring, &position, &level, line, sizeof line, &length)) {
        show_line(sink, level, line, length);
    }
}

void log_add_sink(struct console *console) {
    bool were_enabled = interrupts_save();
    spinlock_acquire(&log_lock);
    for (unsigned i = 0; i < LOG_SINK_MAX; i++) {
        if (sinks[i] == nullptr) {
            sinks[i] = console;
            replay(console);
            break;
        }
    }
    spinlock_release(&log_lock);
    interrupts_restore(were_enabled);
}

void log_remove_sink(const struct console *console) {
    bool were_enabled = interrupts_save();
    spinlock_acquire(&log_lock);
    for (unsigned i = 0; i < LOG_SINK_MAX; i++) {
        if (sinks[i] == console) {
            sinks[i] = nullptr;
        }
    }
    spinlock_release(&log_lock);
    interrupts_restore(were_enabled);
}

void log_show_debug(void) {
    bool were_enabled = interrupts_save();
    spinlock_acquire(&log_lock);
    is_debug_shown = true;
    spinlock_release(&log_lock);
    interrupts_restore(were_enabled);
}

void log_break_lock(void) NO_CAPABILITY_CHECK {
    spinlock_release(&log_lock);
}
