#include "kernel/proc/text/process_text.h"

typedef unsigned long long ull;

constexpr unsigned PAGE_KIB = 4;
constexpr uint64_t PAGE_BYTES = 4096;
constexpr int32_t PRIORITY_OF_NICE_0 = 20;
constexpr uint64_t ALL_CAPABILITIES = 0x1ff'ffff'ffff; /* up to CAP_CHECKPOINT_RESTORE */

static uint64_t resident_pages(const struct memory_facts *memory) {
    return memory->resident_anonymous + memory->resident_file + memory->resident_shared;
}

static void write_numbers(const struct text_sink *to, const uint64_t *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        format_to(to, " %llu", (ull)numbers[i]);
    }
}

static int shown_priority(const struct process_facts *facts) {
    return facts->realtime_priority > 0 ? -1 - facts->realtime_priority
                                        : PRIORITY_OF_NICE_0 + facts->nice;
}

/* Fields 4 to 22. */
static void write_stat_of_life(const struct text_sink *to, const struct process_facts *facts) {
    format_to(to, " %u %u %u %u %d", facts->parent, facts->group, facts->session,
              facts->terminal_device, facts->terminal_group);
    const uint64_t counts[] = {0,
                               facts->minor_faults,
                               facts->child_minor_faults,
                               0,
                               0,
                               facts->user_ticks,
                               facts->kernel_ticks,
                               facts->child_user_ticks,
                               facts->child_kernel_ticks};
    write_numbers(to, counts, sizeof(counts) / sizeof(counts[0]));
    format_to(to, " %d %d %u 0 %llu", shown_priority(facts), facts->nice, facts->thread_count,
              (ull)facts->start_ticks);
}

/* Fields 23 to 52. */
static void write_stat_of_memory(const struct text_sink *to, const struct process_facts *facts) {
    const struct memory_facts *memory = &facts->memory;
    const uint64_t before[] = {memory->total * PAGE_BYTES,
                               resident_pages(memory),
                               facts->resident_limit_bytes,
                               memory->code_start,
                               memory->code_end,
                               memory->stack_start,
                               0,
                               0, /* the stack and instruction pointers are told to nobody */
                               facts->pending & INT32_MAX,
                               facts->blocked & INT32_MAX,
                               facts->ignored & INT32_MAX,
                               facts->caught & INT32_MAX};
    const uint64_t after[] = {0,
                              0,
                              0,
                              facts->exit_signal,
                              0,
                              (uint64_t)facts->realtime_priority,
                              (uint64_t)facts->policy,
                              0,
                              0,
                              0,
                              memory->data_start,
                              memory->data_end,
                              memory->brk_start,
                              memory->arguments_start,
                              memory->arguments_end,
                              memory->environment_start,
                              memory->environment_end};
    write_numbers(to, before, sizeof(before) / sizeof(before[0]));
    write_numbers(to, after, sizeof(after) / sizeof(after[0]));
    format_to(to, " %d\n", facts->exit_code);
}

void stat_write(const struct text_sink *to, const struct process_facts *facts) {
    format_to(to, "%u (%s) %c", facts->number, facts->name, facts->state);
    write_stat_of_life(to, facts);
    write_stat_of_memory(to, facts);
}

void statm_write(const struct text_sink *to, const struct memory_facts *memory) {
    const uint64_t shared = memory->resident_file + memory->resident_shared;
    format_to(to, "%llu %llu %llu %llu 0 %llu 0\n", (ull)memory->total, (ull)resident_pages(memory),
              (ull)shared, (ull)memory->code, (ull)(memory->data + memory->stack));
}

static const char *state_words(char state) {
    switch (state) {
    case 'R':
        return "R (running)";
    case 'D':
        return "D (disk sleep)";
    case 'T':
        return "T (stopped)";
    case 't':
        return "t (tracing stop)";
    case 'Z':
        return "Z (zombie)";
    }
    return "S (sleeping)";
}

/* A name that a program chose may hold what would break the line. */
static void write_escaped(const struct text_sink *to, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            format_to(to, "\\n");
        } else if (*text == '\\') {
            format_to(to, "\\\\");
        } else {
            format_to(to, "%c", *text);
        }
    }
}

static void write_ids(const struct text_sink *to, const char *name, const uint32_t ids[4]) {
    format_to(to, "%s:\t%u\t%u\t%u\t%u\n", name, ids[0], ids[1], ids[2], ids[3]);
}

static void write_who(const struct text_sink *to, const struct process_facts *facts) {
    format_to(to, "Name:\t");
    write_escaped(to, facts->name);
    format_to(to, "\nUmask:\t0%u%u%u\n", facts->umask >> 6 & 7, facts->umask >> 3 & 7,
              facts->umask & 7);
    format_to(to, "State:\t%s\nTgid:\t%u\nNgid:\t0\nPid:\t%u\nPPid:\t%u\nTracerPid:\t%u\n",
              state_words(facts->state), facts->process, facts->number, facts->parent,
              facts->tracer);
    write_ids(to, "Uid", facts->users);
    write_ids(to, "Gid", facts->groups);
    format_to(to, "FDSize:\t%u\nGroups:\t", facts->descriptor_size);
    for (uint32_t i = 0; i < facts->more_group_count; i++) {
        format_to(to, "%u ", facts->more_groups[i]);
    }
    format_to(to, "\nNStgid:\t%u\nNSpid:\t%u\nNSpgid:\t%u\nNSsid:\t%u\n", facts->process,
              facts->number, facts->group, facts->session);
}

static void write_kib(const struct text_sink *to, const char *name, uint64_t pages) {
    format_to(to, "%s:\t%8llu kB\n", name, (ull)(pages * PAGE_KIB));
}

static void write_memory(const struct text_sink *to, const struct memory_facts *memory) {
    write_kib(to, "VmPeak", memory->peak);
    write_kib(to, "VmSize", memory->total);
    write_kib(to, "VmLck", memory->locked);
    write_kib(to, "VmPin", 0);
    write_kib(to, "VmHWM", memory->peak_resident);
    write_kib(to, "VmRSS", resident_pages(memory));
    write_kib(to, "RssAnon", memory->resident_anonymous);
    write_kib(to, "RssFile", memory->resident_file);
    write_kib(to, "RssShmem", memory->resident_shared);
    write_kib(to, "VmData", memory->data);
    write_kib(to, "VmStk", memory->stack);
    write_kib(to, "VmExe", memory->code);
    write_kib(to, "VmLib", memory->library);
    write_kib(to, "VmPTE", memory->table);
    write_kib(to, "VmSwap", 0);
    write_kib(to, "HugetlbPages", 0);
    format_to(to, "CoreDumping:\t0\nTHP_enabled:\t0\n");
}

static void write_set(const struct text_sink *to, const char *name, uint64_t set) {
    format_to(to, "%s:\t%016llx\n", name, (ull)set);
}

static void write_signals(const struct text_sink *to, const struct process_facts *facts) {
    format_to(to, "SigQ:\t%u/%llu\n", facts->queued_signals, (ull)facts->queued_signals_limit);
    write_set(to, "SigPnd", facts->pending);
    write_set(to, "ShdPnd", facts->shared_pending);
    write_set(to, "SigBlk", facts->blocked);
    write_set(to, "SigIgn", facts->ignored);
    write_set(to, "SigCgt", facts->caught);
}

/* Root has all capabilities, as man 7 capabilities has it, and nobody else any. */
static void write_capabilities(const struct text_sink *to, const struct process_facts *facts) {
    bool is_root_somehow = facts->users[0] == 0 || facts->users[1] == 0 || facts->users[2] == 0;
    write_set(to, "CapInh", 0);
    write_set(to, "CapPrm", is_root_somehow ? ALL_CAPABILITIES : 0);
    write_set(to, "CapEff", facts->users[1] == 0 ? ALL_CAPABILITIES : 0);
    write_set(to, "CapBnd", ALL_CAPABILITIES);
    write_set(to, "CapAmb", 0);
}

void status_write(const struct text_sink *to, const struct process_facts *facts) {
    write_who(to, facts);
    if (facts->has_memory) {
        write_memory(to, &facts->memory);
    }
    format_to(to, "Threads:\t%u\n", facts->thread_count);
    write_signals(to, facts);
    write_capabilities(to, facts);
    format_to(to, "NoNewPrivs:\t%u\nSeccomp:\t0\nSeccomp_filters:\t0\n",
              facts->has_no_new_privileges);
    format_to(to, "Cpus_allowed:\t1\nCpus_allowed_list:\t0\n"
                  "Mems_allowed:\t00000000,00000001\nMems_allowed_list:\t0\n");
    format_to(to, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
              (ull)facts->voluntary_switches, (ull)facts->involuntary_switches);
}

void schedule_statistics_write(const struct text_sink *to, const struct process_facts *facts) {
    constexpr uint64_t tick_ns = 10'000'000;
    format_to(to, "%llu 0 %llu\n", (ull)((facts->user_ticks + facts->kernel_ticks) * tick_ns),
              (ull)(facts->voluntary_switches + facts->involuntary_switches));
}

static void write_schedule_line(const struct text_sink *to, const char *name, uint64_t value) {
    format_to(to, "%-45s:%21llu\n", name, (ull)value);
}

void schedule_write(const struct text_sink *to, const struct process_facts *facts) {
    format_to(to, "%s (%u, #threads: %u)\n", facts->name, facts->number, facts->thread_count);
    format_to(to, "-------------------------------------------------------------------\n");
    write_schedule_line(to, "nr_switches", facts->voluntary_switches + facts->involuntary_switches);
    write_schedule_line(to, "nr_voluntary_switches", facts->voluntary_switches);
    write_schedule_line(to, "nr_involuntary_switches", facts->involuntary_switches);
    write_schedule_line(to, "policy", (uint64_t)facts->policy);
    write_schedule_line(to, "prio", (uint64_t)(100 + shown_priority(facts)));
}

static void write_limit(const struct text_sink *to, uint64_t value) {
    if (value == UINT64_MAX) {
        format_to(to, "%-20s ", "unlimited");
    } else {
        format_to(to, "%-20llu ", (ull)value);
    }
}

void limits_write(const struct text_sink *to, const struct limit_facts limits[LIMIT_COUNT]) {
    static const struct {
        const char *name, *unit;
    } rows[LIMIT_COUNT] = {
        {"Max cpu time", "seconds"},     {"Max file size", "bytes"},
        {"Max data size", "bytes"},      {"Max stack size", "bytes"},
        {"Max core file size", "bytes"}, {"Max resident set", "bytes"},
        {"Max processes", "processes"},  {"Max open files", "files"},
        {"Max locked memory", "bytes"},  {"Max address space", "bytes"},
        {"Max file locks", "locks"},     {"Max pending signals", "signals"},
        {"Max msgqueue size", "bytes"},  {"Max nice priority", ""},
        {"Max realtime priority", ""},   {"Max realtime timeout", "us"},
    };
    format_to(to, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        format_to(to, "%-25s ", rows[i].name);
        write_limit(to, limits[i].soft);
        write_limit(to, limits[i].hard);
        format_to(to, rows[i].unit[0] == '\0' ? "%s\n" : "%-10s\n", rows[i].unit);
    }
}
