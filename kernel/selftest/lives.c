#include "kernel/selftest/lives.h"

#include "drivers/timer.h"
#include "kernel/cpu/cpu.h"
#include "kernel/log.h"
#include "kernel/panic/panic.h"
#include "kernel/program/program.h"
#include "kernel/thread/thread.h"
#include "mm/audit/audit.h"
#include "mm/frame/frame.h"
#include "mm/platform.h"

constexpr uint64_t TOGETHER_MAX = 64;

static enum status create_init(const struct boot_result *boot, struct process **process) {
    const struct command_line *line = &boot->command_line;
    const struct string_list arguments = {line->arguments, line->argument_count};
    return program_create(line->init, arguments, process);
}

/* What init has is not looked at: it may fail or be killed, as long as it ends. */
static void live_once(const struct boot_result *boot) {
    struct process *process;
    if (create_init(boot, &process) != STATUS_OK) {
        panic_stop("selftest: %s cannot be run", boot->command_line.init);
    }
    process_run(process);
    process_await(process);
}

/* The first life leaves page tables of the kernel's half behind, which stay for all that follow. */
void selftest_cycles(const struct boot_result *boot, uint64_t count) {
    live_once(boot);
    uint64_t before = program_free_frames();
    for (uint64_t i = 0; i < count; i++) {
        live_once(boot);
    }
    uint64_t after = program_free_frames();
    log_line(LOG_INFO,
             "selftest: cycles: %llu processes came and went; %llu frames free before, %llu after",
             (unsigned long long)count, (unsigned long long)before, (unsigned long long)after);
    if (after != before) {
        panic_stop("selftest: cycles lost frames");
    }
}

void selftest_together(const struct boot_result *boot, uint64_t count) {
    struct process *processes[TOGETHER_MAX];
    count = count < TOGETHER_MAX ? count : TOGETHER_MAX;
    for (uint64_t i = 0; i < count; i++) {
        if (create_init(boot, &processes[i]) != STATUS_OK) {
            panic_stop("selftest: %s cannot be run", boot->command_line.init);
        }
    }
    for (uint64_t i = 0; i < count; i++) {
        process_run(processes[i]);
    }
    for (uint64_t i = 0; i < count; i++) {
        struct process_end end = process_await(processes[i]);
        if (end.signal != 0 || end.exit_code != 0) {
            panic_stop("selftest: together: signal %u, status %u", end.signal, end.exit_code);
        }
    }
    log_line(LOG_INFO, "selftest: %llu processes ran together", (unsigned long long)count);
}

/* Frames that init can have: those below 1 MiB are only for whoever asks for them. */
static uint64_t available_frames(void) {
    thread_drain();
    audit_drain();
    struct frame_counts counts = frame_count();
    return counts.free_by_zone[ZONE_DMA32] + counts.free_by_zone[ZONE_NORMAL];
}

/* Puts up to `count` frames in front of a list that runs through their first words. */
static phys_addr_t take_frames(phys_addr_t list, uint64_t count) {
    phys_addr_t pa;
    while (count-- > 0 && frame_alloc(FRAME_KERNEL, ZONE_NORMAL, &pa) == STATUS_OK) {
        *(phys_addr_t *)platform_phys_to_virt(pa) = list;
        list = pa;
    }
    return list;
}

static phys_addr_t give_frames_back(phys_addr_t list, uint64_t count) {
    while (count-- > 0 && list.value != 0) {
        phys_addr_t next = *(phys_addr_t *)platform_phys_to_virt(list);
        frame_free(list);
        list = next;
    }
    return list;
}

/* Whether init could be created, with `count` frames free; they are free again afterwards. */
static bool try_with(const struct boot_result *boot, uint64_t count) {
    struct process *process;
    bool is_created = create_init(boot, &process) == STATUS_OK;
    if (is_created) {
        process_run(process);
        process_await(process);
    }
    uint64_t after = available_frames();
    if (after != count) {
        panic_stop("selftest: exhaustion: %llu frames free before, %llu after",
                   (unsigned long long)count, (unsigned long long)after);
    }
    return is_created;
}

void selftest_exhaustion(const struct boot_result *boot) {
    live_once(boot);
    uint64_t all = available_frames();
    phys_addr_t list = take_frames(phys_addr(0), all);
    uint64_t count = 0;
    while (!try_with(boot, count)) {
        count++;
        list = give_frames_back(list, 1);
    }
    give_frames_back(list, all);
    log_line(LOG_INFO, "selftest: init needs %llu frames; with fewer nothing was lost",
             (unsigned long long)count);
}

static uint32_t has_other_run; /* atomic */

static void run_other(void *unused) {
    (void)unused;
    __atomic_store_n(&has_other_run, 1, __ATOMIC_RELEASE);
}

void selftest_preemption(void) {
    struct thread *other;
    if (thread_create_kernel("other", run_other, nullptr, &other) != STATUS_OK) {
        panic_stop("selftest: preemption: no memory for a thread");
    }
    thread_start(other);
    uint64_t deadline = timer_ticks() + TIMER_HERTZ;
    while (__atomic_load_n(&has_other_run, __ATOMIC_ACQUIRE) == 0) {
        if (timer_ticks() > deadline) {
            panic_stop("selftest: preemption: a busy thread kept the CPU for a second");
        }
        cpu_pause();
    }
    thread_wait(other);
    thread_destroy(other);
    log_line(LOG_INFO, "selftest: a busy thread was pre-empted");
}

void selftest_stray_interrupt(void) {
    __asm__ volatile("int $0xf0");
    log_line(LOG_INFO, "selftest: a stray interrupt stopped nothing");
}
