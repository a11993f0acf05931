/*
 * BOOTX64.EFI: what a PC without a legacy BIOS finds on the stick. It says why Quire does not
 * start there and returns, so that the firmware tries the next device.
 */

#include <stdint.h>

typedef uint64_t efi_status;

/* UEFI 2.10, 4.3 and 12.4: of each table only what comes before the member that is used. */
struct efi_text_output {
    void *reset;
    efi_status (*output_string)(struct efi_text_output *self, const uint16_t *string);
};

struct efi_system_table {
    uint8_t header[24];
    void *firmware_vendor;
    uint32_t firmware_revision;
    void *console_in_handle;
    void *console_in;
    void *console_out_handle;
    struct efi_text_output *console_out;
    void *standard_error_handle;
    void *standard_error;
    void *runtime_services;
    struct efi_boot_services *boot_services;
};

/* UEFI 2.10, 4.4: 24 bytes of header, then function pointers; Stall is the 29th of them. */
struct efi_boot_services {
    uint8_t header[24];
    void *services_before_stall[28];
    efi_status (*stall)(uint64_t microseconds);
};

constexpr uint64_t READING_TIME_MICROSECONDS = 10'000'000;
constexpr efi_status EFI_UNSUPPORTED = 0x8000000000000003;

efi_status efi_main(void *image, struct efi_system_table *system);

efi_status efi_main([[maybe_unused]] void *image, struct efi_system_table *system) {
    system->console_out->output_string(system->console_out,
                                       u"Quire needs a legacy BIOS: switch on CSM (legacy boot) in "
                                       u"this PC's firmware set-up.\r\n");
    system->boot_services->stall(READING_TIME_MICROSECONDS);
    return EFI_UNSUPPORTED;
}
