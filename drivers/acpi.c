#include "drivers/acpi.h"

#include "drivers/acpi_format.h"
#include "drivers/acpi_sleep.h"

/* Where a BIOS keeps the RSDP: the first KiB of its extended data area, whose segment the BIOS data
 * area holds at 40:0Eh, or its read-only memory (ACPI 6.4 5.2.5.1). */
constexpr uint64_t EBDA_SEGMENT_POINTER = 0x40e;
constexpr uint64_t EBDA_LOWEST = 0x400;
constexpr size_t EBDA_SEARCH_BYTES = 1024;
constexpr uint64_t BIOS_ROM = 0xe0000;
constexpr size_t BIOS_ROM_BYTES = 0x20000;
constexpr size_t RSDP_ALIGNMENT = 16;

/* The largest known DSDT is under 1 MiB. More is taken for damage. */
constexpr size_t TABLE_SIZE_MAX = 4u << 20;

/* The roots that the RSDP names; 0: none. */
struct acpi_roots {
    uint64_t rsdt;
    uint64_t xsdt;
};

/* A table that is mapped and whose checksum holds. */
struct acpi_table {
    const uint8_t *bytes;
    size_t size_bytes;
};

static bool sums_to_zero(const uint8_t *bytes, size_t size_bytes) {
    uint8_t sum = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        sum += bytes[i];
    }
    return sum == 0;
}

/* Takes the RSDP at `bytes`, if one is there. `room` is at least RSDP_V1_SIZE_BYTES. */
static bool read_rsdp(const uint8_t *bytes, size_t room, struct acpi_roots *roots) {
    if (__builtin_memcmp(bytes, "RSD PTR ", 8) != 0 || !sums_to_zero(bytes, RSDP_V1_SIZE_BYTES)) {
        return false;
    }
    roots->rsdt = acpi_read32(bytes + RSDP_RSDT);
    roots->xsdt = 0;
    if (bytes[RSDP_REVISION] < 2 || room < RSDP_V2_SIZE_BYTES) {
        return true;
    }
    size_t size_bytes = acpi_read32(bytes + RSDP_LENGTH);
    bool is_whole = size_bytes >= RSDP_V2_SIZE_BYTES && size_bytes <= room;
    if (is_whole && sums_to_zero(bytes, size_bytes)) {
        roots->xsdt = acpi_read64(bytes + RSDP_XSDT);
    }
    return true;
}

static bool search_rsdp(const struct acpi_memory *memory, uint64_t pa, size_t size_bytes,
                        struct acpi_roots *roots) {
    const uint8_t *bytes = memory->map(memory->context, pa, size_bytes);
    if (bytes == nullptr) {
        return false;
    }
    bool is_found = false;
    for (size_t at = 0; !is_found && at + RSDP_V1_SIZE_BYTES <= size_bytes; at += RSDP_ALIGNMENT) {
        is_found = read_rsdp(bytes + at, size_bytes - at, roots);
    }
    memory->unmap(memory->context, bytes);
    return is_found;
}

static uint64_t ebda_address(const struct acpi_memory *memory) {
    const uint8_t *pointer = memory->map(memory->context, EBDA_SEGMENT_POINTER, 2);
    if (pointer == nullptr) {
        return 0;
    }
    uint64_t segment = acpi_read16(pointer);
    memory->unmap(memory->context, pointer);
    return segment << 4;
}

static bool find_rsdp(const struct acpi_memory *memory, struct acpi_roots *roots) {
    uint64_t ebda = ebda_address(memory);
    if (ebda >= EBDA_LOWEST && search_rsdp(memory, ebda, EBDA_SEARCH_BYTES, roots)) {
        return true;
    }
    return search_rsdp(memory, BIOS_ROM, BIOS_ROM_BYTES, roots);
}

/* The size that the header at `pa` states, or 0 where it is not of a table `signature`. */
static size_t table_size(const struct acpi_memory *memory, uint64_t pa, const char *signature) {
    const uint8_t *header = memory->map(memory->context, pa, TABLE_HEADER_SIZE_BYTES);
    if (header == nullptr) {
        return 0;
    }
    size_t size_bytes = acpi_read32(header + TABLE_LENGTH);
    bool is_table = __builtin_memcmp(header, signature, 4) == 0 &&
                    size_bytes >= TABLE_HEADER_SIZE_BYTES && size_bytes <= TABLE_SIZE_MAX;
    memory->unmap(memory->context, header);
    return is_table ? size_bytes : 0;
}

static bool open_table(const struct acpi_memory *memory, uint64_t pa, const char *signature,
                       struct acpi_table *table) {
    size_t size_bytes = pa == 0 ? 0 : table_size(memory, pa, signature);
    if (size_bytes == 0) {
        return false;
    }
    const uint8_t *bytes = memory->map(memory->context, pa, size_bytes);
    if (bytes == nullptr) {
        return false;
    }
    if (!sums_to_zero(bytes, size_bytes)) {
        memory->unmap(memory->context, bytes);
        return false;
    }
    *table = (struct acpi_table){bytes, size_bytes};
    return true;
}

static void close_table(const struct acpi_memory *memory, const struct acpi_table *table) {
    memory->unmap(memory->context, table->bytes);
}

/* A register that is a port, from a generic address or, in older tables, plainly; 0: none. */
static uint16_t control_port(const struct acpi_table *fadt, size_t plain, size_t generic) {
    uint64_t port = acpi_read32(fadt->bytes + plain);
    bool has_generic = fadt->size_bytes >= generic + GENERIC_SIZE_BYTES;
    if (port == 0 && has_generic && fadt->bytes[generic + GENERIC_SPACE] == ACPI_SPACE_PORT) {
        port = acpi_read64(fadt->bytes + generic + GENERIC_ADDRESS);
    }
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

static void read_reset(const struct acpi_table *fadt, struct acpi_power *power) {
    const uint8_t *reset = fadt->bytes + FADT_RESET_REGISTER;
    if (fadt->size_bytes <= FADT_RESET_VALUE ||
        (acpi_read32(fadt->bytes + FADT_FLAGS) & FADT_FLAG_RESET_SUPPORTED) == 0) {
        return;
    }
    power->reset_space = reset[GENERIC_SPACE];
    power->reset_address = acpi_read64(reset + GENERIC_ADDRESS);
    power->reset_value = fadt->bytes[FADT_RESET_VALUE];
    bool is_known_space = power->reset_space <= ACPI_SPACE_PCI;
    bool is_port = power->reset_space == ACPI_SPACE_PORT;
    power->can_reset = is_known_space && power->reset_address != 0 &&
                       (!is_port || power->reset_address <= UINT16_MAX);
}

static uint64_t dsdt_address(const struct acpi_table *fadt) {
    uint64_t wide = 0;
    if (fadt->size_bytes >= FADT_X_DSDT + sizeof wide) {
        wide = acpi_read64(fadt->bytes + FADT_X_DSDT);
    }
    return wide != 0 ? wide : acpi_read32(fadt->bytes + FADT_DSDT);
}

static void read_fadt(const struct acpi_table *fadt, struct acpi_power *power) {
    power->pm1a_control = control_port(fadt, FADT_PM1A_CONTROL, FADT_X_PM1A_CONTROL);
    power->pm1b_control = control_port(fadt, FADT_PM1B_CONTROL, FADT_X_PM1B_CONTROL);
    uint32_t smi_command = acpi_read32(fadt->bytes + FADT_SMI_COMMAND);
    power->smi_command = smi_command <= UINT16_MAX ? (uint16_t)smi_command : 0;
    power->acpi_enable = fadt->bytes[FADT_ACPI_ENABLE];
    read_reset(fadt, power);
}

/* Looks for \_S5 in the definition block at `pa`. */
static bool read_sleep_types(const struct acpi_memory *memory, uint64_t pa, const char *signature,
                             struct acpi_power *power) {
    struct acpi_table block;
    if (!open_table(memory, pa, signature, &block)) {
        return false;
    }
    bool is_found = acpi_find_sleep_types(block.bytes + TABLE_HEADER_SIZE_BYTES,
                                          block.size_bytes - TABLE_HEADER_SIZE_BYTES,
                                          &power->sleep_type_a, &power->sleep_type_b);
    close_table(memory, &block);
    return is_found;
}

/* The root's entries are addresses of entry_size_bytes, 4 (RSDT) or 8 (XSDT). */
static uint64_t root_entry(const struct acpi_table *root, size_t entry_size_bytes, size_t index) {
    const uint8_t *entry = root->bytes + TABLE_HEADER_SIZE_BYTES + index * entry_size_bytes;
    return entry_size_bytes == 8 ? acpi_read64(entry) : acpi_read32(entry);
}

static bool read_root_fadt(const struct acpi_memory *memory, const struct acpi_table *root,
                           size_t entry_size_bytes, uint64_t *dsdt, struct acpi_power *power) {
    size_t count = (root->size_bytes - TABLE_HEADER_SIZE_BYTES) / entry_size_bytes;
    for (size_t i = 0; i < count; i++) {
        struct acpi_table fadt;
        if (!open_table(memory, root_entry(root, entry_size_bytes, i), "FACP", &fadt)) {
            continue;
        }
        bool is_whole = fadt.size_bytes >= FADT_V1_SIZE_BYTES;
        if (is_whole) {
            read_fadt(&fadt, power);
            *dsdt = dsdt_address(&fadt);
        }
        close_table(memory, &fadt);
        if (is_whole) {
            return true;
        }
    }
    return false;
}

/* \_S5 is in the DSDT as a rule, in a secondary table on some machines. */
static bool read_root_sleep(const struct acpi_memory *memory, const struct acpi_table *root,
                            size_t entry_size_bytes, uint64_t dsdt, struct acpi_power *power) {
    size_t count = (root->size_bytes - TABLE_HEADER_SIZE_BYTES) / entry_size_bytes;
    bool is_found = read_sleep_types(memory, dsdt, "DSDT", power);
    for (size_t i = 0; !is_found && i < count; i++) {
        is_found = read_sleep_types(memory, root_entry(root, entry_size_bytes, i), "SSDT", power);
    }
    return is_found;
}

static bool read_root(const struct acpi_memory *memory, uint64_t pa, const char *signature,
                      size_t entry_size_bytes, struct acpi_power *power) {
    struct acpi_table root;
    if (!open_table(memory, pa, signature, &root)) {
        return false;
    }
    uint64_t dsdt = 0;
    bool is_found = read_root_fadt(memory, &root, entry_size_bytes, &dsdt, power);
    bool has_sleep = is_found && read_root_sleep(memory, &root, entry_size_bytes, dsdt, power);
    power->can_power_off = has_sleep && power->pm1a_control != 0;
    close_table(memory, &root);
    return is_found;
}

enum status acpi_find_power(const struct acpi_memory *memory, struct acpi_power *power) {
    *power = (struct acpi_power){};
    struct acpi_roots roots;
    if (!find_rsdp(memory, &roots)) {
        return STATUS_NOT_FOUND;
    }
    bool is_found = read_root(memory, roots.xsdt, "XSDT", 8, power) ||
                    read_root(memory, roots.rsdt, "RSDT", 4, power);
    return is_found ? STATUS_OK : STATUS_INVALID;
}
