// Whatever the archive says, names end and contents lie inside it, and reading comes to an end.

#include <cstdlib>

#include "kernel/initrd/initrd.h"

static void Require(bool condition) {
    if (!condition) {
        abort();
    }
}

static void Drop(void *, const char *, size_t) {}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const text_sink sink = {Drop, nullptr};
    const initrd disk = {data, size};
    initrd_entry entry;
    size_t offset = 0;
    size_t before = 0;
    while (initrd_next(&disk, &offset, &sink, &entry) == STATUS_OK) {
        Require(offset > before);
        before = offset;
        Require(entry.name[entry.name_length] == '\0');
        Require(entry.content >= data && entry.size_bytes <= size);
        Require(entry.content + entry.size_bytes <= data + size);
        initrd_entry found;
        static_cast<void>(initrd_find(&disk, entry.name, &sink, &found));
    }
    return 0;
}
