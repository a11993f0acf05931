#pragma once

/* What the programs on inotify share: one file of events, and what happens to be told of. */

#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>

#include "user/tests/report.h"

static int notes;

static inline void show_events(const char *what) {
    show_inotify(what, notes);
}

static inline void begin(void) {
    notes = inotify_init1(IN_NONBLOCK);
}

static inline void end(void) {
    close(notes);
}

static inline int watch(const char *path, uint32_t mask) {
    return inotify_add_watch(notes, path, mask);
}

static inline void write_to(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CREAT, 0644);
    if (write(file, text, strlen(text)) < 0) {
        show("write", -1);
    }
    close(file);
}
