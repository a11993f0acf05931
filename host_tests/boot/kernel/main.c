/*
 * A kernel that is nothing but a witness: it says on COM1 what the loader gave it, one "name=value"
 * a line, and then leaves QEMU. boot_tests read what it says.
 */

#include <stddef.h>
#include <stdint.h>

#include "bootloader/boot_info.h"

constexpr uint16_t COM1_DATA = 0x3f8;
constexpr uint16_t COM1_LINE_STATUS = 0x3fd;
constexpr uint8_t LINE_STATUS_EMPTY = 0x40;
constexpr uint16_t DEBUG_EXIT = 0xf4;
constexpr uint32_t DEBUG_EXIT_WITNESS = 0x10; /* QEMU ends with status 33 */
constexpr uint16_t BOCHS_SHUTDOWN = 0x8900;
constexpr uint64_t EFLAGS_IF = 1 << 9;
constexpr size_t BSS_SIZE = 5 << 20; /* more than one large page */

extern const char image_start[];
void witness(const struct boot_info *info);

static uint8_t bss[BSS_SIZE];
static volatile uint64_t data = 0x0123456789abcdef;

static void port_write_byte(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static uint8_t port_read_byte(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void say(const char *text) {
    for (; *text != '\0'; text++) {
        while ((port_read_byte(COM1_LINE_STATUS) & LINE_STATUS_EMPTY) == 0) {
        }
        port_write_byte(COM1_DATA, (uint8_t)*text);
    }
}

static void say_number(const char *name, uint64_t value) {
    char digits[19] = "";
    size_t at = sizeof(digits) - 1;
    do {
        digits[--at] = "0123456789abcdef"[value & 0xf];
        value >>= 4;
    } while (value != 0);
    say(name);
    say("=");
    say(&digits[at]);
    say("\n");
}

/* FNV-1a, so that the test can tell whether each byte came through. */
static uint64_t hash(uint64_t phys, uint64_t size_bytes) {
    uint64_t value = 0xcbf29ce484222325;
    for (const uint8_t *byte = (const uint8_t *)phys; size_bytes > 0; byte++, size_bytes--) {
        value = (value ^ *byte) * 0x100000001b3;
    }
    return value;
}

static bool bss_is_zero(void) {
    for (size_t i = 0; i < BSS_SIZE; i += sizeof(uint64_t)) {
        if (*(const volatile uint64_t *)&bss[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool kernel_is_mapped_twice(const struct boot_info *info) {
    uint64_t offset = (uint64_t)&data - info->kernel_virt;
    const volatile uint64_t *identity = (const volatile uint64_t *)(info->kernel.phys + offset);
    data += 1;
    return *identity == data;
}

static void say_memory_map(const struct boot_info *info) {
    say_number("memory_map_source", info->memory_map_source);
    say_number("memory_map_count", info->memory_map_count);
    const uint64_t *entry = (const uint64_t *)info->memory_map_phys;
    for (uint32_t i = 0; i < info->memory_map_count; i++, entry += 3) {
        say_number("region_base", entry[0]);
        say_number("region_size", entry[1]);
        say_number("region_type", (uint32_t)entry[2]);
        say_number("region_attributes", entry[2] >> 32);
    }
}

static void say_memory_use(const struct boot_info *info) {
    for (uint32_t i = 0; i < info->memory_use_count; i++) {
        say_number("use_kind", info->memory_use[i].kind);
        say_number("use_phys", info->memory_use[i].phys);
        say_number("use_size", info->memory_use[i].size_bytes);
    }
}

static void say_screen(const struct boot_info *info) {
    say_number("framebuffer", info->framebuffer.phys);
    say_number("width", info->framebuffer.width);
    say_number("height", info->framebuffer.height);
    say_number("pitch", info->framebuffer.pitch_bytes);
    say_number("bits", info->framebuffer.bits_per_pixel);
    say_number("red", info->framebuffer.red.shift | info->framebuffer.red.bit_count << 8);
    say_number("green", info->framebuffer.green.shift | info->framebuffer.green.bit_count << 8);
    say_number("blue", info->framebuffer.blue.shift | info->framebuffer.blue.bit_count << 8);
    say_number("text", info->text.phys);
    say_number("columns", info->text.columns);
    say_number("rows", info->text.rows);
    say_number("cursor_row", info->text.cursor_row);
}

static void say_cpu(void) {
    uint64_t flags;
    uint32_t efer_low;
    uint32_t efer_high;
    __asm__ volatile("pushfq; popq %0" : "=r"(flags));
    __asm__ volatile("rdmsr" : "=a"(efer_low), "=d"(efer_high) : "c"(0xc0000080));
    say_number("interrupts", (flags & EFLAGS_IF) != 0);
    say_number("nxe", (efer_low >> 11) & 1);
    say_number("pic_masks", port_read_byte(0x21) << 8 | port_read_byte(0xa1));
}

static void leave(void) {
    say("witness=end\n");
    __asm__ volatile("outl %0, %1" ::"a"(DEBUG_EXIT_WITNESS), "Nd"(DEBUG_EXIT));
    for (const char *letter = "Shutdown"; *letter != '\0'; letter++) {
        port_write_byte(BOCHS_SHUTDOWN, (uint8_t)*letter);
    }
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

/* The entry point, on the loader's stack. */
void witness(const struct boot_info *info) {
    say_number("magic", info->magic);
    say_number("version", info->version);
    say_number("size", info->size_bytes);
    say_number("boot_drive", info->boot_drive);
    say_number("kernel_phys", info->kernel.phys);
    say_number("kernel_size", info->kernel.size_bytes);
    say_number("kernel_virt", info->kernel_virt);
    say_number("kernel_entry_virt", info->kernel_entry_virt);
    say_number("entry_is_witness", info->kernel_entry_virt == (uint64_t)&witness);
    say_number("image_start_offset", (uint64_t)image_start - info->kernel_virt);
    say_number("data", data);
    say_number("bss_is_zero", bss_is_zero());
    say_number("mapped_twice", kernel_is_mapped_twice(info));
    say_number("ram_disk", info->ram_disk.phys);
    say_number("ram_disk_size", info->ram_disk.size_bytes);
    say_number("ram_disk_hash", hash(info->ram_disk.phys, info->ram_disk.size_bytes));
    say("command_line=");
    say((const char *)info->command_line.phys);
    say("\n");
    say_number("command_line_size", info->command_line.size_bytes);
    say_memory_map(info);
    say_memory_use(info);
    say_screen(info);
    say_cpu();
    leave();
}
