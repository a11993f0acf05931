#include "kernel/cpu/user_copy.h"
#include "kernel/process/futex.h"
#include "kernel/process/futex_queue.h"
#include "kernel/process/lifecycle.h"

/* What becomes of the locks of a task that ends. */

/* struct robust_list_head of Linux's <linux/futex.h>. */
struct robust_head {
    uint64_t next;
    int64_t word_offset;
    uint64_t pending;
};

constexpr unsigned ROBUST_MAX = 2048;        /* entries that are followed, as on Linux */
constexpr uint64_t ENTRY_IS_HANDED_OVER = 1; /* of an entry's address: a FUTEX_LOCK_PI lock */

static void wake_one_at(uint64_t address) {
    struct futex_key key;
    if (futex_find_key(address, false, &key) == STATUS_OK) {
        (void)futex_wake(&key, 1, FUTEX_ANY);
    }
}

/* Says in a lock that the task held it and has died. One that was being taken or given back is free
 * already, and who waits for it may not know. */
static void release_robust(const struct task *task, const struct robust_head *head, uint64_t entry,
                           bool is_pending) {
    uint64_t address = (entry & ~ENTRY_IS_HANDED_OVER) + (uint64_t)head->word_offset;
    bool is_handed_over = (entry & ENTRY_IS_HANDED_OVER) != 0;
    uint32_t value;
    if (!is_aligned(address, sizeof(value)) || !user_copy_word(&value, virt_addr(address))) {
        return;
    }
    if (is_pending && !is_handed_over && (value & FUTEX_OWNER) == 0) {
        wake_one_at(address);
        return;
    }
    while ((value & FUTEX_OWNER) == task->number) {
        uint32_t seen = value;
        uint32_t next = (value & FUTEX_HAS_WAITERS) | FUTEX_OWNER_DIED;
        if (!user_compare_exchange(virt_addr(address), &seen, next)) {
            return;
        }
        if (seen == value) {
            if (!is_handed_over && (value & FUTEX_HAS_WAITERS)) {
                wake_one_at(address);
            }
            return;
        }
        value = seen;
    }
}

static void release_robust_list(const struct task *task) {
    struct robust_head head;
    if (task->robust_list == 0 ||
        user_copy_in(&head, virt_addr(task->robust_list), sizeof(head)) != 0) {
        return;
    }
    uint64_t at = head.next;
    for (unsigned i = 0; i < ROBUST_MAX && (at & ~ENTRY_IS_HANDED_OVER) != task->robust_list; i++) {
        uint64_t next;
        virt_addr_t link = virt_addr(at & ~ENTRY_IS_HANDED_OVER);
        bool has_next = user_copy_in(&next, link, sizeof(next)) == 0;
        if ((at ^ head.pending) & ~ENTRY_IS_HANDED_OVER) {
            release_robust(task, &head, at, false);
        }
        if (!has_next) {
            return;
        }
        at = next;
    }
    if (head.pending != 0) {
        release_robust(task, &head, head.pending, true);
    }
}

/* Whether anybody else has the task's memory. As on Linux, what shares but a page of it does not
 * count. */
static bool is_seen_by_others(const struct task *task) {
    const struct process_memory *memory = task->process->memory;
    return process_has_threads() || __atomic_load_n(&memory->reference_count, __ATOMIC_RELAXED) > 1;
}

void task_release_futexes(struct task *task) {
    __atomic_store_n(&task->has_left_futexes, true, __ATOMIC_SEQ_CST);
    release_robust_list(task);
    futex_pass_locks_on(task->number);
    task->robust_list = 0;
    uint64_t address = task->clear_id_address;
    task->clear_id_address = 0;
    if (address != 0 && is_seen_by_others(task)) {
        const uint32_t none = 0;
        if (user_copy_out(virt_addr(address), &none, sizeof(none)) == 0) {
            wake_one_at(address);
        }
    }
}
