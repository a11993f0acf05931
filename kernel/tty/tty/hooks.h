#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"

/*
 * What terminals ask of processes, answered by who knows them: sessions, groups and signals (man 7
 * credentials, job control). Each is asked on behalf of the thread that runs, with no lock of a
 * terminal's held but where it says so, and may take locks of its own.
 */

BEGIN_C_DECLS

struct tty;

/* Signals, in Linux's numbers, that terminals send besides those of line_discipline.h. */
enum tty_signal : uint8_t {
    TTY_SIGHUP = 1,
    TTY_SIGCONT = 18,
    TTY_SIGTTIN = 21,
    TTY_SIGTTOU = 22,
    TTY_SIGWINCH = 28,
};

struct tty_hooks {
    void (*signal_group)(uint32_t group, int signal);

    uint32_t (*current_group)(void);
    uint32_t (*current_session)(void);
    bool (*is_session_leader)(void);
    bool (*current_blocks_or_ignores)(int signal);
    bool (*is_current_group_orphaned)(void);

    /* Keeps the number of a group, or of a process that can become one, of that session from being
     * given to another until let_group_go; both also under a terminal's lock. Errors:
     * STATUS_NO_SUCH_PROCESS, nobody has the number; STATUS_NOT_PERMITTED, another session has. */
    enum status (*hold_group)(uint32_t group, uint32_t session);
    void (*let_group_go)(uint32_t group);

    /* The terminal that the process has as its controlling one, of which its session may have been
     * deprived since; null: none. Where a session's leader sets it, it is that of the whole
     * session; elsewhere a process gives up its own. */
    void (*set_controlling)(struct tty *tty);
    struct tty *(*controlling)(void);

    bool (*is_privileged)(void); /* CAP_SYS_ADMIN */

    /* The memory of the process; both return how many bytes at the end were not copied. */
    size_t (*copy_in)(void *to, uint64_t user, size_t size_bytes);
    size_t (*copy_out)(uint64_t user, const void *from, size_t size_bytes);

    uint64_t (*milliseconds)(void); /* a clock that never goes back */
};

/* Once, at boot; all members are there. Before, there is one process without a session. */
void tty_set_hooks(const struct tty_hooks *hooks);

END_C_DECLS
