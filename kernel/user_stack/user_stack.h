#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "mm/addr/addr.h"

/*
 * What a new program finds on its stack: argument count, argument and environment pointers, the
 * auxiliary vector, and the strings they point at (System V psABI x86-64 3.4.1, man 3 getauxval).
 */

BEGIN_C_DECLS

/* That many terminated strings in a row. */
struct string_list {
    const char *strings;
    size_t count;
};

struct user_stack {
    virt_addr_t top;              /* one more than the stack's last byte; page-aligned */
    const char *program;          /* AT_EXECFN */
    struct string_list arguments; /* from argv[0] */
    struct string_list environment;
    virt_addr_t base; /* AT_BASE: where the interpreter is; 0: there is none */
    uint32_t real_user, effective_user, real_group, effective_group;
    bool is_secure;              /* AT_SECURE: it has more rights than who started it */
    virt_addr_t entry;           /* AT_ENTRY */
    virt_addr_t program_headers; /* AT_PHDR */
    size_t program_header_count; /* AT_PHNUM */
    uint32_t cpu_capabilities;   /* AT_HWCAP: CPUID.1:EDX */
    uint64_t signal_stack_size;  /* AT_MINSIGSTKSZ */
    uint8_t random[16];          /* AT_RANDOM */
};

/* Where in the image things are, as the program sees them; ends are exclusive. */
struct user_stack_places {
    virt_addr_t arguments_start, arguments_end; /* the strings */
    virt_addr_t environment_start, environment_end;
    virt_addr_t auxiliary; /* the vector */
    size_t auxiliary_size_bytes;
};

/* How many bytes below `top` the image takes; a multiple of 16. */
size_t user_stack_size_bytes(const struct user_stack *stack);

/*
 * Writes the image of the topmost user_stack_size_bytes(stack) bytes to `image`, whose address is a
 * multiple of 8. The program's first stack pointer is the address of the image's first byte.
 */
void user_stack_write(const struct user_stack *stack, void *image,
                      struct user_stack_places *places);

END_C_DECLS
