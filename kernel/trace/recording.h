#pragma once

#include <stddef.h>

#include "lib/decls.h"
#include "lib/format.h"
#include "lib/untrusted.h"

/*
 * What stands between those who write a recording and its device: open, all that is written goes
 * there; closed, it goes nowhere. So one who has seen it open and comes to write after its end adds
 * nothing.
 */

BEGIN_C_DECLS

/* All-zero is closed. */
struct recording {
    const struct text_sink *device; /* atomic; nullptr: closed */
};

void recording_open(struct recording *recording, const struct text_sink *device);
void recording_close(struct recording *recording);

/* nullptr where it is closed. By the time that the answer is used it may be. */
const struct text_sink *recording_device(const struct recording *recording);

/* The `write` of a sink whose context is the recording. */
void recording_write(void *recording, TRUSTED const char *text, size_t length);

END_C_DECLS
