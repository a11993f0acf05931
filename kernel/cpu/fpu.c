#include "kernel/cpu/fpu.h"

#include <stdint.h>

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/fpu_area.h"
#include "lib/check.h"

/* XCR0 (SDM 1 13.3): what the areas hold. Not PKRU, MPX or AMX, which the kernel leaves off. */
constexpr uint64_t STATE_X87 = 1 << 0;
constexpr uint64_t STATE_SSE = 1 << 1;
constexpr uint64_t STATE_AVX = 1 << 2;
constexpr uint64_t STATE_AVX512 = 7 << 5;

constexpr uint32_t CPUID_XSAVE = 0xd;

/* Of the legacy region, which FXSAVE and XSAVE share. */
constexpr size_t OFFSET_FCW = 0;
constexpr size_t OFFSET_FSW = 2;
constexpr size_t OFFSET_MXCSR_MASK = 28;
constexpr size_t OFFSET_SOFTWARE = 464;
constexpr uint32_t MXCSR_MASK_DEFAULT = 0xffbf; /* where the CPU says 0 */

/* struct _fpx_sw_bytes. */
struct software_bytes {
    uint32_t mark;
    uint32_t size_bytes; /* with the end mark */
    uint64_t states;
    uint32_t state_size_bytes;
    uint32_t padding[7];
};

constexpr uint32_t USER_MARK = 0x46505853;
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
    area_size_bytes = FPU_LEGACY_SIZE_BYTES;
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
    __builtin_memcpy((char *)area + FPU_OFFSET_MXCSR, &MXCSR_DEFAULT, sizeof MXCSR_DEFAULT);
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

void fpu_replace(void *area, const void *checked) {
    bool were_enabled = interrupts_save();
    __builtin_memcpy(area, checked, area_size_bytes);
    fpu_restore(area);
    interrupts_restore(were_enabled);
}

void fpu_reset(void *area) {
    bool were_enabled = interrupts_save();
    fpu_area_init(area);
    fpu_restore(area);
    interrupts_restore(were_enabled);
}

bool fpu_has_xsave(void) {
    return state_mask != 0;
}

size_t fpu_user_size_bytes(void) {
    return area_size_bytes + (state_mask != 0 ? sizeof(FPU_USER_END_MARK) : 0);
}

void fpu_describe_for_user(void *area) {
    struct software_bytes bytes = {};
    if (state_mask != 0) {
        bytes.mark = USER_MARK;
        bytes.size_bytes = (uint32_t)fpu_user_size_bytes();
        bytes.states = state_mask;
        bytes.state_size_bytes = (uint32_t)area_size_bytes;
    }
    __builtin_memcpy((char *)area + OFFSET_SOFTWARE, &bytes, sizeof(bytes));
}

void fpu_describe_for_tracer(void *area) {
    constexpr size_t rest_bytes = sizeof(struct software_bytes) - sizeof(state_mask);
    char *at = (char *)area + OFFSET_SOFTWARE;
    __builtin_memcpy(at, &state_mask, sizeof(state_mask));
    __builtin_memset(at + sizeof(state_mask), 0, rest_bytes);
}

void fpu_area_take_legacy(void *area, const void *legacy) {
    constexpr uint64_t legacy_states = STATE_X87 | STATE_SSE;
    __builtin_memcpy(area, legacy, FPU_LEGACY_SIZE_BYTES);
    if (state_mask != 0) {
        uint64_t states;
        char *header = (char *)area + FPU_LEGACY_SIZE_BYTES;
        __builtin_memcpy(&states, header, sizeof(states));
        states |= legacy_states;
        __builtin_memcpy(header, &states, sizeof(states));
    }
}

/* The mask of the bits that this CPU has is in every area it saved; this one is a program's. */
static uint32_t mxcsr_mask(void) {
    alignas(FPU_AREA_ALIGNMENT) char legacy[FPU_LEGACY_SIZE_BYTES];
    uint32_t mask;
    __asm__ volatile("fxsave64 (%0)" ::"r"(legacy) : "memory");
    __builtin_memcpy(&mask, legacy + OFFSET_MXCSR_MASK, sizeof(mask));
    return mask != 0 ? mask : MXCSR_MASK_DEFAULT;
}

bool fpu_area_can_be_restored(const void *area) {
    const struct fpu_rules rules = {.mxcsr_mask = mxcsr_mask(), .states = state_mask};
    return fpu_area_is_valid(area, &rules);
}

unsigned fpu_area_exceptions(const void *area, bool is_sse) {
    constexpr unsigned all = 0x3f;
    constexpr unsigned sse_mask_shift = 7;
    const char *bytes = area;
    uint16_t control;
    uint16_t status;
    uint32_t mxcsr;
    __builtin_memcpy(&control, bytes + OFFSET_FCW, sizeof(control));
    __builtin_memcpy(&status, bytes + OFFSET_FSW, sizeof(status));
    __builtin_memcpy(&mxcsr, bytes + FPU_OFFSET_MXCSR, sizeof(mxcsr));
    return is_sse ? mxcsr & ~(mxcsr >> sse_mask_shift) & all : status & ~(unsigned)control & all;
}
