#pragma once

#include <stdint.h>

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/features.h"
#include "kernel/fault/fault.h"
#include "kernel/probe/probe.h"
#include "kernel/protections/lift.h"
#include "lib/decls.h"
#include "mm/addr/addr.h"
#include "mm/paging/pte.h"

BEGIN_C_DECLS

/* What must come of an access. */
struct expected {
    uint8_t vector;
    uint32_t error_code;
};

/* An access that must end in an exception, and why. */
struct rule {
    const char *name; /* what is tried: "write to the kernel's text" */
    bool (*is_claimed)(const struct cpu_features *cpu); /* nullptr: by every CPU */
    virt_addr_t (*target)(void);
    void (*access)(virt_addr_t address, struct probe_result *result);
    struct expected expected;
    struct lift plant; /* what makes the access forbidden; where it is nothing, it is already */
    struct lift lift;  /* what makes it allowed; where both are nothing, nothing does */
};

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

constexpr struct expected USER_READ_REFUSED = {VECTOR_PAGE_FAULT,
                                               PAGE_FAULT_PRESENT | PAGE_FAULT_USER};
constexpr struct expected USER_WRITE_REFUSED = {
    VECTOR_PAGE_FAULT, PAGE_FAULT_PRESENT | PAGE_FAULT_WRITE | PAGE_FAULT_USER};
constexpr struct expected USER_RUN_REFUSED = {
    VECTOR_PAGE_FAULT, PAGE_FAULT_PRESENT | PAGE_FAULT_FETCH | PAGE_FAULT_USER};
constexpr struct expected USER_READ_ABSENT = {VECTOR_PAGE_FAULT, PAGE_FAULT_USER};
constexpr struct expected PRIVILEGED = {VECTOR_GENERAL_PROTECTION, 0};
constexpr struct expected NO_INSTRUCTION = {VECTOR_INVALID_OPCODE, 0};

/* What rules plant and lift. */
constexpr struct lift NOTHING = {};
constexpr struct lift WRITABLE = {LIFT_ENTRY, .set = PTE_WRITABLE, .clear = 0};
constexpr struct lift EXECUTABLE = {LIFT_ENTRY, .set = 0, .clear = PTE_EXECUTE_DISABLE};
constexpr struct lift WITHOUT_WP = {LIFT_CR0, .set = 0, .clear = CR0_WRITE_PROTECT};
constexpr struct lift WITHOUT_SMAP = {LIFT_CR4, .set = 0, .clear = CR4_SMAP};
constexpr struct lift WITHOUT_UMIP = {LIFT_CR4, .set = 0, .clear = CR4_UMIP};
constexpr struct lift WITHOUT_SMEP = {LIFT_CR4, .set = 0, .clear = CR4_SMEP};
constexpr struct lift MAPPED = {LIFT_GUARD, .set = 0, .clear = 0};
constexpr struct lift PS_IN_ROOT = {LIFT_ROOT, .set = PTE_LARGE, .clear = 0};
constexpr struct lift ADDRESS_BIT_51 = {LIFT_ENTRY, .set = 1ull << 51, .clear = 0};
constexpr struct lift NOT_FOR_USERS = {LIFT_ENTRY, .set = 0, .clear = PTE_USER};
constexpr struct lift WITH_FSGSBASE = {LIFT_CR4, .set = CR4_FSGSBASE, .clear = 0};
constexpr struct lift FOR_USERS = {LIFT_ENTRY, .set = PTE_USER, .clear = 0};

/* For several tables. */
bool has_no_execute(const struct cpu_features *cpu);
bool reports_fetches(const struct cpu_features *cpu); /* in the error code (SDM 3A 4.7) */
bool has_reserved_address_bits(const struct cpu_features *cpu);
bool is_claimed_by_this_cpu(bool (*is_claimed)(const struct cpu_features *cpu));
virt_addr_t rule_text(void);
virt_addr_t rule_text_in_direct_map(void);
virt_addr_t rule_null(void);
virt_addr_t rule_non_canonical(void);

/* What the kernel tries, and what user code tries. Each ended by a name that is nullptr. */
extern const struct rule KERNEL_RULES[];
extern const struct rule USER_RULES[];

/*
 * Plants what only the audit can see, and wants it found where the CPU makes it a mistake at all,
 * and prints a line for each as protections_run does. Returns how many were not found.
 */
unsigned plant_for_audit(void);

END_C_DECLS
