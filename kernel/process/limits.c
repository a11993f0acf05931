#include "kernel/process/process.h"
#include "mm/space/space_usage.h"

static uint64_t soft_limit(const struct process *process, enum resource resource) {
    return __atomic_load_n(&process->limits[resource].soft, __ATOMIC_RELAXED);
}

static bool denies_new_code(const struct process_memory *memory) {
    return memory && __atomic_load_n(&memory->denials, __ATOMIC_RELAXED) != 0;
}

static struct space_limits limits_of_process(const struct process *process) {
    bool is_root = process->credentials.effective_user == 0;
    return (struct space_limits){
        .address_space_bytes = soft_limit(process, RESOURCE_ADDRESS_SPACE),
        .data_bytes = soft_limit(process, RESOURCE_DATA),
        .stack_bytes = soft_limit(process, RESOURCE_STACK),
        .locked_bytes = is_root ? SPACE_UNLIMITED : soft_limit(process, RESOURCE_LOCKED_MEMORY),
        .denies_new_code = denies_new_code(process->memory),
        .may_use_reserve = is_root,
    };
}

/* Of the current process, which is not always the only one that has the memory. */
static struct space_limits limits_now(void) {
    constexpr uint64_t usual_stack = 8ull << 20;
    const struct process *process = process_current();
    if (process) {
        return limits_of_process(process);
    }
    return (struct space_limits){
        .address_space_bytes = SPACE_UNLIMITED,
        .data_bytes = SPACE_UNLIMITED,
        .stack_bytes = usual_stack,
        .locked_bytes = SPACE_UNLIMITED,
    };
}

void process_memory_obey_limits(struct process_memory *memory) {
    space_ask_limits(memory->space, limits_now);
}
