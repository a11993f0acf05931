// Whatever is asked of an object, it holds what a map of pages says.

#include "host_tests/models/model_run.h"
#include "host_tests/object/memory_object_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_model<MemoryObjectModel>(data, size);
}
