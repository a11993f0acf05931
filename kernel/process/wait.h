#pragma once

#include <stdint.h>

#include "kernel/process/process.h"
#include "lib/decls.h"
#include "lib/status.h"

/* man 2 wait4, waitid. */

BEGIN_C_DECLS

enum wait_for : uint8_t { WAIT_FOR_ANY, WAIT_FOR_PROCESS, WAIT_FOR_GROUP };

constexpr uint32_t WAIT_NO_HANG = 1;        /* WNOHANG */
constexpr uint32_t WAIT_STOPPED = 2;        /* WUNTRACED, WSTOPPED */
constexpr uint32_t WAIT_ENDED = 4;          /* WEXITED */
constexpr uint32_t WAIT_CONTINUED = 8;      /* WCONTINUED */
constexpr uint32_t WAIT_KEEP = 0x01000000;  /* WNOWAIT */
constexpr uint32_t WAIT_OWN = 0x20000000;   /* __WNOTHREAD */
constexpr uint32_t WAIT_ALL = 0x40000000;   /* __WALL */
constexpr uint32_t WAIT_CLONE = 0x80000000; /* __WCLONE */

struct wait_request {
    enum wait_for what;
    uint32_t number;         /* of the process or the group */
    struct process *process; /* WAIT_FOR_PROCESS: instead of the number, if not null */
    uint32_t options;
    struct file *file; /* that names the process; null: none; the caller's */
};

struct wait_result {
    uint32_t number; /* of the child; 0: under WAIT_NO_HANG, none has anything to tell */
    uint32_t user;
    int32_t code;   /* CLD_ */
    int32_t status; /* exit code or signal */
    struct process_times times;
};

/* Errors: STATUS_NO_CHILD; STATUS_INTERRUPTED. */
enum status process_wait(const struct wait_request *request, struct wait_result *result);

/* As wait4 reports it. */
int32_t wait_status_word(const struct wait_result *result);

END_C_DECLS
