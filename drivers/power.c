#include "drivers/power.h"

#include "drivers/timer.h"
#include "kernel/cpu/cpu.h"
#include "mm/space/kernel_space.h"

/* PM1 control (ACPI 6.4 4.8.3.2.1). */
constexpr uint16_t PM1_SCI_ENABLED = 1 << 0;
constexpr unsigned PM1_SLEEP_TYPE_SHIFT = 10;
constexpr uint16_t PM1_SLEEP_TYPE_MASK = 7 << PM1_SLEEP_TYPE_SHIFT;
constexpr uint16_t PM1_SLEEP = 1 << 13;

constexpr uint32_t WAIT_US = 10000;
constexpr unsigned ENABLE_WAITS_MAX = 300; /* of WAIT_US each: three seconds */
constexpr unsigned END_WAITS_MAX = 200;    /* likewise: two seconds */

/* Where emulators listen for "off" without ACPI. */
constexpr uint16_t QEMU_PM1_CONTROL = 0x604;
constexpr uint16_t BOCHS_PM1_CONTROL = 0xb004;
constexpr uint16_t BOCHS_SHUTDOWN = 0x8900;

constexpr uint16_t RESET_CONTROL = 0xcf9; /* of Intel's chip sets: bit 1 hard, bit 2 now */
constexpr uint8_t RESET_HARD = 0x02;
constexpr uint8_t RESET_NOW = 0x06;
constexpr uint16_t KEYBOARD_COMMAND = 0x64;
constexpr uint8_t KEYBOARD_INPUT_FULL = 0x02;
constexpr uint8_t KEYBOARD_PULSE_RESET = 0xfe;
constexpr unsigned KEYBOARD_READS_MAX = 100000;
constexpr uint16_t PCI_ADDRESS = 0xcf8;
constexpr uint16_t PCI_DATA = 0xcfc;

static struct acpi_power facts;        /* fixed by power_init */
static volatile uint8_t *reset_memory; /* likewise: ACPI_SPACE_MEMORY's register */

static const void *map_table(void *context, uint64_t pa, size_t size_bytes) {
    (void)context;
    void *mapped;
    enum status status =
        kernel_range_map_device(phys_addr(pa), size_bytes, CACHE_WRITE_BACK, "ACPI", &mapped);
    return status == STATUS_OK ? mapped : nullptr;
}

static void unmap_table(void *context, const void *mapped) {
    (void)context;
    /* Cannot fail: it was mapped above. */
    (void)kernel_range_unmap_device((void *)mapped);
}

/* Mapped now, since a machine that must be reset may be in no state to map anything. */
static void map_reset_register(void) {
    void *mapped;
    enum status status = kernel_range_map_device(phys_addr(facts.reset_address), 1, CACHE_UNCACHED,
                                                 "ACPI reset", &mapped);
    reset_memory = status == STATUS_OK ? mapped : nullptr;
}

enum status power_init(void) {
    const struct acpi_memory memory = {map_table, unmap_table, nullptr};
    enum status status = acpi_find_power(&memory, &facts);
    if (facts.can_reset && facts.reset_space == ACPI_SPACE_MEMORY) {
        map_reset_register();
    }
    return status;
}

const struct acpi_power *power_facts(void) {
    return &facts;
}

/* What was asked for may take its time: an emulator first finishes what it is doing. */
static void wait_for_the_end(void) {
    for (unsigned i = 0; i < END_WAITS_MAX; i++) {
        timer_wait_us(WAIT_US);
    }
}

static bool is_acpi_enabled(void) {
    return (port_read16(facts.pm1a_control) & PM1_SCI_ENABLED) != 0;
}

/* ACPI 6.4 16.3.1: the firmware owns the registers until it is told. */
static void enable_acpi(void) {
    if (facts.smi_command == 0 || is_acpi_enabled()) {
        return;
    }
    port_write8(facts.smi_command, facts.acpi_enable);
    for (unsigned i = 0; i < ENABLE_WAITS_MAX && !is_acpi_enabled(); i++) {
        timer_wait_us(WAIT_US);
    }
}

static uint16_t sleep_value(uint16_t port, uint8_t sleep_type) {
    uint16_t kept = port_read16(port) & (uint16_t)~(PM1_SLEEP_TYPE_MASK | PM1_SLEEP);
    return kept | (uint16_t)(sleep_type << PM1_SLEEP_TYPE_SHIFT);
}

/* ACPI 6.4 16.1.4: the type into both registers, then the same with the go-ahead. */
static void enter_s5(void) {
    uint16_t a = sleep_value(facts.pm1a_control, facts.sleep_type_a);
    port_write16(facts.pm1a_control, a);
    if (facts.pm1b_control == 0) {
        port_write16(facts.pm1a_control, a | PM1_SLEEP);
        return;
    }
    uint16_t b = sleep_value(facts.pm1b_control, facts.sleep_type_b);
    port_write16(facts.pm1b_control, b);
    port_write16(facts.pm1a_control, a | PM1_SLEEP);
    port_write16(facts.pm1b_control, b | PM1_SLEEP);
}

void power_off(void) {
    interrupts_disable();
    if (facts.can_power_off) {
        enable_acpi();
        enter_s5();
        wait_for_the_end();
    }
    port_write16(QEMU_PM1_CONTROL, PM1_SLEEP);
    port_write16(BOCHS_PM1_CONTROL, PM1_SLEEP);
    for (const char *at = "Shutdown"; *at != '\0'; at++) {
        port_write8(BOCHS_SHUTDOWN, (uint8_t)*at);
    }
    wait_for_the_end();
}

/* Bus 0; the address holds device, function and offset (ACPI 6.4 table 5.1). */
static void write_pci(uint64_t address, uint8_t value) {
    uint32_t device = address >> 32 & 0x1f;
    uint32_t function = address >> 16 & 7;
    uint32_t offset = address & 0xff;
    port_write32(PCI_ADDRESS, 1u << 31 | device << 11 | function << 8 | (offset & ~3u));
    port_write8(PCI_DATA + (offset & 3), value);
}

static void write_reset_register(void) {
    switch (facts.reset_space) {
    case ACPI_SPACE_MEMORY:
        if (reset_memory != nullptr) {
            *reset_memory = facts.reset_value;
        }
        break;
    case ACPI_SPACE_PORT:
        port_write8((uint16_t)facts.reset_address, facts.reset_value);
        break;
    case ACPI_SPACE_PCI:
        write_pci(facts.reset_address, facts.reset_value);
        break;
    }
    wait_for_the_end();
}

static void reset_by_chip_set(void) {
    uint8_t kept = port_read8(RESET_CONTROL) & (uint8_t)~RESET_NOW;
    port_write8(RESET_CONTROL, kept | RESET_HARD);
    port_pause();
    port_write8(RESET_CONTROL, kept | RESET_NOW);
    wait_for_the_end();
}

static void reset_by_keyboard(void) {
    for (unsigned i = 0; i < KEYBOARD_READS_MAX; i++) {
        if ((port_read8(KEYBOARD_COMMAND) & KEYBOARD_INPUT_FULL) == 0) {
            break;
        }
        port_pause();
    }
    port_write8(KEYBOARD_COMMAND, KEYBOARD_PULSE_RESET);
    wait_for_the_end();
}

void power_reboot(void) {
    interrupts_disable();
    if (facts.can_reset) {
        write_reset_register();
    }
    reset_by_chip_set();
    reset_by_keyboard();
    cpu_triple_fault();
}
