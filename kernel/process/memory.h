#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "lib/decls.h"
#include "lib/list.h"
#include "lib/status.h"
#include "mm/space/address_space.h"

/* A process's memory and what is known of it; several processes have the same under CLONE_VM. */

BEGIN_C_DECLS

constexpr size_t AUXILIARY_SIZE_MAX = 24 * (2 * sizeof(uint64_t));

/* PR_SET_MDWE */
constexpr uint32_t DENY_NEW_CODE = 1;         /* PR_MDWE_REFUSE_EXEC_GAIN */
constexpr uint32_t DENY_WITHOUT_CHILDREN = 2; /* PR_MDWE_NO_INHERIT */

struct process_memory {
    uint32_t reference_count;    /* atomic; of those who use the memory */
    uint32_t holder_count;       /* atomic; of who has this structure: all users count as one */
    uint32_t denials;            /* of DENY_; atomic */
    struct list_node left_link;  /* once no user is left */
    struct address_space *space; /* owned; there as long as a user is */

    /* Guarded by the lock of the whole space. */
    virt_addr_t brk_start, brk_end;
    virt_addr_t data_start, data_end, code_start, code_end;
    virt_addr_t stack_start;                    /* the first stack pointer */
    virt_addr_t arguments_start, arguments_end; /* the strings that /proc/PID/cmdline shows */
    virt_addr_t environment_start, environment_end;
    uint64_t auxiliary[AUXILIARY_SIZE_MAX / sizeof(uint64_t)]; /* for /proc/PID/auxv */
    struct file *executable;                                   /* owned, held as an executable */
};

/* Empty, with a space of that name and one reference. Errors: STATUS_NO_MEMORY. */
enum status process_memory_create(const char *name, struct process_memory **memory);

/* What memory that follows `memory`, which may be null, is denied: of a child, or by execve. */
uint32_t process_memory_denials_after(const struct process_memory *memory);

/* A copy as fork makes it. Errors: STATUS_NO_MEMORY. */
enum status process_memory_fork(struct process_memory *parent, const char *name,
                                struct process_memory **child);

void process_memory_ref(struct process_memory *memory);

/* With the last reference the space and the executable go: no CPU may translate through it then. */
void process_memory_unref(struct process_memory *memory);

/* The same, for who may hold locks of files: with the last reference a thread of the kernel's lets
 * the space go, soon. */
void process_memory_unref_later(struct process_memory *memory);

/* Starts that thread; once, before anything can be given up. Errors: STATUS_NO_MEMORY. */
enum status process_memory_begin(void);

/* For who wants to know what it was, and does not keep the memory of who has ended: only the
 * structure stays. Who holds it may become a user; false: there is none any more. */
void process_memory_hold(struct process_memory *memory);
void process_memory_let_go(struct process_memory *memory);
[[nodiscard]] bool process_memory_try_ref(struct process_memory *memory);

/*
 * Writes as man 2 ptrace's PTRACE_POKEDATA: also where the program itself may not, if the memory is
 * private to it. Errors: as space_write.
 */
enum status process_memory_poke(struct process_memory *memory, virt_addr_t va,
                                TRUSTED const void *bytes, size_t size_bytes, size_t *done_bytes);

END_C_DECLS
