#include "host_tests/history/instructions.h"

#include "kernel/cpu/cpu.h"

void kernel_flushes_page(uint64_t va) {
    cpu_invlpg(virt_addr(va));
}
