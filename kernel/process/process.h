#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/terminal/terminal.h"
#include "kernel/thread/thread.h"
#include "kernel/user_stack/user_stack.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/space/address_space.h"

/* A program in an address space of its own, with one thread. */

BEGIN_C_DECLS

constexpr uint64_t USER_STACK_PAGES = 64;
constexpr uint64_t USER_STACK_GUARD_PAGES = 256;

/* How a process ended. */
struct process_end {
    unsigned signal;    /* that killed it; 0: it exited */
    unsigned exit_code; /* 0..255, where it exited */
};

struct process {
    uint32_t id;                       /* fixed at creation; from 1, never used twice */
    struct address_space *space;       /* fixed at creation */
    struct thread *thread;             /* fixed at creation */
    struct terminal *terminal;         /* fixed at creation */
    virt_addr_t entry;                 /* fixed at creation */
    virt_addr_t stack_pointer;         /* fixed at creation: the first one */
    virt_addr_t brk_start;             /* fixed at creation; page-aligned */
    virt_addr_t brk_end;               /* its own thread's */
    struct process_end end;            /* its own thread's; whoever waited for it may read it */
    char name[THREAD_NAME_SIZE_BYTES]; /* fixed at creation: the program's last path component */
};

struct process_program {
    const char *path;
    const void *file; /* the ELF file; may be at any alignment */
    size_t file_size_bytes;
    struct string_list arguments; /* from argv[1] */
    struct terminal *terminal;
};

/*
 * Makes a process of a static ELF program; process_start lets it run. Errors, each with a numbered
 * line on `complaints` (docs/messages.md), and nothing is left behind: STATUS_NOT_EXECUTABLE;
 * STATUS_NO_MEMORY; STATUS_TOO_LONG, the arguments do not fit the stack.
 */
enum status process_create(const struct process_program *program,
                           const struct text_sink *complaints, struct process **process);

void process_start(struct process *process);

/* Sleeps until it has ended, frees all it had, and says how it ended. */
struct process_end process_wait(struct process *process);

/* The process whose thread is running; nullptr for the kernel's own threads. */
struct process *process_current(void);

/* Ends the current process. */
[[noreturn]] void process_exit(unsigned exit_code);
[[noreturn]] void process_kill(unsigned signal);

END_C_DECLS
