#include "kernel/process/process.h"

void process_apply_limits(void) {}
