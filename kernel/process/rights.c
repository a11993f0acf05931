#include "kernel/process/rights.h"

#include "kernel/signal/signal.h"

bool may_signal(const struct process *process, unsigned signal) {
    const struct process *current = process_current();
    const struct process_credentials *own = &current->credentials;
    const struct process_credentials *other = &process->credentials;
    if (own->effective_user == 0 || process == current) {
        return true;
    }
    if (signal == SIGNAL_CONT && process->session == current->session) {
        return true;
    }
    return own->effective_user == other->real_user || own->effective_user == other->saved_user ||
           own->real_user == other->real_user || own->real_user == other->saved_user;
}

bool may_trace(const struct process *process) {
    const struct process_credentials *own = &process_current()->credentials;
    const struct process_credentials *other = &process->credentials;
    if (process == process_current() || own->effective_user == 0) {
        return true;
    }
    bool is_user = own->real_user == other->real_user && own->real_user == other->effective_user &&
                   own->real_user == other->saved_user;
    bool is_group = own->real_group == other->real_group &&
                    own->real_group == other->effective_group &&
                    own->real_group == other->saved_group;
    return is_user && is_group && __atomic_load_n(&process->is_dumpable, __ATOMIC_RELAXED) == 1;
}
