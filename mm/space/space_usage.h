#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "mm/addr/addr.h"

/* What a space has, and how much it may have: man 2 getrlimit, man 5 proc. */

BEGIN_C_DECLS

struct address_space;
struct vm_area;

constexpr uint64_t SPACE_UNLIMITED = UINT64_MAX;

/* Every space begins without limits; the child of a fork has its parent's. */
struct space_limits {
    uint64_t address_space_bytes; /* RLIMIT_AS */
    uint64_t data_bytes;          /* RLIMIT_DATA: private writable memory but for stacks */
    uint64_t stack_bytes;         /* RLIMIT_STACK: how far an area may grow down */
    uint64_t locked_bytes;        /* RLIMIT_MEMLOCK; SPACE_UNLIMITED for who has CAP_IPC_LOCK */
    bool denies_new_code;         /* PR_SET_MDWE: memory that can be executed was so from the first,
                                     and never writable */
    bool may_use_reserve;         /* CAP_SYS_ADMIN: what OVERCOMMIT_NEVER keeps back for it */
};

void space_set_limits(struct address_space *space, const struct space_limits *limits);

/* From here on what the space may have is what `ask` says whenever it is to grow: several processes
 * may have it, each with limits of its own. The child of a fork has the same. `ask` takes no lock.
 */
void space_ask_limits(struct address_space *space, struct space_limits (*ask)(void));

/* How large an area may grow down to be. */
uint64_t space_stack_limit_bytes(struct address_space *space);

/* In pages; /proc/pid/statm and status say the same. */
struct space_usage {
    uint64_t total_pages;
    uint64_t peak_pages;
    uint64_t data_pages;
    uint64_t stack_pages;
    uint64_t executable_pages;
    uint64_t locked_pages;
    uint64_t shared_pages;       /* of areas that are MAP_SHARED */
    uint64_t resident_anonymous; /* private pages, whatever was there before; not that of zeroes */
    uint64_t resident_file;      /* pages of private and shared files */
    uint64_t resident_shared;    /* pages of shared anonymous memory */
    uint64_t peak_resident;
    uint64_t table_pages;
    uint64_t area_count;
};

/* Looks at every page: takes time in proportion to memory. */
void space_usage(struct address_space *space, struct space_usage *usage);

/* Of one area, in pages, as /proc/pid/smaps has them. */
struct area_usage {
    uint64_t resident;
    uint64_t resident_share_bytes; /* each page divided by the entries that have it (Pss) */
    uint64_t shared_clean; /* shared: others have the page too; clean: not written to here */
    uint64_t shared_dirty;
    uint64_t private_clean;
    uint64_t private_dirty;
    uint64_t referenced;
    uint64_t anonymous;
    uint64_t locked;
};

/* `area` is as space_find_area and its like have copied it; what is no longer there has nothing. */
void space_area_usage(struct address_space *space, const struct vm_area *area,
                      struct area_usage *usage);

/* Pages of private writable memory that all spaces have been promised, and how many they should be
 * at most: Committed_AS and CommitLimit of /proc/meminfo. */
uint64_t space_committed_pages(void);
uint64_t space_commit_limit_pages(void);

enum overcommit_mode : uint32_t {
    OVERCOMMIT_GUESS,  /* refuses what is larger than all memory by itself */
    OVERCOMMIT_ALWAYS, /* refuses nothing */
    OVERCOMMIT_NEVER,  /* keeps to the limit */
};

/* vm.overcommit_memory, overcommit_ratio and overcommit_kbytes of man 5 proc; atomic. */
struct overcommit {
    uint32_t mode;
    uint32_t ratio_percent; /* of all memory: the limit, where `kbytes` is 0 */
    uint32_t kbytes;
};

extern struct overcommit space_overcommit;

END_C_DECLS
