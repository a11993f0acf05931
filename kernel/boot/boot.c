#include "kernel/boot/boot.h"

#include "drivers/keyboard.h"
#include "drivers/pic.h"
#include "drivers/power.h"
#include "drivers/timer.h"
#include "kernel/boot/boot_info_check.h"
#include "kernel/boot/stages.h"
#include "kernel/clock/clock.h"
#include "kernel/clock/timer.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/cpu_local.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/features.h"
#include "kernel/log.h"
#include "kernel/log_text/log_text.h"
#include "kernel/panic/panic.h"
#include "kernel/platform/mm_platform.h"
#include "kernel/process/memory.h"
#include "kernel/terminal/terminal.h"
#include "kernel/text/silent.h"
#include "kernel/thread/thread.h"
#include "kernel/trace/trace.h"
#include "mm/frame/early.h"
#include "mm/frame/frame.h"
#include "mm/heap/heap.h"
#include "mm/platform.h"

static struct boot_info info; /* the kernel's copy */
static struct boot_result result;
static struct virt_range main_stack;
static struct boot_extent early_strings; /* of the first parse of the command line */

[[noreturn]] void boot_refuse(const char *reason) {
    log_line(LOG_ERROR, "%s", reason);
    panic_stop("the machine cannot be used as it is");
}

static void copy_info(const void *boot_info) {
    struct log_text text;
    const struct text_sink *complaints = log_text_begin(&text, LOG_ERROR);
    bool is_good = boot_info_check(boot_info, complaints);
    terminal_begin(is_good ? boot_info : nullptr);
    if (!is_good) {
        boot_refuse("K100: the loader does not speak this kernel's boot protocol");
    }
    info = *(const struct boot_info *)boot_info;
}

static void parse_command_line(char *storage, const struct text_sink *complaints) {
    const char *text = platform_phys_to_virt(phys_addr(info.command_line.phys));
    command_line_parse(text, info.command_line.size_bytes, storage, complaints,
                       &result.command_line);
}

/* The log's consoles are wanted before there is a heap, so the line is parsed twice: here into
 * pages of the early allocator, and for good in the heap. */
static void read_command_line_early(void) {
    struct log_text text;
    const struct text_sink *complaints = log_text_begin(&text, LOG_WARNING);
    phys_addr_t storage;
    early_strings.size_bytes = align_up(info.command_line.size_bytes + 1, PAGE_SIZE);
    if (early_alloc(early_strings.size_bytes >> PAGE_SHIFT, PAGE_SIZE, &storage) != STATUS_OK) {
        boot_refuse("K116: too little memory for the command line");
    }
    early_strings.phys = storage.value;
    parse_command_line(platform_phys_to_virt(storage), complaints);
    panic_set_act(result.command_line.on_panic);
    terminal_show_log(result.command_line.log);
    trace_begin(result.command_line.trace);
}

/* What it has to complain about was said the first time. */
static void read_command_line_for_good(void) {
    char *storage = heap_alloc(info.command_line.size_bytes + 1);
    char *text = heap_alloc(info.command_line.size_bytes + 1);
    if (!storage || !text) {
        boot_refuse("K116: too little memory for the command line");
    }
    __builtin_memcpy(text, platform_phys_to_virt(phys_addr(info.command_line.phys)),
                     info.command_line.size_bytes);
    result.command_line_text = text;
    parse_command_line(storage, silent_sink());
    frame_release_boot(phys_addr(early_strings.phys), early_strings.size_bytes);
}

static void log_cpu(void) {
    const struct cpu_features *cpu = cpu_features();
    log_line(LOG_INFO, "boot: CPU %s %s", cpu->vendor, cpu->name);
    log_line(LOG_INFO, "boot: %u physical address bits%s%s%s%s%s%s", cpu->phys_addr_bits,
             cpu->has_no_execute ? ", NX" : ", no NX", cpu->has_1g_leaves ? ", 1 GiB pages" : "",
             cpu->has_pat ? ", PAT" : "", cpu->has_smep ? ", SMEP" : "",
             cpu->has_smap ? ", SMAP" : "", cpu->has_umip ? ", UMIP" : "");
    if (!cpu->has_no_execute) {
        log_line(LOG_WARNING, "K117: this CPU has no NX: whatever is mapped can be run as code");
    }
}

[[noreturn]] void boot_begin(const void *boot_info, void (*next)(void *)) {
    cpu_init(0);
    mm_platform_begin();
    log_line(LOG_INFO, "Quire, a kernel around a virtual memory manager");
    copy_info(boot_info);
    log_cpu();
    const struct memory_map *map = boot_begin_memory(&info);
    read_command_line_early();
    boot_enter_space(&info, map);
    read_command_line_for_good();
    boot_guard_exception_stacks();
    main_stack = boot_allocate_stack(THREAD_STACK_PAGES, "kernel stack of main");
    log_line(LOG_INFO, "boot: kernel and exception stacks lie between guard pages");
    context_start((void *)(virt_range_last(main_stack).value + 1), next, nullptr);
}

static void begin_interrupts(void) {
    pic_init(VECTOR_IRQ_BASE);
    keyboard_init();
    timer_start();
    pic_unmask(IRQ_TIMER);
    interrupts_enable();
    log_line(LOG_INFO, "boot: interrupts on, %u timer ticks a second", TIMER_HERTZ);
}

static void read_acpi(void) {
    enum status status = power_init();
    log_line(LOG_INFO, "boot: ACPI %s; power off %s, reset %s",
             status == STATUS_OK ? "found" : "not usable",
             power_facts()->can_power_off ? "by S5" : "by other ways",
             power_facts()->can_reset ? "by its register" : "by other ways");
}

static void read_ram_disk(void) {
    if (info.ram_disk.size_bytes == 0) {
        return;
    }
    result.ram_disk.bytes = platform_phys_to_virt(phys_addr(info.ram_disk.phys));
    result.ram_disk.size_bytes = info.ram_disk.size_bytes;
    struct log_text text;
    size_t count;
    enum status status = initrd_check(&result.ram_disk, log_text_begin(&text, LOG_WARNING), &count);
    log_line(LOG_INFO, "boot: RAM disk of %llu KiB with %zu entries%s",
             (unsigned long long)info.ram_disk.size_bytes >> 10, count,
             status == STATUS_OK ? "" : " before the damage");
}

const struct boot_result *boot_finish(void) {
    if (thread_begin(main_stack) != STATUS_OK) {
        boot_refuse("K115: too little memory for the kernel's stacks");
    }
    read_acpi();
    clock_begin();
    begin_interrupts();
    if (timers_begin() != STATUS_OK || process_memory_begin() != STATUS_OK) {
        boot_refuse("K115: too little memory for the kernel's stacks");
    }
    if (terminal_begin_ttys(result.command_line.terminal) != STATUS_OK) {
        boot_refuse("K119: too little memory for the terminals");
    }
    if (result.command_line.has_audit) {
        boot_audit_against_loader(&info);
    }
    boot_release_memory(&info);
    read_ram_disk();
    return &result;
}
