#include "kernel/process/program_rights.h"

#include "kernel/files/node/attributes.h"
#include "kernel/files/path/mount.h"
#include "kernel/process/executable.h"
#include "kernel/process/ptrace.h"

/* PER_CLEAR_ON_SETID of Linux: what would help to attack a program with more rights. */
constexpr uint32_t PERSONALITY_UNSAFE = 0x0740000;

/* Whether other processes can change where its paths begin (man 2 clone, CLONE_FS), and so what a
 * program with more rights finds there. */
static bool shares_places(const struct process *process) REQUIRES(process_tree) {
    const struct file_context *places = task_current()->places;
    uint32_t own_count = 0;
    for (struct list_node *at = process->tasks.next; at != &process->tasks; at = at->next) {
        own_count += LIST_ENTRY(at, struct task, link)->places == places;
    }
    return places->task_count > own_count && !process_has_capabilities();
}

/* Whether somebody would trace it who has no right to the program's rights. */
static bool is_traced_by_user(const struct task *task) {
    const struct trace *trace = task ? task_trace(task) : nullptr;
    return trace && !trace->is_roots;
}

static bool may_gain(const struct file *file) {
    const struct process *process = process_current();
    const struct mount *mount = file->place.mount;
    return process && !__atomic_load_n(&process->has_no_new_privileges, __ATOMIC_RELAXED) &&
           !(mount && (mount_flags(mount) & MOUNT_NO_SET_USER));
}

/* Whether the file's rights would be somebody else's to use. */
static bool must_withhold(const struct task *task) REQUIRES(process_tree) {
    return shares_places(task->process) || is_traced_by_user(task);
}

static struct program_rights rights_of(struct file *file) {
    constexpr uint32_t group_executes = 010;
    constexpr uint32_t set_group = PERMISSION_SET_GROUP | group_executes;
    struct program_rights rights = {.user = RIGHTS_OF_CALLER, .group = RIGHTS_OF_CALLER};
    const struct task *task = task_current();
    struct file_stat stat;
    if (!task) {
        return rights;
    }
    file_inspect(file, &stat);
    if (may_gain(file) && (stat.mode & PERMISSION_SET_USER)) {
        rights.user = stat.user;
    }
    if (may_gain(file) && (stat.mode & set_group) == set_group) {
        rights.group = stat.group;
    }
    tree_lock();
    rights.are_withheld = must_withhold(task);
    tree_unlock();
    return rights;
}

struct program_rights program_rights_of(const struct path_view *view, struct file *file) {
    struct program_rights rights = rights_of(file);
    rights.is_unreadable = !executable_is_readable(view, file);
    return rights;
}

bool program_rights_are_given(const struct program_rights *rights) {
    return rights->user != RIGHTS_OF_CALLER || rights->group != RIGHTS_OF_CALLER;
}

struct process_credentials credentials_after(const struct process_credentials *before,
                                             const struct program_rights *rights) {
    struct process_credentials after = *before;
    bool sets_user = rights->user != RIGHTS_OF_CALLER;
    bool sets_group = rights->group != RIGHTS_OF_CALLER;
    after.effective_user = sets_user ? rights->user : before->effective_user;
    after.effective_group = sets_group ? rights->group : before->effective_group;
    if (rights->are_withheld && credentials_are_secure(&after)) {
        after.effective_user = after.real_user;
        after.effective_group = after.real_group;
    }
    after.saved_user = after.file_user = after.effective_user;
    after.saved_group = after.file_group = after.effective_group;
    after.is_permitted_none = after.real_user != 0 && after.effective_user != 0;
    return after;
}

bool credentials_are_secure(const struct process_credentials *credentials) {
    return credentials->real_user != credentials->effective_user ||
           credentials->real_group != credentials->effective_group;
}

bool program_rights_are_secure(const struct process_credentials *before,
                               const struct program_rights *rights) {
    struct program_rights wanted = *rights;
    wanted.are_withheld = false;
    const struct process_credentials after = credentials_after(before, &wanted);
    return credentials_are_secure(&after);
}

static bool have_same_ids(const struct process_credentials *a,
                          const struct process_credentials *b) {
    return a->effective_user == b->effective_user && a->effective_group == b->effective_group &&
           a->file_user == b->file_user && a->file_group == b->file_group;
}

void program_rights_take(struct task *task, const struct program_rights *rights) {
    struct process *process = task->process;
    struct program_rights given = *rights;
    /* Somebody may have come to trace it, or to share its places, since they were looked up. */
    given.are_withheld |= must_withhold(task);
    const struct process_credentials before = process->credentials;
    process->credentials = credentials_after(&before, &given);
    bool is_changed = !have_same_ids(&before, &process->credentials);
    if (is_changed || credentials_are_secure(&process->credentials)) {
        task->parent_death_signal = 0;
    }
    bool is_dumpable = !is_changed && !credentials_are_secure(&before) && !rights->is_unreadable;
    __atomic_store_n(&process->is_dumpable, is_dumpable ? 1 : 0, __ATOMIC_RELAXED);
    if (program_rights_are_given(rights)) {
        __atomic_and_fetch(&process->personality, ~PERSONALITY_UNSAFE, __ATOMIC_RELAXED);
    }
}
