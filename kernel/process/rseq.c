#include "kernel/process/rseq.h"

#include "kernel/cpu/user_copy.h"
#include "kernel/process/signals.h"
#include "mm/addr/layout.h"

/* struct rseq_cs of <linux/rseq.h>. */
struct section {
    uint32_t version, flags;
    uint64_t start, size_bytes, abort;
};

static_assert(sizeof(struct section) == 32);

/* Where the fields of struct rseq are. */
constexpr uint64_t CPU_OFFSET = 0; /* cpu_id_start, cpu_id */
constexpr uint64_t SECTION_OFFSET = 8;
constexpr uint32_t CPU_UNKNOWN = UINT32_MAX; /* RSEQ_CPU_ID_UNINITIALIZED */

static bool is_valid(const struct section *section) {
    uint64_t end;
    bool wraps = __builtin_add_overflow(section->start, section->size_bytes, &end);
    return section->version == 0 && section->flags == 0 && !wraps && section->start < USER_END &&
           end <= USER_END && section->abort < USER_END &&
           section->abort - section->start >= section->size_bytes;
}

/* The word before the place to go on at must be the one that was registered: a jump elsewhere could
 * be an attacker's. */
static enum status check_signature(const struct task *task, const struct section *section) {
    uint32_t signature;
    uint64_t at = section->abort - sizeof(signature);
    if (user_copy_in(&signature, virt_addr(at), sizeof(signature)) != 0) {
        return STATUS_FAULT;
    }
    return signature == task->rseq_signature ? STATUS_OK : STATUS_INVALID;
}

static enum status abort_section(const struct task *task, struct trap_frame *frame) {
    const uint64_t none = 0;
    uint64_t address;
    struct section section;
    virt_addr_t field = virt_addr(task->rseq_address + SECTION_OFFSET);
    if (user_copy_in(&address, field, sizeof(address)) != 0) {
        return STATUS_FAULT;
    }
    if (address == 0) {
        return STATUS_OK;
    }
    if (user_copy_in(&section, virt_addr(address), sizeof(section)) != 0) {
        return STATUS_FAULT;
    }
    enum status status = is_valid(&section) ? check_signature(task, &section) : STATUS_INVALID;
    if (status != STATUS_OK) {
        return status;
    }
    if (user_copy_out(field, &none, sizeof(none)) != 0) {
        return STATUS_FAULT;
    }
    if (frame->rip - section.start < section.size_bytes) {
        frame->rip = section.abort;
    }
    return STATUS_OK;
}

static enum status tell_cpu(const struct task *task, uint32_t first, uint32_t cpu) {
    const uint32_t cpus[2] = {first, cpu};
    virt_addr_t field = virt_addr(task->rseq_address + CPU_OFFSET);
    return user_copy_out(field, cpus, sizeof(cpus)) == 0 ? STATUS_OK : STATUS_FAULT;
}

static void punish(struct task *task) {
    const struct signal_info info = signal_info_from_kernel(SIGNAL_SEGV);
    task->rseq_address = 0;
    signal_force(&info);
}

void rseq_settle(struct trap_frame *frame) {
    struct task *task = task_current();
    if (!rseq_is_due(task)) {
        return;
    }
    task->rseq_turn = task->thread->turn_count;
    if (abort_section(task, frame) != STATUS_OK || tell_cpu(task, 0, 0) != STATUS_OK) {
        punish(task);
    }
}

void rseq_interrupt(struct trap_frame *frame) {
    struct task *task = task_current();
    if (task->rseq_address != 0 && abort_section(task, frame) != STATUS_OK) {
        punish(task);
    }
}

enum status rseq_leave(void) {
    return tell_cpu(task_current(), 0, CPU_UNKNOWN);
}
