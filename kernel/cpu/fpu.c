#include "kernel/cpu/fpu.h"

#include <stdint.h>

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "lib/check.h"

/* XCR0 (SDM 1 13.3): what the areas hold. Not PKRU, MPX or AMX, which the kernel leaves off. */
constexpr uint64_t STATE_X87 = 1 << 0;
constexpr uint64_t STATE_SSE = 1 << 1;
constexpr uint64_t STATE_AVX = 1 << 2;
constexpr uint64_t STATE_AVX512 = 7 << 5;

constexpr uint32_t CPUID_XSAVE = 0xd;

/* The legacy region, which FXSAVE and XSAVE share (SDM 1 10.5.1). */
constexpr size_t LEGACY_SIZE_BYTES = 512;
constexpr size_t OFFSET_FCW = 0;
constexpr size_t OFFSET_MXCSR = 24;
constexpr uint16_t FCW_DEFAULT = 0x37f;
constexpr uint32_t MXCSR_DEFAULT = 0x1f80;

static uint64_t state_mask;    /* XCR0; 0: FXSAVE. Fixed by the boot CPU's fpu_enable */
static size_t area_size_bytes; /* likewise */

static uint64_t supported_states(void) {
    struct cpuid_registers r = cpu_id(CPUID_XSAVE, 0);
    uint64_t supported = (uint64_t)r.edx << 32 | r.eax;
    uint64_t mask = STATE_X87 | STATE_SSE | (supported & STATE_AVX);
    bool has_all_avx512 = (supported & STATE_AVX512) == STATE_AVX512;
    if ((mask & STATE_AVX) != 0 && has_all_avx512) {
        mask |= STATE_AVX512;
    }
    return mask;
}

void fpu_enable(void) {
    uint64_t cr0 = cpu_read_cr0() | CR0_MONITOR_COPROCESSOR | CR0_NUMERIC_ERROR;
    cpu_write_cr0(cr0 & ~(CR0_EMULATION | CR0_TASK_SWITCHED));
    cpu_write_cr4(cpu_read_cr4() | CR4_FXSAVE | CR4_SIMD_EXCEPTIONS);
    area_size_bytes = LEGACY_SIZE_BYTES;
    if (cpu_features()->has_xsave) {
        cpu_write_cr4(cpu_read_cr4() | CR4_XSAVE);
        state_mask = supported_states();
        cpu_write_xcr0(state_mask);
        area_size_bytes = cpu_id(CPUID_XSAVE, 0).ebx;
    }
    CHECK(area_size_bytes <= FPU_AREA_SIZE_MAX);
}

size_t fpu_area_size_bytes(void) {
    return area_size_bytes;
}

void fpu_area_init(void *area) {
    __builtin_memset(area, 0, area_size_bytes);
    __builtin_memcpy((char *)area + OFFSET_FCW, &FCW_DEFAULT, sizeof FCW_DEFAULT);
    __builtin_memcpy((char *)area + OFFSET_MXCSR, &MXCSR_DEFAULT, sizeof MXCSR_DEFAULT);
}

void fpu_save(void *area) {
    if (state_mask == 0) {
        __asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
        return;
    }
    __asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(UINT32_MAX), "d"(UINT32_MAX) : "memory");
}

void fpu_restore(const void *area) {
    if (state_mask == 0) {
        __asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
        return;
    }
    __asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"(UINT32_MAX), "d"(UINT32_MAX) : "memory");
}
