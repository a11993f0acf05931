#include "kernel/process/groups.h"

#include "kernel/process/lifecycle.h"
#include "kernel/process/signals.h"

void process_join(struct process *process, struct id *group, struct id *session) {
    id_hold(group);
    id_hold(session);
    process->group = group;
    process->session = session;
    list_push_back(&group->groupers, &process->of_group);
    list_push_back(&session->sitters, &process->of_session);
}

void process_part(struct process *process) {
    list_remove(&process->of_group);
    list_remove(&process->of_session);
    id_release(process->group);
    id_release(process->session);
    process->group = nullptr;
    process->session = nullptr;
}

static void move(struct process *process, struct id *group, struct id *session)
    REQUIRES(process_tree) {
    struct id *old_group = process->group;
    struct id *old_session = process->session;
    id_hold(old_group);
    id_hold(old_session);
    process_part(process);
    process_join(process, group, session);
    id_release(old_group);
    id_release(old_session);
}

bool group_is_orphaned(struct id *group, const struct process *without) {
    for (struct list_node *at = group->groupers.next; at != &group->groupers; at = at->next) {
        const struct process *member = LIST_ENTRY(at, struct process, of_group);
        const struct process *parent = member->parent;
        bool counts = member != without && member->state != PROCESS_ENDED && parent != nullptr;
        if (counts && parent->group != group && parent->session == member->session) {
            return false;
        }
    }
    return true;
}

/* The group to join; null where there is none in the session. */
static struct id *find_group(struct process *process, uint32_t number) REQUIRES(process_tree) {
    struct id *group = number == process->number ? process->id : id_find(number);
    if (group == process->id) {
        return group;
    }
    if (group == nullptr || list_is_empty(&group->groupers)) {
        return nullptr;
    }
    const struct process *member = LIST_ENTRY(group->groupers.next, struct process, of_group);
    return member->session == process->session ? group : nullptr;
}

static int64_t set_group(struct process *process, uint32_t number) REQUIRES(process_tree) {
    struct process *current = process_current();
    bool is_child = process->parent == current;
    if (process != current && !is_child) {
        return STATUS_NO_SUCH_PROCESS;
    }
    if (is_child && process->session != current->session) {
        return STATUS_NOT_PERMITTED;
    }
    if (is_child && process->has_started_program) {
        return STATUS_ACCESS_DENIED;
    }
    if (process->session == process->id) {
        return STATUS_NOT_PERMITTED;
    }
    struct id *group = find_group(process, number);
    if (group == nullptr) {
        return STATUS_NOT_PERMITTED;
    }
    if (group != process->group) {
        move(process, group, process->session);
    }
    return STATUS_OK;
}

int64_t process_set_group(uint32_t number, uint32_t group) {
    number = number != 0 ? number : process_current()->number;
    group = group != 0 ? group : number;
    if ((int32_t)group < 0) {
        return STATUS_INVALID;
    }
    tree_lock();
    struct id *id = id_find(number);
    int64_t status = STATUS_NO_SUCH_PROCESS;
    if (id && id->process) {
        status = set_group(id->process, group);
    } else if (id && id->task) {
        status = STATUS_INVALID; /* a thread's number that is not its process's */
    }
    tree_unlock();
    return status;
}

int64_t process_begin_session(void) {
    struct process *process = process_current();
    int64_t result = STATUS_NOT_PERMITTED;
    tree_lock();
    bool leads_group = process->group == process->id || !list_is_empty(&process->id->groupers);
    if (!leads_group) {
        move(process, process->id, process->id);
        process->terminal = nullptr;
        result = process->number;
    }
    tree_unlock();
    return result;
}

unsigned group_send(struct id *group, const struct signal_info *info) {
    unsigned count = 0;
    for (struct list_node *at = group->groupers.next; at != &group->groupers; at = at->next) {
        (void)signal_send(LIST_ENTRY(at, struct process, of_group), info);
        count++;
    }
    return count;
}
