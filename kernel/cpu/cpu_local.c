#include "kernel/cpu/cpu_local.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/fpu.h"
#include "kernel/cpu/trap.h"
#include "lib/check.h"

static struct cpu_local locals[CPU_LOCAL_COUNT]; /* each is its CPU's own */

/* Port 70h: an index of the CMOS memory, and in bit 7 whether NMIs are masked. Reading the data
 * port afterwards is what the chip expects; index 0Dh is read-only. */
static void unmask_nmi(void) {
    port_write8(0x70, 0x0d);
    (void)port_read8(0x71);
}

void cpu_init(uint32_t index) {
    CHECK(index < CPU_LOCAL_COUNT);
    struct cpu_local *local = &locals[index];
    local->self = local;
    local->index = index;
    if (index == 0) {
        cpu_features_detect();
    }
    descriptors_load(index);
    /* After the descriptors, whose loading of GS clears its base. */
    cpu_write_msr(MSR_GS_BASE, (uint64_t)local);
    cpu_write_msr(MSR_KERNEL_GS_BASE, 0);
    cpu_features_enable();
    fpu_enable();
    syscall_enable();
    unmask_nmi();
}
