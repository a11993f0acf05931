#include "kernel/tty/tty/tty_private.h"

/* What stands for processes before there are any, and where a test has none. */
static void signal_nobody(uint32_t group, int signal) {
    (void)group;
    (void)signal;
}

static uint32_t no_number(void) {
    return 0;
}

static bool is_never(void) {
    return false;
}

static bool ignores_nothing(int signal) {
    (void)signal;
    return false;
}

static enum status hold_nothing(uint32_t group, uint32_t session) {
    (void)group;
    (void)session;
    return STATUS_NO_SUCH_PROCESS;
}

static void let_nothing_go(uint32_t group) {
    (void)group;
}

static void set_nothing(struct tty *tty) {
    (void)tty;
}

static struct tty *no_terminal(void) {
    return nullptr;
}

static size_t reach_nothing(void *to, uint64_t user, size_t size_bytes) {
    (void)to;
    (void)user;
    return size_bytes;
}

static size_t put_nothing(uint64_t user, const void *from, size_t size_bytes) {
    (void)user;
    (void)from;
    return size_bytes;
}

static uint64_t no_time(void) {
    return 0;
}

static const struct tty_hooks nobody = {
    .signal_group = signal_nobody,
    .current_group = no_number,
    .current_session = no_number,
    .is_session_leader = is_never,
    .current_blocks_or_ignores = ignores_nothing,
    .is_current_group_orphaned = is_never,
    .hold_group = hold_nothing,
    .let_group_go = let_nothing_go,
    .set_controlling = set_nothing,
    .controlling = no_terminal,
    .is_privileged = is_never,
    .copy_in = reach_nothing,
    .copy_out = put_nothing,
    .milliseconds = no_time,
};

static const struct tty_hooks *hooks = &nobody; /* fixed by tty_set_hooks */

void tty_set_hooks(const struct tty_hooks *given) {
    hooks = given != nullptr ? given : &nobody;
}

const struct tty_hooks *tty_hooks(void) {
    return hooks;
}

uint32_t tty_hold_foreground(struct tty *tty) {
    bool is_there =
        tty->foreground != 0 && hooks->hold_group(tty->foreground, tty->session) == STATUS_OK;
    return is_there ? tty->foreground : 0;
}

void tty_signal_held(uint32_t group, int signal) {
    if (group != 0) {
        hooks->signal_group(group, signal);
        hooks->let_group_go(group);
    }
}

void tty_signal_held_of_end(uint32_t group) {
    if (group != 0) {
        hooks->signal_group(group, TTY_SIGHUP);
        tty_signal_held(group, TTY_SIGCONT);
    }
}

void tty_take_foreground(struct tty *tty, uint32_t group) {
    if (tty->foreground != 0) {
        hooks->let_group_go(tty->foreground);
    }
    tty->foreground = group;
}

bool tty_is_controlling(struct tty *tty) {
    uint32_t session = tty_session(tty);
    return hooks->controlling() == tty && session != 0 && session == hooks->current_session();
}

enum status tty_check_background(struct tty *tty, enum tty_signal signal) {
    if (!tty_is_controlling(tty)) {
        return STATUS_OK;
    }
    uint32_t foreground = tty_foreground(tty);
    uint32_t group = hooks->current_group();
    if (foreground == 0 || foreground == group) {
        return STATUS_OK;
    }
    if (hooks->current_blocks_or_ignores(signal)) {
        return signal == TTY_SIGTTIN ? STATUS_IO_ERROR : STATUS_OK;
    }
    if (hooks->is_current_group_orphaned()) {
        return STATUS_IO_ERROR;
    }
    hooks->signal_group(group, signal);
    return STATUS_INTERRUPTED;
}

/* Makes it the controlling one of the current session, in the foreground of which is the current
 * group; false where another session has it. */
static bool adopt(struct tty *tty, bool is_forced) {
    uint32_t session = hooks->current_session();
    uint32_t group = hooks->current_group();
    sleep_lock_acquire(&tty->lock);
    bool is_free = tty->session == 0 || is_forced;
    if (is_free) {
        bool is_there = hooks->hold_group(group, session) == STATUS_OK;
        tty->session = session;
        tty_take_foreground(tty, is_there ? group : 0);
    }
    sleep_lock_release(&tty->lock);
    if (is_free) {
        hooks->set_controlling(tty);
    }
    return is_free;
}

static bool has_controlling(void) {
    struct tty *tty = hooks->controlling();
    return tty != nullptr && tty_is_controlling(tty);
}

void tty_adopt_if_free(struct tty *tty) {
    if (hooks->is_session_leader() && !has_controlling()) {
        (void)adopt(tty, false);
    }
}

enum status tty_make_controlling(const struct file *file, struct tty *tty, bool is_forced) {
    if (hooks->is_session_leader() && tty_is_controlling(tty)) {
        return STATUS_OK;
    }
    bool may_read = (file->access & ACCESS_OF_READING) || hooks->is_privileged();
    if (!hooks->is_session_leader() || has_controlling() || !may_read) {
        return STATUS_NOT_PERMITTED;
    }
    return adopt(tty, is_forced && hooks->is_privileged()) ? STATUS_OK : STATUS_NOT_PERMITTED;
}

/* man 2const TIOCNOTTY: where the leader gives it up, so does its session. */
enum status tty_give_up(struct tty *tty) {
    if (!tty_is_controlling(tty)) {
        return STATUS_NOT_A_TERMINAL;
    }
    if (!hooks->is_session_leader()) {
        hooks->set_controlling(nullptr);
        return STATUS_OK;
    }
    sleep_lock_acquire(&tty->lock);
    uint32_t group = tty_hold_foreground(tty);
    tty->session = 0;
    tty_take_foreground(tty, 0);
    sleep_lock_release(&tty->lock);
    hooks->set_controlling(nullptr);
    tty_signal_held_of_end(group);
    return STATUS_OK;
}

enum status tty_set_foreground(struct tty *tty, uint64_t user) {
    int32_t group;
    if (!tty_is_controlling(tty)) {
        return STATUS_NOT_A_TERMINAL;
    }
    enum status status = tty_check_background(tty, TTY_SIGTTOU);
    if (status != STATUS_OK) {
        return status == STATUS_IO_ERROR ? STATUS_NOT_A_TERMINAL : status;
    }
    if (hooks->copy_in(&group, user, sizeof(group)) != 0) {
        return STATUS_FAULT;
    }
    if (group < 0) {
        return STATUS_INVALID;
    }
    status = hooks->hold_group((uint32_t)group, hooks->current_session());
    if (status == STATUS_OK) {
        sleep_lock_acquire(&tty->lock);
        tty_take_foreground(tty, (uint32_t)group);
        sleep_lock_release(&tty->lock);
    }
    return status;
}

static enum status put_number(uint64_t user, uint32_t number) {
    return hooks->copy_out(user, &number, sizeof(number)) == 0 ? STATUS_OK : STATUS_FAULT;
}

enum status tty_get_foreground(struct tty *tty, uint64_t user) {
    return tty_is_controlling(tty) ? put_number(user, tty_foreground(tty)) : STATUS_NOT_A_TERMINAL;
}

enum status tty_get_session(struct tty *tty, uint64_t user) {
    return tty_is_controlling(tty) ? put_number(user, tty_session(tty)) : STATUS_NOT_A_TERMINAL;
}
