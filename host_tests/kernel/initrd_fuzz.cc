// Whatever the archive says, names end and contents lie inside it, and reading comes to an end.

#include <string>

#include "host_tests/kernel/edited_file.h"
#include "host_tests/kernel/fuzzing.h"
#include "kernel/initrd/initrd.h"
#include "lib/status.h"

// Two files and the trailer, as initrd_test.cc builds them.
static std::vector<uint8_t> Template() {
    const std::string zero(8, '0');
    auto header = [&](const char *content_size, const char *name_size) {
        return "070701" + std::string("00000007") + "000081a4" + zero + zero + "00000002" + zero +
               content_size + zero + zero + zero + zero + name_size + zero;
    };
    using namespace std::string_literals;
    const std::string archive = header("00000004", "00000002") + "a\0text"s +
                                header("00000000", "00000002") + "b\0"s +
                                header("00000000", "0000000b") + "TRAILER!!!\0\0\0\0"s;
    return {archive.begin(), archive.end()};
}

static void Check(const uint8_t *data, size_t size) {
    const initrd disk = {data, size};
    initrd_entry entry;
    size_t offset = 0;
    size_t before = 0;
    size_t read = 0;
    size_t count = 0;
    const status checked = initrd_check(&disk, &NOWHERE, &count);
    Require(checked == STATUS_OK || checked == STATUS_INVALID);
    while (initrd_next(&disk, &offset, &NOWHERE, &entry) == STATUS_OK) {
        Require(offset > before);
        before = offset;
        read++;
        Require(entry.name[entry.name_length] == '\0');
        Require(entry.content >= data && entry.size_bytes <= size);
        Require(entry.content + entry.size_bytes <= data + size);
        initrd_entry found;
        static_cast<void>(initrd_find(&disk, entry.name, &NOWHERE, &found));
    }
    Require(read == count);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Check(data, size);
    const std::vector<uint8_t> archive = Template();
    const std::vector<uint8_t> edited = Edit(archive, data, size, archive.size());
    Check(edited.data(), edited.size());
    return 0;
}
