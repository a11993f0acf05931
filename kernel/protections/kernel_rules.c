#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/kernel_image.h"
#include "kernel/fault/fault.h"
#include "kernel/protections/bait.h"
#include "kernel/protections/rules.h"
#include "kernel/thread/thread.h"
#include "mm/addr/layout.h"
#include "mm/paging/pte.h"

constexpr struct expected READ_ABSENT = {VECTOR_PAGE_FAULT, 0};
constexpr struct expected WRITE_ABSENT = {VECTOR_PAGE_FAULT, PAGE_FAULT_WRITE};
constexpr struct expected RUN_ABSENT = {VECTOR_PAGE_FAULT, PAGE_FAULT_FETCH};
constexpr struct expected READ_REFUSED = {VECTOR_PAGE_FAULT, PAGE_FAULT_PRESENT};
constexpr struct expected WRITE_REFUSED = {VECTOR_PAGE_FAULT,
                                           PAGE_FAULT_PRESENT | PAGE_FAULT_WRITE};
constexpr struct expected RUN_REFUSED = {VECTOR_PAGE_FAULT, PAGE_FAULT_PRESENT | PAGE_FAULT_FETCH};
constexpr struct expected RESERVED_BIT = {VECTOR_PAGE_FAULT,
                                          PAGE_FAULT_PRESENT | PAGE_FAULT_RESERVED_BIT};
constexpr struct expected NO_ADDRESS = {VECTOR_GENERAL_PROTECTION, 0};

constexpr struct lift NOTHING = {};
constexpr struct lift WRITABLE = {LIFT_ENTRY, .set = PTE_WRITABLE, .clear = 0};
constexpr struct lift EXECUTABLE = {LIFT_ENTRY, .set = 0, .clear = PTE_EXECUTE_DISABLE};
constexpr struct lift WITHOUT_WP = {LIFT_CR0, .set = 0, .clear = CR0_WRITE_PROTECT};
constexpr struct lift WITHOUT_SMAP = {LIFT_CR4, .set = 0, .clear = CR4_SMAP};
constexpr struct lift WITHOUT_SMEP = {LIFT_CR4, .set = 0, .clear = CR4_SMEP};
constexpr struct lift MAPPED = {LIFT_GUARD, .set = 0, .clear = 0};
constexpr struct lift PS_IN_ROOT = {LIFT_ROOT, .set = PTE_LARGE, .clear = 0};

static const uint8_t constant[] = {0xc3};
static uint8_t variable[] = {0xc3};

static void do_nothing(void) {}

static virt_addr_t text(void) {
    return virt_addr_of(kernel_text_start);
}

static virt_addr_t text_in_direct_map(void) {
    return bait_in_direct_map(virt_addr((uint64_t)do_nothing));
}

static virt_addr_t rodata(void) {
    return virt_addr_of(constant);
}

static virt_addr_t rodata_in_direct_map(void) {
    return bait_in_direct_map(rodata());
}

static virt_addr_t image_data(void) {
    return virt_addr_of(variable);
}

/* Below what is in use of the stack that this runs on. */
static virt_addr_t unused_stack(void) {
    virt_addr_t address = thread_current()->stack.start;
    *(uint8_t *)address.value = 0xc3;
    return address;
}

static virt_addr_t stack_guard_below(void) {
    return virt_addr(thread_current()->stack.start.value - 1);
}

static virt_addr_t stack_guard_above(void) {
    return virt_add(virt_range_last(thread_current()->stack), 1);
}

static virt_addr_t null(void) {
    return virt_addr(0x10);
}

static virt_addr_t unmapped(void) {
    return virt_addr(KERNEL_RANGES_END - PAGE_SIZE);
}

static virt_addr_t non_canonical(void) {
    return virt_addr(0x0100000000000000);
}

static bool has_no_execute(const struct cpu_features *cpu) {
    return cpu->has_no_execute;
}

static bool has_smap(const struct cpu_features *cpu) {
    return cpu->has_smap;
}

static bool has_smep(const struct cpu_features *cpu) {
    return cpu->has_smep;
}

const struct rule KERNEL_RULES[] = {
    {"write to the kernel's text", nullptr, text, probe_write, WRITE_REFUSED, NOTHING, WRITABLE},
    {"write to text in the direct map", nullptr, text_in_direct_map, probe_write, WRITE_REFUSED,
     NOTHING, WRITABLE},
    {"write to the kernel's constants", nullptr, rodata, probe_write, WRITE_REFUSED, NOTHING,
     WITHOUT_WP},
    {"write to constants in the direct map", nullptr, rodata_in_direct_map, probe_write,
     WRITE_REFUSED, NOTHING, WITHOUT_WP},
    {"run the kernel's constants", has_no_execute, rodata, probe_execute, RUN_REFUSED, NOTHING,
     EXECUTABLE},
    {"run the kernel's data", has_no_execute, image_data, probe_execute, RUN_REFUSED, NOTHING,
     EXECUTABLE},
    {"run text in the direct map", has_no_execute, text_in_direct_map, probe_execute, RUN_REFUSED,
     NOTHING, EXECUTABLE},
    {"run a stack", has_no_execute, unused_stack, probe_execute, RUN_REFUSED, NOTHING, EXECUTABLE},
    {"run the heap", has_no_execute, bait_heap, probe_execute, RUN_REFUSED, NOTHING, EXECUTABLE},
    {"run a kernel range", has_no_execute, bait_data, probe_execute, RUN_REFUSED, NOTHING,
     EXECUTABLE},
    {"read user memory (SMAP)", has_smap, bait_user_data, probe_read, READ_REFUSED, NOTHING,
     WITHOUT_SMAP},
    {"write user memory (SMAP)", has_smap, bait_user_data, probe_write, WRITE_REFUSED, NOTHING,
     WITHOUT_SMAP},
    {"run user memory (SMEP)", has_smep, bait_user_code, probe_execute, RUN_REFUSED, NOTHING,
     WITHOUT_SMEP},
    {"read through a null pointer", nullptr, null, probe_read, READ_ABSENT, NOTHING, NOTHING},
    {"write through a null pointer", nullptr, null, probe_write, WRITE_ABSENT, NOTHING, NOTHING},
    {"call a null pointer", nullptr, null, probe_execute, RUN_ABSENT, NOTHING, NOTHING},
    {"read what is not mapped", nullptr, unmapped, probe_read, READ_ABSENT, NOTHING, NOTHING},
    {"write below a stack", nullptr, stack_guard_below, probe_write, WRITE_ABSENT, NOTHING, MAPPED},
    {"write above a stack", nullptr, stack_guard_above, probe_write, WRITE_ABSENT, NOTHING, MAPPED},
    {"read an address that is not canonical", nullptr, non_canonical, probe_read, NO_ADDRESS,
     NOTHING, NOTHING},
    {"read through an entry of the root with PS", nullptr, bait_user_data, probe_read, RESERVED_BIT,
     PS_IN_ROOT, WITHOUT_SMAP},
    {},
};
