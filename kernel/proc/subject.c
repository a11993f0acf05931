#include "kernel/proc/subject.h"

#include "kernel/files/path/path.h"
#include "lib/memory.h"

struct task *subject_task(const struct made_subject *subject) {
    struct process *process = subject_process(subject);
    struct id *id = id_find(subject->task != 0 ? subject->task : process->number);
    if (id != nullptr && id->task != nullptr && id->task->process == process) {
        return id->task;
    }
    if (subject->task != 0 || list_is_empty(&process->tasks)) {
        return nullptr;
    }
    return LIST_ENTRY(process->tasks.next, struct task, link);
}

bool subject_is_there(const struct made_subject *subject) {
    const struct process *process = subject_process(subject);
    if (process == nullptr) {
        return true;
    }
    tree_lock();
    bool is_there =
        process->id != nullptr && (subject->task == 0 || subject_task(subject) != nullptr ||
                                   subject->task == process->number);
    tree_unlock();
    return is_there;
}

void subject_find_owner(const struct made_subject *subject, uint32_t *user, uint32_t *group) {
    const struct process *process = subject_process(subject);
    *user = *group = 0;
    if (process == nullptr || __atomic_load_n(&process->is_dumpable, __ATOMIC_RELAXED) != 1) {
        return;
    }
    tree_lock();
    *user = process->credentials.effective_user;
    *group = process->credentials.effective_group;
    tree_unlock();
}

static bool has_same_ids(const struct process_credentials *own,
                         const struct process_credentials *other) {
    uint32_t user = own->file_user;
    uint32_t group = own->file_group;
    return user == other->real_user && user == other->effective_user && user == other->saved_user &&
           group == other->real_group && group == other->effective_group &&
           group == other->saved_group;
}

static bool may_inspect_held(const struct made_subject *subject) REQUIRES(process_tree) {
    const struct process *current = process_current();
    const struct process *other = subject_process(subject);
    if (current == nullptr || current == other || current->credentials.file_user == 0) {
        return true;
    }
    return has_same_ids(&current->credentials, &other->credentials) &&
           __atomic_load_n(&other->is_dumpable, __ATOMIC_RELAXED) == 1;
}

bool may_inspect(const struct made_subject *subject) {
    tree_lock();
    bool is_allowed = may_inspect_held(subject);
    tree_unlock();
    return is_allowed;
}

static struct process_memory *memory_held(const struct made_subject *subject)
    REQUIRES(process_tree) {
    struct process_memory *memory = subject_process(subject)->memory;
    if (memory != nullptr) {
        process_memory_ref(memory);
    }
    return memory;
}

struct process_memory *subject_memory(const struct made_subject *subject) {
    tree_lock();
    struct process_memory *memory = memory_held(subject);
    tree_unlock();
    return memory;
}

struct descriptor_table *subject_files(const struct made_subject *subject) {
    tree_lock();
    const struct task *task = subject_task(subject);
    struct descriptor_table *files = task != nullptr ? task->files : nullptr;
    if (files != nullptr) {
        descriptor_table_ref(files);
    }
    tree_unlock();
    return files;
}

struct file_context *subject_places(const struct made_subject *subject) {
    tree_lock();
    const struct task *task = subject_task(subject);
    struct file_context *places = task != nullptr ? task->places : nullptr;
    if (places != nullptr) {
        file_context_ref(places);
    }
    tree_unlock();
    return places;
}

/* Asked and taken in one: in between, execve could give it the memory of another's program. */
enum status memory_open(const struct made_subject *subject, void **state) {
    tree_lock();
    bool is_allowed = may_inspect_held(subject);
    struct process_memory *memory = is_allowed ? memory_held(subject) : nullptr;
    tree_unlock();
    if (!is_allowed) {
        return STATUS_ACCESS_DENIED;
    }
    if (memory != nullptr) {
        process_memory_hold(memory);
        process_memory_unref(memory);
    }
    *state = memory;
    return STATUS_OK;
}

void memory_release(void *state) {
    if (state != nullptr) {
        process_memory_let_go(state);
    }
}

struct process_memory *memory_of_state(void *state) {
    return state != nullptr && process_memory_try_ref(state) ? state : nullptr;
}

struct location reader_root(void) {
    struct task *task = task_current();
    return file_context_root(task->places);
}

/* Only man 2 getcwd says that a place cannot be reached. */
static const char *without_mark(const char *path) {
    static const char mark[] = "(unreachable)";
    constexpr size_t length = sizeof(mark) - 1;
    return strncmp(path, mark, length) == 0 ? path + length : path;
}

const char *shown_path(const struct location *place, char *buffer) {
    const char *path;
    struct location root = reader_root();
    enum status status = path_of(place, &root, buffer, PATH_SIZE_MAX, &path);
    location_unref(&root);
    return status == STATUS_OK ? without_mark(path) : "";
}
