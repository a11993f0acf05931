// Whatever is asked of a page table, at every leaf size, it does what a map of pages says.

#include "host_tests/models/model_run.h"
#include "host_tests/paging/page_table_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_model<PageTableModel>(data, size);
}
