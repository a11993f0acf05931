#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "kernel/files/wait/wait.h"
#include "kernel/process/process.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "lib/status.h"
#include "mm/space/user_pager.h"

/* What the sources of this room share. */

/* UFFD_FEATURE_, in Linux's bits. */
constexpr uint64_t FEATURE_EVENT_FORK = 1 << 1;
constexpr uint64_t FEATURE_MISSING_SHMEM = 1 << 5;
constexpr uint64_t FEATURE_SIGBUS = 1 << 7;
constexpr uint64_t FEATURE_THREAD_ID = 1 << 8;
constexpr uint64_t FEATURE_MINOR_SHMEM = 1 << 10;
constexpr uint64_t FEATURE_EXACT_ADDRESS = 1 << 11;
constexpr uint64_t FEATURES = FEATURE_MISSING_SHMEM | FEATURE_SIGBUS | FEATURE_THREAD_ID |
                              FEATURE_MINOR_SHMEM | FEATURE_EXACT_ADDRESS;
constexpr uint64_t IS_READY = 1ull << 63; /* the handshake has been */

struct pager_state {
    struct area_pager pager;       /* first: see state_of_pager */
    uint32_t reference_count;      /* atomic: the file's, its areas', that of who waits */
    bool serves_programs_only;     /* fixed at creation */
    struct process_memory *memory; /* held; fixed at creation */
    uint64_t features;             /* FEATURE_, IS_READY; atomic; set once */
    struct wait_queue changed;     /* who waits for something to read */
    struct spinlock lock;
    struct list_node unread, read; /* who waits for pages; guarded by lock */
};

static_assert(offsetof(struct pager_state, pager) == 0);

static inline bool pager_has(const struct pager_state *state, uint64_t feature) {
    return (__atomic_load_n(&state->features, __ATOMIC_RELAXED) & feature) != 0;
}

/* Whoever waits for a page of the range looks again. */
void pager_answer(struct pager_state *state, struct virt_range range);

/* man 2 ioctl_userfaultfd. */
enum status pager_control(struct file *file, uint32_t request, uint64_t argument);
