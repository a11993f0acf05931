#include <algorithm>

#include "drivers/acpi.h"
#include "host_tests/drivers/fake_acpi.h"
#include "lib/status.h"

namespace {

constexpr uint64_t ROOT = 0x10000;
constexpr uint64_t FADT = 0x11000;
constexpr uint64_t DSDT = 0x12000;
constexpr size_t FADT_BODY_BYTES = 208;

Bytes take(const uint8_t *&data, size_t &left, size_t wanted) {
    size_t size_bytes = std::min(left, wanted);
    Bytes bytes(data, data + size_bytes);
    data += size_bytes;
    left -= size_bytes;
    return bytes;
}

} // namespace

// The first byte says how the rest is spread: as the raw contents of the BIOS's memory, or as the
// bodies of tables whose checksums hold, so that the fuzzer gets past them.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    FakeAcpiMemory fake;
    bool has_good_checksums = (data[0] & 1) != 0;
    data++;
    size--;
    Bytes rsdp(36);
    std::copy_n("RSD PTR ", 8, rsdp.begin());
    put32(rsdp, 16, ROOT);
    if (has_good_checksums) {
        fix_checksum(rsdp, 20, 8);
        Bytes root_body(8);
        put32(root_body, 0, FADT);
        put32(root_body, 4, DSDT);
        fake.put(ROOT, make_table("RSDT", root_body));
        Bytes fadt = take(data, size, FADT_BODY_BYTES);
        if (fadt.size() >= 8) {
            put32(fadt, 4, DSDT);
        }
        fake.put(FADT, make_table("FACP", fadt));
        fake.put(DSDT, make_table("DSDT", Bytes(data, data + size)));
    } else {
        fake.put(ROOT, Bytes(data, data + size));
        Bytes start = take(data, size, 28);
        std::copy(start.begin(), start.end(), rsdp.begin() + 8);
        fix_checksum(rsdp, 20, 8);
    }
    fake.put(0xf0000, rsdp);
    acpi_power power;
    status result = acpi_find_power(fake.memory(), &power);
    bool is_sane = power.sleep_type_a <= 7 && power.sleep_type_b <= 7 &&
                   (result == STATUS_OK || (!power.can_power_off && !power.can_reset));
    if (!is_sane || fake.live_mappings() != 0) {
        __builtin_trap();
    }
    return 0;
}
