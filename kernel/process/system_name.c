#include "kernel/process/system_name.h"

#include "kernel/process/tree_lock.h"
#include "lib/check.h"

/* The release is that of the Linux whose ABI this is: C libraries refuse what looks too old. */
static struct system_name name = {
    "Quire", "quire", "6.1.0-quire", "#1", "x86_64", "(none)",
}; /* the node's and the domain's are guarded by the tree lock */

struct system_name system_name(void) {
    tree_lock();
    const struct system_name copy = name;
    tree_unlock();
    return copy;
}

static void set(char *to, const char *text, size_t length) {
    CHECK(length < SYSTEM_NAME_SIZE);
    tree_lock();
    __builtin_memcpy(to, text, length);
    __builtin_memset(to + length, 0, SYSTEM_NAME_SIZE - length);
    tree_unlock();
}

void system_set_node_name(const char *text, size_t length) {
    set(name.node, text, length);
}

void system_set_domain_name(const char *text, size_t length) {
    set(name.domain, text, length);
}
