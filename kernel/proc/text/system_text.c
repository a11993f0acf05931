#include "kernel/proc/text/system_text.h"

typedef unsigned long long ull;

constexpr uint64_t TICKS_PER_SECOND = 100;
constexpr uint64_t PAGE_KIB = 4;

static void write_kib(const struct text_sink *to, const char *name, uint64_t pages) {
    format_to(to, "%-15s %8llu kB\n", name, (ull)(pages * PAGE_KIB));
}

static void write_zeroes(const struct text_sink *to, const char *const names[], size_t count) {
    for (size_t i = 0; i < count; i++) {
        write_kib(to, names[i], 0);
    }
}

static void write_huge_pages(const struct text_sink *to) {
    format_to(to, "HugePages_Total:       0\nHugePages_Free:        0\n"
                  "HugePages_Rsvd:        0\nHugePages_Surp:        0\n"
                  "Hugepagesize:       2048 kB\nHugetlb:               0 kB\n");
}

/* All pages of files stay in memory: there is nothing that they could be written back to. */
static void write_use(const struct text_sink *to, const struct memory_totals *totals) {
    static const char *const before_shared[] = {"SwapTotal:", "SwapFree:", "Dirty:", "Writeback:"};
    write_kib(to, "MemTotal:", totals->total);
    write_kib(to, "MemFree:", totals->free);
    write_kib(to, "MemAvailable:", totals->free);
    write_kib(to, "Buffers:", 0);
    write_kib(to, "Cached:", totals->file);
    write_kib(to, "SwapCached:", 0);
    write_kib(to, "Active:", totals->anonymous);
    write_kib(to, "Inactive:", totals->file);
    write_kib(to, "Active(anon):", totals->anonymous);
    write_kib(to, "Inactive(anon):", totals->file);
    write_kib(to, "Active(file):", 0);
    write_kib(to, "Inactive(file):", 0);
    write_kib(to, "Unevictable:", 0);
    write_kib(to, "Mlocked:", 0);
    write_zeroes(to, before_shared, sizeof(before_shared) / sizeof(before_shared[0]));
    write_kib(to, "AnonPages:", totals->anonymous);
    write_kib(to, "Mapped:", 0);
    write_kib(to, "Shmem:", totals->file);
}

static void write_kernel_use(const struct text_sink *to, const struct memory_totals *totals) {
    static const char *const after_tables[] = {"NFS_Unstable:", "Bounce:", "WritebackTmp:"};
    constexpr uint64_t vmalloc_pages = 1ull << 27; /* the kernel's ranges: 512 GiB */
    write_kib(to, "KReclaimable:", 0);
    write_kib(to, "Slab:", totals->heap);
    write_kib(to, "SReclaimable:", 0);
    write_kib(to, "SUnreclaim:", totals->heap);
    write_kib(to, "KernelStack:", totals->kernel_stacks);
    write_kib(to, "PageTables:", totals->tables);
    write_zeroes(to, after_tables, sizeof(after_tables) / sizeof(after_tables[0]));
    write_kib(to, "CommitLimit:", totals->commit_limit);
    write_kib(to, "Committed_AS:", totals->committed);
    write_kib(to, "VmallocTotal:", vmalloc_pages);
    write_kib(to, "VmallocUsed:", totals->kernel_stacks);
    write_kib(to, "AnonHugePages:", 0);
}

void meminfo_write(const struct text_sink *to, const struct memory_totals *totals) {
    write_use(to, totals);
    write_kernel_use(to, totals);
    write_huge_pages(to);
    write_kib(to, "DirectMap4k:", totals->direct_map[0]);
    write_kib(to, "DirectMap2M:", totals->direct_map[1]);
    write_kib(to, "DirectMap1G:", totals->direct_map[2]);
}

void vmstat_write(const struct text_sink *to, const struct memory_totals *totals) {
    format_to(to, "nr_free_pages %llu\nnr_active_anon %llu\nnr_anon_pages %llu\n",
              (ull)totals->free, (ull)totals->anonymous, (ull)totals->anonymous);
    format_to(to, "nr_file_pages %llu\nnr_shmem %llu\nnr_page_table_pages %llu\n",
              (ull)totals->file, (ull)totals->file, (ull)totals->tables);
    format_to(to, "nr_kernel_stack %llu\nnr_slab_unreclaimable %llu\n",
              (ull)(totals->kernel_stacks * PAGE_KIB), (ull)totals->heap);
    format_to(to, "pswpin 0\npswpout 0\n");
}

static void write_cpu_ticks(const struct text_sink *to, const char *name,
                            const struct activity *activity) {
    format_to(to, "%s %llu 0 %llu %llu 0 0 0 0 0 0\n", name, (ull)activity->user_ticks,
              (ull)activity->kernel_ticks, (ull)activity->idle_ticks);
}

static uint64_t interrupt_sum(const struct activity *activity) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < INTERRUPT_LINES; i++) {
        sum += activity->interrupts[i];
    }
    return sum;
}

void activity_write(const struct text_sink *to, const struct activity *activity) {
    write_cpu_ticks(to, "cpu ", activity);
    write_cpu_ticks(to, "cpu0", activity);
    format_to(to, "intr %llu", (ull)interrupt_sum(activity));
    for (unsigned i = 0; i < INTERRUPT_LINES; i++) {
        format_to(to, " %llu", (ull)activity->interrupts[i]);
    }
    format_to(to, "\nctxt %llu\nbtime %llu\nprocesses %llu\n", (ull)activity->switches,
              (ull)activity->boot_seconds, (ull)activity->tasks_made);
    format_to(to, "procs_running %u\nprocs_blocked %u\n", activity->running, activity->blocked);
    format_to(to, "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
}

static void write_hundredths(const struct text_sink *to, uint64_t hundredths) {
    format_to(to, "%llu.%02llu", (ull)(hundredths / 100), (ull)(hundredths % 100));
}

void uptime_write(const struct text_sink *to, const struct activity *activity) {
    constexpr uint64_t ns_per_tick = 1'000'000'000 / TICKS_PER_SECOND;
    write_hundredths(to, activity->uptime_ns / ns_per_tick);
    format_to(to, " ");
    write_hundredths(to, activity->idle_ticks);
    format_to(to, "\n");
}

void loads_write(const struct text_sink *to, const struct activity *activity) {
    for (unsigned i = 0; i < 3; i++) {
        write_hundredths(to, (activity->loads[i] * 100 + LOAD_ONE / 2) / LOAD_ONE);
        format_to(to, " ");
    }
    format_to(to, "%u/%u %u\n", activity->running, activity->tasks, activity->last_number);
}

void interrupts_write(const struct text_sink *to, const struct activity *activity) {
    format_to(to, "           CPU0\n");
    for (unsigned i = 0; i < INTERRUPT_LINES; i++) {
        if (activity->interrupts[i] > 0) {
            format_to(to, "%3u: %10llu    XT-PIC  %s\n", i, (ull)activity->interrupts[i],
                      i == 0 ? "timer" : "device");
        }
    }
}

/* A bit of one of the words of CPUID, as Linux names it. */
struct flag_name {
    uint8_t word, bit;
    const char *name;
};

static const struct flag_name FLAG_NAMES[] = {
    {0, 0, "fpu"},      {0, 1, "vme"},         {0, 2, "de"},          {0, 3, "pse"},
    {0, 4, "tsc"},      {0, 5, "msr"},         {0, 6, "pae"},         {0, 7, "mce"},
    {0, 8, "cx8"},      {0, 9, "apic"},        {0, 11, "sep"},        {0, 12, "mtrr"},
    {0, 13, "pge"},     {0, 14, "mca"},        {0, 15, "cmov"},       {0, 16, "pat"},
    {0, 17, "pse36"},   {0, 19, "clflush"},    {0, 23, "mmx"},        {0, 24, "fxsr"},
    {0, 25, "sse"},     {0, 26, "sse2"},       {0, 27, "ss"},         {0, 28, "ht"},
    {2, 11, "syscall"}, {2, 20, "nx"},         {2, 22, "mmxext"},     {2, 26, "pdpe1gb"},
    {2, 27, "rdtscp"},  {2, 29, "lm"},         {1, 0, "pni"},         {1, 1, "pclmulqdq"},
    {1, 9, "ssse3"},    {1, 12, "fma"},        {1, 13, "cx16"},       {1, 17, "pcid"},
    {1, 19, "sse4_1"},  {1, 20, "sse4_2"},     {1, 21, "x2apic"},     {1, 22, "movbe"},
    {1, 23, "popcnt"},  {1, 25, "aes"},        {1, 26, "xsave"},      {1, 28, "avx"},
    {1, 29, "f16c"},    {1, 30, "rdrand"},     {1, 31, "hypervisor"}, {3, 0, "lahf_lm"},
    {3, 5, "abm"},      {3, 6, "sse4a"},       {4, 0, "fsgsbase"},    {4, 3, "bmi1"},
    {4, 5, "avx2"},     {4, 7, "smep"},        {4, 8, "bmi2"},        {4, 9, "erms"},
    {4, 10, "invpcid"}, {4, 16, "avx512f"},    {4, 18, "rdseed"},     {4, 19, "adx"},
    {4, 20, "smap"},    {4, 23, "clflushopt"}, {4, 29, "sha_ni"},     {5, 2, "umip"},
    {5, 3, "pku"},      {5, 16, "la57"},       {5, 22, "rdpid"},
};

static void write_flags(const struct text_sink *to, const struct cpu_facts *cpu) {
    format_to(to, "flags\t\t:");
    for (size_t i = 0; i < sizeof(FLAG_NAMES) / sizeof(FLAG_NAMES[0]); i++) {
        const struct flag_name *flag = &FLAG_NAMES[i];
        if (cpu->words[flag->word] >> flag->bit & 1) {
            format_to(to, " %s", flag->name);
        }
    }
    format_to(to, "\n");
}

void cpuinfo_write(const struct text_sink *to, const struct cpu_facts *cpu) {
    format_to(to, "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n", cpu->vendor,
              cpu->family, cpu->model);
    format_to(to, "model name\t: %s\nstepping\t: %u\n",
              cpu->name[0] != '\0' ? cpu->name : "unknown", cpu->stepping);
    format_to(to, "cpu MHz\t\t: %llu.%03llu\n", (ull)(cpu->khz / 1000), (ull)(cpu->khz % 1000));
    format_to(to,
              "physical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\n"
              "apicid\t\t: 0\ninitial apicid\t: 0\nfpu\t\t: yes\nfpu_exception\t: yes\n"
              "cpuid level\t: %u\nwp\t\t: yes\n",
              cpu->level);
    write_flags(to, cpu);
    format_to(to, "bogomips\t: %llu.%02llu\n", (ull)(cpu->khz / 500), (ull)(cpu->khz / 5 % 100));
    format_to(to, "clflush size\t: %u\ncache_alignment\t: %u\n", cpu->flush_bytes,
              cpu->flush_bytes);
    format_to(to, "address sizes\t: %u bits physical, %u bits virtual\npower management:\n\n",
              cpu->phys_addr_bits, cpu->virt_addr_bits);
}

/* Blanks and what else would break a line as man 3 getmntent reads it. */
static void write_escaped(const struct text_sink *to, const char *text) {
    for (; *text != '\0'; text++) {
        unsigned byte = (uint8_t)*text;
        if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\\') {
            format_to(to, "\\%u%u%u", byte >> 6, byte >> 3 & 7, byte & 7);
        } else {
            format_to(to, "%c", *text);
        }
    }
}

/* In the order of Linux's. */
static void write_mount_flags(const struct text_sink *to, uint32_t flags) {
    format_to(to, "%s%s%s%s,relatime", flags & 1 ? "ro" : "rw", flags & 2 ? ",nosuid" : "",
              flags & 4 ? ",nodev" : "", flags & 8 ? ",noexec" : "");
}

void mount_write(const struct text_sink *to, const struct mount_facts *mount) {
    format_to(to, "%s ", mount->kind);
    write_escaped(to, mount->place);
    format_to(to, " %s ", mount->kind);
    write_mount_flags(to, mount->flags);
    format_to(to, " 0 0\n");
}

void mountinfo_write(const struct text_sink *to, const struct mount_facts *mount) {
    format_to(to, "%u %u %u:%u ", mount->number, mount->parent,
              (unsigned)(mount->device >> 8 & 0xfff),
              (unsigned)((mount->device & 0xff) | (mount->device >> 12 & 0xfff00)));
    write_escaped(to, mount->root);
    format_to(to, " ");
    write_escaped(to, mount->place);
    format_to(to, " ");
    write_mount_flags(to, mount->flags);
    format_to(to, " - %s %s rw\n", mount->kind, mount->kind);
}
