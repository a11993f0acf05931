#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/user.h"

/* On whose behalf a process runs: man 7 credentials, man 2 setresuid. Root is who has effective
 * user 0, and has every right (man 7 capabilities). */

constexpr uint32_t UNCHANGED = UINT32_MAX;
constexpr uint32_t GROUPS_MAX =
    sizeof(((struct process_credentials *)nullptr)->groups) / sizeof(uint32_t);

/* Real, effective, saved and file id, of users or of groups. */
struct ids {
    uint32_t real, effective, saved, file;
};

static struct ids user_ids(void) {
    const struct process_credentials *own = &process_current()->credentials;
    return (struct ids){own->real_user, own->effective_user, own->saved_user, own->file_user};
}

static struct ids group_ids(void) {
    const struct process_credentials *own = &process_current()->credentials;
    return (struct ids){own->real_group, own->effective_group, own->saved_group, own->file_group};
}

static bool has_root(const struct ids *ids) {
    return ids->real == 0 || ids->effective == 0 || ids->saved == 0;
}

/* Whoever is root by none of its ids any more may do nothing, unless it said to keep what it may
 * (PR_SET_KEEPCAPS). */
static bool loses_permitted(const struct process *process, const struct ids *next)
    REQUIRES(process_tree) {
    const struct process_credentials *own = &process->credentials;
    const struct ids before = {own->real_user, own->effective_user, own->saved_user,
                               own->file_user};
    bool is_given_up = has_root(&before) && !has_root(next) && !process->keeps_capabilities;
    return own->is_permitted_none || is_given_up;
}

static void set_user_ids(const struct ids *ids) {
    struct process *process = process_current();
    tree_lock();
    struct process_credentials *own = &process->credentials;
    if (own->effective_user != ids->effective) {
        __atomic_store_n(&process->is_dumpable, 0, __ATOMIC_RELAXED);
    }
    own->is_permitted_none = loses_permitted(process, ids);
    own->real_user = ids->real;
    own->effective_user = ids->effective;
    own->saved_user = ids->saved;
    own->file_user = ids->file;
    user_tasks_refresh(process);
    tree_unlock();
}

static void set_group_ids(const struct ids *ids) {
    struct process_credentials *own = &process_current()->credentials;
    tree_lock();
    own->real_group = ids->real;
    own->effective_group = ids->effective;
    own->saved_group = ids->saved;
    own->file_group = ids->file;
    tree_unlock();
}

static bool is_one_of(uint32_t id, const struct ids *ids) {
    return id == UNCHANGED || id == ids->real || id == ids->effective || id == ids->saved;
}

/* man 2 setuid, setgid. */
static int64_t set_one(struct ids *ids, uint32_t id) {
    if (id == UNCHANGED) {
        return STATUS_INVALID;
    }
    if (process_has_capabilities()) {
        *ids = (struct ids){id, id, id, id};
        return 0;
    }
    if (id != ids->real && id != ids->saved) {
        return STATUS_NOT_PERMITTED;
    }
    ids->effective = id;
    ids->file = id;
    return 0;
}

/* man 2 setreuid, setregid. */
static int64_t set_two(struct ids *ids, uint32_t real, uint32_t effective) {
    const struct ids before = *ids;
    bool may_real = real == UNCHANGED || real == before.real || real == before.effective;
    if (!process_has_capabilities() && (!may_real || !is_one_of(effective, &before))) {
        return STATUS_NOT_PERMITTED;
    }
    ids->real = real != UNCHANGED ? real : before.real;
    ids->effective = effective != UNCHANGED ? effective : before.effective;
    ids->file = ids->effective;
    if (real != UNCHANGED || (effective != UNCHANGED && effective != before.real)) {
        ids->saved = ids->effective;
    }
    return 0;
}

/* man 2 setresuid, setresgid. */
static int64_t set_three(struct ids *ids, uint32_t real, uint32_t effective, uint32_t saved) {
    if (!process_has_capabilities() &&
        (!is_one_of(real, ids) || !is_one_of(effective, ids) || !is_one_of(saved, ids))) {
        return STATUS_NOT_PERMITTED;
    }
    ids->real = real != UNCHANGED ? real : ids->real;
    ids->effective = effective != UNCHANGED ? effective : ids->effective;
    ids->saved = saved != UNCHANGED ? saved : ids->saved;
    ids->file = ids->effective;
    return 0;
}

static int64_t end_user_change(int64_t status, const struct ids *ids) {
    if (status == 0) {
        set_user_ids(ids);
    }
    return status;
}

static int64_t end_group_change(int64_t status, const struct ids *ids) {
    if (status == 0) {
        set_group_ids(ids);
    }
    return status;
}

int64_t call_getuid(const struct trap_frame *frame) {
    (void)frame;
    return user_ids().real;
}

int64_t call_geteuid(const struct trap_frame *frame) {
    (void)frame;
    return user_ids().effective;
}

int64_t call_getgid(const struct trap_frame *frame) {
    (void)frame;
    return group_ids().real;
}

int64_t call_getegid(const struct trap_frame *frame) {
    (void)frame;
    return group_ids().effective;
}

int64_t call_setuid(const struct trap_frame *frame) {
    struct ids ids = user_ids();
    return end_user_change(set_one(&ids, (uint32_t)frame->rdi), &ids);
}

int64_t call_setgid(const struct trap_frame *frame) {
    struct ids ids = group_ids();
    return end_group_change(set_one(&ids, (uint32_t)frame->rdi), &ids);
}

int64_t call_setreuid(const struct trap_frame *frame) {
    struct ids ids = user_ids();
    int64_t status = set_two(&ids, (uint32_t)frame->rdi, (uint32_t)frame->rsi);
    return end_user_change(status, &ids);
}

int64_t call_setregid(const struct trap_frame *frame) {
    struct ids ids = group_ids();
    int64_t status = set_two(&ids, (uint32_t)frame->rdi, (uint32_t)frame->rsi);
    return end_group_change(status, &ids);
}

int64_t call_setresuid(const struct trap_frame *frame) {
    struct ids ids = user_ids();
    int64_t status =
        set_three(&ids, (uint32_t)frame->rdi, (uint32_t)frame->rsi, (uint32_t)frame->rdx);
    return end_user_change(status, &ids);
}

int64_t call_setresgid(const struct trap_frame *frame) {
    struct ids ids = group_ids();
    int64_t status =
        set_three(&ids, (uint32_t)frame->rdi, (uint32_t)frame->rsi, (uint32_t)frame->rdx);
    return end_group_change(status, &ids);
}

static int64_t store_three(const struct trap_frame *frame, const struct ids *ids) {
    if (copy_out(frame->rdi, &ids->real, sizeof(ids->real)) != 0 ||
        copy_out(frame->rsi, &ids->effective, sizeof(ids->effective)) != 0) {
        return STATUS_FAULT;
    }
    return copy_out(frame->rdx, &ids->saved, sizeof(ids->saved));
}

int64_t call_getresuid(const struct trap_frame *frame) {
    const struct ids ids = user_ids();
    return store_three(frame, &ids);
}

int64_t call_getresgid(const struct trap_frame *frame) {
    const struct ids ids = group_ids();
    return store_three(frame, &ids);
}

/* Both return what was, whether it changes or not. */
int64_t call_setfsuid(const struct trap_frame *frame) {
    struct ids ids = user_ids();
    uint32_t before = ids.file;
    uint32_t id = (uint32_t)frame->rdi;
    if (id != UNCHANGED && (process_has_capabilities() || id == before || is_one_of(id, &ids))) {
        ids.file = id;
        set_user_ids(&ids);
    }
    return before;
}

int64_t call_setfsgid(const struct trap_frame *frame) {
    struct ids ids = group_ids();
    uint32_t before = ids.file;
    uint32_t id = (uint32_t)frame->rdi;
    if (id != UNCHANGED && (process_has_capabilities() || id == before || is_one_of(id, &ids))) {
        ids.file = id;
        set_group_ids(&ids);
    }
    return before;
}

int64_t call_getgroups(const struct trap_frame *frame) {
    const struct process_credentials *own = &process_current()->credentials;
    int32_t room = (int32_t)frame->rdi;
    if (room == 0) {
        return own->group_count;
    }
    if (room < (int32_t)own->group_count) {
        return STATUS_INVALID;
    }
    size_t size_bytes = own->group_count * sizeof(uint32_t);
    return copy_out(frame->rsi, own->groups, size_bytes) == 0 ? (int64_t)own->group_count
                                                              : STATUS_FAULT;
}

/* As Linux keeps them, so that getgroups shows them so. */
static void sort(uint32_t *groups, uint32_t count) {
    for (uint32_t i = 1; i < count; i++) {
        uint32_t moved = groups[i];
        uint32_t at = i;
        for (; at > 0 && groups[at - 1] > moved; at--) {
            groups[at] = groups[at - 1];
        }
        groups[at] = moved;
    }
}

int64_t call_setgroups(const struct trap_frame *frame) {
    struct process_credentials *own = &process_current()->credentials;
    uint32_t groups[GROUPS_MAX] = {};
    uint32_t count = (uint32_t)frame->rdi;
    if (!process_has_capabilities()) {
        return STATUS_NOT_PERMITTED;
    }
    if (count > GROUPS_MAX) {
        return STATUS_INVALID;
    }
    if (copy_in(groups, frame->rsi, count * sizeof(groups[0])) != 0) {
        return STATUS_FAULT;
    }
    sort(groups, count);
    tree_lock();
    own->group_count = count;
    __builtin_memcpy(own->groups, groups, sizeof(groups));
    tree_unlock();
    return 0;
}

/* struct __user_cap_header_struct and data of man 2 capget. */
struct capability_header {
    uint32_t version;
    int32_t process;
};

constexpr uint32_t CAPABILITY_VERSION_1 = 0x19980330;
constexpr uint32_t CAPABILITY_VERSION_2 = 0x20071026;
constexpr uint32_t CAPABILITY_VERSION_3 = 0x20080522;
constexpr uint64_t CAPABILITY_ALL = (1ull << 41) - 1;

/* How many words of each set the version has; 0: unknown, and the one to use is said. */
static unsigned capability_words(uint64_t address, struct capability_header *header) {
    switch (header->version) {
    case CAPABILITY_VERSION_1:
        return 1;
    case CAPABILITY_VERSION_2:
    case CAPABILITY_VERSION_3:
        return 2;
    default:
        header->version = CAPABILITY_VERSION_3;
        return copy_out(address, header, sizeof(header->version)) == 0 ? 0 : UINT32_MAX;
    }
}

/* What a process may do, as two sets of capabilities. */
struct capability_sets {
    uint64_t effective, permitted;
};

static struct capability_sets sets_of(const struct process *process) REQUIRES(process_tree) {
    const struct process_credentials *own = &process->credentials;
    return (struct capability_sets){
        .effective = own->effective_user == 0 ? CAPABILITY_ALL : 0,
        .permitted = own->is_permitted_none ? 0 : CAPABILITY_ALL,
    };
}

/* Of a process or thread by its number; 0 is the current one. */
static enum status find_sets(uint32_t number, struct capability_sets *sets) {
    enum status status = STATUS_NO_SUCH_PROCESS;
    tree_lock();
    struct id *id = number != 0 ? id_find(number) : process_current()->id;
    const struct process *process = id ? id->process : nullptr;
    if (id && id->task) {
        process = id->task->process;
    }
    if (process) {
        *sets = sets_of(process);
        status = STATUS_OK;
    }
    tree_unlock();
    return status;
}

int64_t call_capget(const struct trap_frame *frame) {
    struct capability_header header;
    if (copy_in(&header, frame->rdi, sizeof(header)) != 0) {
        return STATUS_FAULT;
    }
    unsigned words = capability_words(frame->rdi, &header);
    if (words == 0) {
        return frame->rsi == 0 ? 0 : STATUS_INVALID;
    }
    if (words == UINT32_MAX) {
        return STATUS_FAULT;
    }
    if (header.process < 0) {
        return STATUS_INVALID;
    }
    struct capability_sets found;
    enum status status = find_sets((uint32_t)header.process, &found);
    if (status != STATUS_OK) {
        return status;
    }
    const uint32_t sets[2][3] = {
        {(uint32_t)found.effective, (uint32_t)found.permitted, 0},
        {(uint32_t)(found.effective >> 32), (uint32_t)(found.permitted >> 32), 0},
    };
    return frame->rsi != 0 ? copy_out(frame->rsi, sets, words * sizeof(sets[0])) : 0;
}

/* Who is root keeps all of them, and others have none: what asks for that is granted, what asks for
 * more is refused. Giving some of root's up is accepted and has no effect. */
int64_t call_capset(const struct trap_frame *frame) {
    struct capability_header header;
    if (copy_in(&header, frame->rdi, sizeof(header)) != 0) {
        return STATUS_FAULT;
    }
    unsigned words = capability_words(frame->rdi, &header);
    if (words == 0 || words == UINT32_MAX) {
        return words == 0 ? STATUS_INVALID : STATUS_FAULT;
    }
    if (header.process != 0 && (uint32_t)header.process != process_current()->number) {
        return STATUS_NOT_PERMITTED;
    }
    uint32_t sets[2][3] = {};
    if (copy_in(sets, frame->rsi, words * sizeof(sets[0])) != 0) {
        return STATUS_FAULT;
    }
    uint32_t wanted = 0;
    for (unsigned i = 0; i < words; i++) {
        wanted |= sets[i][0] | sets[i][1] | sets[i][2];
    }
    return wanted != 0 && !process_has_capabilities() ? STATUS_NOT_PERMITTED : 0;
}
