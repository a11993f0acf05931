#pragma once

#include <stdint.h>

#include "kernel/process/ptrace.h"

/* What the requests of man 2 ptrace have in common. */

/*
 * Does something to the current task's tracee of the number, which is stopped, with the tree lock
 * and its process's signal_lock held. Errors: STATUS_NO_SUCH_PROCESS, there is none; what it says.
 */
typedef int64_t trace_action(struct trace *trace, void *context);
int64_t trace_do(uint32_t number, trace_action *action, void *context);

/* A request's other arguments. */
struct trace_request {
    uint32_t number;
    uint64_t address, data;
};

/* man 2 ptrace: PTRACE_PEEKUSER, POKEUSER, GETREGS, SETREGS, GETFPREGS, SETFPREGS, GETREGSET,
 * SETREGSET. */
int64_t trace_peek_user(const struct trace_request *request);
int64_t trace_poke_user(const struct trace_request *request);
int64_t trace_get_registers(const struct trace_request *request);
int64_t trace_set_registers(const struct trace_request *request);
int64_t trace_get_floating_point(const struct trace_request *request);
int64_t trace_set_floating_point(const struct trace_request *request);
int64_t trace_get_register_set(const struct trace_request *request);
int64_t trace_set_register_set(const struct trace_request *request);
