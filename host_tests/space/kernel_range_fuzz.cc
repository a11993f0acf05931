// Whatever is asked of the kernel's ranges, they are what a map of them says.

#include "host_tests/models/model_run.h"
#include "host_tests/space/kernel_range_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_model<KernelRangeModel>(data, size);
}
