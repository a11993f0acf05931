/*
 * A kernel that only tries the entry paths, and prints "PASS" or what failed on COM1. It stands on
 * the loader's identity mapping, of which it gives user mode two megabytes.
 */
#include "drivers/serial.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/cpu_local.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/fpu.h"
#include "kernel/cpu/kernel_image.h"
#include "kernel/cpu/trap.h"
#include "kernel/cpu/user_copy.h"
#include "lib/check.h"
#include "lib/format.h"
#include "mm/addr/layout.h"

/* entry_calls.inc */
enum call : uint64_t {
    CALL_NOTHING = 1,
    CALL_CHECK_FLAGS = 2,
    CALL_RETURN_NOWHERE = 3,
    CALL_EXIT = 4,
    CALL_FAIL = 5,
    CALL_ANSWER = 0x600d,
    CALL_GS_MARK = 0x65,
};

/* entry_user.asm */
extern const char entry_user_start[], entry_user_end[];
bool entry_registers_survive(void);
bool entry_flags_survive(void);
void entry_trap_with_user_gs(void);

constexpr uint64_t USER_PAGE = 32ull << 20;
constexpr uint64_t USER_GS = USER_PAGE + 0x1000;
constexpr uint64_t USER_STACK_TOP = USER_PAGE + 0x10000;
constexpr uint64_t IDENTITY_END = 4ull << 30;
constexpr uint64_t SYSENTER_SIZE_BYTES = 2;
constexpr uint64_t NOT_CANONICAL = 1ull << 47;
constexpr uint64_t ENTRY_USER = 4; /* U/S of a paging entry */
constexpr uint64_t ENTRY_ADDRESS = 0x000ffffffffff000;

/* PM1 control where the BIOSes of QEMU and Bochs put it, and SLP_EN with their type of S5, 0. */
constexpr uint16_t QEMU_POWER = 0x604;
constexpr uint16_t BOCHS_POWER = 0xb004;
constexpr uint16_t POWER_OFF = 1 << 13;

constexpr uint64_t LOCAL_APIC = 0xfee00000;
constexpr uint64_t APIC_COMMAND_LOW = 0x300;
constexpr uint64_t APIC_COMMAND_HIGH = 0x310;
constexpr uint32_t APIC_SEND_NMI = 4 << 8 | 1 << 14;

static struct serial com1;
static void (*trap_expected)(struct trap_frame *frame); /* nullptr: none is */
static unsigned trap_count;
static struct cpu_context *main_context;
static struct cpu_context *thread_context;
static alignas(16) uint8_t thread_stack[16384];

static void print(const char *text) {
    console_write(&com1.console, text, __builtin_strlen(text));
}

[[noreturn]] static void finish(const char *verdict) {
    print(verdict);
    serial_drain(&com1);
    port_write16(QEMU_POWER, POWER_OFF);
    port_write16(BOCHS_POWER, POWER_OFF);
    cpu_stop();
}

static void expect(bool is_true, const char *what, int line) {
    if (!is_true) {
        char text[128];
        (void)format_buffer(text, sizeof text, "line %d: not so: %s\n", line, what);
        print(text);
        finish("FAIL\n");
    }
}

#define EXPECT(condition) expect(condition, #condition, __LINE__)

void check_failed(const char *condition, const char *file, int line) {
    (void)file;
    expect(false, condition, line);
    cpu_stop();
}

void trap_handle(struct trap_frame *frame) {
    trap_count++;
    if (trap_expected == nullptr) {
        char text[128];
        (void)format_buffer(text, sizeof text, "trap %lu error %lx rip %lx address %lx\n",
                            frame->vector, frame->error_code, frame->rip, frame->fault_address);
        print(text);
        finish("FAIL\n");
    }
    trap_expected(frame);
}

/* Traps of the kernel itself. */

static void expect_breakpoint(struct trap_frame *frame) {
    EXPECT(frame->vector == VECTOR_BREAKPOINT);
    EXPECT(!trap_is_from_user(frame));
    EXPECT((cpu_read_rflags() & RFLAGS_DIRECTION) == 0);
    EXPECT(!interrupts_are_enabled());
}

static void test_kernel_traps(void) {
    trap_count = 0;
    trap_expected = expect_breakpoint;
    EXPECT(entry_registers_survive());
    EXPECT(entry_flags_survive());
    EXPECT(trap_count == 2);
}

static void expect_debug_with_kernel_gs(struct trap_frame *frame) {
    EXPECT(frame->vector == VECTOR_DEBUG);
    frame->rflags &= ~RFLAGS_TRAP;
    EXPECT(cpu_local()->self == cpu_local());
    EXPECT(cpu_read_msr(MSR_KERNEL_GS_BASE) == USER_GS);
}

static void test_own_stack_chooses_gs(void) {
    trap_count = 0;
    trap_expected = expect_debug_with_kernel_gs;
    user_set_gs_base(virt_addr(USER_GS));
    entry_trap_with_user_gs();
    EXPECT(trap_count == 1);
    EXPECT(cpu_local()->index == 0);
    EXPECT(user_gs_base().value == USER_GS);
}

/* An NMI whose handler faults, while the next NMI is already waiting. */

static unsigned nmi_count;
static unsigned nmi_depth;

static void send_nmi(void) {
    *(volatile uint32_t *)(LOCAL_APIC + APIC_COMMAND_HIGH) = 0;
    *(volatile uint32_t *)(LOCAL_APIC + APIC_COMMAND_LOW) = APIC_SEND_NMI;
}

static void let_interrupts_arrive(void) {
    for (unsigned i = 0; i < 1000; i++) {
        port_pause();
    }
}

static void expect_nmi(struct trap_frame *frame) {
    if (frame->vector == VECTOR_BREAKPOINT) {
        return;
    }
    EXPECT(frame->vector == VECTOR_NMI);
    EXPECT(nmi_depth == 0);
    nmi_depth++;
    nmi_count++;
    if (nmi_count == 1) {
        send_nmi();
        __asm__ volatile("int3"); /* its IRET would let the waiting one in */
        let_interrupts_arrive();
        EXPECT(nmi_count == 1);
    }
    nmi_depth--;
}

static void test_nmi_does_not_nest(void) {
    trap_expected = expect_nmi;
    send_nmi();
    let_interrupts_arrive();
    EXPECT(nmi_count == 2);
    EXPECT(cpu_local()->nmi_depth == 0);
}

/* User memory. */

static void allow_user(uint64_t table, unsigned index) {
    ((uint64_t *)table)[index] |= ENTRY_USER;
}

static uint64_t entry_target(uint64_t table, unsigned index) {
    return ((const uint64_t *)table)[index] & ENTRY_ADDRESS;
}

/* Gives user mode the 2 MiB leaf at `va` of the loader's mapping. */
static void make_user(uint64_t va) {
    uint64_t pml4 = cpu_read_cr3() & ENTRY_ADDRESS;
    uint64_t pdpt = entry_target(pml4, 0);
    unsigned directory = (unsigned)(va >> 30);
    allow_user(pml4, 0);
    allow_user(pdpt, directory);
    allow_user(entry_target(pdpt, directory), va >> 21 & 511);
    cpu_write_cr3(cpu_read_cr3());
}

static void recover_from_page_fault(struct trap_frame *frame) {
    EXPECT(frame->vector == VECTOR_PAGE_FAULT);
    EXPECT(frame->fault_address >= IDENTITY_END);
    EXPECT(user_copy_recover(frame));
}

static void test_user_copy(void) {
    char bytes[32] = "thirty-one characters are here.";
    trap_expected = nullptr;
    EXPECT(user_copy_out(virt_addr(USER_PAGE), bytes, sizeof bytes) == 0);
    char back[32] = "";
    EXPECT(user_copy_in(back, virt_addr(USER_PAGE), sizeof back) == 0);
    EXPECT(__builtin_memcmp(bytes, back, sizeof bytes) == 0);
    EXPECT(user_copy_zero(virt_addr(USER_PAGE), 13) == 0);
    size_t length = 99;
    EXPECT(user_copy_string(back, virt_addr(USER_PAGE + 13), sizeof back, &length) == STATUS_OK);
    EXPECT(length == 18);
    EXPECT(user_copy_string(back, virt_addr(USER_PAGE + 13), 18, &length) == STATUS_TOO_LONG);
    EXPECT(user_copy_in(back, virt_addr(DIRECT_MAP_BASE), 8) == 8);
    EXPECT(user_copy_in(back, virt_addr(USER_END - 4), 8) == 8);
}

static void test_user_copy_survives_faults(void) {
    char bytes[32] = "";
    size_t length;
    trap_expected = recover_from_page_fault;
    trap_count = 0;
    EXPECT(user_copy_in(bytes, virt_addr(IDENTITY_END - 13), 32) == 32 - 13);
    EXPECT(user_copy_in(bytes, virt_addr(IDENTITY_END), 32) == 32);
    EXPECT(user_copy_zero(virt_addr(IDENTITY_END), 32) == 32);
    EXPECT(user_copy_string(bytes, virt_addr(IDENTITY_END), 32, &length) == STATUS_FAULT);
    EXPECT(trap_count > 0);
    EXPECT((cpu_read_rflags() & RFLAGS_ALIGNMENT_CHECK) == 0);
}

/* A program. */

static bool is_on_thread_stack(const void *address) {
    return (const uint8_t *)address >= thread_stack &&
           (const uint8_t *)address < thread_stack + sizeof thread_stack;
}

/* SYSENTER: a general protection fault on Intel's CPUs, an invalid opcode on AMD's. */
static bool is_refused_entry(const struct trap_frame *frame) {
    return frame->vector == VECTOR_GENERAL_PROTECTION || frame->vector == VECTOR_INVALID_OPCODE;
}

static void expect_user_trap(struct trap_frame *frame) {
    uint64_t flags = cpu_read_rflags();
    EXPECT((flags & RFLAGS_DIRECTION) == 0);
    EXPECT((flags & RFLAGS_ALIGNMENT_CHECK) == 0 || !cpu_features()->has_smap);
    EXPECT(trap_is_from_user(frame));
    EXPECT(is_on_thread_stack(frame));
    EXPECT(cpu_local()->self == cpu_local());
    frame->rflags &= ~RFLAGS_TRAP;
    if (frame->vector == VECTOR_GENERAL_PROTECTION && frame->rip == NOT_CANONICAL) {
        frame->rip = frame->rbx; /* where CALL_RETURN_NOWHERE came from */
    } else if (is_refused_entry(frame)) {
        frame->rip += SYSENTER_SIZE_BYTES;
    }
}

void syscall_handle(struct trap_frame *frame) {
    uint64_t flags = cpu_read_rflags();
    uint64_t number = frame->rax;
    EXPECT(frame->vector == TRAP_SYSCALL);
    EXPECT(is_on_thread_stack(frame));
    frame->rax = CALL_ANSWER;
    if (number == CALL_CHECK_FLAGS) {
        EXPECT((flags & (RFLAGS_DIRECTION | RFLAGS_ALIGNMENT_CHECK)) == 0);
        EXPECT((flags & RFLAGS_INTERRUPTS) != 0);
    }
    if (number == CALL_RETURN_NOWHERE) {
        frame->rbx = frame->rip;
        frame->rip = NOT_CANONICAL;
    }
    EXPECT(number != CALL_FAIL);
    if (number == CALL_EXIT || number == CALL_FAIL) {
        interrupts_disable();
        context_switch(&thread_context, main_context);
    }
}

static void run_user(void *argument) {
    EXPECT(argument == &main_context);
    struct trap_frame frame;
    context_user_frame(&frame, virt_addr(USER_PAGE), virt_addr(USER_STACK_TOP));
    context_enter_user(&frame);
}

static void test_user_mode(void) {
    uint64_t mark = CALL_GS_MARK;
    size_t size_bytes = (size_t)(entry_user_end - entry_user_start);
    EXPECT(user_copy_out(virt_addr(USER_PAGE), entry_user_start, size_bytes) == 0);
    EXPECT(user_copy_out(virt_addr(USER_GS), &mark, sizeof mark) == 0);
    trap_expected = expect_user_trap;
    trap_count = 0;
    void *top = thread_stack + sizeof thread_stack;
    descriptors_set_kernel_stack((uint64_t)top);
    thread_context = context_create(top, run_user, &main_context);
    context_switch(&main_context, thread_context);
    EXPECT(trap_count == 4);
}

/* Floating-point state. */

static alignas(FPU_AREA_ALIGNMENT) uint8_t fpu_areas[2][FPU_AREA_SIZE_MAX];

static void test_fpu(void) {
    uint64_t value = 0x1122334455667788;
    fpu_area_init(fpu_areas[0]);
    fpu_restore(fpu_areas[0]);
    __asm__ volatile("movq %0, %%xmm7" ::"r"(value));
    fpu_save(fpu_areas[1]);
    fpu_restore(fpu_areas[0]);
    __asm__ volatile("movq %%xmm7, %0" : "=r"(value));
    EXPECT(value == 0);
    fpu_restore(fpu_areas[1]);
    __asm__ volatile("movq %%xmm7, %0" : "=r"(value));
    EXPECT(value == 0x1122334455667788);
}

/* The last one: a stack that is not there. */

static void expect_double_fault(struct trap_frame *frame) {
    EXPECT(frame->vector == VECTOR_DOUBLE_FAULT);
    finish("PASS\n");
}

static void use_stack(void *argument) {
    (void)argument;
    EXPECT(false);
}

[[noreturn]] static void test_double_fault(void) {
    trap_expected = expect_double_fault;
    context_start((void *)KERNEL_RANGES_BASE, use_stack, nullptr);
}

void kernel_main(const void *boot_info) {
    (void)boot_info;
    cpu_init(0);
    if (serial_init(&com1, SERIAL_COM1_PORT, "com1") != STATUS_OK) {
        cpu_stop();
    }
    make_user(USER_PAGE);
    make_user(IDENTITY_END - 1);
    test_kernel_traps();
    test_own_stack_chooses_gs();
    test_nmi_does_not_nest();
    test_user_copy();
    test_user_copy_survives_faults();
    test_user_mode();
    test_fpu();
    test_double_fault();
}
