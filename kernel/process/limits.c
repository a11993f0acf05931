#include "kernel/process/process.h"
#include "mm/space/space_usage.h"

static uint64_t locked_limit(const struct process *process) {
    bool may_lock_all = process->credentials.effective_user == 0;
    return may_lock_all ? SPACE_UNLIMITED : process->limits[RESOURCE_LOCKED_MEMORY].soft;
}

void process_memory_apply_limits(struct process_memory *memory) {
    constexpr uint64_t usual_stack = 8ull << 20;
    const struct process *process = process_current();
    struct space_limits limits = {
        .address_space_bytes = SPACE_UNLIMITED,
        .data_bytes = SPACE_UNLIMITED,
        .stack_bytes = usual_stack,
        .locked_bytes = SPACE_UNLIMITED,
    };
    if (process) {
        limits = (struct space_limits){
            .address_space_bytes = process->limits[RESOURCE_ADDRESS_SPACE].soft,
            .data_bytes = process->limits[RESOURCE_DATA].soft,
            .stack_bytes = process->limits[RESOURCE_STACK].soft,
            .locked_bytes = locked_limit(process),
            .denies_new_code = __atomic_load_n(&memory->denials, __ATOMIC_RELAXED) != 0,
            .may_use_reserve = process->credentials.effective_user == 0,
        };
    }
    space_set_limits(memory->space, &limits);
}

void process_apply_limits(void) {
    process_memory_apply_limits(process_current()->memory);
}
