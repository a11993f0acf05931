#include "kernel/cpu/features.h"

#include "kernel/cpu/cpu.h"

constexpr uint32_t CPUID_EXTENDED = 0x80000000;

/*
 * Entry by entry WB, WC, UC-, UC, then WT and the same again (SDM 3A 11.12.2). Entries 0, 2 and 3
 * are as at reset, so mappings made without the PWT bit keep their type.
 */
constexpr uint64_t PAT_VALUE = 0x0007010400070106;

extern uint8_t smap_is_on; /* entry.asm; set once at boot, to the same on every CPU */

static struct cpu_features features; /* fixed by cpu_features_detect */

/* All zero where the CPU has no such leaf (Intel's would repeat the highest one). */
static struct cpuid_registers leaf_or_zero(uint32_t leaf) {
    struct cpuid_registers none = {};
    return cpu_id(leaf & CPUID_EXTENDED, 0).eax >= leaf ? cpu_id(leaf, 0) : none;
}

static bool has_bit(uint32_t word, unsigned bit) {
    return (word >> bit & 1) != 0;
}

static void detect_names(void) {
    struct cpuid_registers vendor = cpu_id(0, 0);
    __builtin_memcpy(features.vendor, &vendor.ebx, 4);
    __builtin_memcpy(features.vendor + 4, &vendor.edx, 4);
    __builtin_memcpy(features.vendor + 8, &vendor.ecx, 4);

    char brand[49] = "";
    for (uint32_t i = 0; i < 3; i++) {
        struct cpuid_registers part = leaf_or_zero(CPUID_EXTENDED + 2 + i);
        __builtin_memcpy(brand + 16 * i, &part, sizeof part);
    }
    const char *start = brand;
    while (*start == ' ') {
        start++;
    }
    for (size_t i = 0; start[i] != '\0'; i++) {
        features.name[i] = start[i];
    }
}

/* SDM 2A, CPUID, figure 3-6: the extended fields count only for some families. */
static void detect_model(uint32_t signature) {
    uint16_t family = signature >> 8 & 0xf;
    uint16_t model = signature >> 4 & 0xf;
    if (family == 6 || family == 15) {
        model |= (signature >> 16 & 0xf) << 4;
    }
    if (family == 15) {
        family += signature >> 20 & 0xff;
    }
    features.family = family;
    features.model = model;
    features.stepping = signature & 0xf;
}

static void detect_basic(void) {
    struct cpuid_registers r = cpu_id(1, 0);
    detect_model(r.eax);
    features.has_msr = has_bit(r.edx, 5);
    features.has_machine_check = has_bit(r.edx, 7);
    features.has_apic = has_bit(r.edx, 9);
    features.has_sysenter = has_bit(r.edx, 11);
    features.has_global_pages = has_bit(r.edx, 13);
    features.has_pat = has_bit(r.edx, 16);
    features.has_fxsave = has_bit(r.edx, 24);
    features.has_sse2 = has_bit(r.edx, 26);
    features.has_pcid = has_bit(r.ecx, 17);
    features.has_x2apic = has_bit(r.ecx, 21);
    features.has_xsave = has_bit(r.ecx, 26);
    features.has_avx = has_bit(r.ecx, 28);
    features.is_under_hypervisor = has_bit(r.ecx, 31);
}

static void detect_structured(void) {
    struct cpuid_registers r = leaf_or_zero(7);
    features.has_fsgsbase = has_bit(r.ebx, 0);
    features.has_smep = has_bit(r.ebx, 7);
    features.has_invpcid = has_bit(r.ebx, 10);
    features.has_avx512 = has_bit(r.ebx, 16);
    features.has_smap = has_bit(r.ebx, 20);
    features.has_umip = has_bit(r.ecx, 2);
    features.has_protection_keys = has_bit(r.ecx, 3);
    features.has_la57 = has_bit(r.ecx, 16);
}

static void detect_extended(void) {
    struct cpuid_registers r = leaf_or_zero(CPUID_EXTENDED + 1);
    features.has_syscall = has_bit(r.edx, 11);
    features.has_no_execute = has_bit(r.edx, 20);
    features.has_1g_leaves = has_bit(r.edx, 26);
    features.has_long_mode = has_bit(r.edx, 29);

    /* SDM 3A 4.1.4: without the leaf, a CPU with PAE has 36 bits. */
    struct cpuid_registers sizes = leaf_or_zero(CPUID_EXTENDED + 8);
    features.phys_addr_bits = sizes.eax == 0 ? 36 : sizes.eax & 0xff;
    features.virt_addr_bits = sizes.eax == 0 ? 48 : sizes.eax >> 8 & 0xff;
}

void cpu_features_detect(void) {
    detect_names();
    detect_basic();
    detect_structured();
    detect_extended();
}

const struct cpu_features *cpu_features(void) {
    return &features;
}

static uint64_t wanted_cr4(void) {
    uint64_t cr4 = cpu_read_cr4() & ~(CR4_FSGSBASE | CR4_PCID | CR4_PROTECTION_KEYS);
    cr4 |= features.has_machine_check ? CR4_MACHINE_CHECK : 0;
    cr4 |= features.has_global_pages ? CR4_GLOBAL_PAGES : 0;
    cr4 |= features.has_umip ? CR4_UMIP : 0;
    cr4 |= features.has_smep ? CR4_SMEP : 0;
    cr4 |= features.has_smap ? CR4_SMAP : 0;
    return cr4;
}

void cpu_features_enable(void) {
    uint64_t cr0 = cpu_read_cr0() | CR0_WRITE_PROTECT | CR0_ALIGNMENT_MASK;
    cpu_write_cr0(cr0 & ~(CR0_CACHE_DISABLE | CR0_NOT_WRITE_THROUGH));
    uint64_t efer = cpu_read_msr(MSR_EFER) | EFER_SYSCALL;
    cpu_write_msr(MSR_EFER, efer | (features.has_no_execute ? EFER_NO_EXECUTE : 0));
    smap_is_on = features.has_smap;
    cpu_write_cr4(wanted_cr4());
    if (features.has_pat) {
        cpu_write_msr(MSR_PAT, PAT_VALUE);
    }
    cpu_flush_all();
}
