#pragma once

#include <stdint.h>

/*
 * What the loader tells the kernel: its one contract with it. bootloader/boot_info.inc is the same
 * block in NASM, and //host_tests/boot:boot_info_test compares the two field by field.
 *
 * At the kernel's entry point the CPU is in long mode with interrupts off, the direction flag
 * clear, the PICs masked and NMI masked (port 70h bit 7; the kernel opens it once its IDT stands).
 * RDI holds the physical address of struct boot_info. The first 4 GiB are identity-mapped by 2 MiB
 * leaves, the kernel's segments are also mapped at their link addresses, everything is writable and
 * executable, and RSP points into loader memory. EFER.NXE is set when the CPU has NX.
 *
 * All addresses are physical unless their name says otherwise, and lie below 4 GiB.
 */

constexpr uint64_t BOOT_INFO_MAGIC = 0x464e494552495551; /* "QUIREINF", first byte first */
constexpr uint32_t BOOT_INFO_VERSION = 1;                /* changes when a field moves or goes */

/* A run of bytes. size_bytes 0: there is none, and phys means nothing. */
struct boot_extent {
    uint64_t phys;
    uint64_t size_bytes;
};

/* Which BIOS service the memory map came from (all INT 15h). */
enum boot_memory_map_source : uint32_t {
    BOOT_MEMORY_MAP_E820 = 1,
    BOOT_MEMORY_MAP_E801 = 2, /* made up from two sizes, and INT 12h */
    BOOT_MEMORY_MAP_88 = 3,   /* made up from one size (at most 64 MiB), and INT 12h */
};

/* Why a piece of memory must be kept, and for how long. */
enum boot_memory_kind : uint32_t {
    BOOT_MEMORY_LOADER = 1,       /* tables, stack, boot_info, memory map; until all are replaced */
    BOOT_MEMORY_KERNEL = 2,       /* the kernel's image with its bss; for ever */
    BOOT_MEMORY_RAM_DISK = 3,     /* until the RAM disk is unpacked */
    BOOT_MEMORY_COMMAND_LINE = 4, /* until the command line is parsed */
};

/* Memory in use that the BIOS's map calls usable. Starts and ends at page boundaries. */
struct boot_memory_use {
    uint64_t phys;
    uint64_t size_bytes;
    enum boot_memory_kind kind;
    uint32_t reserved; /* 0 */
};

constexpr unsigned BOOT_MEMORY_USE_MAX = 4;

/* The bits of one colour in a pixel, which is read as a little-endian number. */
struct boot_colour {
    uint8_t shift;
    uint8_t bit_count;
};

/* A linear framebuffer with direct colour. */
struct boot_framebuffer {
    uint64_t phys; /* 0: none, the screen is in the text mode below */
    uint32_t pitch_bytes;
    uint32_t width;
    uint32_t height;
    uint32_t bits_per_pixel; /* 15, 16, 24 or 32 */
    struct boot_colour red;
    struct boot_colour green;
    struct boot_colour blue;
    uint16_t reserved; /* 0 */
};

/* VGA text: two bytes a cell, character and attribute. */
struct boot_text {
    uint64_t phys; /* b8000h, or b0000h for monochrome; 0: none, the framebuffer is in use */
    uint32_t columns;
    uint32_t rows;
    uint32_t cursor_column; /* where the loader's messages end */
    uint32_t cursor_row;
};

struct boot_info {
    uint64_t magic;      /* BOOT_INFO_MAGIC */
    uint32_t version;    /* BOOT_INFO_VERSION */
    uint32_t size_bytes; /* of this structure as the loader knows it */

    /* The image with its bss: virtual address v is at kernel.phys + (v - kernel_virt). Both bases
     * are multiples of 2 MiB; the size is a multiple of 4 KiB. */
    struct boot_extent kernel;
    uint64_t kernel_virt;
    uint64_t kernel_entry_virt;

    struct boot_extent ram_disk;     /* cpio, newc; page-aligned */
    struct boot_extent command_line; /* page-aligned; a zero byte, not counted, follows */

    uint64_t memory_map_phys; /* as the BIOS gave it: entries of 24 bytes (mm's memory_region) */
    uint32_t memory_map_count;
    enum boot_memory_map_source memory_map_source;

    struct boot_memory_use memory_use[BOOT_MEMORY_USE_MAX]; /* the first memory_use_count count */
    uint32_t memory_use_count;
    uint32_t boot_drive; /* the BIOS's number: 80h and up a disk, 0 a floppy */

    struct boot_framebuffer framebuffer;
    struct boot_text text;
};
