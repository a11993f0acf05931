#pragma once

#include "kernel/proc/text/process_text.h"
#include "kernel/proc/tree/made_fs.h"
#include "kernel/process/process.h"
#include "lib/status.h"

/* What is known of a task and its process at one moment. */
struct gathered_facts {
    struct process_facts facts; /* `name` lies below */
    char name[TASK_NAME_SIZE_BYTES];
};

/* A subject with `task` 0 tells of the whole process. Errors: STATUS_NO_SUCH_PROCESS. */
enum status facts_gather(const struct made_subject *subject, struct gathered_facts *gathered);
