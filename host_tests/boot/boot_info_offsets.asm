; What NASM makes of boot_info.inc, in the order in which boot_info_test.cc expects it.
%include "boot_info.inc"

section .rodata
global boot_info_in_nasm
boot_info_in_nasm:
    dd BOOT_INFO_MAGIC_LOW, BOOT_INFO_MAGIC_HIGH
    dd BOOT_INFO_VERSION
    dd BOOT_MEMORY_MAP_E820
    dd BOOT_MEMORY_MAP_E801
    dd BOOT_MEMORY_MAP_88
    dd BOOT_MEMORY_LOADER
    dd BOOT_MEMORY_KERNEL
    dd BOOT_MEMORY_RAM_DISK
    dd BOOT_MEMORY_COMMAND_LINE
    dd BOOT_MEMORY_USE_MAX

    dd boot_memory_use.phys
    dd boot_memory_use.size_bytes
    dd boot_memory_use.kind
    dd boot_memory_use.reserved
    dd boot_memory_use_size

    dd boot_framebuffer.phys
    dd boot_framebuffer.pitch_bytes
    dd boot_framebuffer.width
    dd boot_framebuffer.height
    dd boot_framebuffer.bits_per_pixel
    dd boot_framebuffer.red
    dd boot_framebuffer.green
    dd boot_framebuffer.blue
    dd boot_framebuffer.reserved
    dd boot_framebuffer_size

    dd boot_text.phys
    dd boot_text.columns
    dd boot_text.rows
    dd boot_text.cursor_column
    dd boot_text.cursor_row
    dd boot_text_size

    dd boot_info.magic
    dd boot_info.version
    dd boot_info.size_bytes
    dd boot_info.kernel_phys
    dd boot_info.kernel_size_bytes
    dd boot_info.kernel_virt
    dd boot_info.kernel_entry_virt
    dd boot_info.ram_disk_phys
    dd boot_info.ram_disk_size_bytes
    dd boot_info.command_line_phys
    dd boot_info.command_line_size_bytes
    dd boot_info.memory_map_phys
    dd boot_info.memory_map_count
    dd boot_info.memory_map_source
    dd boot_info.memory_use
    dd boot_info.memory_use_count
    dd boot_info.boot_drive
    dd boot_info.framebuffer
    dd boot_info.text
    dd boot_info_size

global boot_info_in_nasm_count
boot_info_in_nasm_count: dd ($ - boot_info_in_nasm) / 4

section .note.GNU-stack noalloc noexec nowrite progbits
