#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/format.h"

/* What /proc says of the machine, as text: from plain facts to what man 5 proc describes. */

BEGIN_C_DECLS

/* In pages. */
struct memory_totals {
    uint64_t total, free;
    uint64_t file;      /* of files in memory: they are all the page cache there is */
    uint64_t anonymous; /* of processes */
    uint64_t tables, kernel_stacks;
    uint64_t heap; /* the kernel's own objects */
    uint64_t committed, commit_limit;
    uint64_t direct_map[3]; /* by leaf size: 4 KiB, 2 MiB, 1 GiB */
};

void meminfo_write(const struct text_sink *to, const struct memory_totals *totals);
void vmstat_write(const struct text_sink *to, const struct memory_totals *totals);

constexpr unsigned INTERRUPT_LINES = 16;

struct activity {
    uint64_t user_ticks, kernel_ticks, idle_ticks; /* a 100th second; of all CPUs */
    uint64_t interrupts[INTERRUPT_LINES];
    uint64_t switches;
    uint64_t boot_seconds; /* since 1970 */
    uint64_t tasks_made;
    uint32_t running, blocked;
    uint32_t tasks;       /* that there are */
    uint32_t last_number; /* that a process got */
    uint64_t loads[3];    /* over 1, 5 and 15 minutes, in LOAD_ONE */
    uint64_t uptime_ns;
};

constexpr uint64_t LOAD_ONE = 2048; /* one task that runs all the time */

/* /proc/stat, uptime, loadavg, interrupts. */
void activity_write(const struct text_sink *to, const struct activity *activity);
void uptime_write(const struct text_sink *to, const struct activity *activity);
void loads_write(const struct text_sink *to, const struct activity *activity);
void interrupts_write(const struct text_sink *to, const struct activity *activity);

struct cpu_facts {
    const char *vendor, *name;
    unsigned family, model, stepping;
    unsigned level; /* the highest basic leaf of CPUID */
    uint64_t khz;
    unsigned phys_addr_bits, virt_addr_bits, flush_bytes;
    uint32_t words[6]; /* CPUID 1 edx, 1 ecx, 80000001h edx, ecx, 7.0 ebx, ecx */
};

/* /proc/cpuinfo, of one CPU. */
void cpuinfo_write(const struct text_sink *to, const struct cpu_facts *cpu);

struct mount_facts {
    uint32_t number, parent; /* parent: that of the mount it is on; its own for the root */
    uint64_t device;         /* st_dev of its files */
    const char *kind;        /* of its file system */
    const char *root;        /* the path in it that it shows from */
    const char *place;       /* the path that it covers */
    uint32_t flags;          /* of MOUNT_FLAGS (kernel/files/path/mount.h) */
};

/* A line of /proc/mounts, and of /proc/PID/mountinfo. Paths are escaped as man 3 getmntent has it.
 */
void mount_write(const struct text_sink *to, const struct mount_facts *mount);
void mountinfo_write(const struct text_sink *to, const struct mount_facts *mount);

END_C_DECLS
