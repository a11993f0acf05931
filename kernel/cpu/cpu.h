#pragma once

#include <stddef.h>
#include <stdint.h>

#include "mm/addr/addr.h"

/*
 * The instructions that C cannot say, one function each, named after what they do to this CPU.
 * Nothing here decides anything.
 */

/* CR0, CR4, EFER and RFLAGS bits that are used by name (SDM 3A 2.5, 2.2.1, 2.3). */
constexpr uint64_t CR0_MONITOR_COPROCESSOR = 1ull << 1;
constexpr uint64_t CR0_EMULATION = 1ull << 2;
constexpr uint64_t CR0_TASK_SWITCHED = 1ull << 3;
constexpr uint64_t CR0_NUMERIC_ERROR = 1ull << 5;
constexpr uint64_t CR0_WRITE_PROTECT = 1ull << 16;
constexpr uint64_t CR0_ALIGNMENT_MASK = 1ull << 18;
constexpr uint64_t CR0_NOT_WRITE_THROUGH = 1ull << 29;
constexpr uint64_t CR0_CACHE_DISABLE = 1ull << 30;

constexpr uint64_t CR4_MACHINE_CHECK = 1ull << 6;
constexpr uint64_t CR4_GLOBAL_PAGES = 1ull << 7;
constexpr uint64_t CR4_FXSAVE = 1ull << 9;
constexpr uint64_t CR4_SIMD_EXCEPTIONS = 1ull << 10;
constexpr uint64_t CR4_UMIP = 1ull << 11;
constexpr uint64_t CR4_LA57 = 1ull << 12;
constexpr uint64_t CR4_FSGSBASE = 1ull << 16;
constexpr uint64_t CR4_PCID = 1ull << 17;
constexpr uint64_t CR4_XSAVE = 1ull << 18;
constexpr uint64_t CR4_SMEP = 1ull << 20;
constexpr uint64_t CR4_SMAP = 1ull << 21;
constexpr uint64_t CR4_PROTECTION_KEYS = 1ull << 22;

constexpr uint64_t EFER_SYSCALL = 1ull << 0;
constexpr uint64_t EFER_NO_EXECUTE = 1ull << 11;

constexpr uint64_t RFLAGS_ALWAYS_SET = 1ull << 1;
constexpr uint64_t RFLAGS_TRAP = 1ull << 8;
constexpr uint64_t RFLAGS_INTERRUPTS = 1ull << 9;
constexpr uint64_t RFLAGS_DIRECTION = 1ull << 10;
constexpr uint64_t RFLAGS_IO_PRIVILEGE = 3ull << 12;
constexpr uint64_t RFLAGS_NESTED_TASK = 1ull << 14;
constexpr uint64_t RFLAGS_RESUME = 1ull << 16;
constexpr uint64_t RFLAGS_ALIGNMENT_CHECK = 1ull << 18;

/* Model-specific registers (SDM 4, table 2-2). */
constexpr uint32_t MSR_APIC_BASE = 0x1b;
constexpr uint32_t MSR_SYSENTER_CS = 0x174;
constexpr uint32_t MSR_MISC_ENABLE = 0x1a0;
constexpr uint32_t MSR_PAT = 0x277;
constexpr uint32_t MSR_EFER = 0xc0000080;
constexpr uint32_t MSR_STAR = 0xc0000081;
constexpr uint32_t MSR_LSTAR = 0xc0000082;
constexpr uint32_t MSR_CSTAR = 0xc0000083;
constexpr uint32_t MSR_SYSCALL_FLAG_MASK = 0xc0000084;
constexpr uint32_t MSR_FS_BASE = 0xc0000100;
constexpr uint32_t MSR_GS_BASE = 0xc0000101;
constexpr uint32_t MSR_KERNEL_GS_BASE = 0xc0000102;

/* CPUID leaf and subleaf (SDM 2A, CPUID). */
struct cpuid_registers {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid_registers cpu_id(uint32_t leaf, uint32_t subleaf) {
    struct cpuid_registers r;
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint64_t cpu_read_cr0(void) {
    uint64_t value;
    __asm__ volatile("movq %%cr0, %0" : "=r"(value)::"memory");
    return value;
}

static inline void cpu_write_cr0(uint64_t value) {
    __asm__ volatile("movq %0, %%cr0" ::"r"(value) : "memory");
}

/* The faulting address; only meaningful before anything else can fault (law 8). */
static inline uint64_t cpu_read_cr2(void) {
    uint64_t value;
    __asm__ volatile("movq %%cr2, %0" : "=r"(value)::"memory");
    return value;
}

static inline uint64_t cpu_read_cr3(void) {
    uint64_t value;
    __asm__ volatile("movq %%cr3, %0" : "=r"(value)::"memory");
    return value;
}

/* Loads a root; without PCIDs this forgets every translation that is not global. */
static inline void cpu_write_cr3(uint64_t value) {
    __asm__ volatile("movq %0, %%cr3" ::"r"(value) : "memory");
}

static inline uint64_t cpu_read_cr4(void) {
    uint64_t value;
    __asm__ volatile("movq %%cr4, %0" : "=r"(value)::"memory");
    return value;
}

static inline void cpu_write_cr4(uint64_t value) {
    __asm__ volatile("movq %0, %%cr4" ::"r"(value) : "memory");
}

/* Forgets the page of `va` and every paging-structure cache of this context (SDM 3A 4.10.4.1). The
 * operand is the address itself: the "m" form would flush the page of the variable (law 9). */
static inline void cpu_invlpg(virt_addr_t va) {
    __asm__ volatile("invlpg (%0)" ::"r"(va.value) : "memory");
}

/* Forgets everything, global translations too, by toggling CR4.PGE (SDM 3A 4.10.4.1). */
static inline void cpu_flush_all(void) {
    uint64_t cr4 = cpu_read_cr4();
    cpu_write_cr4(cr4 ^ CR4_GLOBAL_PAGES);
    cpu_write_cr4(cr4);
}

static inline uint64_t cpu_read_msr(uint32_t msr) {
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void cpu_write_msr(uint32_t msr, uint64_t value) {
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

/* XCR0: which state XSAVE keeps (SDM 1 13.3). Needs CR4.OSXSAVE. */
static inline void cpu_write_xcr0(uint64_t value) {
    __asm__ volatile("xsetbv" ::"c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

static inline uint64_t cpu_read_tsc(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static inline uint8_t port_read8(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint16_t port_read16(uint16_t port) {
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint32_t port_read32(uint16_t port) {
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void port_write8(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

static inline void port_write16(uint16_t port, uint16_t value) {
    __asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

static inline void port_write32(uint16_t port, uint32_t value) {
    __asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

/* About a microsecond: a write to the POST code port, which old ISA devices need between two
 * accesses. */
static inline void port_pause(void) {
    port_write8(0x80, 0);
}

static inline void cpu_pause(void) {
    __builtin_ia32_pause();
}

static inline uint64_t cpu_read_rflags(void) {
    uint64_t flags;
    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags)::"memory");
    return flags;
}

static inline bool interrupts_are_enabled(void) {
    return (cpu_read_rflags() & RFLAGS_INTERRUPTS) != 0;
}

static inline void interrupts_enable(void) {
    __asm__ volatile("sti" ::: "memory");
}

static inline void interrupts_disable(void) {
    __asm__ volatile("cli" ::: "memory");
}

/* Disables interrupts; says whether they were enabled, for interrupts_restore. */
[[nodiscard]] static inline bool interrupts_save(void) {
    bool were_enabled = interrupts_are_enabled();
    interrupts_disable();
    return were_enabled;
}

static inline void interrupts_restore(bool were_enabled) {
    if (were_enabled) {
        interrupts_enable();
    }
}

/* Enables interrupts and sleeps until one comes; none can slip in between (SDM 2B, STI). */
static inline void cpu_wait_for_interrupt(void) {
    __asm__ volatile("sti\n\thlt" ::: "memory");
}

/* Stops this CPU for good. */
[[noreturn]] static inline void cpu_stop(void) {
    for (;;) {
        __asm__ volatile("cli\n\thlt" ::: "memory");
    }
}

/* Resets the machine: an exception that cannot be delivered, nor its double fault (SDM 3A 6.15). */
[[noreturn]] static inline void cpu_triple_fault(void) {
    static const uint8_t no_interrupt_table[10];
    __asm__ volatile("lidt %0\n\tud2" ::"m"(no_interrupt_table));
    __builtin_unreachable();
}
