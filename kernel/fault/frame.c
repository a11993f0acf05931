#include "kernel/fault/frame.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"

/* An access of supervisor mode that user code causes, as of a descriptor, is implicit, and
 * EFLAGS.AC does not open user memory to it (SDM 3A 4.6.1). */
static bool is_user_memory_open(const struct trap_frame *frame) {
    return !trap_is_from_user(frame) && (frame->rflags & RFLAGS_ALIGNMENT_CHECK) != 0;
}

void fault_read_frame(const struct trap_frame *frame, struct fault_facts *facts) {
    facts->instruction = frame->rip;
    facts->address = virt_addr(frame->fault_address);
    facts->error_code = (uint32_t)frame->error_code;
    facts->is_smap_in_force = cpu_features()->has_smap && !is_user_memory_open(frame);
    facts->is_smep_in_force = cpu_features()->has_smep;
}
