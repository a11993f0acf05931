// Whatever a program asks for, its memory is what a map of pages says.

#include "host_tests/models/model_run.h"
#include "host_tests/space/user_range_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_model<UserRangeModel>(data, size);
}
