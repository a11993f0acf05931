#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/kernel_image.h"
#include "kernel/protections/bait.h"
#include "kernel/protections/rules.h"
#include "kernel/thread/thread.h"
#include "lib/check.h"
#include "mm/addr/layout.h"
#include "mm/space/address_space.h"
#include "mm/space/kernel_space.h"

constexpr unsigned PHYS_ADDR_BITS_MAX = 52;

static const uint8_t constant[] = {RETURN_INSTRUCTION};
static uint8_t variable[] = {RETURN_INSTRUCTION};

static void do_nothing(void) {}

bool is_claimed_by_this_cpu(bool (*is_claimed)(const struct cpu_features *cpu)) {
    return !is_claimed || is_claimed(cpu_features());
}

bool has_no_execute(const struct cpu_features *cpu) {
    return cpu->has_no_execute;
}

bool reports_fetches(const struct cpu_features *cpu) {
    return cpu->has_no_execute || cpu->has_smep;
}

bool has_reserved_address_bits(const struct cpu_features *cpu) {
    return cpu->phys_addr_bits < PHYS_ADDR_BITS_MAX;
}

virt_addr_t rule_text(void) {
    return virt_addr_of(kernel_text_start);
}

virt_addr_t rule_text_in_direct_map(void) {
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
    *(uint8_t *)address.value = RETURN_INSTRUCTION;
    return address;
}

static virt_addr_t stack_guard_below(void) {
    return virt_addr(thread_current()->stack.start.value - 1);
}

static virt_addr_t stack_guard_above(void) {
    return virt_add(virt_range_last(thread_current()->stack), 1);
}

/* The first byte below the stack that the CPU would use for this exception. */
static virt_addr_t guard_of(unsigned ist_number) {
    struct descriptors_in_use in_use;
    struct vm_area stack;
    descriptors_read(&in_use);
    virt_addr_t last = virt_addr(in_use.stack_tops[ist_number] - 1);
    CHECK(space_find_area_unlocked(kernel_space(), last, &stack));
    return virt_addr(stack.range.start.value - 1);
}

static virt_addr_t debug_guard(void) {
    return guard_of(1);
}

static virt_addr_t nmi_guard(void) {
    return guard_of(2);
}

static virt_addr_t double_fault_guard(void) {
    return guard_of(3);
}

static virt_addr_t machine_check_guard(void) {
    return guard_of(4);
}

virt_addr_t rule_null(void) {
    return virt_addr(0x10);
}

static virt_addr_t unmapped(void) {
    return virt_addr(KERNEL_RANGES_END - PAGE_SIZE);
}

virt_addr_t rule_non_canonical(void) {
    return virt_addr(0x0100000000000000);
}

static void store_with_user_memory_open(uint64_t address) {
    if (cpu_features()->has_smap) {
        __asm__ volatile("stac" ::: "cc");
    }
    *(volatile uint8_t *)address = RETURN_INSTRUCTION;
    if (cpu_features()->has_smap) {
        __asm__ volatile("clac" ::: "cc");
    }
}

/* As user_copy does it. */
static void write_opened(virt_addr_t address, struct probe_result *result) {
    probe_call(store_with_user_memory_open, address.value, result);
}

static bool has_smap(const struct cpu_features *cpu) {
    return cpu->has_smap;
}

static bool has_smep(const struct cpu_features *cpu) {
    return cpu->has_smep;
}

const struct rule KERNEL_RULES[] = {
    {"write to the kernel's text", nullptr, rule_text, probe_write, WRITE_REFUSED, NOTHING,
     WRITABLE},
    {"write to text in the direct map", nullptr, rule_text_in_direct_map, probe_write,
     WRITE_REFUSED, NOTHING, WRITABLE},
    {"write to the kernel's constants", nullptr, rodata, probe_write, WRITE_REFUSED, NOTHING,
     WITHOUT_WP},
    {"write to constants in the direct map", nullptr, rodata_in_direct_map, probe_write,
     WRITE_REFUSED, NOTHING, WITHOUT_WP},
    {"run the kernel's constants", has_no_execute, rodata, probe_execute, RUN_REFUSED, NOTHING,
     EXECUTABLE},
    {"run the kernel's data", has_no_execute, image_data, probe_execute, RUN_REFUSED, NOTHING,
     EXECUTABLE},
    {"run text in the direct map", has_no_execute, rule_text_in_direct_map, probe_execute,
     RUN_REFUSED, NOTHING, EXECUTABLE},
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
    {"read through a null pointer", nullptr, rule_null, probe_read, READ_ABSENT, NOTHING, NOTHING},
    {"write through a null pointer", nullptr, rule_null, probe_write, WRITE_ABSENT, NOTHING,
     NOTHING},
    {"call a null pointer", reports_fetches, rule_null, probe_execute, RUN_ABSENT, NOTHING,
     NOTHING},
    {"read what is not mapped", nullptr, unmapped, probe_read, READ_ABSENT, NOTHING, NOTHING},
    {"write below a stack", nullptr, stack_guard_below, probe_write, WRITE_ABSENT, NOTHING, MAPPED},
    {"write above a stack", nullptr, stack_guard_above, probe_write, WRITE_ABSENT, NOTHING, MAPPED},
    {"write below the debug stack", nullptr, debug_guard, probe_write, WRITE_ABSENT, NOTHING,
     MAPPED},
    {"write below the NMI stack", nullptr, nmi_guard, probe_write, WRITE_ABSENT, NOTHING, MAPPED},
    {"write below the double-fault stack", nullptr, double_fault_guard, probe_write, WRITE_ABSENT,
     NOTHING, MAPPED},
    {"write below the machine-check stack", nullptr, machine_check_guard, probe_write, WRITE_ABSENT,
     NOTHING, MAPPED},
    {"write read-only user memory, opened", nullptr, bait_user_code, write_opened, WRITE_REFUSED,
     NOTHING, WITHOUT_WP},
    {"read an address that is not canonical", nullptr, rule_non_canonical, probe_read, NO_ADDRESS,
     NOTHING, NOTHING},
    {"read through an entry with a reserved bit", has_reserved_address_bits, bait_data, probe_read,
     RESERVED_BIT, ADDRESS_BIT_51, NOTHING},
    {"read through an entry of the root with PS", nullptr, bait_user_data, probe_read, RESERVED_BIT,
     PS_IN_ROOT, WITHOUT_SMAP},
    {},
};
