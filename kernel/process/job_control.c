#include "kernel/process/job_control.h"

#include "kernel/clock/clock.h"
#include "kernel/cpu/user_copy.h"
#include "kernel/process/groups.h"
#include "kernel/process/lifecycle.h"
#include "kernel/process/signals.h"
#include "kernel/tty/tty/hooks.h"
#include "kernel/tty/tty/tty.h"

static void signal_group(uint32_t group, int signal) {
    const struct signal_info info = signal_info_from_kernel((unsigned)signal);
    tree_lock();
    struct id *id = id_find(group);
    if (id) {
        group_send(id, &info);
    }
    tree_unlock();
}

static uint32_t current_group(void) {
    struct process *process = process_current();
    tree_lock();
    uint32_t number = process ? process->group->number : 0;
    tree_unlock();
    return number;
}

static uint32_t current_session(void) {
    struct process *process = process_current();
    tree_lock();
    uint32_t number = process ? process->session->number : 0;
    tree_unlock();
    return number;
}

static bool is_session_leader(void) {
    struct process *process = process_current();
    tree_lock();
    bool is_leader = process && process->session == process->id;
    tree_unlock();
    return is_leader;
}

static bool current_blocks_or_ignores(int signal) {
    struct task *task = task_current();
    if (!task) {
        return true;
    }
    struct signal_action action = signal_action_get(task->process, (unsigned)signal);
    return action.handler == HANDLER_IGNORE || (task->blocked & signal_bit((unsigned)signal));
}

static bool is_current_group_orphaned(void) {
    struct process *process = process_current();
    tree_lock();
    bool is_orphaned = process && group_is_orphaned(process->group, nullptr);
    tree_unlock();
    return is_orphaned;
}

/* A member of the group, or who has the number and can begin it. */
static const struct process *member_of(const struct id *id) REQUIRES(process_tree) {
    if (!list_is_empty(&id->groupers)) {
        return LIST_ENTRY(id->groupers.next, struct process, of_group);
    }
    return id->process || !id->task ? id->process : id->task->process;
}

static enum status hold_group_held(uint32_t group, uint32_t session) REQUIRES(process_tree) {
    struct id *id = id_find(group);
    const struct process *member = id ? member_of(id) : nullptr;
    if (!member || !member->session) {
        return STATUS_NO_SUCH_PROCESS;
    }
    if (member->session->number != session) {
        return STATUS_NOT_PERMITTED;
    }
    id_hold(id);
    return STATUS_OK;
}

static enum status hold_group(uint32_t group, uint32_t session) {
    tree_lock();
    enum status status = hold_group_held(group, session);
    tree_unlock();
    return status;
}

static void let_group_go(uint32_t group) {
    tree_lock();
    id_release(id_find(group));
    tree_unlock();
}

static void set_for_session(struct id *session, struct tty *tty) REQUIRES(process_tree) {
    for (struct list_node *at = session->sitters.next; at != &session->sitters; at = at->next) {
        LIST_ENTRY(at, struct process, of_session)->terminal = tty;
    }
}

static void set_controlling(struct tty *tty) {
    struct process *process = process_current();
    if (!process) {
        return;
    }
    tree_lock();
    if (process->session == process->id) {
        set_for_session(process->session, tty);
    } else {
        process->terminal = tty;
    }
    tree_unlock();
}

static struct tty *controlling(void) {
    struct process *process = process_current();
    tree_lock();
    struct tty *tty = process ? process->terminal : nullptr;
    tree_unlock();
    return tty;
}

static bool is_privileged(void) {
    return !process_current() || process_has_capabilities();
}

static size_t copy_in(void *to, uint64_t user, size_t size_bytes) {
    return user_copy_in(to, virt_addr(user), size_bytes);
}

static size_t copy_out(uint64_t user, const void *from, size_t size_bytes) {
    return user_copy_out(virt_addr(user), from, size_bytes);
}

static uint64_t milliseconds(void) {
    return clock_now() / 1'000'000;
}

void job_control_begin(void) {
    static const struct tty_hooks hooks = {
        .signal_group = signal_group,
        .current_group = current_group,
        .current_session = current_session,
        .is_session_leader = is_session_leader,
        .current_blocks_or_ignores = current_blocks_or_ignores,
        .is_current_group_orphaned = is_current_group_orphaned,
        .hold_group = hold_group,
        .let_group_go = let_group_go,
        .set_controlling = set_controlling,
        .controlling = controlling,
        .is_privileged = is_privileged,
        .copy_in = copy_in,
        .copy_out = copy_out,
        .milliseconds = milliseconds,
    };
    tty_set_hooks(&hooks);
}

void job_control_leave(struct process *process) {
    tree_lock();
    bool is_leader = process->session == process->id;
    struct tty *tty = is_leader ? process->terminal : nullptr;
    if (is_leader) {
        set_for_session(process->session, nullptr);
    }
    tree_unlock();
    if (tty && tty_session(tty) == process->number) {
        tty_hang_up(tty);
    }
}
