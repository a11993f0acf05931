#pragma once

#include <stddef.h>
#include <stdint.h>

/* Where things lie in ACPI's tables, by offset (ACPI 6.4 5.2.5.3, 5.2.6, 5.2.9, 5.2.3.2). */
constexpr size_t RSDP_V1_SIZE_BYTES = 20;
constexpr size_t RSDP_V2_SIZE_BYTES = 36;
constexpr size_t RSDP_REVISION = 15;
constexpr size_t RSDP_RSDT = 16;
constexpr size_t RSDP_LENGTH = 20;
constexpr size_t RSDP_XSDT = 24;

constexpr size_t TABLE_HEADER_SIZE_BYTES = 36;
constexpr size_t TABLE_LENGTH = 4;

constexpr size_t FADT_DSDT = 40;
constexpr size_t FADT_SMI_COMMAND = 48;
constexpr size_t FADT_ACPI_ENABLE = 52;
constexpr size_t FADT_PM1A_CONTROL = 64;
constexpr size_t FADT_PM1B_CONTROL = 68;
constexpr size_t FADT_FLAGS = 112;
constexpr size_t FADT_V1_SIZE_BYTES = 116;
constexpr size_t FADT_RESET_REGISTER = 116;
constexpr size_t FADT_RESET_VALUE = 128;
constexpr size_t FADT_X_DSDT = 140;
constexpr size_t FADT_X_PM1A_CONTROL = 172;
constexpr size_t FADT_X_PM1B_CONTROL = 184;
constexpr uint32_t FADT_FLAG_RESET_SUPPORTED = 1u << 10;

/* A generic address structure. */
constexpr size_t GENERIC_SPACE = 0;
constexpr size_t GENERIC_ADDRESS = 4;
constexpr size_t GENERIC_SIZE_BYTES = 12;

/* Little-endian, at any alignment. */
static inline uint32_t acpi_read16(const uint8_t *bytes) {
    return bytes[0] | (uint32_t)bytes[1] << 8;
}

static inline uint32_t acpi_read32(const uint8_t *bytes) {
    return acpi_read16(bytes) | acpi_read16(bytes + 2) << 16;
}

static inline uint64_t acpi_read64(const uint8_t *bytes) {
    return acpi_read32(bytes) | (uint64_t)acpi_read32(bytes + 4) << 32;
}
