#include "kernel/signal/signal.h"
#include "kernel/fault/fault.h"

/* What Linux sends for each exception (SDM 3A table 6-1). */
unsigned fault_signal(uint64_t vector) {
    switch (vector) {
    case 0:  /* #DE */
    case 16: /* #MF */
    case 19: /* #XM */
        return SIGNAL_FPE;
    case 1: /* #DB */
    case 3: /* #BP */
        return SIGNAL_TRAP;
    case 6: /* #UD */
        return SIGNAL_ILL;
    case 11: /* #NP */
    case 12: /* #SS */
    case 17: /* #AC */
        return SIGNAL_BUS;
    default: /* #OF, #BR, #GP, #PF and the rest */
        return SIGNAL_SEGV;
    }
}
