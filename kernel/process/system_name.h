#pragma once

#include <stddef.h>

#include "lib/decls.h"
#include "lib/untrusted.h"

/* What the system calls itself (man 2 uname, sethostname, setdomainname). */

BEGIN_C_DECLS

constexpr size_t SYSTEM_NAME_SIZE = 65; /* with the terminator */

/* struct utsname. */
struct system_name {
    char system[SYSTEM_NAME_SIZE], node[SYSTEM_NAME_SIZE], release[SYSTEM_NAME_SIZE],
        version[SYSTEM_NAME_SIZE], machine[SYSTEM_NAME_SIZE], domain[SYSTEM_NAME_SIZE];
};

struct system_name system_name(void);

/* The text is shorter than SYSTEM_NAME_SIZE. */
void system_set_node_name(TRUSTED const char *text, size_t length);
void system_set_domain_name(TRUSTED const char *text, size_t length);

END_C_DECLS
