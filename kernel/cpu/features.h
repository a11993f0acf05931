#pragma once

#include <stdint.h>

#include "lib/decls.h"

BEGIN_C_DECLS

/* What CPUID says of this CPU (SDM 2A, CPUID). */
struct cpu_features {
    char vendor[13]; /* "GenuineIntel" */
    char name[49];   /* the brand string, without leading blanks; empty where there is none */
    uint16_t family; /* with the extended fields added in, as Intel and AMD print them */
    uint16_t model;
    uint8_t stepping;
    uint8_t phys_addr_bits; /* MAXPHYADDR, 32..52 */
    uint8_t virt_addr_bits;
    bool has_fxsave;
    bool has_sse2;
    bool has_global_pages;
    bool has_pat;
    bool has_msr;
    bool has_machine_check;
    bool has_sysenter;
    bool has_apic;
    bool has_x2apic;
    bool has_pcid;
    bool has_invpcid;
    bool has_xsave;
    bool has_avx;
    bool has_avx512;
    bool has_fsgsbase;
    bool has_smep;
    bool has_smap;
    bool has_umip;
    bool has_protection_keys;
    bool has_la57;
    bool has_syscall;
    bool has_no_execute;
    bool has_1g_leaves;
    bool has_long_mode;
    bool is_under_hypervisor;
};

/* Reads CPUID; the result is constant afterwards. Called once, by cpu_init. */
void cpu_features_detect(void);

const struct cpu_features *cpu_features(void);

/*
 * Turns on what the kernel relies on and this CPU has: CR0.WP, EFER.NXE and SCE, CR4.PGE, MCE,
 * SMEP, SMAP and UMIP, and programs the PAT as mm/platform.h describes.
 * CR4.FSGSBASE stays off: the entry paths tell the two GS bases apart by their sign (law 13), so a
 * program must not be able to load one of the kernel's half. CR4.PCIDE stays off.
 */
void cpu_features_enable(void);

END_C_DECLS
